//! `riv_ta_*.xml`: a row per contact, whole or absent.

use schemas::{Deviation, Sex, Wait};

use super::{at, completed, statement, text, waiting, waiting_times};
use crate::world::pseudonyms;

/// The text of an element of the only row; none if it is not there.
fn element(wait: &Wait<'_>, file: &str, name: &str) -> Option<String> {
    let output = waiting_times(std::slice::from_ref(wait));
    let rows = text(&output, file);
    assert_eq!(rows.matches("<Rad>").count(), 1, "{rows}");
    let (_, rest) = rows.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>")).unwrap().0.to_owned())
}

fn check_element(wait: &Wait<'_>, name: &str, expected: Option<&str>) {
    assert_eq!(element(wait, "riv_ta_completed.xml", name).as_deref(), expected, "{name}");
}

#[test]
fn the_file_is_as_agreed() {
    let output = waiting_times(&[statement("OPT101-1")]);
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <TillgangligVardSpeciGenomforda \
        xmlns=\"urn:riv:skl:tillgangligVardSpeci:TillgangligVardSpeciGenomfordaResponder:1\">\n\
        <Rad><DatatGallerFor>20260228000000</DatatGallerFor><VardkontaktId>{CONTACT}</VardkontaktId>\
        <Vardgaranti>1</Vardgaranti><Fas>2</Fas><Mvo>511</Mvo><Aktivitet>51101</Aktivitet>\
        <Bokningssatt>2</Bokningssatt><Vardkontakt>0</Vardkontakt><Yrkeskategori>XS915</Yrkeskategori>\
        <Remittenttyp>1</Remittenttyp><BeslutAktivitet>20260106080000</BeslutAktivitet>\
        <StartAktivitet>20260209080000</StartAktivitet><MedicinsktMaldatum>20260406000000</MedicinsktMaldatum>\
        <TypAkutverksamhet>0</TypAkutverksamhet><Diagnos>H259</Diagnos><Atgard>CJE20</Atgard>\
        <RemissId>{REFERRAL}</RemissId><Remittent>SE0000000000-OPT101</Remittent>\
        <RemissDatum>20251210110000</RemissDatum><AnkomstDatum>20251212110000</AnkomstDatum>\
        <FodelseAr>1948</FodelseAr><Kon>2</Kon><Lkf>1480</Lkf>\
        <HSAIdPatientListning>SE2321000131-E000000000005</HSAIdPatientListning>\
        <HSAIdRegion>SE2321000131-E000000000001</HSAIdRegion>\
        <HSAIdVardgivare>SE2321000131-E000000000002</HSAIdVardgivare><Sjukhus>501010</Sjukhus>\
        <SjukhusNamn>Sahlgrenska</SjukhusNamn><HSAIdVardenhet>SE2321000131-E000000000003</HSAIdVardenhet>\
        <HSAIdEnhet>SE2321000131-E000000000004</HSAIdEnhet></Rad>\n\
        </TillgangligVardSpeciGenomforda>\n";
    let skr = pseudonyms("skr", "waiting-times");
    let expected = expected.replace("{CONTACT}", &skr.number("OPT101-1")).replace("{REFERRAL}", &skr.number("R-4711"));
    assert_eq!(text(&output, "riv_ta_completed.xml"), expected);
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <TillgangligVardSpeciVantande \
        xmlns=\"urn:riv:skl:tillgangligVardSpeci:TillgangligVardSpeciVantandeResponder:1\">\n\
        </TillgangligVardSpeciVantande>\n";
    assert_eq!(text(&output, "riv_ta_waiting.xml"), empty);
    let row = expected.lines().nth(2).unwrap().len();
    assert!(row <= sink_register::waiting_times::ROW_BYTES_USUAL, "{row}");
}

