//! From what is known to tables.

use std::collections::{BTreeMap, HashSet};

use super::Omop;
use super::care_site::CareSite;
use super::cdm_source;
use super::id::{Ids, Items, key};
use super::person::{Facts, gender_concept, gender_text};
use super::row::{Row, file, file_beside};
use super::statement::Coded;
use super::tables::{
    CARE_SITE, CONDITION_OCCURRENCE, COST, DEATH, DRUG_EXPOSURE, LOCATION, OBSERVATION, OBSERVATION_PERIOD, PERSON,
    PROCEDURE_OCCURRENCE, VISIT_DETAIL, VISIT_OCCURRENCE, VISIT_SOURCE,
};
use super::visit::{Move, Visit};
use crate::error::Error;
use crate::form::Request;
use crate::output::{File, Output};
use crate::pseudonym::Pseudonyms;

/// Type of everything here: from a record system of care ("EHR").
const FROM_RECORD_SYSTEM: i32 = 32_817;
/// No vocabulary is at hand: nothing matches.
const NO_CONCEPT: i32 = 0;
/// Longest name of a care site in the model.
const SITE_NAME_MAX: usize = 255;

/// The ids that rows refer to each other by.
struct Links<'r> {
    pseudonyms: &'r Pseudonyms,
    persons: Ids,
    locations: Ids,
    care_sites: Ids,
    visits: Ids,
    moves: Ids,
}

impl Links<'_> {
    fn person(&self, subject: &str) -> i32 {
        self.persons.id(person_key(subject))
    }
}

impl Omop {
    /// The tables. Rows of persons without year of birth are set aside and counted: the model has no such person.
    ///
    /// # Errors
    /// When two rows have the same key.
    pub(super) fn finish(mut self, request: &Request<'_>) -> Result<Output, Error> {
        let pseudonyms = request.pseudonyms;
        let links = Links {
            pseudonyms,
            persons: Ids::of(&PERSON, &self.person_items(), pseudonyms),
            locations: Ids::of(&LOCATION, &self.location_items(), pseudonyms),
            care_sites: Ids::of(&CARE_SITE, &self.care_site_items(), pseudonyms),
            visits: Ids::of(&VISIT_OCCURRENCE, &self.visit_items(), pseudonyms),
            moves: Ids::of(&VISIT_DETAIL, &self.move_items(), pseudonyms),
        };
        let periods = self.periods();
        let last = periods.values().map(|(_, last)| *last).max();
        let files = vec![
            self.person_file(&links)?,
            period_file(periods, &links)?,
            self.location_file(&links)?,
            self.care_site_file(&links)?,
            self.visit_file(&links)?,
            self.move_file(&links)?,
            self.condition_file(&links)?,
            self.procedure_file(&links)?,
            self.drug_file(&links)?,
            self.observation_file(&links)?,
            self.death_file(&links)?,
            self.cost_file(&links)?,
            cdm_source::file(request, last),
            self.source_file(&links)?,
        ];
        self.count_rows(&files);
        self.count_deaths();
        let totals: BTreeMap<String, i64> =
            self.totals.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Ok(Output { files, totals })
    }

    fn count_rows(&mut self, files: &[File]) {
        for (name, file) in ROW_TOTALS.into_iter().zip(files) {
            self.count(name, i64::try_from(file.rows).unwrap_or(i64::MAX));
        }
        let unknown = self.persons.iter().filter(|(_, facts)| facts.birth_year().is_none()).count();
        let visits = self.visits.all.iter().filter(|visit| !self.has_person(&visit.subject)).count();
        self.count("persons_without_birth_year", i64::try_from(unknown).unwrap_or(i64::MAX));
        self.count("visits_without_birth_year", i64::try_from(visits).unwrap_or(i64::MAX));
        for name in MAYBE_TOTALS {
            self.count(name, 0);
        }
    }

    fn has_person(&self, subject: &str) -> bool {
        self.persons.get(subject).is_some()
    }

    pub(super) fn kept_visits(&self) -> impl Iterator<Item = &Visit> {
        self.visits.all.iter().filter(|visit| self.has_person(&visit.subject))
    }

    fn kept_costs(&self) -> impl Iterator<Item = &super::CostPart> {
        self.costs.iter().filter(|part| self.has_person(&self.visit(part.visit).subject))
    }

