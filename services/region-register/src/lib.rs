#![doc = include_str!("../README.md")]

mod blind;
pub mod command;
pub mod config;
mod contact;
mod days;
mod error;
mod gather;
mod layout;
mod make;
mod moment;
pub mod protected;
mod records;
pub mod rotate;
mod rows;
pub mod subject;

pub use contact::Contact;
pub use days::Days;
pub use error::Error;
pub use gather::{Gathered, Gathering, Protection, Reader, read};
pub use layout::{Column, FileLayout, Layout, Rows};
pub use make::{LEDGER, Made, make};
pub use rows::{Counts, File, files};
