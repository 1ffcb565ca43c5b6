#![doc = include_str!("../README.md")]

pub mod chart;
pub mod escape;
pub mod period;
mod plausible;
pub mod published;
pub mod report;
pub mod run_chart;
mod wilson;
