//! An invented country: 21 regions, hospitals, wards, staffed beds and persons, told as ADT messages.
//!
//! Goes in: a seed, a start time, the regions. Comes out: the messages, in sending order, that such a country's record
//! systems would send; each region's unit directory and capacity file; and who lies where when all of it is understood.
//! It promises that the same plan and the same times give the same bytes: no clock is read and the randomness is its own.
//!
//! Every hospital has a dialect: HL7 version, character set, whether EVN-6 and ZBE are sent, how numbers are written.
//! Messages come late, twice, in the wrong order, cancelled and corrected; one in a hundred is rubbish. Persons are test
//! identities (`identity::test_identity`), names are drawn from lists, and no hospital exists.
//!
//! What was refused: replaying a recorded day. It would not fill the board around now, and it would need somebody's data.

mod act;
mod country;
mod dialect;
mod file;
mod history;
mod person;
pub(crate) mod random;
mod rubbish;
mod tables;
mod wording;
mod write;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use topics::Region;

pub use country::{Hospital, Ward};

use country::Area;
use random::Random;
use write::Writer;

/// Seconds, in the unit of the times passed in.
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// One in so many messages is rubbish.
const RUBBISH_ONE_IN: u64 = 100;
/// One in so many messages is sent again, byte for byte.
const RESEND_ONE_IN: u64 = 200;
/// One in so many messages is held back and overtaken.
const LATE_ONE_IN: u64 = 60;
/// A message that is held back is overtaken by at most this many.
const LATE_BY_MAX: u64 = 80;
/// So many recent messages may be sent again.
const RECENT_MAX: usize = 50;

/// Files are of so many months before the present one, or years.
const WAIT_MONTHS: i32 = 13;
const COST_YEARS: i16 = 2;
const FRACTURE_MONTHS: i32 = 3;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The same seed gives the same country and the same messages.
    pub seed: u64,
    /// UTC microseconds of the moment at which the country is occupied and live messages begin.
    pub start_micros: i64,
    /// Regions that send.
    pub regions: Vec<Region>,
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Whose connector receives it.
    pub region: Region,
    /// What it is.
    pub kind: Kind,
    /// The bytes, without MLLP framing, in the character set of the hospital.
    pub content: Vec<u8>,
}

/// What a message is, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An ADT message with this trigger.
    Adt(&'static str),
    /// A message that was sent before, byte for byte.
    Resend,
    /// Something that a platform must survive.
    Rubbish(Rubbish),
}

/// The kinds of rubbish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rubbish {
    /// No MSH: cannot be read.
    Headless,
    /// Bytes that are not in the declared character set.
    WrongCharset,
    /// An admission without PV1-19.
    EpisodeMissing,
    /// An admission whose time does not exist.
    TimeImpossible,
    /// Cut in the middle of PID.
    CutShort,
    /// An update with line breaks inside a field and a segment that is none.
    Broken,
    /// A trigger that nobody knows.
    TriggerUnknown,
}

/// A patient in a bed, as the whole set of messages tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenStay {
    /// In which region.
    pub region: Region,
    /// PV1-19.1 as sent.
    pub visit: String,
    /// PV1-3.1.
    pub unit: String,
    /// PV1-3.2.
    pub room: Option<String>,
    /// PV1-3.3.
    pub bed: Option<String>,
}

/// Files by the period that they are of, newest first.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Waits of months, as the package `waiting-times` reads them.
    pub waits: Vec<(String, String)>,
    /// Costs of years, as the package `kpp` reads them.
    pub costs: Vec<(String, String)>,
    /// Codes of months, as the package `par` reads them.
    pub codes: Vec<(String, String)>,
    /// Of the stays that the codes are of.
    pub messages: Vec<Sent>,
}

/// The country and everything on its way.
pub struct Simulator {
    random: Random,
    writer: Writer,
    areas: Vec<Area>,
    /// For choosing an area by its beds: the running sum of beds.
    weights: Vec<u64>,
    /// Messages that wait to be late, with the count of messages at which they go.
    held: VecDeque<(u64, Sent)>,
    recent: VecDeque<Sent>,
    count: u64,
}

