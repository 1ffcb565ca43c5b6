//! The processor from outside: examples, the dry run, privacy, and the service on a real Kafka.

mod canary;
mod census;
mod clinical;
mod command;
mod debezium;
mod examples;
mod feeds;
mod fhir;
mod fhir_canary;
mod fhir_dry_run;
mod fhir_nested;
mod fhir_stays;
mod identities;
mod instructions;
mod mapping;
mod mutation;
mod protection;
mod rekeyed;
mod sample_config;
mod sealing;
mod service;
mod support;
mod technical_beds;
mod ward_capacity;
mod wire;
