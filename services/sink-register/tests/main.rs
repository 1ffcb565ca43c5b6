//! Register extracts against a real PostgreSQL and the real program.

mod beds;
mod care;
mod config;
mod costs;
mod deliver;
mod duckdb;
mod fhir_validator;
mod follow;
mod hip_fracture;
mod kill;
mod objecting;
mod parcel;
mod programs;
mod protected;
mod published;
mod python;
mod read;
mod serve;
mod sftp;
mod waiting_times;
mod wall;
mod world;
