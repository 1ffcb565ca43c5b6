//! One ward: its stays, its capacity, and its counts on each morning.

use jiff::civil::Date;
use schemas::{BedCapacity, CareType, Encounter, Timestamp};
use timeline::{CapacityHistory, Occupancy, Stay, occupancy};

/// What events say of a ward; filled in any order.
#[derive(Default)]
pub(super) struct Ward {
    name: Latest<Box<str>>,
    hospital_code: Latest<Box<str>>,
    hospital_name: Latest<Box<str>>,
    care_type: Latest<CareType>,
    /// The source system that last spoke of patients here.
    pub(super) source: Option<Box<str>>,
    source_at: Option<Stamp>,
    known_from: Option<Timestamp>,
    capacity: CapacityHistory,
    pub(super) stays: Vec<Stay>,
}

/// What orders statements: the set of events decides, not the order in which they come.
type Stamp = (Timestamp, Box<str>);

/// The latest value that was stated.
struct Latest<T>(Option<(Stamp, T)>);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Latest<T> {
    fn state(&mut self, stamp: &Stamp, value: Option<T>) {
        let Some(value) = value else { return };
        if self.0.as_ref().is_none_or(|(held, _)| held < stamp) {
            self.0 = Some((stamp.clone(), value));
        }
    }

    fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }
}

/// A ward on a morning.
pub(super) struct Row {
    pub(super) day: Date,
    pub(super) ward: Box<str>,
    pub(super) ward_name: Box<str>,
    pub(super) hospital_code: Box<str>,
    pub(super) hospital_name: Box<str>,
    pub(super) care_type: CareType,
    /// Counts; patients are known only when the ward was heard from.
    pub(super) occupancy: Occupancy,
    pub(super) is_heard: bool,
}

impl Ward {
    /// Takes what an event says of the ward that it places a patient in.
    pub(super) fn placed(&mut self, encounter: &Encounter<'_>) {
        let envelope = &encounter.envelope;
        let stamp = (envelope.occurred_at, Box::from(envelope.event_id));
        self.known_from = Some(self.known_from.map_or(envelope.occurred_at, |from| from.min(envelope.occurred_at)));
        if self.source_at.as_ref().is_none_or(|held| *held < stamp) {
            self.source = Some(envelope.source_system.into());
            self.source_at = Some(stamp.clone());
        }
        self.describe(
            &stamp,
            [encounter.unit_name, encounter.hospital_code, encounter.hospital_name],
            encounter.care_type,
        );
    }

    /// Takes a statement of capacity.
    pub(super) fn declared(&mut self, statement: &BedCapacity<'_>) {
        let stamp = (statement.envelope.occurred_at, Box::from(statement.envelope.event_id));
        let texts = [statement.unit_name, statement.hospital_code, statement.hospital_name];
        self.describe(&stamp, texts, statement.care_type);
        self.capacity.insert(statement);
    }

    fn describe(&mut self, stamp: &Stamp, [name, code, hospital]: [Option<&str>; 3], care_type: CareType) {
        let text = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(Box::from);
        self.name.state(stamp, text(name));
        self.hospital_code.state(stamp, text(code));
        self.hospital_name.state(stamp, text(hospital));
        self.care_type.state(stamp, Some(care_type).filter(|care_type| *care_type != CareType::Unknown));
    }

    /// Sjukhuskod, empty when nobody says one.
    pub(super) fn hospital(&self) -> &str {
        self.hospital_code.value().map_or("", |code| code)
    }

    /// Patients of mornings who are left out of all other figures, in technical beds that the region does not count.
    pub(super) fn left_out(&self, mornings: &[(Date, Timestamp)], is_heard: impl Fn(usize) -> bool) -> u64 {
        let heard = mornings.iter().enumerate().filter(|(n, _)| is_heard(*n));
        heard.map(|(_, (_, at))| u64::from(occupancy(&self.stays, None, *at).left_out)).sum()
    }

    /// The ward on every morning; nothing for a unit that had neither an admitted patient nor a bed on any of them: a
    /// reception, or a ward that is closed for good.
    pub(super) fn rows(
        &self,
        code: &str,
        mornings: &[(Date, Timestamp)],
        is_heard: impl Fn(usize) -> bool,
    ) -> Vec<Row> {
        let row = |(n, (day, at)): (usize, &(Date, Timestamp))| {
            let capacity = self.capacity.at(*at);
            let text = |latest: &Latest<Box<str>>| latest.value().cloned();
            let hospital_code: Box<str> = text(&self.hospital_code).unwrap_or_default();
            Row {
                day: *day,
                ward: code.into(),
                ward_name: text(&self.name).unwrap_or_else(|| code.into()),
                hospital_name: text(&self.hospital_name).unwrap_or_else(|| hospital_code.clone()),
                hospital_code,
                care_type: self.care_type.value().copied().unwrap_or(CareType::Unknown),
                occupancy: occupancy(&self.stays, capacity, *at),
                is_heard: is_heard(n) && self.known_from.is_some_and(|from| from <= *at),
            }
        };
        let rows: Vec<Row> = mornings.iter().enumerate().map(row).collect();
        let has_beds = |row: &Row| row.occupancy.disponibla.is_some() || row.occupancy.faststallda.is_some();
        if rows.iter().any(|row| row.occupancy.belagda > 0 || has_beds(row)) { rows } else { Vec::new() }
    }
}

impl Row {
    /// What orders rows of a file.
    pub(super) fn key(&self) -> (Date, &str, &'static str, &str) {
        (self.day, &self.hospital_code, self.care(), &self.ward)
    }

    /// Somatic and psychiatric care are counted apart.
    pub(super) fn care(&self) -> &'static str {
        match self.care_type {
            CareType::Somatic => "somatik",
            CareType::Psychiatric => "psykiatri",
            CareType::Unknown => "",
        }
    }

    /// The counts that may enter a sum.
    pub(super) fn counted(&self) -> Option<&Occupancy> {
        self.is_heard.then_some(&self.occupancy)
    }
}
