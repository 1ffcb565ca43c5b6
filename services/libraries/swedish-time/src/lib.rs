#![doc = include_str!("../README.md")]

mod calendar;
mod clock;
mod day;
mod morning;
mod zone;

pub use calendar::Calendar;
pub use clock::{date, instant, local, offset_seconds, wall};
pub use day::{Day, day, day_begin, day_end, day_of};
pub use morning::{last_morning, morning, mornings};
pub use zone::{NAME, zone};
