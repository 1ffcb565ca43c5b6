//! Files: replay, folders, capacity.

use std::fs;
use std::thread;
use std::time::{Duration, SystemTime};

use super::stack::{Connector, Recorded, Setup, kept_offset, message, wait_for_offset};

fn file_of(count: u64) -> Vec<u8> {
    (0..count).flat_map(|id| [message(&id.to_string(), id % 50), b"\n\n".to_vec()].concat()).collect()
}

fn distinct(records: &[Recorded]) -> usize {
    let mut payloads: Vec<_> = records.iter().map(|record| &record.payload).collect();
    payloads.sort();
    payloads.dedup();
    payloads.len()
}

#[test]
fn a_replay_killed_in_the_middle_goes_on_where_it_was() {
    const COUNT: u64 = 30_000;
    let setup = Setup::mllp("13").limits("window = 20");
    let (file, position) = (setup.path("januari.hl7"), setup.path("januari.hl7.position"));
    fs::write(&file, file_of(COUNT)).expect("written");
    let replay = || {
        let mut command = setup.command("replay");
        command.arg(&file).args(["--region", "13", "--config"]).arg(setup.config());
        command
    };
    let mut killed = Connector::of(replay().spawn().expect("it starts"));
    wait_for_offset(&position);
    killed.kill();
    let offset = kept_offset(&position);
    let size = fs::metadata(&file).expect("there").len();
    assert!(offset > 0 && offset < size, "killed in the middle, at {offset} of {size}");

    let output = replay().output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!position.exists(), "a finished replay forgets its position");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("30000 messages sent") && !said.contains("30000 of them now"), "{said}");
    let records = setup.records("adt", COUNT as usize);
    assert_eq!(distinct(&records), COUNT as usize, "nothing is missing");
    assert!(records.len() < 2 * COUNT as usize, "it did not start over");
    assert!(records.iter().any(|record| record.position == "januari.hl7 message 1"));
    assert!(records.iter().any(|record| record.position == format!("januari.hl7 message {COUNT}")));
}

#[test]
fn a_file_sent_twice_is_the_same_records_twice() {
    let setup = Setup::mllp("14");
    let file = setup.path("mixed.txt");
    let mixed = [
        b"FHS|^~\\&|x\rBHS|^~\\&|x\r".to_vec(),
        message("1", 1),
        message("2", 2),
        b"BTS|2\rFTS|1\r\n\n".to_vec(),
        b"\x0B".to_vec(),
        message("3", 3),
        b"\x1C\r\n\nrubbish between\n\n".to_vec(),
        message("4", 4),
    ];
    fs::write(&file, mixed.concat()).expect("written");
    for _ in 0..2 {
        let output =
            setup.command("replay").arg(&file).args(["--region", "14", "--config"]).arg(setup.config()).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("5 messages sent"));
    }
    let records = setup.records("adt", 10);
    assert_eq!((records.len(), distinct(&records)), (10, 5));
    assert!(records.iter().any(|record| record.payload == b"rubbish between"));
}

