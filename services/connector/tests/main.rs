//! The connector's binary against a real Kafka and real sockets.
#![allow(clippy::print_stdout, reason = "a test says what it measured and how to replay it")]

mod database_tables;
mod databases;
mod debezium;
mod debezium_avro;
mod debezium_encrypted;
mod debezium_flattened;
mod faults;
mod fhir;
mod fhir_files;
mod fhir_others;
mod fhir_server;
mod files;
mod fuzz;
mod messages;
mod registered;
mod samples;
mod sealing;
mod sftp;
mod stack;
mod strangers;
mod tables;
mod tls;
