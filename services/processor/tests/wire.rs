//! What senders and transports do to a message: bytes of the framing in fields, broken character sets, documents.

use processor::dry_run;
use serde_json::Value;

use crate::support::dry_run_options;

/// An admission. Its place and what stands in PV1-7 are given, so is the character set.
fn admission(place: &str, doctor: &str, charset: &str) -> String {
    format!(
        "MSH|^~\\&|COSMIC|SU|VS|VS|20260105080000||ADT^A01|W1|P|2.5||||||{charset}\rEVN|A01|20260105080000||||20260105080000\r\
         PID|1||197001012389^^^SKV&1.2.752.129.2.1.3.1&ISO^NNSWE||Test^Person\r\
         PV1|1|I|{place}||||{doctor}||||||||||||V1^\r"
    )
}

/// One line for each message of the file.
fn dry_run(file: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    dry_run::run(dry_run_options(), file, &mut output).expect("a dry run");
    let lines = String::from_utf8(output).expect("UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The place and the visit of a line's first event, and its findings.
fn placed(line: &Value) -> (String, String, Vec<String>) {
    assert_eq!(line["fate"], "mapped", "{line}");
    let event = &line["events"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = event["quality"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["field"])));
    // Found of every message here: the directory is empty.
    let findings = findings.filter(|finding| !finding.starts_with("unit-unknown")).collect();
    (text(&event["place"]["unit"]), text(&event["episode_id"]), findings)
}

#[track_caller]
fn check(file: &[u8], unit: &str, findings: &[&str]) {
    let lines = dry_run(file);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (found, visit, noted) = placed(&lines[0]);
    assert_eq!((found.as_str(), visit.as_str()), (unit, "V1"));
    assert_eq!(noted, findings);
}

const FIELD: &[&str] = &["control-character MSH"];

#[test]
fn what_stands_in_a_field_ends_neither_segment_nor_message() {
    let utf8 = "UNICODE UTF-8";
    for inside in ["\n", "\n\n", "\u{b}", "\u{1c}", "\0", "\u{1c}\u{b}", "\n\u{b}\n", "\nPV2|", "\u{7f}"] {
        // With a separator inside, PV1-19 stands one further on; only the number of messages is looked at.
        let file = admission("AVD5^1^1^SU", &format!("123^Doe{inside}K"), utf8);
        if inside.contains('|') {
            assert_eq!(dry_run(file.as_bytes()).len(), 1);
        } else {
            check(file.as_bytes(), "AVD5", FIELD);
            check(format!("\u{b}{file}\u{1c}\r").as_bytes(), "AVD5", FIELD);
        }
        check(format!("{}NTE|1||a{inside}b\r", admission("AVD5", "", utf8)).as_bytes(), "AVD5", FIELD);
        let more = format!("{}ZZZ|1\r", admission("AVD5", "", utf8).replace("COSMIC", &format!("CO{inside}S")));
        assert_eq!(dry_run(more.as_bytes()).len(), 1, "in the header: {inside:?}");
    }
    check(admission("AVD5", "", utf8).replace('\r', "\n").as_bytes(), "AVD5", &[]);
    check(admission("AVD5", "", utf8).replace('\r', "\r\n").as_bytes(), "AVD5", &[]);
    check(admission("AVD5", "a\tb", utf8).as_bytes(), "AVD5", &[]);
}

#[test]
fn line_feeds_in_a_note_of_a_file_are_no_other_message() {
    let noted =
        |text: &str| format!("{}NTE|1||{text}\rNTE|2||slut^\r\r\n", admission("AVD5^1^1^SU", "", "UNICODE UTF-8"));
    let lines = dry_run(format!("{}{}", noted("rad 1\n\nrad 2"), noted("a\n\n\nb")).as_bytes());
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(placed(line), ("AVD5".into(), "V1".into(), vec!["control-character MSH".into()]));
    }
}

