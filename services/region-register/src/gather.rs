//! The contacts that a region's source topic holds: the latest statement of each, with the number of its row.

use std::collections::HashMap;

use parcel::Positions;
use processor::pipeline::{Outcome, Pipeline, Sink};
use processor::rules::Rule;
use runtime::config::Kafka;
use runtime::shutdown::Shutdown;
use runtime::tail::Record;
use schemas::registry;
use schemas::{
    CareForm, Clinical, Common, CorrectionKind, Decoder, Envelope, Event, Origin, Parked, SOURCE_TABLE, SourceRecord,
    Statement,
};
use sealing::{Opener, Place as Stands, Refusal, Unopened};
use zeroize::Zeroizing;

use crate::contact::Contact;
use crate::days::{Days, Standing};
use crate::error::Error;
use crate::moment::Moment;
use crate::protected::Protected;
use crate::records;
use crate::rows::Counts;

/// Most contacts whose statements are kept: some years of a large region.
const CONTACTS_MAX: usize = 4_000_000;
/// The count of contacts that are left out, because the delivery's ground does not name persons whose identity is protected.
pub(crate) const WITHHELD: &str = "contacts left out: protected-withheld, the ground does not name protected persons";

/// What was found.
pub struct Gathered {
    /// Contacts of the inpatients of these days.
    pub contacts: Vec<Contact>,
    pub(crate) counts: Counts,
    /// How far the topic was read.
    pub positions: Positions,
}

/// Which of two statements of a contact holds: the one recorded later, then the one received later, then the one that stands later
/// in its partition, then the later of one record's.
type Order = (Option<i64>, i64, i64, i32);

#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The table of a followed database.
    table: Option<String>,
    partition: i32,
}

/// What is known of a contact.
struct Known {
    order: Order,
    place: Place,
    /// Nothing for one that is taken back, is not inpatient care or is of other days.
    contact: Option<Contact>,
}

/// What is known of protected identities before the rows are read, and whether the delivery's ground names such persons.
pub struct Protection {
    /// What the region's events say.
    pub known: Protected,
    /// Rows about them leave, without where they live.
    pub is_covered: bool,
}

/// Takes statements: those of a partition in its order, partitions in any.
pub struct Gathering {
    days: Days,
    /// What the rows themselves say of protected identities.
    protected: Protected,
    /// By source system and statement.
    latest: HashMap<(String, String), Known>,
    counts: Counts,
}

impl Gathering {
    /// For the inpatients of these days.
    #[must_use]
    pub fn new(days: Days) -> Self {
        Self { days, protected: Protected::default(), latest: HashMap::new(), counts: Counts::new() }
    }

    /// Takes a source record through the region's own pipeline.
    ///
    /// # Errors
    /// When there are more contacts, or persons, than can be kept.
    pub fn add(&mut self, pipeline: &mut Pipeline, source: &SourceRecord<'_>, origin: Origin<'_>) -> Result<(), Error> {
        let number = pipeline.disclosed_number(source);
        let mut taken = Taken { gathering: self, number, received: source.received_at.0, failed: None };
        let outcome = pipeline.process(source, origin, &mut taken);
        if let Some(error) = taken.failed {
            return Err(error);
        }
        let count = match outcome {
            Outcome::Mapped(_) => "rows read",
            Outcome::Ignored(_) => "rows ignored",
            Outcome::Rejected(_) => "rows refused: see the parked records",
        };
        *self.counts.entry(count).or_default() += 1;
        if self.latest.len() > CONTACTS_MAX {
            return Err(Error::TooMany { max: CONTACTS_MAX });
        }
        Ok(())
    }

    /// Counts a record that is not used: the processor parks it by the same rule.
    fn leave_out(&mut self) {
        *self.counts.entry("records not opened: see the parked records").or_default() += 1;
    }

    /// The contacts, and what was noticed. Of persons with protected identity, whichever event or row says so, where they live is
    /// not in them; and they are left out unless the ground names them.
    #[must_use]
    pub fn finish(mut self, protection: Protection) -> (Vec<Contact>, Counts) {
        let mut protected = protection.known;
        protected.join(self.protected);
        let pseudonyms = protected.pseudonyms();
        let mut contacts: Vec<Contact> = self.latest.into_values().filter_map(|known| known.contact).collect();
        for contact in &mut contacts {
            contact.protect_if(|subject| pseudonyms.contains(subject));
        }
        if !protection.is_covered {
            let before = contacts.len();
            contacts.retain(|contact| !contact.is_protected);
            let withheld = before - contacts.len();
            if withheld > 0 {
                self.counts.insert(WITHHELD, withheld as u64);
            }
        }
        (contacts, self.counts)
    }

    /// A table was emptied: what it said before in this partition is void.
    fn empty(&mut self, envelope: &Envelope<'_>) {
        let place = Place::of(envelope);
        if place.table.is_some() {
            self.latest.retain(|(system, _), known| **system != *envelope.source_system || known.place != place);
        }
    }

