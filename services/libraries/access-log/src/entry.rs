//! An entry: who did what with whose data, where, when, on which ground, and what came of it.
//!
//! HSLF-FS 2016:40, 4 kap. 9 § (<https://www.socialstyrelsen.se/kunskapsstod-och-regler/regler-och-riktlinjer/foreskrifter-och-allmanna-rad/konsoliderade-foreskrifter/201640-om-journalforing-och-behandling-av-personuppgifter-i-halso--och-sjukvarden/>)
//! wants of the documentation of access, and has here:
//!
//! | 9 § | here |
//! |---|---|
//! | 1. which measures have been taken with data about a patient | `action`, `result`, `dataset`, `resource`, `digest`, `rows`, `recipient` |
//! | 2. at which care unit or in which care process | `care_unit` |
//! | 3. at which time | `time` |
//! | 4. the user's and the patient's identity | `user`, `commission`, `role`; `person`, by the pseudonym that the region can open |
//! | 5. and 6. recurring samples are checked, and the checks documented | `access-log show`; the checking is the region's |
//! | 7. kept for five years at least | [`crate::remove`] refuses younger ones |
//!
//! `region` and `ground` are there because a wall between regions is kept by them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field::{Digest, Person, Region, Text};
use crate::tree::Hash;

/// What was done, or was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Data were read on a page or by the API.
    Read,
    /// Data were taken out in a file of one's own.
    Export,
    /// Data were given to somebody else.
    Disclose,
    /// What a person, or a decision, says of the use of the person's data was entered.
    Object,
    /// Somebody logged in, or tried to.
    LogIn,
    /// Who may do what was changed.
    ChangePolicy,
    /// Entries of this log were removed.
    Remove,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was answered.
    Allowed,
    /// It was refused.
    Denied,
    /// It left.
    Disclosed,
    /// The rules are others from then on.
    PolicyChanged,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Export => "export",
            Self::Disclose => "disclose",
            Self::Object => "object",
            Self::LogIn => "log in",
            Self::ChangePolicy => "change policy",
            Self::Remove => "remove",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Disclosed => "disclosed",
            Self::PolicyChanged => "policy changed",
        })
    }
}

/// What a caller says of one access. Every text is of a closed alphabet and holds no personal number: see [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What was done.
    pub action: Action,
    /// The care unit or care process (vårdenhet, vårdprocess) by HSA id or name; of a program the process that it serves.
    pub care_unit: Text,
    /// The user's commission (`commissionHsaId`: medarbetaruppdrag), where there is a person.
    pub commission: Option<Text>,
    /// The kind of data: a topic's subject, an extract, a page.
    pub dataset: Text,
    /// SHA-256 of what was disclosed.
    pub digest: Option<Digest>,
    /// The legal ground.
    pub ground: Text,
    /// Whose data, where they are one person's.
    pub person: Option<Person>,
    /// To whom, where data were given to somebody else.
    pub recipient: Option<Text>,
    /// Whose region's data; it has a log of its own.
    pub region: Region,
    /// Which of the data: a parcel, an address, a policy.
    pub resource: Text,
    /// What came of it.
    pub result: Outcome,
    /// In which role.
    pub role: Text,
    /// How many rows about persons.
    pub rows: Option<u64>,
    /// When.
    pub time: Timestamp,
    /// Who: `employeeHsaId` of a person, name and user of a program.
    pub user: Text,
}

/// An entry as it is written: RFC 8785's canonical JSON of these fields, in their order, without those that are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of Entry; entry and previous are told apart below")]
pub struct Line {
    pub action: Action,
    pub care_unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<String>,
    pub dataset: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its place in the region's log, from 0.
    pub entry: u64,
    pub ground: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The leaf hash of the entry before it; of the first the hash of nothing. So a changed entry is named, not only noticed.
    pub previous: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    pub region: Region,
    pub resource: String,
    pub result: Outcome,
    pub role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    pub time: Timestamp,
    pub user: String,
}

