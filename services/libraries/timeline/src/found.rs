//! A stay that has been found, before those of one stay in hospital are joined.

use crate::visit::Number;
use crate::{Event, Stay};

/// A stay with what began it, and the person whose it is.
pub(crate) struct Found<'a> {
    pub(crate) by: &'a Event,
    /// Its episode, before it is joined with those around it.
    pub(crate) number: Number<'a>,
    pub(crate) stay: Stay,
    pub(crate) person: Option<&'a str>,
}
