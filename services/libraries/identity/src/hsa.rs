//! HSA-id: the catalogue's name of a unit, a care provider or a system. Not a person's identifier here.

use std::fmt;

use crate::Refusal;
use crate::luhn;

/// Longest HSA-id that Inera allows.
const LENGTH_MAX: usize = 31;

/// An HSA-id in its canonical form, upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HsaId(String);

/// What is odd about an HSA-id that real catalogues nevertheless hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HsaWarning {
    /// The organisation number's check digit is wrong.
    OrganisationCheckDigit,
    /// The organisation number does not have ten digits.
    OrganisationLength,
}

impl HsaId {
    /// OIDs under which HSA-ids are sent; the first is canonical.
    pub const OIDS: [&str; 2] = ["1.2.752.129.2.1.4.1", "1.2.752.29.4.19"];

    /// Reads `SE`, the organisation number, a hyphen and 1 to 18 letters or digits. An organisation number of 9 or 11 digits,
    /// which production catalogues hold too, is a warning and no refusal.
    pub fn parse(text: &str) -> Result<HsaId, Refusal> {
        let text = text.trim_ascii();
        let (organisation, local) = text.split_once('-').ok_or(Refusal::Shape)?;
        let prefix = organisation.get(..2).ok_or(Refusal::Shape)?;
        let digits = &organisation[2..];
        let shaped = prefix.eq_ignore_ascii_case("SE")
            && (9..=11).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !local.is_empty()
            && local.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && text.len() <= LENGTH_MAX;
        if shaped { Ok(HsaId(text.to_ascii_uppercase())) } else { Err(Refusal::Shape) }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The organisation number of the catalogue's owner, who need not be the care provider.
    pub fn organisation(&self) -> &str {
        self.0[2..].split('-').next().unwrap_or("")
    }

    /// What is odd about it, if anything.
    pub fn warning(&self) -> Option<HsaWarning> {
        let organisation = self.organisation();
        if organisation.len() != 10 {
            Some(HsaWarning::OrganisationLength)
        } else if !luhn::holds(organisation.as_bytes()) {
            Some(HsaWarning::OrganisationCheckDigit)
        } else {
            None
        }
    }
}

impl fmt::Display for HsaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<Option<HsaWarning>, Refusal>) {
        assert_eq!(HsaId::parse(text).map(|id| id.warning()), want, "{text}");
    }

    #[test]
    fn real_and_malformed_catalogue_entries() {
        check("SE2321000131-E000000000001", Ok(None));
        check(" se2321000131-s1 ", Ok(None));
        check("SE0000000000-OPT101", Ok(None));
        check("SE2321000132-A", Ok(Some(HsaWarning::OrganisationCheckDigit)));
        check("SE23210000020-GOTL", Ok(Some(HsaWarning::OrganisationLength)));
        check("SE2321000131-", Err(Refusal::Shape));
        check("SE2321000131-Å1", Err(Refusal::Shape));
        check("SE2321000131-A-B", Err(Refusal::Shape));
        check("SE2321000131", Err(Refusal::Shape));
        check("Å-1", Err(Refusal::Shape));
        check(&format!("SE2321000131-{}", "A".repeat(18)), Ok(None));
        check(&format!("SE2321000131-{}", "A".repeat(19)), Err(Refusal::Shape));
    }
}
