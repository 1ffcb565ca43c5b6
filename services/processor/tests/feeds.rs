//! What real feeds send beside the standard's examples, through the pipeline and the timeline: who lies where, from when to
//! when, and what is said of it. Situations come from public reports and other projects' test messages; persons are invented.

use processor::directory::Directory;
use processor::dry_run::{self, Options};

use crate::support::{directory, dry_run_options};

/// One ADT message.
#[derive(Clone)]
struct Sent {
    trigger: &'static str,
    facility: &'static str,
    sent: String,
    recorded: String,
    occurred: String,
    person: &'static str,
    account: &'static str,
    place: &'static str,
    prior: &'static str,
    visit: &'static str,
    movement: &'static str,
}

/// A message that was recorded and sent at one time and says no other.
fn adt(trigger: &'static str, sent: &str) -> Sent {
    Sent {
        trigger,
        facility: "SU",
        sent: sent.into(),
        recorded: sent.into(),
        occurred: String::new(),
        person: "197001012389^^^SKV&1.2.752.129.2.1.3.1&ISO^NNSWE",
        account: "",
        place: "AVD5^1^1^SU",
        prior: "",
        visit: "V1",
        movement: "",
    }
}

impl Sent {
    fn recorded(self, recorded: &str) -> Sent {
        Sent { recorded: recorded.into(), ..self }
    }

    fn occurred(self, occurred: &str) -> Sent {
        Sent { occurred: occurred.into(), ..self }
    }

    fn at(self, place: &'static str) -> Sent {
        Sent { place, ..self }
    }

    fn from(self, prior: &'static str) -> Sent {
        Sent { prior, ..self }
    }

    fn of(self, person: &'static str) -> Sent {
        Sent { person, ..self }
    }

    fn visit(self, visit: &'static str) -> Sent {
        Sent { visit, ..self }
    }

    fn movement(self, movement: &'static str) -> Sent {
        Sent { movement, ..self }
    }

    fn text(&self, id: usize) -> String {
        let Sent { trigger, facility, sent, recorded, occurred, person, account, place, prior, visit, movement } = self;
        let mut text = format!(
            "MSH|^~\\&|COSMIC|{facility}|VS|VS|{sent}||ADT^{trigger}|F{id}|P|2.5||||||UNICODE UTF-8\r\
             EVN|{trigger}|{recorded}||||{occurred}\r\
             PID|1||{person}||Test^Person|||||||||||||{account}\r\
             PV1|1|I|{place}|||{prior}|||||||||||||{visit}\r"
        );
        if !movement.is_empty() {
            text.push_str(&format!("ZBE|{movement}\r"));
        }
        text
    }
}

/// Another test identity.
const OTHER: &str = "197102022394^^^SKV&1.2.752.129.2.1.3.1&ISO^NNSWE";

fn run(directory: Directory, messages: &[Sent]) -> (Vec<String>, String) {
    let file: Vec<String> = messages.iter().enumerate().map(|(id, message)| message.text(id)).collect();
    let options = Options { directory, stays: true, ..dry_run_options() };
    let mut output = Vec::new();
    let summary = dry_run::run(options, file.join("\r\n\r\n").as_bytes(), &mut output).expect("a dry run");
    let lines = String::from_utf8(output).expect("UTF-8");
    let stays = lines.lines().map(|line| {
        let stay: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let part = |name: &str| stay[name].as_str().unwrap_or("").to_owned();
        let bed: Vec<String> =
            ["unit", "room", "bed", "facility"].map(part).into_iter().filter(|part| !part.is_empty()).collect();
        let until = part("until").trim_start_matches("2026-01-").to_owned();
        format!("{} {} {}..{until}", part("episode"), bed.join("/"), part("since").trim_start_matches("2026-01-"))
    });
    (stays.collect(), summary.to_string())
}

/// All stays as text, times in UTC without `2026-01-`; every code in `said` is in the summary.
#[track_caller]
fn check(messages: &[Sent], stays: &[&str], said: &[&str]) {
    let (found, summary) = run(Directory::default(), messages);
    assert_eq!(found, stays, "{summary}");
    for code in said {
        assert!(summary.contains(code), "{code} is not said: {summary}");
    }
}

