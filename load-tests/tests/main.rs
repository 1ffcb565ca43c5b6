//! Whole-system tests: real Kafka, real PostgreSQL, every service as its own process.

#![allow(clippy::print_stdout, reason = "a run shows its steps and its report")]

mod access;
mod chaos;
mod circles;
mod clients;
mod command_lines;
mod databases;
mod debezium;
mod delivery;
mod edges;
mod encrypted;
mod fhir;
mod flow;
mod formats;
mod privacy;
mod protected;
mod register;
mod rekeyed;
mod samples;
mod sources;
mod stopped;
mod subjects;
mod turning;
mod units;
mod wall;
mod walls;
