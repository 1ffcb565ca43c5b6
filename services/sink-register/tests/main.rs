//! Register extracts against a real PostgreSQL and the real program.

mod config;
mod costs;
mod deliver;
mod duckdb;
mod kill;
mod parcel;
mod python;
mod read;
mod waiting_times;
mod wall;
mod world;