#[test]
fn a_cancellation_is_about_what_was_sent_before_it() {
    check(
        &[adt("A01", "20260105080000"), adt("A11", "20260105083000"), adt("A01", "20260105140000")],
        &["V1 AVD5/1/1 05T13:00:00Z.."],
        &["cancel-without-time"],
    );
    check(
        &[
            adt("A01", "20260105080000"),
            adt("A02", "20260105120000").at("AVD5^2^1^SU").from("AVD5^1^1^SU"),
            adt("A12", "20260105121000").from("AVD5^2^1^SU"),
            adt("A02", "20260105150000").at("AVD5^2^1^SU").from("AVD5^1^1^SU"),
        ],
        &["V1 AVD5/1/1 05T07:00:00Z..05T14:00:00Z", "V1 AVD5/2/1 05T14:00:00Z.."],
        &[],
    );
    check(
        &[
            adt("A01", "20260105080000"),
            adt("A03", "20260106080000"),
            adt("A13", "20260106090000"),
            adt("A03", "20260106100000"),
            adt("A13", "20260106110000"),
        ],
        &["V1 AVD5/1/1 05T07:00:00Z.."],
        &[],
    );
}

#[test]
fn a_transfer_is_cancelled_as_the_standard_writes_it() {
    check(
        &[
            adt("A01", "20260105080000"),
            adt("A02", "20260105120000").at("AVD5^2^1^SU").from("AVD5^1^1^SU"),
            adt("A02", "20260105150000").at("AVD7^3^1^SU").from("AVD5^2^1^SU"),
            adt("A12", "20260105153000").at("AVD5^2^1^SU"),
        ],
        &["V1 AVD5/1/1 05T07:00:00Z..05T11:00:00Z", "V1 AVD5/2/1 05T11:00:00Z.."],
        &[],
    );
}

#[test]
fn a_cancelled_discharge_names_the_bed_where_the_patient_is_now() {
    let [admitted, discharged] = [adt("A01", "20260105080000"), adt("A03", "20260106100000")];
    let back = adt("A13", "20260106110000").at("AVD5^2^1^SU");
    let stays = ["V1 AVD5/1/1 05T07:00:00Z..06T10:00:00Z", "V1 AVD5/2/1 06T10:00:00Z.."];
    check(&[admitted.clone(), discharged.clone(), back.clone()], &stays, &[]);
    check(
        &[
            admitted.occurred("20260105080000"),
            discharged.occurred("20260106100000"),
            back.occurred("20260106100000").from("AVD5^1^1^SU"),
        ],
        &stays,
        &[],
    );
}

#[test]
fn a_time_at_the_ends_of_the_calendar_is_none() {
    let admitted = adt("A01", "20260106101500");
    let stays = ["V1 AVD5/1/1 06T09:15:00Z..06T15:00:00Z"];
    for end in ["99991231235959", "22000101", "00010101", "18991231"] {
        let discharged = adt("A03", "20260106160000").occurred(end);
        check(&[admitted.clone(), discharged], &stays, &["time-impossible"]);
    }
}

#[test]
fn a_time_says_no_more_than_was_written() {
    let admitted = adt("A01", "20260106101500");
    let until = |time: &str| format!("V1 AVD5/1/1 06T09:15:00Z..06T{time}Z");
    let discharged = adt("A03", "20260106160000");
    let check_end = |discharged: Sent, end: &str| {
        check(&[admitted.clone(), discharged], &[&until(end)], &["time-imprecise"]);
    };
    check_end(discharged.clone().occurred("20260106"), "15:00:00");
    check_end(discharged.clone().recorded("20260106"), "15:00:00");
    check_end(discharged.clone().occurred("2026010616"), "15:00:00");
    // Recorded on another day: the end of the day that it was.
    check_end(adt("A03", "20260107080000").occurred("20260106"), "22:59:59");
    check_end(adt("A03", "20260107080000").occurred("2026010615"), "14:59:59");
    let moved = |day: &str| adt("A02", "20260106160000").recorded(day).at("AVD7^3^1^SU").from("AVD5^1^1^SU");
    check(
        &[admitted.clone(), moved("20260106")],
        &[&until("15:00:00"), "V1 AVD7/3/1 06T15:00:00Z.."],
        &["time-imprecise"],
    );
    // To the minute is precise enough: nothing is said.
    let (_, summary) = run(Directory::default(), &[admitted, adt("A03", "202601061600")]);
    assert!(!summary.contains("time-imprecise"), "{summary}");
}

