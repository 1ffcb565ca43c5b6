//! The fields of a row: name, when it must be there, and how a statement gives it. The order is the contract's.

use std::borrow::Cow;

use schemas::{Deviation, Sex, Timestamp, Wait};
use swedish_time::Calendar;

use super::Contract;
use parcel::Month;

/// One element of a row.
pub(super) struct Field {
    pub(super) name: &'static str,
    need: Need,
    /// What a statement says there.
    pub(super) value: for<'r, 'a> fn(&'r mut Row<'a>) -> Given<'a>,
}

/// When a field must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    /// In every row about completed contacts, and in no other.
    Completed,
    /// In rows of return visits (fas 4).
    ReturnVisit,
    /// Never.
    Optional,
}

/// What a row is made of.
pub(super) struct Row<'a> {
    pub(super) wait: &'a Wait<'a>,
    /// The month that is reported.
    pub(super) period: Month,
    pub(super) calendar: &'a mut Calendar,
}

/// What a statement says in a field.
pub(super) enum Given<'a> {
    /// Nothing.
    Missing,
    /// Something that the contract does not know or XML cannot carry.
    Unfit,
    Text(Cow<'a, str>),
}

impl Field {
    /// Whether rows of a contract have this field at all.
    pub(super) fn is_part_of(&self, contract: Contract) -> bool {
        self.need != Need::Completed || contract == Contract::Completed
    }

    /// Whether the row of a statement needs this field.
    pub(super) fn is_mandatory(&self, wait: &Wait<'_>) -> bool {
        match self.need {
            Need::Always | Need::Completed => true,
            Need::ReturnVisit => wait.phase == Some("4"),
            Need::Optional => false,
        }
    }
}

/// A named field, so that the table below reads as a table.
const fn field(name: &'static str, need: Need, value: for<'r, 'a> fn(&'r mut Row<'a>) -> Given<'a>) -> Field {
    Field { name, need, value }
}

use Need::{Always, Completed, Optional, ReturnVisit};

/// Every field of both contracts that a statement has something for.
pub(super) const FIELDS: [Field; 31] = [
    field("DatatGallerFor", Always, |row| {
        Given::Text(row.period.last_day().strftime("%Y%m%d000000").to_string().into())
    }),
    field("VardkontaktId", Always, |row| text(Some(row.wait.contact_id))),
    field("Vardgaranti", Always, |row| {
        row.wait.guarantee.map_or(Given::Missing, |yes| fixed(if yes { "1" } else { "2" }))
    }),
    field("Fas", Always, |row| code(row.wait.phase, &["1", "2", "3", "4", "5"])),
    field("Mvo", Always, |row| digits(row.wait.mvo, 3)),
    field("Aktivitet", Optional, |row| text(row.wait.activity)),
    field("Bokningssatt", Always, |row| code(row.wait.booking, &["1", "2", "3", "4", "5"])),
    field("Vardkontakt", Always, |row| code(row.wait.contact_type, &CONTACT_TYPES)),
    field("Yrkeskategori", Always, |row| code(row.wait.profession, &PROFESSIONS)),
    field("Avvikelse", Optional, |row| deviation(row.wait.deviation)),
    field("Remittenttyp", Optional, |row| code(row.wait.referrer_kind, &["1", "2"])),
    field("BeslutAktivitet", Always, |row| time(row, row.wait.decided_at)),
    field("StartAktivitet", Completed, |row| time(row, row.wait.started_at)),
    field("MedicinsktMaldatum", ReturnVisit, |row| time(row, row.wait.medical_target_at)),
    field("TypAkutverksamhet", Always, |row| code(row.wait.emergency_kind, &["0", "1", "2", "3", "4", "5"])),
    field("Diagnos", Optional, |row| text(row.wait.activity_icd)),
    field("Atgard", Optional, |row| text(row.wait.kva)),
    field("RemissId", Optional, |row| text(row.wait.referral_id)),
    field("Remittent", Optional, |row| text(row.wait.referrer_hsa_id)),
    field("RemissDatum", Optional, |row| time(row, row.wait.referral_at)),
    field("AnkomstDatum", Optional, |row| time(row, row.wait.arrived_at)),
    field("FodelseAr", Always, |row| birth_year(row.wait.birth_year)),
    field("Kon", Always, |row| sex(row.wait.sex)),
    field("Lkf", Always, |row| digits(row.wait.lkf.or(Some(LKF_UNKNOWN)), 4)),
    field("HSAIdPatientListning", Optional, |row| text(row.wait.listing_hsa_id)),
    field("HSAIdRegion", Always, |row| text(row.wait.region_hsa_id)),
    field("HSAIdVardgivare", Always, |row| text(row.wait.provider_hsa_id)),
    field("Sjukhus", Optional, |row| text(row.wait.hospital_code)),
    field("SjukhusNamn", Optional, |row| text(row.wait.hospital_name)),
    field("HSAIdVardenhet", Always, |row| text(row.wait.care_unit_hsa_id)),
    field("HSAIdEnhet", Optional, |row| text(row.wait.unit_hsa_id)),
];

