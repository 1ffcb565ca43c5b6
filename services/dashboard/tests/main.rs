//! Tests of the dashboard against real servers, a real Kafka, a real PostgreSQL and a real browser.

mod browser;
mod fixture;
mod follow;
mod pages;
mod site;
