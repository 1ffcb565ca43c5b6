//! What persons say of the use of their data, and whom a decision erases: from numbers to records under pseudonym.
//!
//! A record is all that holds of one person, verb and scope, so what the topic has is read before anything is added to it: twice is
//! written once, and what was withdrawn stays told. A person is all pseudonyms that the region's events call one.

mod numbers;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use access_log::{Action, Entry, Outcome, Text, system_user};
use runtime::config::Kafka;
use runtime::health::Health;
use runtime::producer::{self, Producer};
use runtime::shutdown::Shutdown;
use schemas::registry::{self, Client};
use schemas::{Encoder, Held, Kind, Objection, Timestamp, Verb};
use topics::Region;

use crate::config::Config;
use crate::error::Error;
use crate::protected::{self, Protected};
use crate::records;
pub use numbers::{Numbers, numbers};
pub use show::show;

/// What it writes, and reads back.
pub const OUTPUT: Kind = Kind::Objection;

/// The partition of a record: Kafka chooses it by the key.
const BY_KEY: i32 = -1;

/// What is to be entered of every person that is named.
#[derive(Clone, Debug)]
pub struct Word {
    /// What is said.
    pub verb: Verb,
    /// The register or the purpose; empty where all is erased.
    pub scope: String,
    /// It holds no longer.
    pub is_withdrawn: bool,
    /// On which ground.
    pub ground: Text,
    /// The region's number of the case.
    pub case_id: Option<Text>,
}

/// Persons: the pseudonym of each by the region's key, with those by the keys before it.
pub type Persons = BTreeMap<String, Vec<String>>;

/// What came of it, in persons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Of whom a record was written, or would be.
    pub written: u64,
    /// Of whom it held already, or did not hold and so was not withdrawn.
    pub already: u64,
    /// Who is erased: nothing else is kept of them.
    pub erased: u64,
}

/// What the topic holds.
#[derive(Debug, Default)]
pub(crate) struct Said(BTreeMap<String, Known>);

/// A record of the topic, without what its key says.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub token: String,
    pub verb: Verb,
    pub scope: String,
    pub held: Vec<Held>,
    pub stated_at: Timestamp,
}

/// A record that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Next {
    token: String,
    held: Vec<Held>,
}

impl Word {
    /// As a person reads it.
    fn text(&self) -> String {
        let verb = format!("{}{}", if self.is_withdrawn { "withdraw " } else { "" }, self.verb.name());
        let case = self.case_id.as_ref().map(|case| format!(" (case {})", case.as_str())).unwrap_or_default();
        format!("{verb} {}{case}", self.scope).replace("  ", " ").trim_end().to_owned()
    }

    fn objection<'a>(&'a self, region: &'a str, token: &'a str, held: Vec<Held>, at: Timestamp) -> Objection<'a> {
        Objection {
            region,
            subject_token: token,
            verb: self.verb,
            scope: &self.scope,
            held,
            ground: self.ground.as_str(),
            case_id: self.case_id.as_ref().map(Text::as_str),
            stated_at: at,
        }
    }
}

impl Known {
    fn holds(&self) -> bool {
        self.verb == Verb::Erase || self.held.last().is_some_and(|held| held.until.is_none())
    }
}

impl Said {
    /// Reads everything that the region's topic holds.
    pub(crate) fn read(
        kafka: &Kafka,
        registry: &registry::Settings,
        region: Region,
        shutdown: &Shutdown,
    ) -> Result<Self, Error> {
        let topics = [topics::name::objections(region)];
        let mut said = Self::default();
        records::each(kafka, registry, &topics, shutdown, |decoder, record| {
            // Somebody took a record out by hand.
            if !record.payload().is_empty() {
                let unreadable = |_| Error::unreadable(&topics[0], record);
                said.add(&decoder.decode(record.payload()).map_err(unreadable)?);
            }
            Ok(())
        })?;
        Ok(said)
    }

    /// The latest word of a key holds, in whatever order they come.
    fn add(&mut self, objection: &Objection<'_>) {
        let known = Known {
            token: objection.subject_token.to_owned(),
            verb: objection.verb,
            scope: objection.scope.to_owned(),
            held: objection.held.clone(),
            stated_at: objection.stated_at,
        };
        let held = self.0.entry(objection.key()).or_insert_with(|| known.clone());
        if held.stated_at <= known.stated_at {
            *held = known;
        }
    }

    /// What is known of a person.
    pub(crate) fn of<'s>(&'s self, person: &'s BTreeSet<String>) -> impl Iterator<Item = &'s Known> {
        self.0.values().filter(|known| person.contains(&known.token))
    }

