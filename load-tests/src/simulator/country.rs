//! One region of the invented country: hospitals, wards, beds, and who lies in them.

use std::collections::VecDeque;

use identity::{Date, test_identity};
use topics::Region;

use super::dialect::Dialect;
use super::person::{Fit, Person};
use super::random::Random;
use super::write::Writer;
use super::{HOUR, Kind, OpenStay, RUBBISH_ONE_IN, SECOND, Sent, act, history, rubbish, wording};

/// Beds in the corridor, beyond those that were decided: whoever lies there is an överbeläggning.
const CORRIDOR_BEDS: usize = 3;
/// How often somebody who finds a full ward is taken in there all the same, in a hundred.
const CORRIDOR_PERCENT: u64 = 5;
/// How many of the first patients lie there, in a hundred: as many as after days of that.
pub(super) const IN_CORRIDOR_PERCENT: u64 = 4;
/// Patients whose discharge may still be cancelled.
const DISCHARGED_MAX: usize = 12;
/// How many of the persons without a bed are looked at to find one who fits the ward.
const LOOKED_AT_MAX: usize = 60;
/// The first decision on open beds is so old: older than anything that is told of the country.
const STAFFED_DAYS: i64 = 70;
/// Share of the open beds that the country tends to have taken, in percent.
pub(super) const OCCUPIED_PERCENT: usize = 95;

/// A hospital that does not exist.
#[derive(Debug, Clone)]
pub struct Hospital {
    /// Six digits, of a series that no region has.
    pub code: String,
    /// Its name.
    pub name: String,
    /// MSH-4 and PV1-3.4.
    pub facility: String,
    pub(super) dialect: Dialect,
    pub(super) control_id: u64,
    pub(super) visit_count: u64,
    pub(super) movement_count: u64,
}

/// A ward.
#[derive(Debug, Clone)]
pub struct Ward {
    /// PV1-3.1.
    pub code: String,
    /// Its name.
    pub name: String,
    /// HSA-id, of an organisation that does not exist.
    pub hsa_id: String,
    /// Medicinskt verksamhetsområde, where the code is known.
    pub mvo: Option<&'static str>,
    /// Psychiatric, not somatic.
    pub psychiatric: bool,
    /// Fastställda vårdplatser; 0 for an emergency department, which has none.
    pub bed_count: usize,
    /// Index of its hospital in the region.
    pub hospital: usize,
    pub(super) fit: Fit,
    pub(super) technical: bool,
    /// Regular beds, then those in the corridor.
    pub(super) taken: Vec<bool>,
    pub(super) capacity: Vec<CapacityRow>,
}

/// One row of the capacity file.
#[derive(Debug, Clone)]
pub(super) struct CapacityRow {
    pub(super) from_micros: i64,
    pub(super) disponibla: usize,
    pub(super) reason: &'static str,
}

/// A bed of a ward; `None` is the ward without one.
pub(super) type Place = (usize, Option<usize>);

/// How a person is named in messages so far.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// By personnummer or samordningsnummer.
    Own,
    /// By a reserve number: CX.1 and CX.4.
    Reserve(String, String),
}

/// What happened last to a patient, for the corrections that undo it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Admission,
    /// From where, and which ward was responsible there.
    Move {
        from: Place,
        responsible: usize,
    },
    Other,
}

/// Somebody in care, or just out of it.
#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub(super) person: Person,
    pub(super) named: Named,
    pub(super) visit: String,
    pub(super) place: Place,
    /// Index of the ward with the medical responsibility.
    pub(super) responsible: usize,
    pub(super) class: &'static str,
    pub(super) admitted_at: i64,
    /// Event time of the last message about the patient; the next one is later.
    pub(super) last_at: i64,
    pub(super) last: Last,
    pub(super) move_count: u32,
    pub(super) discharge_count: u32,
    pub(super) on_leave: bool,
    /// ZBE-1 of the last movement.
    pub(super) movement: u64,
}

pub(super) struct Area {
    pub(super) region: Region,
    pub(super) hospitals: Vec<Hospital>,
    pub(super) wards: Vec<Ward>,
    pub(super) patients: Vec<Patient>,
    pub(super) arrived: Vec<Patient>,
    /// Announced, not here yet.
    pub(super) planned: Vec<Patient>,
    pub(super) discharged: VecDeque<Patient>,
    /// Persons who are not in care, by index, and since when: nobody comes back before having left.
    free: Vec<(u64, i64)>,
    pub(super) reserve_count: u64,
    pub(super) today: Date,
}

