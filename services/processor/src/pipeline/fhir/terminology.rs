//! Whose code a code is: one table of the addresses and OIDs under which Swedish sources send the national
//! classifications.

use std::borrow::Cow;

use schemas::{CodeSystem, Laterality, Timestamp};

use super::Tools;
use super::datatype::{Concept, List, said, without_urn};
use crate::code_lists::{self, CodeLists, System};

/// An OID (without `urn:oid:`) or address, and the code system that it names. KVÅ has an OID as a whole and one for
/// each of its two parts, surgical (KKÅ) and medical (KMÅ); all three are KVÅ.
const SYSTEMS: [(&str, CodeSystem); 11] = [
    ("1.2.752.116.1.1.1", CodeSystem::Icd10Se),
    ("1.2.752.116.1.1.1.1.3", CodeSystem::Icd10Se),
    ("http://hl7.org/fhir/sid/icd-10-se", CodeSystem::Icd10Se),
    ("1.2.752.116.1.3.2.1.4", CodeSystem::Kva),
    ("1.2.752.116.1.3.2.3.5", CodeSystem::Kva),
    ("1.2.752.116.1.3.2.3.6", CodeSystem::Kva),
    ("1.2.752.129.2.2.3.1.1", CodeSystem::Atc),
    ("http://www.whocc.no/atc", CodeSystem::Atc),
    ("2.16.840.1.113883.6.96", CodeSystem::SnomedCt),
    ("1.2.752.116.2.1.1", CodeSystem::SnomedCt),
    ("http://snomed.info/sct", CodeSystem::SnomedCt),
];

/// SNOMED CT's codes for the sides of the body.
const SIDES: [(&str, Laterality); 3] =
    [("7771000", Laterality::Left), ("24028007", Laterality::Right), ("51440002", Laterality::Both)];

/// The code system that an address names.
pub(crate) fn system(address: &str) -> CodeSystem {
    let address = without_urn(address);
    // An edition of SNOMED CT has its own address below the common one.
    let edition = address.strip_prefix("http://snomed.info/sct/").map(|_| "http://snomed.info/sct");
    let address = edition.unwrap_or(address);
    SYSTEMS.iter().find(|(known, _)| *known == address).map_or(CodeSystem::Other, |(_, system)| *system)
}

/// A code as clinical statements carry it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Coded<'a> {
    pub system: CodeSystem,
    pub code: Cow<'a, str>,
    /// As written, where that differs.
    pub verbatim: Option<&'a str>,
    /// Whether it has the shape that its code system demands.
    pub shaped: bool,
}

impl Coded<'_> {
    /// Notes what the list of its system says against it on a day.
    pub(crate) fn look_up(&self, on: Option<Timestamp>, path: &'static str, tools: &mut Tools<'_>) {
        let Some(system) = System::of(self.system).filter(|_| self.shaped) else { return };
        let on = || on.map(|at| code_lists::day(at, tools.context.stockholm));
        if let Some(rule) = tools.context.region.code_lists.standing(system, &self.code, on).rule() {
            tools.context.findings.add(rule, path);
        }
    }
}

/// One of a concept's codes: that of the first system in the order of preference, else the first at all.
pub(crate) fn preferred<'a>(
    concept: &'a Concept<'_>,
    order: &[CodeSystem],
    code_lists: &CodeLists,
) -> Option<Coded<'a>> {
    let codes = || {
        concept
            .coding
            .iter()
            .filter_map(|coding| Some((system(said(&coding.system).unwrap_or("")), said(&coding.code)?)))
    };
    let wanted = order.iter().find_map(|wanted| codes().find(|(system, _)| system == wanted));
    let (system, written) = wanted.or_else(|| codes().next())?;
    Some(coded(system, written, code_lists))
}

fn coded<'a>(system: CodeSystem, written: &'a str, code_lists: &CodeLists) -> Coded<'a> {
    let read = match System::of(system) {
        Some(listed) => code_lists.read(listed, written),
        None => Some(plain(written)),
    };
    let shaped = read.is_some();
    let code = read.unwrap_or_else(|| plain(written));
    Coded { verbatim: (code != written).then_some(written), system, code, shaped }
}

/// Without dots and blanks, upper case.
fn plain(written: &str) -> Cow<'_, str> {
    if written.bytes().any(|byte| byte == b'.' || byte == b' ' || byte.is_ascii_lowercase()) {
        Cow::Owned(
            written.chars().filter(|letter| !matches!(letter, '.' | ' ')).collect::<String>().to_ascii_uppercase(),
        )
    } else {
        Cow::Borrowed(written)
    }
}

/// The side that body sites name; two that disagree name none.
pub(crate) fn laterality(sites: &List<Concept<'_>>) -> Laterality {
    let codings = sites.iter().flat_map(|site| site.coding.iter());
    let mut sides = codings
        .filter(|coding| system(said(&coding.system).unwrap_or("")) == CodeSystem::SnomedCt)
        .filter_map(|coding| SIDES.iter().find(|(code, _)| said(&coding.code) == Some(code)).map(|(_, side)| *side));
    let Some(first) = sides.next() else { return Laterality::Unknown };
    if sides.all(|side| side == first) { first } else { Laterality::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concept(json: &'static str) -> Concept<'static> {
        serde_json::from_str(json).expect("a concept")
    }

    #[test]
    fn all_three_oids_of_kva_are_kva() {
        for oid in ["1.2.752.116.1.3.2.1.4", "1.2.752.116.1.3.2.3.5", "urn:oid:1.2.752.116.1.3.2.3.6"] {
            assert_eq!(system(oid), CodeSystem::Kva, "{oid}");
        }
        assert_eq!(system("http://snomed.info/sct/45991000052106"), CodeSystem::SnomedCt);
        assert_eq!(system("http://hl7.org/fhir/sid/icd-10"), CodeSystem::Other);
        assert_eq!(system(""), CodeSystem::Other);
    }

    #[test]
    fn the_preferred_system_wins_and_codes_lose_dots() {
        let both = concept(
            r#"{"coding":[{"system":"http://snomed.info/sct","code":"5913000"},
                {"system":"http://hl7.org/fhir/sid/icd-10-se","code":"s72.00"}]}"#,
        );
        let coded = preferred(&both, &[CodeSystem::Icd10Se], &CodeLists::built_in()).expect("a code");
        assert_eq!((coded.system, &*coded.code, coded.verbatim), (CodeSystem::Icd10Se, "S7200", Some("s72.00")));
        let odd = concept(r#"{"coding":[{"system":"urn:oid:1.2.752.116.1.3.2.1.4","code":"höft"}]}"#);
        assert!(!preferred(&odd, &[CodeSystem::Kva], &CodeLists::built_in()).expect("a code").shaped);
        assert_eq!(preferred(&concept(r#"{"coding":[{"display":"x"}]}"#), &[], &CodeLists::built_in()), None);
    }
}