    fn person_items(&self) -> Items<(&str, &Facts, i32)> {
        let known = self.persons.iter().filter_map(|(subject, facts)| Some((subject, facts, facts.birth_year()?)));
        known.map(|(subject, facts, year)| (person_key(subject), (subject, facts, year))).collect()
    }

    fn person_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &PERSON, self.person_items(), |(subject, facts, year), row| {
            row.int("gender_concept_id", gender_concept(facts.sex()));
            row.int("year_of_birth", *year);
            row.int("race_concept_id", NO_CONCEPT);
            row.int("ethnicity_concept_id", NO_CONCEPT);
            row.int("location_id", facts.lkf().map(|lkf| links.locations.id(location_key(lkf))));
            row.text("person_source_value", *subject);
            row.text("gender_source_value", gender_text(facts.sex()));
        })
    }

    /// Of each person the first and the last day that the rows tell of.
    fn periods(&self) -> BTreeMap<&str, (i32, i32)> {
        let visits = self.visits.all.iter().map(|visit| (&visit.subject, visit.from, visit.to));
        let codes = self.conditions.iter().chain(&self.procedures).chain(&self.drugs);
        let codes = codes.map(|coded| (&coded.subject, coded.at, coded.at));
        let groups =
            self.observations.values().map(|observation| (&observation.subject, observation.at, observation.at));
        let mut periods: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
        for (subject, from, to) in visits.chain(codes).chain(groups).filter(|(subject, ..)| self.has_person(subject)) {
            let (from, to) = (swedish_time::day(from.0), swedish_time::day(to.0));
            let known = periods.entry(subject).or_insert((from, to));
            *known = (known.0.min(from), known.1.max(to));
        }
        periods
    }

    fn location_items(&self) -> Items<&str> {
        let known = self.persons.iter().filter(|(_, facts)| facts.birth_year().is_some());
        let places: HashSet<&str> = known.filter_map(|(_, facts)| facts.lkf()).collect();
        places.into_iter().map(|lkf| (location_key(lkf), lkf)).collect()
    }

    fn location_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &LOCATION, self.location_items(), |lkf, row| {
            // Län: the first two of the four digits.
            row.text("county", lkf.get(..2));
            row.text("location_source_value", *lkf);
        })
    }

    fn care_site_items(&self) -> Items<&CareSite> {
        let visits = || self.kept_visits();
        let moves = visits().flat_map(|visit| &visit.moves).filter_map(|one| one.care_site);
        let used: HashSet<i64> = visits().filter_map(|visit| visit.care_site).chain(moves).collect();
        self.care_sites.used().filter(|(key, _)| used.contains(key)).collect()
    }

    fn care_site_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &CARE_SITE, self.care_site_items(), |site, row| {
            row.text_of("care_site_name", site.name.as_deref(), SITE_NAME_MAX);
            row.int("place_of_service_concept_id", NO_CONCEPT);
            row.text("care_site_source_value", &*site.source_value);
            row.text("place_of_service_source_value", site.hospital_code.as_deref());
        })
    }

    fn visit_items(&self) -> Items<&Visit> {
        self.kept_visits().map(|visit| (visit.key, visit)).collect()
    }

    fn visit_file(&self, links: &Links<'_>) -> Result<File, Error> {
        let preceding = self.visits.preceding();
        file(links.pseudonyms, &VISIT_OCCURRENCE, self.visit_items(), |visit, row| {
            row.int("person_id", links.person(&visit.subject));
            row.int("visit_concept_id", visit.form.concept());
            row.int("visit_start_date", swedish_time::day(visit.from.0));
            row.long("visit_start_datetime", (!visit.is_date[0]).then(|| swedish_time::wall(visit.from.0)));
            row.int("visit_end_date", swedish_time::day(visit.to.0));
            row.long("visit_end_datetime", (!visit.is_date[1]).then(|| swedish_time::wall(visit.to.0)));
            row.int("visit_type_concept_id", FROM_RECORD_SYSTEM);
            row.int("care_site_id", visit.care_site.map(|site| links.care_sites.id(site)));
            row.text("visit_source_value", visit.form.text());
            row.text("admitted_from_source_value", visit.admitted_from.as_deref());
            row.text("discharged_to_source_value", visit.discharged_to.as_deref());
            row.int("preceding_visit_occurrence_id", preceding.get(&visit.key).map(|before| links.visits.id(*before)));
        })
    }

    /// Moves with their visit and the key of the move before.
    fn move_items(&self) -> Items<(&Visit, &Move, Option<i64>)> {
        let mut items = Vec::new();
        for visit in self.kept_visits() {
            let before = std::iter::once(None).chain(visit.moves.iter().map(|one| Some(one.key)));
            items.extend(visit.moves.iter().zip(before).map(|(one, before)| (one.key, (visit, one, before))));
        }
        items
    }

    fn move_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &VISIT_DETAIL, self.move_items(), |(visit, one, before), row| {
            row.int("person_id", links.person(&visit.subject));
            row.int("visit_detail_concept_id", one.form.concept());
            row.int("visit_detail_start_date", swedish_time::day(one.from.0));
            row.long("visit_detail_start_datetime", swedish_time::wall(one.from.0));
            row.int("visit_detail_end_date", swedish_time::day(one.to.0));
            row.long("visit_detail_end_datetime", swedish_time::wall(one.to.0));
            row.int("visit_detail_type_concept_id", FROM_RECORD_SYSTEM);
            row.int("care_site_id", one.care_site.map(|site| links.care_sites.id(site)));
            row.text("visit_detail_source_value", &*one.place);
            row.int("preceding_visit_detail_id", before.map(|before| links.moves.id(before)));
            row.int("visit_occurrence_id", links.visits.id(visit.key));
        })
    }

    fn coded<'c>(&'c self, all: &'c [Coded]) -> Items<&'c Coded> {
        all.iter().filter(|coded| self.has_person(&coded.subject)).map(|coded| (coded.key, coded)).collect()
    }

    /// The id of the visit of a code or observation.
    fn visit_id(&self, links: &Links, at: Option<usize>) -> Option<i32> {
        at.map(|at| links.visits.id(self.visit(at).key))
    }

    fn condition_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &CONDITION_OCCURRENCE, self.coded(&self.conditions), |coded: &&Coded, row| {
            row.int("person_id", links.person(&coded.subject));
            row.int("condition_concept_id", NO_CONCEPT);
            row.int("condition_start_date", swedish_time::day(coded.at.0));
            row.long("condition_start_datetime", (!coded.is_date).then(|| swedish_time::wall(coded.at.0)));
            row.int("condition_type_concept_id", FROM_RECORD_SYSTEM);
            row.int("visit_occurrence_id", self.visit_id(links, coded.visit));
            row.text("condition_source_value", &*coded.code);
            row.text("condition_status_source_value", coded.qualifier);
        })
    }

    fn procedure_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &PROCEDURE_OCCURRENCE, self.coded(&self.procedures), |coded: &&Coded, row| {
            row.int("person_id", links.person(&coded.subject));
            row.int("procedure_concept_id", NO_CONCEPT);
            row.int("procedure_date", swedish_time::day(coded.at.0));
            row.long("procedure_datetime", (!coded.is_date).then(|| swedish_time::wall(coded.at.0)));
            row.int("procedure_type_concept_id", FROM_RECORD_SYSTEM);
            row.int("visit_occurrence_id", self.visit_id(links, coded.visit));
            row.text("procedure_source_value", &*coded.code);
            row.text("modifier_source_value", coded.qualifier);
        })
    }

    fn drug_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file(links.pseudonyms, &DRUG_EXPOSURE, self.coded(&self.drugs), |coded: &&Coded, row| {
            let time = (!coded.is_date).then(|| swedish_time::wall(coded.at.0));
            row.int("person_id", links.person(&coded.subject));
            row.int("drug_concept_id", NO_CONCEPT);
            row.int("drug_exposure_start_date", swedish_time::day(coded.at.0));
            row.long("drug_exposure_start_datetime", time);
            row.int("drug_exposure_end_date", swedish_time::day(coded.at.0));
            row.long("drug_exposure_end_datetime", time);
            row.int("drug_type_concept_id", FROM_RECORD_SYSTEM);
            row.int("visit_occurrence_id", self.visit_id(links, coded.visit));
            row.text("drug_source_value", &*coded.code);
        })
    }

    fn observation_file(&self, links: &Links<'_>) -> Result<File, Error> {
        let known = self.observations.iter().filter(|(_, observation)| self.has_person(&observation.subject));
        let items = known.map(|(key, observation)| (*key, observation)).collect();
        file(links.pseudonyms, &OBSERVATION, items, |observation: &&super::Observation, row| {
            row.int("person_id", links.person(&observation.subject));
            row.int("observation_concept_id", NO_CONCEPT);
            row.int("observation_date", swedish_time::day(observation.at.0));
            row.long("observation_datetime", (!observation.is_date).then(|| swedish_time::wall(observation.at.0)));
            row.int("observation_type_concept_id", FROM_RECORD_SYSTEM);
            row.long("value_as_number", observation.weight);
            row.int("visit_occurrence_id", self.visit_id(links, observation.visit));
            row.text("observation_source_value", &*observation.drg);
            row.text("qualifier_source_value", "NordDRG");
        })
    }

    fn death_file(&self, links: &Links<'_>) -> Result<File, Error> {
        let items = self.deaths().into_iter().map(|(subject, visit)| (person_key(subject), visit)).collect();
        file_beside(&links.persons, &DEATH, items, |visit: &&Visit, row| {
            row.int("death_date", swedish_time::day(visit.to.0));
            row.int("death_type_concept_id", FROM_RECORD_SYSTEM);
        })
    }

    fn cost_file(&self, links: &Links<'_>) -> Result<File, Error> {
        let items = self.kept_costs().map(|part| (part.key, part)).collect();
        file(links.pseudonyms, &COST, items, |part: &&super::CostPart, row| {
            row.int("cost_event_id", links.visits.id(self.visit(part.visit).key));
            row.text("cost_domain_id", "Visit");
            row.int("cost_type_concept_id", FROM_RECORD_SYSTEM);
            // Kronor with two decimals: the number of öre is what the column holds.
            row.long("total_cost", part.ore);
            row.text("revenue_code_source_value", part.component.as_deref());
        })
    }

    fn source_file(&self, links: &Links<'_>) -> Result<File, Error> {
        file_beside(&links.visits, &VISIT_SOURCE, self.visit_items(), |visit, row| {
            whole(row, "source_system", Some(&visit.source_system));
            whole(row, "episode_id", visit.episode.as_deref());
            whole(row, "contact_id", visit.contact.as_deref());
        })
    }
}