struct WardKind {
    suffix: &'static str,
    name: &'static str,
    mvo: Option<&'static str>,
    fit: Fit,
    beds: (i64, i64),
    /// In every hospital, not only in a region's first.
    everywhere: bool,
}

const fn kind(
    suffix: &'static str,
    name: &'static str,
    mvo: Option<&'static str>,
    fit: Fit,
    beds: (i64, i64),
    everywhere: bool,
) -> WardKind {
    WardKind { suffix, name, mvo, fit, beds, everywhere }
}

/// Codes of medicinskt verksamhetsområde only where they are known; the others stay open in the unit directory.
const WARD_KINDS: [WardKind; 15] = [
    kind("AKM", "Akutmottagning", None, Fit::Adult, (0, 0), true),
    kind("MAVA", "Medicinsk akutvårdsavdelning", Some("101"), Fit::Adult, (12, 18), true),
    kind("MED1", "Medicinavdelning 1", Some("101"), Fit::Adult, (14, 20), true),
    kind("MED2", "Medicinavdelning 2", Some("101"), Fit::Adult, (14, 20), false),
    kind("KAVA", "Kirurgisk akutvårdsavdelning", Some("301"), Fit::Adult, (10, 14), false),
    kind("KIR1", "Kirurgavdelning 1", Some("301"), Fit::Adult, (14, 18), true),
    kind("ORT", "Ortopedavdelning", Some("311"), Fit::Adult, (14, 20), true),
    kind("GER", "Geriatrisk avdelning", Some("241"), Fit::Old, (12, 18), true),
    kind("STR", "Strokeavdelning", None, Fit::Old, (10, 14), false),
    kind("HIA", "Hjärtavdelning", None, Fit::Adult, (8, 12), false),
    kind("INF", "Infektionsavdelning", None, Fit::Adult, (8, 14), false),
    kind("IVA", "Intensivvårdsavdelning", None, Fit::Adult, (5, 8), true),
    kind("BB", "Förlossning och BB", None, Fit::Mother, (8, 12), false),
    kind("BARN", "Barnavdelning", None, Fit::Child, (8, 12), false),
    kind("PSYK", "Psykiatrisk avdelning", Some("901"), Fit::Adult, (10, 16), false),
];

/// Hospitals of each region, by länskod; the larger, the more.
const HOSPITAL_COUNTS: [(&str, usize); 21] = [
    ("01", 5),
    ("03", 2),
    ("04", 2),
    ("05", 3),
    ("06", 3),
    ("07", 2),
    ("08", 2),
    ("09", 1),
    ("10", 1),
    ("12", 5),
    ("13", 2),
    ("14", 6),
    ("17", 2),
    ("18", 2),
    ("19", 2),
    ("20", 2),
    ("21", 2),
    ("22", 3),
    ("23", 1),
    ("24", 3),
    ("25", 3),
];

impl Area {
    pub(super) fn new(region: Region, start_micros: i64, random: &mut Random) -> Self {
        let at = HOSPITAL_COUNTS.iter().position(|(code, _)| *code == region.code()).unwrap_or(0);
        let before: usize = HOSPITAL_COUNTS[..at].iter().map(|(_, count)| count).sum();
        let mut area = Self {
            region,
            hospitals: Vec::new(),
            wards: Vec::new(),
            patients: Vec::new(),
            arrived: Vec::new(),
            planned: Vec::new(),
            discharged: VecDeque::new(),
            // Persons are shared out by remainder, so nobody is a patient of two regions.
            free: (0..test_identity::COUNT)
                .filter(|index| *index % 21 == at as u64)
                .map(|index| (index, i64::MIN))
                .collect(),
            reserve_count: 0,
            today: Date::of_utc_micros(start_micros),
        };
        for number in 0..HOSPITAL_COUNTS[at].1 {
            let place = wording::PLACES[(before + number) % wording::PLACES.len()];
            area.add_hospital(place, number, start_micros, random);
        }
        area
    }