#[test]
fn a_replay_of_an_unknown_region_or_a_missing_file_says_so() {
    let setup = Setup::mllp("17");
    let run = |region: &str, file: &str| {
        let output = setup
            .command("replay")
            .arg(setup.path(file))
            .args(["--region", region, "--config"])
            .arg(setup.config())
            .output();
        let output = output.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run("18", "none.hl7");
    assert!(status == Some(1) && said.contains("region 18 is not in the configuration"), "{said}");
    let (status, said) = run("17", "none.hl7");
    assert!(status == Some(1) && said.contains("none.hl7"), "{said}");
    let (status, said) = run("99", "none.hl7");
    assert!(status == Some(2) && said.contains("lanskod"), "{said}");
}

#[test]
fn a_folder_of_files_is_sent_once_each() {
    let setup = Setup::mllp("18");
    let (inbox, positions) = (setup.path("inbox"), setup.path("positions"));
    fs::create_dir(&inbox).expect("made");
    let setup =
        setup.sources(&format!("[[region.replay]]\npath = {inbox:?}\npositions = {positions:?}\npoll = \"50ms\"\n"));
    fs::create_dir(&positions).expect("made");
    let mut connector = setup.start();
    fs::remove_dir(&positions).expect("removed");
    fs::write(inbox.join("a.hl7"), file_of(20)).expect("written");
    connector
        .wait("a word about the positions", |connector| connector.log().contains("keep how far a file has been sent"));
    assert!(setup.records("adt", 0).is_empty(), "nothing is sent whose position cannot be kept");
    fs::create_dir(&positions).expect("made");
    assert_eq!(setup.records("adt", 20).len(), 20);
    fs::write(inbox.join("b.hl7"), file_of(5)).expect("written");
    assert_eq!(setup.records("adt", 25).len(), 25);
    connector.wait("both to be sent", |connector| connector.log().contains("sent b.hl7: 5 messages"));
    connector.kill();
    let mut connector = setup.start();
    fs::write(inbox.join("c.hl7"), file_of(1)).expect("written");
    connector.wait("c", |connector| connector.log().contains("sent c.hl7: 1 messages"));
    assert_eq!(setup.records("adt", 26).len(), 26, "what was sent before the restart is not sent again");
}

#[test]
fn a_capacity_file_is_read_when_it_changes() {
    let setup = Setup::mllp("19");
    let file = setup.path("kapacitet.csv");
    let setup = setup.sources(&format!("[[region.capacity]]\npath = {file:?}\npoll = \"50ms\"\n"));
    let mut connector = setup.start();
    let header = "Enhet;Giltig från;Fastställda;Disponibla;Stängda;Skäl\r\n";
    let write = |rows: &str, second: u64| {
        fs::write(&file, format!("{header}{rows}")).expect("written");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + second);
        fs::File::options().write(true).open(&file).expect("there").set_modified(time).expect("set");
    };
    let row = |text: &str| format!("enhet;giltig_fran;faststallda;disponibla;stangda;skal\n{text}").into_bytes();
    write("51A;2026-01-05;20;18;2;personal\r\n51B;2026-01-05;20;bad\r\n", 0);
    let first = setup.records("capacity", 2);
    assert_eq!(first.len(), 2);
    assert!(
        first.iter().all(|record| record.message_id == "capacity@1800000000000000"
            && record.recorded_at == Some(1_800_000_000_000_000))
    );
    let at =
        |line: &str| first.iter().find(|record| record.position == format!("kapacitet.csv:{line}")).expect("recorded");
    assert_eq!(at("2").payload, row("51A;2026-01-05;20;18;2;personal"));
    assert_eq!(at("3").payload, row("51B;2026-01-05;20;bad"));

    write("51A;2026-01-05;20;17;3;personal\r\n51B;2026-01-05;20;20;0;\r\n", 5);
    let records = setup.records("capacity", 4);
    assert!(records.iter().any(|record| record.payload == row("51A;2026-01-05;20;17;3;personal")));
    // Written again with the same rows: the same payloads, which whoever has them ignores.
    write("51A;2026-01-05;20;17;3;personal\r\n51B;2026-01-05;20;20;0;\r\n", 9);
    let records = setup.records("capacity", 6);
    assert_eq!((records.len(), distinct(&records)), (6, 4));

    fs::write(&file, "51A;2026-01-05;20;18;2;personal\n51B;2026-01-05;20;18;2;\n").expect("written");
    let records = setup.records("capacity", 7);
    let headless = records.iter().find(|record| record.position == "kapacitet.csv:1").expect("recorded");
    assert_eq!(headless.payload, b"51A;2026-01-05;20;18;2;personal");
    connector.wait("a word about it", |connector| connector.log().contains("no header row"));
    assert_eq!(connector.metric("vardstrom_connector_file_troubles_total{reason=\"headless\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_capacity_rows_total"), 7.0);
    let said = connector.log().matches("cannot be looked at").count();
    fs::remove_file(&file).expect("removed");
    connector.wait("a word about it", |connector| connector.log().matches("cannot be looked at").count() > said);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(connector.log().matches("cannot be looked at").count(), said + 1, "said once");
}