    fn take(&mut self, clinical: &Clinical<'_>, number: Option<Zeroizing<String>>, order: Order) {
        let is_said =
            clinical.envelope.correction.kind != CorrectionKind::Cancel && clinical.care_form == CareForm::Inpatient;
        let standing = is_said.then(|| {
            let admitted = Moment::new(clinical.started_at, clinical.started_is_date);
            self.days.standing(admitted, Moment::new(clinical.ended_at, clinical.ended_is_date))
        });
        let is_of_days = matches!(standing, Some(Standing::Discharged | Standing::Admitted));
        let mut count = |name, is_so: bool| *self.counts.entry(name).or_default() += u64::from(is_so);
        count("statements left out: no national number", is_of_days && number.is_none());
        count("statements left out: the day of admission is not told", standing == Some(Standing::Unknown));
        let contact = number.filter(|_| is_of_days).map(|number| Contact::new(clinical, number));
        let contact = match standing {
            Some(Standing::Admitted) => contact.map(Contact::not_discharged),
            _ => contact,
        };
        let key = (clinical.envelope.source_system.to_owned(), clinical.statement_id.to_owned());
        let known = Known { order, place: Place::of(&clinical.envelope), contact };
        match self.latest.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut other) if other.get().order < known.order => {
                other.insert(known);
            }
            std::collections::hash_map::Entry::Occupied(_) => {}
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(known);
            }
        }
    }
}

impl Place {
    fn of(envelope: &Envelope<'_>) -> Self {
        let table = envelope.extensions.get(SOURCE_TABLE).map(|table| (*table).to_owned());
        Self { table, partition: envelope.origin.partition }
    }
}

/// Of what the pipeline makes only codes of contacts are taken, and what they say of protected identities.
struct Taken<'g> {
    gathering: &'g mut Gathering,
    /// Of all statements of the record: a change of a row takes one back and makes one.
    number: Option<Zeroizing<String>>,
    received: i64,
    failed: Option<Error>,
}

impl Sink for Taken<'_> {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        let Event::Statement(Statement::Clinical(clinical)) = event.event() else { return };
        if clinical.statement_id.is_empty() {
            return self.gathering.empty(&clinical.envelope);
        }
        // The row's own word of when it was written counts, as in the store.
        let Origin { offset, ordinal, .. } = clinical.envelope.origin;
        let order = (clinical.envelope.recorded_at.map(|at| at.0), self.received, offset, ordinal);
        self.gathering.take(clinical, self.number.clone(), order);
    }

    fn protection(&mut self, said: &schemas::Protection<'_>) {
        self.failed = self.failed.take().or(self.gathering.protected.add(said).err());
    }

    fn parked(&mut self, _: &Parked<'_>) {}
}

/// What makes statements of the region's records.
pub struct Reader<'r> {
    /// Opens them.
    pub opener: &'r mut Opener,
    /// Reads them.
    pub pipeline: &'r mut Pipeline,
}

/// Reads everything that the topic holds now.
///
/// # Errors
/// When Kafka or the registry does not answer, or a record cannot be read.
pub fn read(
    kafka: &Kafka,
    registry: &registry::Settings,
    topic: &str,
    mut reader: Reader<'_>,
    days: Days,
    protection: Protection,
    shutdown: &Shutdown,
) -> Result<Gathered, Error> {
    let mut gathering = Gathering::new(days);
    let topics = [topic.to_owned()];
    let positions = records::each(kafka, registry, &topics, shutdown, |decoder, record| {
        one(topic, decoder, record, &mut reader, &mut gathering)
    })?;
    let (contacts, counts) = gathering.finish(protection);
    Ok(Gathered { contacts, counts, positions })
}

fn one(
    topic: &str,
    decoder: &Decoder,
    record: &Record<'_>,
    reader: &mut Reader<'_>,
    gathering: &mut Gathering,
) -> Result<(), Error> {
    let (partition, offset) = (record.partition(), record.offset());
    let source: SourceRecord<'_> = decoder.decode(record.payload()).map_err(|_| Error::unreadable(topic, record))?;
    match reader.opener.open(&source, Stands { topic, partition }) {
        Ok(opened) => gathering.add(reader.pipeline, &opened, Origin { topic, partition, offset, ordinal: 0 }),
        Err(Unopened::Away(away)) => Err(away.into()),
        // Whoever writes such a record to the topic must not keep the delivery from being made.
        Err(Unopened::Refused(Refusal::Plain | Refusal::Broken)) => {
            gathering.leave_out();
            Ok(())
        }
        Err(Unopened::Refused(refusal @ (Refusal::KeyUnknown | Refusal::KeyWrong))) => {
            let rule = Rule::of_refusal(refusal);
            let key_id = sealing::key_id(&source).unwrap_or_default().to_owned();
            Err(Error::NoKey { partition, offset, key_id, code: rule.code(), remedy: rule.entry().remedy.en })
        }
    }
}