    /// What has to be written of a person for a word to hold: nothing where it holds.
    /// While a key turns that is a record under each key's pseudonym, for nothing may have joined them yet.
    fn next(&self, person: &BTreeSet<String>, tokens: &[&str], word: &Word, at: Timestamp) -> Vec<Next> {
        let mut same = self.of(person).filter(|known| known.verb == word.verb && known.scope == word.scope);
        if word.is_withdrawn {
            // Under whichever pseudonym it was said.
            let holding = same.filter(|known| known.holds());
            let ended = holding.map(|known| {
                let mut held = known.held.clone();
                held.last_mut().expect("it holds").until = Some(at);
                Next { token: known.token.clone(), held }
            });
            return ended.collect();
        }
        if same.any(Known::holds) {
            return Vec::new();
        }
        let next = |token: &&str| {
            let is_own = |known: &&Known| known.token == *token && known.verb == word.verb && known.scope == word.scope;
            let mut held = self.of(person).find(is_own).map(|known| known.held.clone()).unwrap_or_default();
            if word.verb != Verb::Erase {
                held.push(Held { since: at, until: None });
            }
            Next { token: (*token).to_owned(), held }
        };
        tokens.iter().map(next).collect()
    }
}

/// What the region knows of persons before anything is said of them.
pub struct Before {
    protected: Protected,
    said: Said,
}

impl Before {
    /// Reads the region's topics as they stand.
    ///
    /// # Errors
    /// When Kafka or the registry does not answer, or a record cannot be read.
    pub fn read(config: &Config, shutdown: &Shutdown) -> Result<Self, Error> {
        let (kafka, registry, region) = (&config.kafka, &config.registry, config.region.code);
        let said = Said::read(kafka, registry, region, shutdown)?;
        Ok(Self { protected: protected::read(kafka, registry, region, shutdown)?, said })
    }

    /// All pseudonyms that are the person of one of these.
    fn person(&self, tokens: &[&str]) -> BTreeSet<String> {
        tokens.iter().flat_map(|token| self.protected.person(token)).collect()
    }
}

/// Enters a word of these persons: each is an entry of the access log, then a record that Kafka has acknowledged.
///
/// # Errors
/// When the access log cannot have it, or Kafka or the registry does not. What was entered before that stays entered: run it again.
pub async fn enter(
    config: &Config,
    before: &Before,
    persons: &Persons,
    word: &Word,
    at: Timestamp,
    is_dry: bool,
) -> Result<Entered, Error> {
    let mut entered = Entered::default();
    let mut next = Vec::new();
    for (token, earlier) in persons {
        let tokens: Vec<&str> = iter::once(token).chain(earlier).map(String::as_str).collect();
        let person = before.person(&tokens);
        let is_erased = before.said.of(&person).any(|known| known.verb == Verb::Erase);
        let of_person = before.said.next(&person, &tokens, word, at);
        match (is_erased, of_person.is_empty()) {
            (true, _) if word.verb != Verb::Erase => entered.erased += 1,
            (_, true) => entered.already += 1,
            (_, false) => {
                entered.written += 1;
                next.extend(of_person);
            }
        }
    }
    if !is_dry && !next.is_empty() {
        write(config, &next, word, at).await?;
    }
    Ok(entered)
}

async fn write(config: &Config, next: &[Next], word: &Word, at: Timestamp) -> Result<(), Error> {
    let region = config.region.code;
    let topic = topics::name::objections(region);
    let id = Client::connect(&config.registry)?.id_of(&topic, OUTPUT)?;
    let health = Health::new(&[runtime::broker::COMPONENT]);
    let producer = Producer::start(&config.kafka, producer::Settings::default(), health)?;
    let log = config.access_log.as_ref().map(|settings| settings.open("subject")).transpose()?;
    let (mut encoder, mut bytes) = (Encoder::new(OUTPUT, id), Vec::new());
    for Next { token, held } in next {
        if let Some(log) = &log {
            log.record_blocking(entry(region, token, Action::Object, "objections", &word.text(), &word.ground)?)?;
        }
        let objection = word.objection(region.code(), token, held.clone(), at);
        bytes.clear();
        encoder.encode(&objection, &mut bytes)?;
        let key = objection.key();
        let record = producer::Record {
            topic: &topic,
            partition: BY_KEY,
            key: Some(key.as_bytes()),
            headers: &[],
            payload: &bytes,
        };
        producer.send(record).await?;
    }
    producer.close().await;
    Ok(())
}

