//! The groups of the three measures.

use serde_json::Number;

use super::resource::{Concept, Group, Population, Quantity, Stratifier, Stratum};
use crate::waiting_times::{
    age_group::AGE_GROUPS,
    days::Days,
    dimension::Dimension,
    figures::{Figures, share},
    hospital::CompletedHospital,
    interval::INTERVALS,
    number::{one_decimal, whole_or_half},
    withheld::Hospital,
};

const POPULATION: &str = "http://terminology.hl7.org/CodeSystem/measure-population";
const GENDER: &str = "http://hl7.org/fhir/administrative-gender";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
const UCUM: &str = "http://unitsofmeasure.org";

/// A proportion: how many of the denominator came within the care guarantee.
pub(super) fn guarantee(of: &Hospital<'_>) -> Vec<Group> {
    if !of.says.guarantee {
        return Vec::new();
    }
    let hospital = of.hospital;
    let proportion = Proportion::of(&hospital.figures);
    let by_sex = of.is_divided(Dimension::Sex).then(|| stratifier("sex", by_sex(hospital)));
    let by_age = of.is_divided(Dimension::AgeGroup).then(|| stratifier("age_group", by_age(hospital)));
    let by_interval = Some(stratifier("interval", by_interval(hospital)));
    vec![Group {
        code: Concept::text("guarantee_share"),
        population: proportion.populations(),
        measure_score: proportion.score(),
        stratifier: [by_sex, by_age, by_interval].into_iter().flatten().collect(),
    }]
}

/// Median and mean of the wait, over all completed contacts.
pub(super) fn wait(of: &Hospital<'_>) -> Vec<Group> {
    if !of.says.counts {
        return Vec::new();
    }
    let days = &of.hospital.figures.wait;
    vec![
        continuous("median_wait", days, days.median_of(of.limit).map(whole_or_half)),
        continuous("mean_wait", days, days.mean().map(one_decimal)),
    ]
}

/// Medians from referral, over completed contacts that have one.
pub(super) fn patient_journey(of: &Hospital<'_>) -> Vec<Group> {
    if !of.says.counts {
        return Vec::new();
    }
    let median = |name, days: &Days| continuous(name, days, days.median_of(of.limit).map(whole_or_half));
    vec![
        median("median_referral_to_operation", &of.hospital.figures.referral_to_operation),
        median("median_referral_to_decision", &of.hospital.figures.referral_to_decision),
    ]
}

fn continuous(name: &'static str, days: &Days, score: Option<String>) -> Group {
    Group {
        code: Concept::text(name),
        population: vec![population("measure-population", days.count())],
        measure_score: score.map(|text| quantity(&text, "d", "d")),
        stratifier: Vec::new(),
    }
}

/// The three counts behind a share.
struct Proportion {
    completed: u64,
    denominator: u64,
    numerator: u64,
}

impl Proportion {
    fn of(figures: &Figures) -> Proportion {
        Proportion {
            completed: figures.wait.count(),
            denominator: figures.guaranteed.count(),
            numerator: figures.within_guarantee(),
        }
    }

    fn populations(&self) -> Vec<Population> {
        vec![
            population("initial-population", self.completed),
            population("denominator", self.denominator),
            population("numerator", self.numerator),
        ]
    }

    fn score(&self) -> Option<Quantity> {
        share(self.numerator, self.denominator).map(|percent| quantity(&one_decimal(percent), "%", "%"))
    }
}

fn by_sex(hospital: &CompletedHospital) -> Vec<Stratum> {
    let groups = hospital.groups(Dimension::Sex).sorted().into_iter();
    groups
        .map(|(value, figures)| {
            let code = if value.is_empty() { "unknown" } else { value };
            stratum(Concept::code(GENDER, code), &Proportion::of(figures))
        })
        .collect()
}

/// Groups without contacts have no stratum; those whose year of birth is missing have one that says so.
fn by_age(hospital: &CompletedHospital) -> Vec<Stratum> {
    let groups = hospital.groups(Dimension::AgeGroup);
    let named = AGE_GROUPS.iter().filter_map(|group| {
        let figures = groups.get(group.name)?;
        Some(stratum(Concept::text(group.name), &Proportion::of(figures)))
    });
    let unknown = groups.get("").map(|figures| stratum(Concept::code(ABSENT, "unknown"), &Proportion::of(figures)));
    named.chain(unknown).collect()
}

/// All six intervals; within one, everybody or nobody is within the guarantee, so only the counts say something.
fn by_interval(hospital: &CompletedHospital) -> Vec<Stratum> {
    let Figures { wait, guaranteed, .. } = &hospital.figures;
    let strata = INTERVALS.iter().map(|interval| {
        let denominator = guaranteed.within(interval.days());
        let numerator = if interval.is_within_guarantee() { denominator } else { 0 };
        let proportion = Proportion { completed: wait.within(interval.days()), denominator, numerator };
        stratum(Concept::text(interval.name), &proportion)
    });
    strata.collect()
}

fn stratifier(name: &'static str, stratum: Vec<Stratum>) -> Stratifier {
    Stratifier { code: [Concept::text(name)], stratum }
}

fn stratum(value: Concept, proportion: &Proportion) -> Stratum {
    Stratum { value, population: proportion.populations(), measure_score: proportion.score() }
}

fn population(code: &str, count: u64) -> Population {
    Population { code: Concept::code(POPULATION, code), count }
}

/// The number is read from the text of the tables, so that a report and a table cannot differ by rounding.
fn quantity(text: &str, unit: &'static str, code: &'static str) -> Quantity {
    let value: Number = text.parse().expect("a formatted number is a JSON number");
    Quantity { value, unit, system: UCUM, code }
}
