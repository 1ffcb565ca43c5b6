//! Tests of the dashboard against real servers, a real Kafka, a real PostgreSQL and a real browser.

// A failed check is read from what the test printed: seeds, and what the browser said.
#![allow(clippy::print_stdout)]

mod away;
mod behind_login;
mod browser;
mod compressed;
mod contract;
mod doubt;
mod edges;
mod filling;
mod find;
mod fixture;
mod follow;
mod line;
mod morning;
mod no_login;
mod overcrowding;
mod pages;
mod published;
mod register;
mod site;
mod stand;
mod stopped;
mod technical;
mod times;
mod watched;
