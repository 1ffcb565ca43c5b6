//! Register extracts against a real PostgreSQL and the real program.

mod beds;
mod care;
mod config;
mod costs;
mod deliver;
mod follow;
mod hip_fracture;
mod kill;
mod parcel;
mod published;
mod read;
mod waiting_times;
mod wall;
mod world;
