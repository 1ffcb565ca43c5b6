//! Register extracts against a real PostgreSQL and the real program.

mod config;
mod costs;
mod deliver;
mod follow;
mod kill;
mod parcel;
mod published;
mod read;
mod serve;
mod sftp;
mod waiting_times;
mod wall;
mod world;
