//! Who is left out because they object: to the quality register that a definition is for, or to the secondary use.
//!
//! Nothing of theirs is read, for figures neither. Who they are is read with the snapshot, from the store's `objecting_nodes`: a person
//! is all of the person's pseudonyms. It is today's, also where an extract is made again as of earlier positions.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;
use parcel::LeftOut;
use schemas::{Common, DecodeError, Decoder, Node, Subject, Verb, Visitor, stored};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;
use topics::Region;

use crate::error::{Attempt, Error};

/// The purpose of who has opted out of every one.
const EVERY: &str = "all";
/// What holds today has no end.
const TODAY: &str = "[9999-12-31 00:00+00,)";

const NODES: &str = "SELECT node, person FROM objecting_nodes($1, $2, $3, $4::text::tstzrange)";
/// What an extract is for, to which persons may object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aim<'a> {
    /// The quality register.
    pub register: Option<&'a str>,
    /// The secondary use.
    pub purpose: Option<&'a str>,
    /// The day on which that use was permitted: then counts, and not today.
    pub approved: Option<Date>,
}

/// Who objects to what an extract is for.
#[derive(Default)]
pub(super) struct Objecting {
    grounds: Vec<Ground>,
}

/// Who objects to one thing, and what of theirs was met.
struct Ground {
    text: String,
    /// By the nodes of their pseudonyms and episodes: the person.
    persons: HashMap<Box<str>, Box<str>>,
    met: Mutex<Met>,
}

#[derive(Default)]
struct Met {
    persons: HashSet<Box<str>>,
    events: u64,
}

impl Objecting {
    pub(super) async fn load(transaction: &Transaction<'_>, region: Region, aim: &Aim<'_>) -> Result<Self, Error> {
        let attempt = || format!("read who objects in region {region}");
        let mut grounds = Vec::new();
        if let Some(register) = aim.register {
            grounds.push((Verb::Oppose, vec![register], TODAY.to_owned()));
        }
        if let Some(purpose) = aim.purpose {
            // The hour is not known: whoever had opted out at any time of the day counts.
            let span = aim.approved.and_then(span).unwrap_or_else(|| TODAY.to_owned());
            grounds.push((Verb::OptOut, vec![purpose, EVERY], span));
        }
        let mut objecting = Self::default();
        for (verb, scopes, span) in grounds {
            let parameters: [&(dyn ToSql + Sync); 4] = [&region.code(), &verb.name(), &scopes, &span];
            let rows = transaction.query(NODES, &parameters).await.attempt(attempt)?;
            let node = |row: &tokio_postgres::Row| (row.get::<_, &str>(0).into(), row.get::<_, &str>(1).into());
            let text = format!("{} {}", verb.name(), scopes[0]);
            objecting.grounds.push(Ground { text, persons: rows.iter().map(node).collect(), met: Mutex::default() });
        }
        Ok(objecting)
    }

    /// Whether a record is of somebody who objects; counts it then.
    pub(super) fn has(&self, decoder: &Decoder, subject: Subject, record: &[u8]) -> Result<bool, DecodeError> {
        if self.grounds.iter().all(|ground| ground.persons.is_empty()) {
            return Ok(false);
        }
        subject.visit(Looking { objecting: self, decoder, record })
    }

    /// Whom it left out, by ground.
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let of = |ground: &Ground| {
            let met = ground.met.lock().unwrap_or_else(PoisonError::into_inner);
            (met.events > 0).then(|| LeftOut::of(ground.text.clone(), met.persons.len() as u64, met.events))
        };
        self.grounds.iter().filter_map(of).collect()
    }
}

/// A day in Sweden, as PostgreSQL reads a range of moments.
fn span(day: Date) -> Option<String> {
    let at = |micros| jiff::Timestamp::from_microsecond(micros).ok();
    Some(format!("[{},{})", at(swedish_time::day_begin(day))?, at(swedish_time::day_end(day))?))
}

impl Ground {
    /// Which of them an event is of: of whom it names, else of whose its episode is.
    fn person_of<'r>(&self, event: &impl Common<'r>) -> Option<&str> {
        let envelope = event.envelope();
        let node = |node| stored::node(envelope.source_system, node);
        let own = envelope.subject_token.into_iter().chain(envelope.subject_aliases.iter().copied()).map(Node::Person);
        let mut persons = own.chain(event.nodes().filter(|node| matches!(node, Node::Person(_)))).peekable();
        let found = |named| self.persons.get(&*node(named)).map(|person| &**person);
        if persons.peek().is_some() {
            persons.find_map(found)
        } else {
            event.index().episode.map(Node::Episode).and_then(found)
        }
    }
}

struct Looking<'o, 'r> {
    objecting: &'o Objecting,
    decoder: &'o Decoder,
    record: &'r [u8],
}

impl<'r> Visitor<'r> for Looking<'_, 'r> {
    type Output = Result<bool, DecodeError>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = self.decoder.decode(self.record)?;
        for ground in &self.objecting.grounds {
            if let Some(person) = ground.person_of(&event) {
                let mut met = ground.met.lock().unwrap_or_else(PoisonError::into_inner);
                met.persons.insert(person.into());
                met.events += 1;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