#[test]
fn codes_are_the_contracts() {
    check_element(&Wait { guarantee: Some(false), ..statement("OPT101-1") }, "Vardgaranti", Some("2"));
    for (sex, code) in [(Sex::Male, "1"), (Sex::Female, "2"), (Sex::Other, "3")] {
        check_element(&Wait { sex, ..statement("OPT101-1") }, "Kon", Some(code));
    }
    for (deviation, code) in [(Deviation::Pvv, "1"), (Deviation::Mov, "2"), (Deviation::Sov, "3")] {
        check_element(&Wait { deviation: Some(deviation), ..statement("OPT101-1") }, "Avvikelse", Some(code));
    }
    check_element(&Wait { lkf: None, ..statement("OPT101-1") }, "Lkf", Some("0000"));
    let summer = Wait { arrived_at: Some(at("2025-07-01 09:30:15")), ..statement("OPT101-1") };
    check_element(&summer, "AnkomstDatum", Some("20250701093015"));
    check_element(&Wait { hospital_name: Some("A<B&C"), ..statement("OPT101-1") }, "SjukhusNamn", Some("A&lt;B&amp;C"));
}

#[test]
fn a_waiting_contact_has_no_start() {
    let wait = Wait { started_at: Some(at("2026-02-09 08:00")), ..waiting("OPT101-1", 3) };
    assert_eq!(element(&wait, "riv_ta_waiting.xml", "StartAktivitet"), None);
    assert_eq!(element(&wait, "riv_ta_waiting.xml", "BeslutAktivitet").as_deref(), Some("20260225080000"));
}

#[test]
fn a_negative_wait_is_reported_as_it_is() {
    check_element(&completed("OPT101-1", -1), "StartAktivitet", Some("20260209080000"));
}

#[test]
fn a_row_without_a_mandatory_field_is_counted_and_not_written() {
    let full = || statement("OPT101-1");
    let lacking = [
        Wait { guarantee: None, ..full() },
        Wait { phase: None, ..full() },
        Wait { phase: Some("6"), ..full() },
        Wait { mvo: None, ..full() },
        Wait { mvo: Some("51"), ..full() },
        Wait { booking: Some(""), ..full() },
        Wait { contact_type: Some("9"), ..full() },
        Wait { profession: Some("XS927"), ..full() },
        Wait { decided_at: None, ..full() },
        Wait { started_at: None, ..full() },
        Wait { emergency_kind: None, ..full() },
        Wait { birth_year: None, ..full() },
        Wait { sex: Sex::Unknown, ..full() },
        Wait { lkf: Some("148"), ..full() },
        Wait { region_hsa_id: None, ..full() },
        Wait { provider_hsa_id: None, ..full() },
        Wait { care_unit_hsa_id: None, ..full() },
        Wait { contact_id: "OPT101\u{1}", ..full() },
        Wait { phase: Some("4"), medical_target_at: None, ..full() },
    ];
    for wait in &lacking {
        let totals = waiting_times(std::slice::from_ref(wait)).totals;
        assert_eq!((totals["riv_ta_incomplete"], totals["riv_ta_completed"]), (1, 0), "{wait:?}");
    }
    let totals = waiting_times(&lacking).totals;
    assert_eq!(totals["riv_ta_incomplete"], lacking.len() as i64);
    let totals = waiting_times(&[Wait { medical_target_at: None, ..full() }]).totals;
    assert_eq!((totals["riv_ta_incomplete"], totals["riv_ta_completed"]), (0, 1));
}

#[test]
fn an_optional_value_that_the_contract_does_not_know_is_left_out_and_counted() {
    let wait = Wait {
        deviation: Some(Deviation::Other),
        referrer_kind: Some("9"),
        hospital_name: Some("\u{0}"),
        referral_id: None,
        ..statement("OPT101-1")
    };
    for name in ["Avvikelse", "Remittenttyp", "SjukhusNamn", "RemissId"] {
        check_element(&wait, name, None);
    }
    let totals = waiting_times(&[wait]).totals;
    assert_eq!((totals["riv_ta_values_left_out"], totals["riv_ta_completed"]), (3, 1));
}