/// The kommun code for an unknown residence. People with protected identity have no municipality behind the processor, and
/// they are to be counted all the same.
const LKF_UNKNOWN: &str = "0000";

const CONTACT_TYPES: [&str; 13] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "81", "82", "83", "91"];

const PROFESSIONS: [&str; 17] = [
    "XS910", "XS911", "XS912", "XS913", "XS914", "XS915", "XS916", "XS917", "XS918", "XS919", "XS920", "XS921",
    "XS922", "XS923", "XS924", "XS925", "XS926",
];

fn fixed(text: &'static str) -> Given<'static> {
    Given::Text(Cow::Borrowed(text))
}

fn text(text: Option<&str>) -> Given<'_> {
    match text {
        None | Some("") => Given::Missing,
        Some(text) if text.chars().all(is_xml) => Given::Text(Cow::Borrowed(text)),
        Some(_) => Given::Unfit,
    }
}

/// Characters that XML 1.0 can carry; the others cannot even be escaped. CR would come back as LF.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn code<'a>(given: Option<&'a str>, known: &[&str]) -> Given<'a> {
    match text(given) {
        Given::Text(text) if !known.contains(&&*text) => Given::Unfit,
        other => other,
    }
}

fn digits(given: Option<&str>, count: usize) -> Given<'_> {
    match text(given) {
        Given::Text(text) if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) => Given::Unfit,
        other => other,
    }
}

/// Local time, `YYYYMMDDhhmmss`.
fn time<'a>(row: &mut Row<'a>, at: Option<Timestamp>) -> Given<'a> {
    let Some(at) = at else { return Given::Missing };
    let clock = row.calendar.local(at.0);
    if !(1000..=9999).contains(&clock.year()) {
        return Given::Unfit;
    }
    // Two digits a part: as one number it is written in one go, and there are five of these a row.
    let parts = [clock.month(), clock.day(), clock.hour(), clock.minute(), clock.second()];
    let number = parts.iter().fold(i64::from(clock.year()), |number, part| number * 100 + i64::from(*part));
    Given::Text(number.to_string().into())
}

fn birth_year(year: Option<i32>) -> Given<'static> {
    match year {
        None => Given::Missing,
        Some(year) if (1000..=9999).contains(&year) => Given::Text(year.to_string().into()),
        Some(_) => Given::Unfit,
    }
}

/// A sex that nobody stated is no code: 3 says that it is neither, not that it is unknown.
fn sex(sex: Sex) -> Given<'static> {
    match sex {
        Sex::Male => fixed("1"),
        Sex::Female => fixed("2"),
        Sex::Other => fixed("3"),
        Sex::Unknown => Given::Missing,
    }
}

fn deviation(deviation: Option<Deviation>) -> Given<'static> {
    match deviation {
        None => Given::Missing,
        Some(Deviation::Pvv) => fixed("1"),
        Some(Deviation::Mov) => fixed("2"),
        Some(Deviation::Sov) => fixed("3"),
        Some(Deviation::Other) => Given::Unfit,
    }
}
