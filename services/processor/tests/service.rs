//! The service on a real Kafka.
