//! What PID says of a person, without saying who.

use hl7::{Group, field};
use schemas::Sex;

use super::visit::chosen;
use crate::directory::Directory;
use crate::findings::Findings;
use crate::rules::Rule;

/// HL7 v2's name for what a Person event that is no merge says, where the source has no trigger.
pub(crate) const UPDATE: &str = "A31";

#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub birth_year: Option<i32>,
    pub sex: Sex,
    pub lkf: Option<[u8; 4]>,
    pub dead: Option<bool>,
}

/// Whether the source marks protected identity: PD1-12, or the field that the region's directory names.
pub(crate) fn is_protected(group: &Group<'_, '_>, directory: &Directory) -> bool {
    let marked = group.get("PD1", 12).component(1).given().is_some_and(|code| code.eq_ignore_ascii_case("Y"));
    marked
        || directory.protection.as_ref().is_some_and(|protection| {
            chosen(group, &protection.field).given().is_some_and(|code| protection.marks(code))
        })
}

/// Reads PID. A protected person's municipality is not read at all.
pub(crate) fn read(
    group: &Group<'_, '_>,
    protected: bool,
    birth_year: Option<u16>,
    directory: &Directory,
    findings: &mut Findings,
) -> Facts {
    let pid = group.segment("PID");
    let at = |address| pid.and_then(|pid| pid.at(address).component(1).given());
    let sex = match at(field::PID_SEX) {
        None => Sex::Unknown,
        Some(code) => directory.sex(code).unwrap_or_else(|| {
            findings.add(Rule::SexUnknown, "PID-8");
            Sex::Unknown
        }),
    };
    let dead = match at(field::PID_DEATH) {
        Some("Y" | "y" | "J") => Some(true),
        Some("N" | "n") => Some(false),
        _ => at(field::PID_DEATH_TIME).map(|_| true),
    };
    Facts {
        birth_year: written_year(at(field::PID_BIRTH), findings).or(birth_year.map(i32::from)),
        sex,
        lkf: if protected { None } else { municipality(group, directory, findings) },
        dead,
    }
}

fn written_year(text: Option<&str>, findings: &mut Findings) -> Option<i32> {
    let text = text?;
    let year = text.get(..4).and_then(|digits| digits.parse().ok()).filter(|year| (1850..=2200).contains(year));
    if year.is_none() {
        findings.add(Rule::BirthDateUnreadable, "PID-7");
    }
    year
}

/// LKF of four or six digits; parishes are not passed on.
fn municipality(group: &Group<'_, '_>, directory: &Directory, findings: &mut Findings) -> Option<[u8; 4]> {
    let path = directory.municipality.as_ref()?;
    let text = chosen(group, path).given()?;
    let digits = matches!(text.len(), 4 | 6) && text.bytes().all(|byte| byte.is_ascii_digit());
    let county = text.get(..2).is_some_and(|county| schemas::region_code::ALL.contains(&county));
    if !(digits && county) {
        findings.add(Rule::MunicipalityUnreadable, "municipality");
        return None;
    }
    text.as_bytes().first_chunk().copied()
}