#[test]
fn a_stay_across_the_repeated_hour_closes() {
    let (found, summary) = run(Directory::default(), &[adt("A01", "20251026024000"), adt("A03", "20251026021000")]);
    assert_eq!(found, ["V1 AVD5/1/1 2025-10-26T00:40:00Z..2025-10-26T01:10:00Z"], "{summary}");
    assert!(summary.contains("time-moved") && summary.contains("time-ambiguous"), "{summary}");
    // MSH-7 says which of the two hours it is.
    let (found, _) = run(
        Directory::default(),
        &[
            adt("A01", "20251026024000+0200").recorded("20251026024000"),
            adt("A03", "20251026021000+0100").recorded("20251026021000"),
        ],
    );
    assert_eq!(found, ["V1 AVD5/1/1 2025-10-26T00:40:00Z..2025-10-26T01:10:00Z"]);
}

#[test]
fn the_offset_of_msh_7_holds_for_the_message_where_it_is_not_swedens() {
    let admitted = |sent: &str| adt("A01", sent).recorded("20260106080000").occurred("20260106073000");
    check(&[admitted("20260106080000+0000")], &["V1 AVD5/1/1 06T07:30:00Z.."], &["zone-of-message"]);
    check(&[admitted("20260106080000+0100")], &["V1 AVD5/1/1 06T06:30:00Z.."], &[]);
    check(&[admitted("20260106080000")], &["V1 AVD5/1/1 06T06:30:00Z.."], &[]);
}

#[test]
fn a_movement_happened_when_zbe_2_says() {
    let admitted = adt("A01", "20260105080000").movement("M1^COSMIC|20260105080000||INSERT|N");
    let moved = adt("A02", "20260106083000").at("AVD7^3^1^SU").from("AVD5^1^1^SU");
    check(
        &[admitted.clone(), moved.clone().movement("M2^COSMIC|20260106020000||INSERT|N||AVD7")],
        &["V1 AVD5/1/1 05T07:00:00Z..06T01:00:00Z", "V1 AVD7/3/1 06T01:00:00Z.."],
        &[],
    );
    // The last movement of a discharge began before it and ends with it.
    check(
        &[admitted.clone(), adt("A03", "20260106090000").movement("M1^COSMIC|20260105080000|20260106083000|INSERT|N")],
        &["V1 AVD5/1/1 05T07:00:00Z..06T07:30:00Z"],
        &[],
    );
    // A past movement is corrected where it was, and nobody is moved now.
    let corrected = |trigger: &str, time: &str| {
        let movement = format!("M1^COSMIC|{time}||UPDATE|Y|{trigger}");
        adt("Z99", "20260106120000").at("AVD6^1^1^SU").movement(Box::leak(movement.into_boxed_str()))
    };
    let stays = ["V1 AVD6/1/1 05T07:00:00Z..06T01:00:00Z", "V1 AVD7/3/1 06T01:00:00Z.."];
    let moved = moved.movement("M2^COSMIC|20260106020000||INSERT|N||AVD7");
    check(&[admitted.clone(), moved.clone(), corrected("A01", "20260105080000")], &stays, &[]);
    check(&[admitted.clone(), moved.clone(), corrected("A08", "20260105080000")], &stays, &[]);
    // Without a time it keeps the movement's; of a movement that nobody told of there is none.
    check(&[admitted.clone(), moved.clone(), corrected("A01", "")], &stays, &[]);
    let unknown = adt("Z99", "20260106120000").at("AVD6^1^1^SU").movement("M9^COSMIC|||UPDATE|Y|A02");
    let as_before = ["V1 AVD5/1/1 05T07:00:00Z..06T01:00:00Z", "V1 AVD7/3/1 06T01:00:00Z.."];
    check(&[admitted.clone(), moved.clone(), unknown], &as_before, &["movement-time-unknown"]);
    let past = adt("A02", "20260106120000").at("AVD6^1^1^SU").movement("M9^COSMIC|||INSERT|Y");
    check(&[admitted, moved, past], &as_before, &["movement-not-applied"]);
}

#[test]
fn an_update_that_names_another_ward_moves_nobody_and_says_so() {
    check(
        &[adt("A01", "20260105080000"), adt("A08", "20260105120000").at("AVD7^3^1^SU")],
        &["V1 AVD5/1/1 05T07:00:00Z.."],
        &["update-place-differs"],
    );
}