#[test]
fn no_code_has_a_control_character() {
    let utf8 = "UNICODE UTF-8";
    let both = &["control-character MSH", "control-character PV1-3.1"];
    check(admission("AVD\n5", "", utf8).as_bytes(), "AVD 5", both);
    check(admission("AVD\u{b} 5", "", utf8).as_bytes(), "AVD 5", both);
    check(admission("AVD5\n", "", utf8).as_bytes(), "AVD5", FIELD);
    check(admission("\u{1c}AVD5\0^1", "", utf8).as_bytes(), "AVD5", FIELD);
    check(admission("AVD\u{85}5", "", utf8).as_bytes(), "AVD 5", &["control-character PV1-3.1"]);
    for charset in ["8859/1", utf8, ""] {
        check(admission(r"AVD\X00C5\^1^1^SU", "", charset).as_bytes(), "AVDÅ", &["escape-doubtful PV1-3.1"]);
        check(admission(r"AVD\XC5\^1^1^SU", "", charset).as_bytes(), "AVDÅ", &[]);
        check(admission(r"AVD\X0A\5^1^1^SU", "", charset).as_bytes(), "AVD 5", &["control-character PV1-3.1"]);
        check(admission(r"AVD\.br\5^1^1^SU", "", charset).as_bytes(), "AVD 5", &["control-character PV1-3.1"]);
        check(admission(r"AVD\X00\^1^1^SU", "", charset).as_bytes(), r"AVD\X00\", &["escape-doubtful PV1-3.1"]);
        check(admission(r"AVD\X1C0B\^1^1^SU", "", charset).as_bytes(), r"AVD\X1C0B\", &["escape-doubtful PV1-3.1"]);
    }
}

#[test]
fn a_ward_keeps_its_name_whatever_else_is_in_another_character_set() {
    let file = |charset: &str, note: &[u8]| {
        [admission("ÖRON^1^1^SU", "", charset).as_bytes(), b"NTE|1||r", note, b"d\r"].concat()
    };
    check(&file("", b"\xe5"), "ÖRON", &["charset-mixed MSH-18"]);
    check(&file("UNICODE UTF-8", b"\xe5"), "ÖRON", &["charset-mixed MSH-18"]);
    check(&file("8859/1", b"\xe5"), "ÖRON", &["charset-mixed MSH-18"]);
    check(&file("8859/1", b"a"), "ÖRON", &["charset-contradicted MSH-18"]);
    check(&file("8859/15", b"a"), "ÖRON", &["charset-unknown MSH-18"]);
    check(&file("", b"a"), "ÖRON", &[]);
    let latin1 = |charset| -> Vec<u8> {
        admission("ÖRON^1^1^SU", "Åke", charset)
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1"))
            .collect()
    };
    check(&latin1("8859/1"), "ÖRON", &[]);
    check(&latin1(""), "ÖRON", &[]);
    check(&latin1("UNICODE UTF-8"), "ÖRON", &["charset-contradicted MSH-18"]);
}

#[test]
fn a_message_of_many_segments_is_one_message() {
    for segment in ["OBX|1|TX|||a", "NTE|1||a", "ZZZ|1", "DG1|1", "AL1|1"] {
        let more = format!("{segment}\r").repeat(3_000);
        let place = admission("AVD5^1^1^SU", "", "UNICODE UTF-8");
        check(format!("{place}{more}").as_bytes(), "AVD5", &[]);
        let (before, pv1) = place.split_at(place.find("PV1|").expect("there"));
        check(format!("{before}{more}{pv1}").as_bytes(), "AVD5", &[]);
    }
}

#[test]
fn a_message_over_the_limit_keeps_its_place() {
    let place = admission("AVD5^1^1^SU", "", "UNICODE UTF-8");
    let (before, pv1) = place.split_at(place.find("PV1|").expect("there"));
    let letter = format!("OBX|1|ED|||^^PDF^Base64^{}\r", "QUJD".repeat(1_500_000));
    let texts = "NTE|1||en rad text\r".repeat(100_000);
    for document in [letter, texts] {
        for file in [format!("{place}{document}"), format!("{before}{document}{pv1}")] {
            check(file.as_bytes(), "AVD5", &["message-shortened MSH"]);
        }
    }
    let lines = dry_run(format!("{before}DG1|{}\r{pv1}\n\n{place}", "x".repeat(1_100_000)).as_bytes());
    assert_eq!((lines.len(), &lines[0]["rule"], &lines[1]["fate"]), (2, &"message-too-long".into(), &"mapped".into()));
}