/// Where an entry stands, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose log.
    pub region: Region,
    /// Its place there, from 0.
    pub entry: u64,
    /// Its leaf hash.
    pub leaf: Hash,
}

/// Begins the resource of an entry about a removal; the first entry that was left follows.
pub(crate) const REMOVED: &str = "entries before ";

impl Line {
    /// The first entry that was left, where this one is about a removal.
    pub(crate) fn removed_before(&self) -> Option<u64> {
        let resource = self.resource.strip_prefix(REMOVED).filter(|_| self.action == Action::Remove)?;
        resource.parse().ok()
    }

    /// The entry at its place.
    pub(crate) fn of(given: &Entry, entry: u64, previous: Hash) -> Self {
        let text = |text: &Text| text.as_str().to_owned();
        Self {
            action: given.action,
            care_unit: text(&given.care_unit),
            commission: given.commission.as_ref().map(text),
            dataset: text(&given.dataset),
            digest: given.digest.as_ref().map(|digest| digest.as_str().to_owned()),
            entry,
            ground: text(&given.ground),
            person: given.person.as_ref().map(|person| person.as_str().to_owned()),
            previous,
            recipient: given.recipient.as_ref().map(text),
            region: given.region,
            resource: text(&given.resource),
            result: given.result,
            role: text(&given.role),
            rows: given.rows,
            time: given.time,
            user: text(&given.user),
        }
    }

    /// Its bytes, without the line's end.
    ///
    /// The fields stand in the order of their names, texts hold nothing but what serde_json escapes as RFC 8785 does, and numbers
    /// are whole and below 2⁵³: so this is its canonical form.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers are JSON")
    }

    /// From exactly those bytes; nothing when they are not an entry in its canonical form.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let line: Self = serde_json::from_slice(bytes).ok()?;
        (line.bytes() == bytes).then_some(line)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Action, Entry, Line, Outcome};
    use crate::field::{Digest, Person, Region, Text};
    use crate::tree::Hash;

    /// An entry that differs from others by its number.
    pub(crate) fn entry(region: Region, number: u64) -> Entry {
        let text = |text: &str| Text::new(text).unwrap();
        Entry {
            action: Action::Disclose,
            care_unit: text("SE2321000016-1003"),
            commission: Some(text("SE2321000016-7A01")),
            dataset: text("waiting-times"),
            digest: Some(Digest::new(&"0a".repeat(32)).unwrap()),
            ground: text("9 kap. 1 § \"lag\" \\ – åäö"),
            person: Some(Person::new("r14.v1.mfrggzdfmztwq2lknnwg23tpobyxe43u").unwrap()),
            recipient: Some(text("skr")),
            region,
            resource: text(&format!("parcel v{number}")),
            result: Outcome::Disclosed,
            role: text("analyst"),
            rows: Some(number),
            time: jiff::Timestamp::from_microsecond(1_790_000_000_000_000 + number as i64).unwrap(),
            user: text("SE2321000016-1AB2"),
        }
    }

    #[test]
    fn a_line_is_canonical_json_and_only_that_is_read_back() {
        let line = Line::of(&entry(Region::new("14").unwrap(), 7), 7, Hash::of_nothing());
        let bytes = line.bytes();
        // serde_json's map is sorted by name: RFC 8785's order for ASCII names.
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_vec(&value).unwrap(), bytes);
        assert_eq!(Line::read(&bytes), Some(line));
        let text = String::from_utf8(bytes).unwrap();
        for other in [
            text.replace("\"rows\":7", "\"rows\": 7"),
            text.replace("\"rows\":7", "\"rows\":7.0"),
            text.replace("å", "\\u00e5"),
            text.replace("\"rows\":7,", "") + " ",
            text.replace("{\"action\":\"disclose\",", "{").replace("\"user\"", "\"action\":\"disclose\",\"user\""),
        ] {
            assert_ne!(other, text);
            assert_eq!(Line::read(other.as_bytes()), None, "{other}");
        }
    }
}