#[test]
fn a_discharge_sent_again_with_an_earlier_hour_corrects_it() {
    check(
        &[
            adt("A01", "20260105080000"),
            adt("A03", "20260106160000").occurred("20260106160000"),
            adt("A03", "20260106170000").occurred("20260106140000"),
        ],
        &["V1 AVD5/1/1 05T07:00:00Z..06T13:00:00Z"],
        &["discharge-superseded"],
    );
}

#[test]
fn visits_of_two_authorities_and_two_persons_are_two() {
    let first = adt("A01", "20260105080000").visit("1000^^^SU");
    let second = Sent { facility: "OSTRA", ..adt("A01", "20260105090000").of(OTHER).at("11^1^1^OSTRA") };
    let stays = ["1000 11/1/1 05T08:00:00Z..", "1000 AVD5/1/1 05T07:00:00Z.."];
    check(&[first.clone(), second.clone().visit("1000^^^OSTRA")], &stays, &[]);
    check(&[first.clone(), second.clone().visit("1000^^^OSTRA&1.2.3&ISO")], &stays, &[]);
    // By MSH-4 alone.
    check(&[first.clone().visit("1000"), second.visit("1000")], &stays, &["visit-shared"]);
    // A discharge that leaves the authority out.
    check(&[first, adt("A03", "20260106090000").visit("1000")], &["1000 AVD5/1/1 05T07:00:00Z..06T08:00:00Z"], &[]);
    // A newborn under the mother's number.
    check(
        &[adt("A01", "20260105080000"), adt("A01", "20260105150000").of("N77^^^SU^MR").at("NEO^1^2^SU")],
        &["V1 AVD5/1/1 05T07:00:00Z..", "V1 NEO/1/2 05T14:00:00Z.."],
        &["visit-shared"],
    );
}

#[test]
fn an_account_number_that_repeats_the_visit_number_changes_nothing() {
    let admitted = Sent { account: "5500123", ..adt("A01", "20260105080000").visit("5500123") };
    check(
        &[admitted, adt("A03", "20260106080000").visit("5500123")],
        &["5500123 AVD5/1/1 05T07:00:00Z..06T07:00:00Z"],
        &[],
    );
}

#[test]
fn visits_that_are_numbered_in_pid_18_can_be_configured() {
    let numbered = |message: Sent| Sent { account: "5500123^^^SU", ..message.visit("") };
    let messages = [numbered(adt("A01", "20260105080000")), numbered(adt("A03", "20260106080000"))];
    let (found, summary) = run(directory("[visit]\nfield = \"PID-18\"\n"), &messages);
    assert_eq!(found, ["5500123 AVD5/1/1 05T07:00:00Z..06T07:00:00Z"], "{summary}");
    let (found, summary) = run(Directory::default(), &messages[..1]);
    assert!(found.is_empty() && summary.contains("episode-missing"), "{summary}");
}

#[test]
fn the_facility_is_part_of_a_place() {
    let messages = [
        adt("A01", "20260105080000").at("51^1^1^SU"),
        adt("A02", "20260105120000").at("51^1^1^OSTRA").from("51^1^1^SU"),
    ];
    check(&messages, &["V1 51/1/1 05T07:00:00Z..05T11:00:00Z", "V1 51/1/1 05T11:00:00Z.."], &[]);
    let both = directory("[[unit]]\ncode = \"51\"\nfacility = \"SU\"\n[[unit]]\ncode = \"51\"\nfacility = \"OSTRA\"\n");
    let (found, summary) = run(both, &messages);
    assert_eq!(found, ["V1 51/1/1/OSTRA 05T11:00:00Z..", "V1 51/1/1/SU 05T07:00:00Z..05T11:00:00Z"], "{summary}");
}

#[test]
fn a_place_that_comes_as_an_hd_is_its_namespace() {
    check(
        &[
            adt("A01", "20260105080000").at("AVD5&1.2.752.1&ISO^1&1.2.752.2&ISO^1^SU&1.2.752.3&ISO"),
            adt("A02", "20260105120000").at("AVD5^1^1^SU"),
        ],
        &["V1 AVD5/1/1 05T07:00:00Z.."],
        &[],
    );
}

#[test]
fn a_leave_by_mistake_is_taken_back() {
    let back = adt("A22", "20260106080000").at("AVD7^3^1^SU");
    check(
        &[adt("A01", "20260105080000"), adt("A21", "20260105120000"), back, adt("A53", "20260106090000")],
        &["V1 AVD5/1/1 05T07:00:00Z.."],
        &[],
    );
}