fn period_file(periods: BTreeMap<&str, (i32, i32)>, links: &Links<'_>) -> Result<File, Error> {
    let items = periods.into_iter().map(|(subject, days)| (key(&OBSERVATION_PERIOD, &[subject]), (subject, days)));
    file(links.pseudonyms, &OBSERVATION_PERIOD, items.collect(), |(subject, (from, to)), row| {
        row.int("person_id", links.person(subject));
        row.int("observation_period_start_date", *from);
        row.int("observation_period_end_date", *to);
        row.int("period_type_concept_id", FROM_RECORD_SYSTEM);
    })
}

/// This table is ours and has no longest text: numbers have to be whole to be found again.
fn whole<'t>(row: &mut Row<'t>, name: &str, value: Option<&'t str>) {
    row.text_of(name, value, usize::MAX);
}

fn person_key(subject: &str) -> i64 {
    key(&PERSON, &[subject])
}

fn location_key(lkf: &str) -> i64 {
    key(&LOCATION, &[lkf])
}

/// Rows of the files about care, in their order.
const ROW_TOTALS: [&str; 12] = [
    "persons",
    "observation_periods",
    "locations",
    "care_sites",
    "visits",
    "visit_details",
    "conditions",
    "procedures",
    "drugs",
    "observations",
    "deaths",
    "costs",
];

/// Totals that stand also when they are nothing: what is set aside is never left to be guessed. None is of money: a manifest
/// is open, and costs without a visit can be one person's.
const MAYBE_TOTALS: [&str; 10] = [
    "clinical_statements",
    "codes_without_table",
    "cost_statements",
    "costs_without_visit",
    "deaths_of_shared_numbers",
    "encounter_events",
    "episodes_open",
    "episodes_without_subject",
    "statements",
    "statements_without_subject",
];
