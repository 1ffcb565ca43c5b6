//! The name of one field of an HL7 message, as people write it: `PV1-10` or `PV1-3.1`.

use std::fmt;
use std::str::FromStr;

/// Segment, field and component, counted from 1 as the standard does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    segment: [u8; 3],
    pub(crate) field: usize,
    /// Number of the component; 1 unless the path says otherwise.
    pub component: usize,
}

impl FieldPath {
    pub(crate) fn segment(&self) -> &str {
        // `from_str` accepts ASCII only.
        std::str::from_utf8(&self.segment).unwrap_or("???")
    }
}

impl FromStr for FieldPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a field such as PV1-10 or PV1-3.1";
        let (segment, rest) = text.split_once('-').ok_or(EXPECTED)?;
        let segment: [u8; 3] = segment.as_bytes().try_into().map_err(|_| EXPECTED)?;
        if !segment[0].is_ascii_uppercase()
            || !segment.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Err(EXPECTED);
        }
        let (field, component) = rest.split_once('.').unwrap_or((rest, "1"));
        let number = |digits: &str| digits.parse::<usize>().ok().filter(|number| (1..=99).contains(number));
        Ok(FieldPath { segment, field: number(field).ok_or(EXPECTED)?, component: number(component).ok_or(EXPECTED)? })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}.{}", self.segment(), self.field, self.component)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let path: FieldPath = "PV1-3.4".parse().expect("a field path");
        assert_eq!((path.segment(), path.field, path.component), ("PV1", 3, 4));
        assert_eq!("PV1-10".parse::<FieldPath>().expect("a field path").to_string(), "PV1-10.1");
        for wrong in ["", "PV1", "pv1-3", "PV1-0", "PV1-3.x", "PV12-3", "PV1-100"] {
            assert!(wrong.parse::<FieldPath>().is_err(), "{wrong} passed");
        }
    }
}