/// The entry of what was done with what is known of a person.
pub(crate) fn entry(
    region: Region,
    token: &str,
    action: Action,
    dataset: &str,
    resource: &str,
    ground: &Text,
) -> Result<Entry, access_log::Error> {
    let unfit = |field| move |source| access_log::Error::Unfit { field, source };
    let text = |field, text: &str| Text::new(text).map_err(unfit(field));
    Ok(Entry {
        action,
        care_unit: text("care_unit", "process: objections and erasure")?,
        commission: None,
        dataset: text("dataset", dataset)?,
        digest: None,
        ground: ground.clone(),
        person: Some(access_log::Person::new(token).map_err(unfit("person"))?),
        recipient: None,
        region: access_log::Region::new(region.code()).map_err(unfit("region"))?,
        resource: text("resource", resource)?,
        result: Outcome::Allowed,
        role: text("role", "system")?,
        rows: None,
        time: jiff::Timestamp::now(),
        user: system_user("region-register"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(verb: Verb, scope: &str, is_withdrawn: bool) -> Word {
        let ground = Text::new("test").expect("a text");
        Word { verb, scope: scope.to_owned(), is_withdrawn, ground, case_id: None }
    }

    fn person(tokens: &[&str]) -> BTreeSet<String> {
        tokens.iter().map(|token| (*token).to_owned()).collect()
    }

    /// Says a word at a time; how many records came of it.
    fn say(said: &mut Said, of: &BTreeSet<String>, token: &str, word: &Word, at: i64) -> usize {
        let next = said.next(of, &[token], word, Timestamp(at));
        for Next { token, held } in &next {
            said.add(&word.objection("14", token, held.clone(), Timestamp(at)));
        }
        next.len()
    }

    fn held(said: &Said, of: &BTreeSet<String>, verb: Verb) -> Vec<Vec<(i64, Option<i64>)>> {
        let times =
            |known: &Known| known.held.iter().map(|held| (held.since.0, held.until.map(|until| until.0))).collect();
        said.of(of).filter(|known| known.verb == verb).map(times).collect()
    }

    #[test]
    fn twice_is_written_once_and_every_time_that_it_held_is_kept() {
        let (mut said, one) = (Said::default(), person(&["a"]));
        let (out, back) = (word(Verb::OptOut, "research", false), word(Verb::OptOut, "research", true));
        assert_eq!(say(&mut said, &one, "a", &back, 1), 0, "nothing to withdraw");
        for (word, at, written) in [(&out, 2, 1), (&out, 3, 0), (&back, 4, 1), (&back, 5, 0), (&out, 6, 1)] {
            assert_eq!(say(&mut said, &one, "a", word, at), written, "at {at}");
        }
        assert_eq!(held(&said, &one, Verb::OptOut), [[(2, Some(4)), (6, None)]]);
        assert_eq!(say(&mut said, &one, "a", &word(Verb::OptOut, "statistics", false), 7), 1, "another purpose");
        for (at, written) in [(8, 1), (9, 0)] {
            assert_eq!(say(&mut said, &one, "a", &word(Verb::Erase, "", false), at), written);
        }
        assert_eq!(held(&said, &one, Verb::Erase), [[(0, None); 0]]);
    }

    #[test]
    fn a_person_is_all_pseudonyms_whichever_it_was_said_under() {
        let (mut said, one) = (Said::default(), person(&["old", "new"]));
        let (opposed, back) = (word(Verb::Oppose, "rikshoft", false), word(Verb::Oppose, "rikshoft", true));
        assert_eq!(say(&mut said, &one, "old", &opposed, 1), 1);
        assert_eq!(say(&mut said, &one, "new", &opposed, 2), 0, "said already");
        assert_eq!(say(&mut said, &one, "new", &back, 3), 1);
        assert_eq!(held(&said, &one, Verb::Oppose), [[(1, Some(3))]]);
        assert!(said.of(&person(&["other"])).next().is_none());
    }

    #[test]
    fn while_a_key_turns_it_is_said_under_each_pseudonym() {
        let (mut said, one) = (Said::default(), person(&["v2", "v1"]));
        let opposed = word(Verb::Oppose, "rikshoft", false);
        let next = said.next(&one, &["v2", "v1"], &opposed, Timestamp(1));
        assert_eq!(next.iter().map(|next| &*next.token).collect::<Vec<_>>(), ["v2", "v1"]);
        for Next { token, held } in &next {
            said.add(&opposed.objection("14", token, held.clone(), Timestamp(1)));
        }
        assert!(said.next(&one, &["v2", "v1"], &opposed, Timestamp(2)).is_empty(), "said already");
        let back = word(Verb::Oppose, "rikshoft", true);
        assert_eq!(said.next(&one, &["v2", "v1"], &back, Timestamp(3)).len(), 2);
    }

    #[test]
    fn the_latest_word_holds_in_whatever_order_they_are_read() {
        let word = word(Verb::OptOut, "research", false);
        let first = word.objection("14", "a", vec![Held { since: Timestamp(1), until: None }], Timestamp(1));
        let ended =
            word.objection("14", "a", vec![Held { since: Timestamp(1), until: Some(Timestamp(2)) }], Timestamp(2));
        for order in [[&first, &ended], [&ended, &first]] {
            let mut said = Said::default();
            order.into_iter().for_each(|objection| said.add(objection));
            assert_eq!(held(&said, &person(&["a"]), Verb::OptOut), [[(1, Some(2))]]);
        }
    }

    #[test]
    fn an_entry_says_what_was_said_of_whom() {
        let case_id = Some(Text::new("IVO 8.4-2026-1").expect("a text"));
        let erased = Word { case_id, ..word(Verb::Erase, "", false) };
        assert_eq!(erased.text(), "erase (case IVO 8.4-2026-1)");
        assert_eq!(word(Verb::Oppose, "rikshoft", true).text(), "withdraw oppose rikshoft");
        let token = format!("r14.v1.{}", "a".repeat(32));
        let region = "14".parse().expect("a region");
        let entry = entry(region, &token, Action::Object, "objections", &erased.text(), &erased.ground);
        let entry = entry.expect("an entry");
        assert_eq!(entry.person.expect("a person").as_str(), token);
    }
}