impl Simulator {
    /// Builds the country: hospitals, wards and beds, all empty.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut random = Random::new(plan.seed);
        let areas: Vec<Area> =
            plan.regions.iter().map(|region| Area::new(*region, plan.start_micros, &mut random)).collect();
        let mut sum = 0;
        let weights = areas
            .iter()
            .map(|area| {
                sum += area.bed_count() as u64;
                sum
            })
            .collect();
        let (held, recent) = (VecDeque::new(), VecDeque::new());
        Self { random, writer: Writer::new(), areas, weights, held, recent, count: 0 }
    }

    /// The messages that fill the beds: admissions of the days before `start_micros`, oldest first. About `max` messages at
    /// most; with fewer than the country needs the beds stay partly empty, evenly.
    pub fn backlog(&mut self, start_micros: i64, max: usize) -> Vec<Sent> {
        let beds: usize = self.areas.iter().map(Area::bed_count).sum();
        // One admission per bed, and about every sixth patient has moved since.
        let share = (max as f64 / (beds as f64 * 1.25)).min(1.0);
        let mut dated = Vec::new();
        for area in &mut self.areas {
            area.occupy(start_micros, share, &mut self.random, &mut self.writer, &mut dated);
        }
        dated.sort_by_key(|(micros, _)| *micros);
        let sent: Vec<Sent> = dated.into_iter().map(|(_, sent)| sent).collect();
        self.count += sent.len() as u64;
        sent
    }

    /// The messages of those who lay in the beds before the patients of [`backlog`](Self::backlog), during so many days before
    /// `start_micros`, oldest first.
    pub fn history(&mut self, start_micros: i64, days: i64) -> Vec<Sent> {
        let from = start_micros - days * 24 * HOUR;
        let mut dated = Vec::new();
        for area in &mut self.areas {
            history::before(area, from, start_micros, &mut self.random, &mut self.writer, &mut dated);
        }
        dated.sort_by_key(|(micros, _)| *micros);
        dated.into_iter().map(|(_, sent)| sent).collect()
    }

    /// What a region's offices have left as files of the months before that of `start_micros`, and the messages of the stays that
    /// the files speak of. `None` for a region that is not in the plan.
    pub fn tables(&mut self, region: Region, start_micros: i64) -> Option<Tables> {
        let (random, writer) = (&mut self.random, &mut self.writer);
        let area = self.areas.iter_mut().find(|area| area.region == region)?;
        let month = |back: i32| tables::month(start_micros, back);
        let mut dated = Vec::new();
        let waits = (1..=WAIT_MONTHS).map(|back| (month(back), tables::waits(area, month(back), back, random)));
        let waits = waits.map(|(month, text)| (month.strftime("%Y-%m").to_string(), text)).collect();
        let year = month(0).year();
        let costs = (1..=COST_YEARS).map(|back| ((year - back).to_string(), tables::costs(area, year - back, random)));
        let costs = costs.collect();
        let codes = (1..=FRACTURE_MONTHS).map(|back| {
            let text = tables::fractures(area, month(back), start_micros, random, writer, &mut dated);
            (month(back).strftime("%Y-%m").to_string(), text)
        });
        let codes = codes.collect();
        dated.sort_by_key(|(micros, _)| *micros);
        Some(Tables { waits, costs, codes, messages: dated.into_iter().map(|(_, sent)| sent).collect() })
    }

    /// The next message, at this moment. Times passed in must not go back.
    ///
    /// # Panics
    /// If the plan named no region: there is nobody to send.
    pub fn next(&mut self, at_micros: i64) -> Sent {
        self.step(at_micros, true)
    }

    /// One message; before it, if allowed, at most one that is held back.
    fn step(&mut self, at_micros: i64, mut may_hold: bool) -> Sent {
        assert!(!self.areas.is_empty(), "a plan names at least one region");
        self.count += 1;
        if let Some(due) = self.held.iter().position(|(due, _)| *due <= self.count) {
            return self.remember(due);
        }
        if self.random.one_in(RESEND_ONE_IN)
            && let Some(again) = self.random.pick_index(self.recent.len())
        {
            return Sent { kind: Kind::Resend, ..self.recent[again].clone() };
        }
        if self.random.one_in(RUBBISH_ONE_IN) {
            let area = self.area();
            return rubbish::make(&mut self.areas[area], at_micros, &mut self.random, &mut self.writer);
        }
        loop {
            let area = self.area();
            let sent = act::next(&mut self.areas[area], at_micros, &mut self.random, &mut self.writer);
            if !(may_hold && self.random.one_in(LATE_ONE_IN)) {
                self.recent.push_back(sent.clone());
                self.recent.drain(..self.recent.len().saturating_sub(RECENT_MAX));
                return sent;
            }
            let due = self.count + 1 + self.random.below(LATE_BY_MAX);
            self.held.push_back((due, sent));
            may_hold = false;
        }
    }

    /// What is still held back, in the order in which it would go.
    pub fn drain(&mut self) -> Vec<Sent> {
        let mut held: Vec<_> = self.held.drain(..).collect();
        held.sort_by_key(|(due, _)| *due);
        held.into_iter().map(|(_, sent)| sent).collect()
    }

    /// The beds that are taken when every message, held-back ones too, has been understood; sorted.
    #[must_use]
    pub fn open_stays(&self) -> Vec<OpenStay> {
        let mut stays: Vec<OpenStay> = self.areas.iter().flat_map(Area::open_stays).collect();
        stays.sort();
        stays
    }

    /// Where the hospitals of all regions lie, as the dashboard's `board.hospitals` takes it.
    #[must_use]
    pub fn hospitals_file(&self) -> String {
        let lines: String = self.areas.iter().map(file::hospitals).collect();
        format!("lanskod;sjukhuskod;sjukhus;latitud;longitud\n{lines}")
    }

    /// The unit directory (`processor` mapping file) of a region; empty for a region that is not in the plan.
    #[must_use]
    pub fn mapping_file(&self, region: Region) -> String {
        self.find(region).map_or_else(String::new, file::mapping)
    }

    /// The capacity file of a region, all rows so far; empty for a region that is not in the plan.
    #[must_use]
    pub fn capacity_file(&self, region: Region) -> String {
        self.find(region).map_or_else(String::new, file::capacity)
    }

    /// Closes or opens beds of one ward of a region from this moment on; the capacity file has a row more.
    pub fn change_capacity(&mut self, region: Region, at_micros: i64) {
        if let Some(area) = self.areas.iter_mut().find(|area| area.region == region) {
            area.change_capacity(at_micros, &mut self.random);
        }
    }

    /// The hospitals of a region; none for a region that is not in the plan.
    #[must_use]
    pub fn hospitals(&self, region: Region) -> &[Hospital] {
        self.find(region).map_or(&[], |area| &area.hospitals)
    }

    /// The wards of a region; none for a region that is not in the plan.
    #[must_use]
    pub fn wards(&self, region: Region) -> &[Ward] {
        self.find(region).map_or(&[], |area| &area.wards)
    }

    fn find(&self, region: Region) -> Option<&Area> {
        self.areas.iter().find(|area| area.region == region)
    }

    fn area(&mut self) -> usize {
        let total = self.weights.last().copied().unwrap_or(0);
        let drawn = self.random.below(total.max(1));
        self.weights.partition_point(|sum| *sum <= drawn).min(self.areas.len() - 1)
    }

    fn remember(&mut self, held: usize) -> Sent {
        // The position was found in this very queue.
        self.held.remove(held).map(|(_, sent)| sent).expect("a held message that was found is there")
    }
}

/// A whole run: the occupied country, then live messages `step_micros` apart, until there are `count`; what is held back
/// goes last. Returns the simulator too, for its files and its truth.
#[must_use]
pub fn run(plan: &Plan, count: usize, step_micros: i64) -> (Vec<Sent>, Simulator) {
    let mut simulator = Simulator::new(plan);
    let mut sent = simulator.backlog(plan.start_micros, count / 2);
    let mut at_micros = plan.start_micros;
    while sent.len() + simulator.held.len() < count {
        at_micros += step_micros;
        // The last one may not hold another back: it would be one too many.
        let may_hold = sent.len() + simulator.held.len() + 1 < count;
        sent.push(simulator.step(at_micros, may_hold));
    }
    sent.extend(simulator.drain());
    (sent, simulator)
}
