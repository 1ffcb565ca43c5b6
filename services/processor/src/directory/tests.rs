use std::path::Path;

use super::*;

fn compile(text: &str) -> Result<(Directory, Vec<Warning>), Error> {
    file::compile(Path::new("units.toml"), text, Some("14"))
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let Err(error) = compile(text) else { panic!("was accepted") };
    assert_eq!(error.to_string(), expected);
}

const SAMPLE: &str = include_str!("../../mapping.sample.toml");

fn place<'a>(unit: &'a str, room: Option<&'a str>, bed: Option<&'a str>) -> Place<'a> {
    Place { unit, room, bed, facility: None, building: None, floor: None }
}

#[test]
fn the_sample_file_is_understood_without_warnings() {
    let (directory, warnings) = compile(SAMPLE).expect("the sample mapping file");
    assert_eq!(warnings, []);
    let unit = directory.unit("MAVA", None).expect("MAVA is in the sample");
    assert_eq!(unit.care_type, CareType::Somatic);
    assert_eq!(unit.bed_kind(&place("MAVA", Some("4"), Some("1"))), BedKind::Disponibel);
    assert_eq!(unit.bed_kind(&place("MAVA", None, Some("Korridor 2"))), BedKind::EjDisponibel);
    assert_eq!(unit.bed_kind(&place("MAVA", Some("7"), Some("1"))), BedKind::Teknisk);
    assert!(directory.protection.as_ref().expect("the sample names a field").marks("S"));
    let responsible = directory.responsible_unit.as_ref().expect("the sample names a field");
    assert_eq!(responsible.unit("KAR"), Some("Medicin"));
    assert_eq!(responsible.unit("Kirurgi"), None);
    assert_eq!(directory.patient_class("SLV"), Some(PatientClass::Inpatient));
}

#[test]
fn what_a_region_does_with_technical_beds_is_one_of_two_words() {
    let left_out = |text: &str| compile(text).expect("a mapping file").0.left_out(BedKind::Teknisk);
    assert_eq!(left_out("technical_beds = \"left_out\""), Some((TECHNICAL_BEDS, "utanfor")));
    assert_eq!(left_out("technical_beds = \"counted\""), None);
    assert_eq!(left_out(""), None);
    check_refused(
        "technical_beds = \"no\"",
        "units.toml:1: technical_beds: \"no\" is unknown; expected one of counted, left_out",
    );
}

#[test]
fn without_a_file_codes_of_the_standard_are_known() {
    let directory = Directory::default();
    assert_eq!(directory.patient_class("I"), Some(PatientClass::Inpatient));
    assert_eq!(directory.patient_class("EMERGENCY"), Some(PatientClass::Emergency));
    assert_eq!(directory.patient_class("SLV"), None);
    assert_eq!(directory.sex("F"), Some(Sex::Female));
    assert_eq!(directory.bed_status("K"), Some(BedState::Contaminated));
    assert!(directory.unit("MAVA", None).is_none());
}

#[test]
fn one_code_in_two_hospitals_is_told_apart_by_facility() {
    let (directory, _) = compile(
        "[[unit]]\ncode = \"12\"\nfacility = \"SU\"\nname = \"a\"\n[[unit]]\ncode = \"12\"\nfacility = \"NU\"\nname = \"b\"\n",
    )
    .expect("two facilities");
    assert_eq!(directory.unit("12", Some("NU")).expect("NU").name.as_deref(), Some("b"));
    assert!(directory.unit("12", None).is_none());
    assert_eq!(directory.unit_count(), 2);
}

#[test]
fn errors_point_at_file_line_and_key() {
    check_refused("region = \"12\"\n", "units.toml:1: region: this file is not for region 14");
    check_refused("[[unit]]\nname = \"x\"\n", "units.toml:1: missing field `code`");
    check_refused(
        "[[unit]]\ncode = \"A\"\n[[unit]]\ncode = \"A\"\n",
        "units.toml:4: unit.code: \"A\" is listed twice; tell two units of one code apart with facility",
    );
    check_refused(
        "[[unit]]\ncode = \"A\"\ncare_type = \"somatisk\"\n",
        "units.toml:3: unit.care_type: \"somatisk\" is unknown; expected one of somatic, psychiatric",
    );
    check_refused(
        "[[unit]]\ncode = \"A\"\n[[unit.bed]]\nbed = \"1\"\nkind = \"extra\"\n",
        "units.toml:5: unit.bed.kind: \"extra\" is unknown; expected one of disponibel, ej_disponibel, teknisk, unknown",
    );
    check_refused(
        "[responsible_unit]\nfield = \"PV1\"\n",
        "units.toml:2: responsible_unit.field: expected a field such as PV1-10 or PV1-3.1",
    );
    check_refused(
        "[codes.sex]\nK = \"kvinna\"\n",
        "units.toml:2: codes.sex.K: \"kvinna\" is unknown; expected one of male, female, other, unknown",
    );
}

#[test]
fn a_misspelled_key_is_refused() {
    let Err(error) = compile("[[unit]]\ncode = \"A\"\nhsaid = \"x\"\n") else { panic!("was accepted") };
    let text = error.to_string();
    assert!(text.starts_with("units.toml:3:") && text.contains("hsaid"), "{text}");
}

#[test]
fn odd_identifiers_are_warnings() {
    let (_, warnings) =
        compile("[[unit]]\ncode = \"A\"\nhsa_id = \"SE23210000020-GOTL\"\nmvo = \"1\"\n").expect("used");
    assert_eq!(warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn a_regions_own_codes_are_known_in_every_spelling() {
    let (directory, _) = compile(
        "[protection]\nfield = \"PD1-12\"\ncodes = [\"SKYDDAD ÅTKOMST\"]\n[codes.patient_class]\nOV = \"outpatient\"\n\
         \"SLUTENVÅRD\" = \"inpatient\"\n[codes.sex]\nKVINNA = \"female\"\n[codes.bed_status]\n\"STÄNGD\" = \"closed\"\n",
    )
    .expect("own codes");
    for (code, expected) in [
        ("ÖV", Some(PatientClass::Outpatient)),
        ("öv", Some(PatientClass::Outpatient)),
        ("slutenvard", Some(PatientClass::Inpatient)),
        ("I", Some(PatientClass::Inpatient)),
        ("Å", None),
    ] {
        assert_eq!(directory.patient_class(code), expected, "{code}");
    }
    assert_eq!(
        (directory.sex("kvinna"), directory.sex("F"), directory.sex("?")),
        (Some(Sex::Female), Some(Sex::Female), None)
    );
    assert_eq!(directory.bed_status("STANGD"), Some(BedState::Closed));
    let protection = directory.protection.as_ref().expect("protection");
    assert!(protection.marks("Skyddad atkomst") && !protection.marks("SKYDD"));
}
