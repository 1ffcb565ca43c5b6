//! The 21 regions and the names of their topics.

use std::collections::BTreeSet;

use schemas::{Kind, Subject};
use topics::{Region, name};

#[test]
fn there_are_21_with_distinct_codes_and_names() {
    let codes: BTreeSet<_> = Region::all().map(Region::code).collect();
    let names: BTreeSet<_> = Region::all().map(Region::name).collect();
    assert_eq!((Region::all().len(), codes.len(), names.len()), (21, 21, 21));
    for gap in ["02", "11", "15", "16"] {
        assert!(!codes.contains(gap), "lanskod {gap} does not exist any more");
    }
}

#[test]
fn a_code_is_read_back_and_anything_else_is_refused() {
    for region in Region::all() {
        assert_eq!(region.code().parse(), Ok(region));
        assert_eq!(Region::all().nth(region.index()), Some(region));
    }
    for text in ["", "1", "00", "02", "26", "014", "14 ", "fjorton"] {
        let error = text.parse::<Region>().expect_err(text);
        assert!(error.to_string().contains("use one of 01, 03"), "{error}");
    }
}

#[test]
fn codes_belong_to_the_right_names() {
    let check = |code: &str, name, short| {
        let region: Region = code.parse().expect("a lanskod");
        assert_eq!((region.name(), region.short_name()), (name, short));
    };
    check("01", "Region Stockholm", "Stockholm");
    check("06", "Region Jönköpings län", "Jönköpings län");
    check("12", "Region Skåne", "Skåne");
    check("13", "Region Halland", "Halland");
    check("14", "Västra Götalandsregionen", "Västra Götaland");
    check("23", "Region Jämtland Härjedalen", "Jämtland Härjedalen");
    check("25", "Region Norrbotten", "Norrbotten");
}

#[test]
fn every_name_says_its_region_and_its_kind() {
    for region in Region::all() {
        let check = |topic: String, kind| {
            assert_eq!(name::region_of(&topic), Some(region), "{topic}");
            assert_eq!(Kind::of_topic(&topic), Some(kind), "{topic}");
        };
        check(name::source(region, "adt"), Kind::SourceRecord);
        check(name::source(region, "capacity"), Kind::SourceRecord);
        for subject in Subject::ALL {
            check(name::common(region, subject), subject.kind());
        }
        check(name::parked(region), Kind::Parked);
        check(name::protected(region), Kind::Protection);
        check(name::objections(region), Kind::Objection);
    }
    for topic in [
        "",
        "region",
        "region.14",
        "region.02.parked",
        "region.14.common.waits",
        "x.region.14.parked",
        "region.14.parked.x",
        "region.14.source.",
        "region.14.source.A",
        "region.14.source.a.b",
        "__consumer_offsets",
    ] {
        assert_eq!(Kind::of_topic(topic), None, "{topic}");
    }
}