    fn add_hospital(&mut self, place: &str, number: usize, start_micros: i64, random: &mut Random) {
        let code = self.region.code();
        let short = self.abbreviation(place);
        let (name, large) =
            if number == 0 { (format!("{place} sjukhus"), true) } else { (format!("{place} lasarett"), false) };
        let hospital = self.hospitals.len();
        for kind in WARD_KINDS.iter().filter(|kind| large || kind.everywhere) {
            let bed_count = random.between(kind.beds.0, kind.beds.1) as usize;
            let mut ward = Ward {
                code: format!("{short}-{}", kind.suffix),
                name: kind.name.to_owned(),
                hsa_id: format!("SE0000000000-{code}{short}{}", kind.suffix),
                mvo: kind.mvo,
                psychiatric: kind.mvo == Some("901"),
                bed_count,
                hospital,
                fit: kind.fit,
                technical: kind.suffix == "IVA",
                taken: vec![false; if bed_count == 0 { 0 } else { bed_count + CORRIDOR_BEDS }],
                capacity: Vec::new(),
            };
            ward.decide(start_micros - STAFFED_DAYS * 24 * HOUR, random);
            self.wards.push(ward);
        }
        let dialect = Dialect::new(random);
        let facility = format!("{short}{code}");
        let hospital_code = format!("99{code}{number:02}");
        let (control_id, visit_count, movement_count) = (random.below(9_000), 0, 0);
        self.hospitals.push(Hospital {
            code: hospital_code,
            name,
            facility,
            dialect,
            control_id,
            visit_count,
            movement_count,
        });
    }

    /// Three letters of a place's name, with a digit if another hospital of the region has them.
    fn abbreviation(&self, place: &str) -> String {
        let folded = |letter: char| match letter {
            'å' | 'ä' | 'Å' | 'Ä' => 'A',
            'ö' | 'Ö' => 'O',
            letter => letter.to_ascii_uppercase(),
        };
        let short: String = place.chars().map(folded).filter(char::is_ascii_uppercase).take(3).collect();
        let same = self.hospitals.iter().filter(|hospital| hospital.facility.starts_with(&short)).count();
        if same == 0 { short } else { format!("{short}{}", same + 1) }
    }

    /// Fills the beds with patients who came during the days before, and pushes the messages that told of it.
    pub(super) fn occupy(
        &mut self,
        start_micros: i64,
        share: f64,
        random: &mut Random,
        writer: &mut Writer,
        into: &mut Vec<(i64, Sent)>,
    ) {
        for ward in 0..self.wards.len() {
            let percent = OCCUPIED_PERCENT + random.below(9) as usize - 4;
            let wanted = (self.wards[ward].open_bed_count() * percent) as f64 * share / 100.0;
            for _ in 0..wanted.round() as usize {
                let ward_of = &self.wards[ward];
                let corridor = ward_of.corridor_bed().filter(|_| random.percent(IN_CORRIDOR_PERCENT));
                let Some(bed) = corridor.or_else(|| ward_of.free_bed(random)) else { break };
                let admitted_at = whole_second(start_micros - history::stayed_so_far(random));
                act::past(self, (ward, Some(bed)), admitted_at, start_micros, random, writer, into);
                if random.one_in(RUBBISH_ONE_IN) {
                    into.push((admitted_at, rubbish::make(self, admitted_at, random, writer)));
                }
            }
        }
    }

    /// Fastställda vårdplatser.
    pub(super) fn bed_count(&self) -> usize {
        self.wards.iter().map(|ward| ward.bed_count).sum()
    }

    /// Patients in beds, compared with what the country tends to have: negative if there is room.
    pub(super) fn crowding(&self) -> i64 {
        let open: usize = self.wards.iter().map(Ward::open_bed_count).sum();
        self.patients.len() as i64 - (open * OCCUPIED_PERCENT / 100) as i64
    }

    /// Somebody who is not in care and fits the ward, or at least is not in care, and since when; `None` if everybody is.
    pub(super) fn take_person(&mut self, fit: Fit, random: &mut Random) -> Option<(Person, i64)> {
        let first = random.pick_index(self.free.len())?;
        let mut chosen = first;
        for step in 0..LOOKED_AT_MAX.min(self.free.len()) {
            let at = (first + step) % self.free.len();
            if Person::new(self.free[at].0).fits(fit, self.today) {
                chosen = at;
                break;
            }
        }
        let (index, since) = self.free.swap_remove(chosen);
        Some((Person::new(index), since))
    }

    pub(super) fn release(&mut self, person: &Person, since: i64) {
        self.free.push((person.index, since));
    }

    /// A person who is not in care, and stays so.
    pub(super) fn bystander(&self, random: &mut Random) -> Option<Person> {
        random.pick_index(self.free.len()).map(|at| Person::new(self.free[at].0))
    }

    pub(super) fn dialect(&self, ward: usize) -> &Dialect {
        &self.hospital(ward).dialect
    }

    pub(super) fn hospital(&self, ward: usize) -> &Hospital {
        &self.hospitals[self.wards[ward].hospital]
    }

