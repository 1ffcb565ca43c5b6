//! How published figures are shown.

use crate::run_chart::Rules;

/// What the configuration chooses of it.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Fewer contacts than this show no statistic where units are compared.
    pub contacts_min: u32,
    /// When a series is out of the ordinary.
    pub rules: Rules,
    /// Where readers complain: an e-mail address or an `https` address.
    pub contact: Option<Box<str>>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { contacts_min: 20, rules: Rules::default(), contact: None }
    }
}