    /// A free bed of a ward that fits, somewhere in the region or in one hospital.
    pub(super) fn find_bed(&self, hospital: Option<usize>, random: &mut Random) -> Option<Place> {
        for _ in 0..24 {
            let at = random.pick_index(self.wards.len())?;
            let ward = &self.wards[at];
            if ward.bed_count > 0
                && hospital.is_none_or(|hospital| ward.hospital == hospital)
                && let Some(bed) = ward.free_bed(random)
            {
                return Some((at, Some(bed)));
            }
        }
        None
    }

    pub(super) fn take(&mut self, place: Place) {
        self.set(place, true);
    }

    pub(super) fn leave(&mut self, place: Place) {
        self.set(place, false);
    }

    fn set(&mut self, (ward, bed): Place, taken: bool) {
        if let Some(bed) = bed {
            self.wards[ward].taken[bed] = taken;
        }
    }

    pub(super) fn is_free(&self, (ward, bed): Place) -> bool {
        bed.is_none_or(|bed| !self.wards[ward].taken[bed])
    }

    /// PV1-3 of a place.
    pub(super) fn location(&self, (ward, bed): Place) -> String {
        let (room, bed) = bed.map_or((String::new(), String::new()), |bed| self.wards[ward].bed_name(bed));
        format!("{}^{room}^{bed}^{}", self.wards[ward].code, self.hospital(ward).facility)
    }

    /// Remembers a discharge; who went before long is free again.
    pub(super) fn remember_discharge(&mut self, patient: Patient) {
        self.discharged.push_back(patient);
        if self.discharged.len() > DISCHARGED_MAX
            && let Some(gone) = self.discharged.pop_front()
        {
            self.release(&gone.person, gone.last_at);
        }
    }

    pub(super) fn open_stays(&self) -> impl Iterator<Item = OpenStay> + '_ {
        self.patients.iter().chain(&self.arrived).map(|patient| {
            let (ward, bed) = patient.place;
            let named = bed.map(|bed| self.wards[ward].bed_name(bed));
            let (room, bed) = named.map_or((None, None), |(room, bed)| (Some(room), Some(bed)));
            let unit = self.wards[ward].code.clone();
            OpenStay { region: self.region, visit: patient.visit.clone(), unit, room, bed }
        })
    }

    pub(super) fn change_capacity(&mut self, at_micros: i64, random: &mut Random) {
        let wards: Vec<usize> = (0..self.wards.len()).filter(|at| self.wards[*at].bed_count > 0).collect();
        let ward = *random.pick(&wards);
        self.wards[ward].decide(at_micros, random);
    }

    pub(super) fn sent(&self, kind: Kind, content: Vec<u8>) -> Sent {
        Sent { region: self.region, kind, content }
    }
}

impl Ward {
    /// Beds that are staffed and open now.
    #[must_use]
    pub fn open_bed_count(&self) -> usize {
        self.capacity.last().map_or(0, |row| row.disponibla)
    }

    /// Decides how many beds are open from this moment on.
    fn decide(&mut self, from_micros: i64, random: &mut Random) {
        if self.bed_count == 0 {
            return;
        }
        let closed = if random.percent(45) { 0 } else { random.below(1 + self.bed_count as u64 / 4) as usize };
        let mut drawn = random.below(100);
        let mut reason = "";
        for (word, share) in wording::CLOSED_REASONS {
            if drawn < share {
                reason = word;
                break;
            }
            drawn -= share;
        }
        let reason = if closed == 0 { "" } else { reason };
        self.capacity.push(CapacityRow { from_micros, disponibla: self.bed_count - closed, reason });
    }

    /// An open bed that is free; now and then, when all are taken, one in the corridor.
    pub(super) fn free_bed(&self, random: &mut Random) -> Option<usize> {
        let open = self.open_bed_count();
        let first = random.pick_index(open)?;
        let regular = (0..open).map(|step| (first + step) % open).find(|bed| !self.taken[*bed]);
        regular.or_else(|| if random.percent(CORRIDOR_PERCENT) { self.corridor_bed() } else { None })
    }

    fn corridor_bed(&self) -> Option<usize> {
        (self.bed_count..self.taken.len()).find(|bed| !self.taken[*bed])
    }

    /// Room and bed, as PV1-3.2 and PV1-3.3: rooms of two, and the corridor.
    pub(super) fn bed_name(&self, bed: usize) -> (String, String) {
        if bed < self.bed_count {
            return (format!("Sal {}", bed / 2 + 1), format!("{}:{}", bed / 2 + 1, bed % 2 + 1));
        }
        ("Korridor".to_owned(), format!("K{}", bed - self.bed_count + 1))
    }
}

/// Messages write whole seconds.
pub(super) const fn whole_second(micros: i64) -> i64 {
    micros.div_euclid(SECOND) * SECOND
}
