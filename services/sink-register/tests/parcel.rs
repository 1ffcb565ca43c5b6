//! Parcels: repeatable, versioned, encrypted, and checked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use age::secrecy::ExposeSecret;

use crate::world::{
    Database, Desk, Feeder, REPORTED, RUN, Statement, V1, V2, content, database, entries, entry, month, pseudonyms,
    repeatable, statement,
};

async fn february(count: usize) -> (Database, Feeder, Desk) {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&month(count)).await;
    let desk = Desk::new(&database);
    (database, feeder, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_changes_nothing_and_another_desk_makes_the_same_bytes() {
    let (_database, _feeder, desk) = february(50).await;
    assert!(desk.run(&[]).starts_with("made parcels/"));
    let first = content(&desk.path(V1));
    assert!(desk.run(&[]).starts_with("unchanged parcels/"));
    assert_eq!(content(&desk.path(V1)), first);
    assert_eq!(entries(&desk), [entry("made", 1)]);
    // Another store that got the same records, another folder, other keys of age.
    let (_other, _feeder, other) = february(50).await;
    other.run(&[]);
    assert_eq!(repeatable(&other.path(V1)), repeatable(&desk.path(V1)));
    assert_ne!(content(&other.path(V1))["riv_ta_completed.xml.age"], first["riv_ta_completed.xml.age"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_make_one_parcel() {
    let (_database, _feeder, desk) = february(200).await;
    let start = || desk.command(&RUN).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let said = [start(), start()].map(|run| String::from_utf8(run.wait_with_output().unwrap().stdout).unwrap());
    let mut words: Vec<&str> = said.iter().filter_map(|text| text.split(' ').next()).collect();
    words.sort_unstable();
    assert_eq!(words, ["made", "unchanged"]);
    assert_eq!(entries(&desk), [entry("made", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn later_events_of_other_months_make_no_new_version() {
    let (_database, mut feeder, desk) = february(10).await;
    desk.run(&[]);
    feeder.feed(&[Statement { period: "2026-03", ..statement("A") }]).await;
    assert!(desk.run(&[]).starts_with("unchanged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_gives_the_same_bytes_after_later_events() {
    let (_database, mut feeder, desk) = february(30).await;
    desk.run(&[]);
    let correction = Statement { days: 3, recorded: Some(REPORTED + 9), ..statement("C000001") };
    feeder.feed(&[correction, statement("late")]).await;
    let again = |manifest: &str, out: &str| {
        let arguments = ["run", "--region", "14", "--period", "2026-02", "--extract", "waiting-times"];
        desk.done(&[&arguments[..], &["--out", out, "--as-of", manifest]].concat())
    };
    assert!(again(&format!("{V1}/manifest.json"), "elsewhere").starts_with("made elsewhere/"));
    let name = Path::new(V1).file_name().unwrap();
    assert_eq!(repeatable(&desk.path("elsewhere").join(name)), repeatable(&desk.path(V1)));
    assert!(again(&format!("{V1}/manifest.json"), "elsewhere").starts_with("unchanged"));
    // A later version is made again as it was, with what it explains.
    desk.run(&[]);
    again(V2, "elsewhere");
    let name = Path::new(V2).file_name().unwrap();
    assert_eq!(repeatable(&desk.path("elsewhere").join(name)), repeatable(&desk.path(V2)));
    assert_eq!(entries(&desk), [entry("made", 1), entry("made", 2)]);
    // A manifest that nobody has signed is no order.
    let manifest = desk.path(V1).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap().replace("\"version\": 1", "\"version\": 3");
    fs::write(&manifest, text).unwrap();
    desk.refused(&[&RUN[..], &["--as-of", V1]].concat(), 1, "not by a trusted key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_makes_a_version_that_says_what_it_replaces_and_what_differs() {
    let (_database, mut feeder, desk) = february(30).await;
    desk.run(&[]);
    let first = content(&desk.path(V1));
    let correction = Statement { days: 140, recorded: Some(REPORTED + 9), ..statement("C000001") };
    feeder.feed(&[correction, statement("late")]).await;
    let plan =
        desk.done(&["plan", "--region", "14", "--period", "2026-02", "--extract", "waiting-times", "--out", "parcels"]);
    assert!(plan.contains("32 statements in the store, of which 31 are the latest"), "{plan}");
    assert!(plan.contains("would make waiting-times_14_2026-02_v2, which replaces version 1"), "{plan}");
    assert!(!desk.path(V2).exists(), "a plan writes nothing");
    assert!(desk.run(&["--reason", "late file"]).contains("_v2\n"));
    assert_eq!(content(&desk.path(V1)), first, "the earlier parcel stays as it was");
    let manifest: serde_json::Value = serde_json::from_slice(&content(&desk.path(V2))["manifest.json"]).unwrap();
    assert_eq!(manifest["version"], 2);
    assert_eq!(manifest["replaces"], 1);
    assert_eq!(manifest["reason"], "late file");
    let totals = manifest["explained"]["totals"].as_array().unwrap();
    let change = |name: &str| totals.iter().find(|change| change["total"] == name).cloned().unwrap_or_default();
    assert_eq!(change("completed")["before"], 24);
    assert_eq!(change("completed")["after"], 25);
    assert!(manifest["explained"]["files"].as_array().unwrap().iter().any(|file| file == "waits_by_step.csv"));
    let shown = desk.done(&["show", V2]);
    assert!(shown.contains("replaces 1: late file") && shown.contains("differs from version 1"), "{shown}");
    assert!(desk.run(&[]).starts_with("unchanged"));
    // A correction that leaves every total as it was is a version all the same.
    feeder.feed(&[Statement { days: 141, recorded: Some(REPORTED + 10), ..statement("C000001") }]).await;
    desk.run(&[]);
    let third = desk.done(&["show", "parcels/waiting-times_14_2026-02_v3"]);
    assert!(third.contains("later statements") && third.contains("no control total differs"), "{third}");
    assert_eq!(entries(&desk), [entry("made", 1), entry("made", 2), entry("made", 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_make_and_a_lost_parcel_are_said() {
    let (_database, _feeder, desk) = february(3).await;
    let empty = ["run", "--region", "14", "--period", "2025-12", "--extract", "waiting-times", "--out", "parcels"];
    desk.refused(&empty, 1, "no statement of region 14 for 2025-12");
    desk.run(&[]);
    fs::rename(desk.path("parcels"), desk.path("moved")).unwrap();
    desk.refused(&RUN, 1, "waiting-times_14_2026-02_v1 is in the ledger and not under parcels");
    let plan = desk.done(&["plan", "--region", "14", "--period", "2026-02", "--extract", "waiting-times"]);
    assert!(plan.contains("_v1 is in the ledger; give --out"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_about_persons_are_never_in_the_clear_and_open_with_the_recipients_key_only() {
    let (_database, _feeder, desk) = february(40).await;
    desk.run(&[]);
    let files = content(&desk.path(V1));
    assert!(!files.contains_key("riv_ta_completed.xml"));
    for (name, bytes) in &files {
        let seen = bytes.windows(7).any(|window| window == b"C000001");
        assert!(!seen, "{name} holds a contact");
        assert!(!bytes.windows(6).any(|window| window == b"t-7f3a"), "{name} holds a pseudonym");
    }
    let whole = desk.done(&["verify", V1]);
    assert!(whole.contains("content of 3 of 5 files compared"), "{whole}");
    let whole = desk.done(&["verify", V1, "--identity", "identity.txt"]);
    assert!(whole.contains("content of 5 of 5 files compared"), "{whole}");
    let other = age::x25519::Identity::generate();
    fs::write(desk.path("other.txt"), other.to_string().expose_secret()).unwrap();
    desk.refused(&["verify", V1, "--identity", "other.txt"], 1, "cannot be opened with this identity");
    desk.refused(&["verify", V1, "--identity", "sink-register.toml"], 1, "holds no age identity");
    assert!(age::decrypt(&other, &files["riv_ta_completed.xml.age"]).is_err());
    let secret = fs::read_to_string(desk.path("identity.txt")).unwrap();
    let identity: age::x25519::Identity = secret.parse().unwrap();
    let rows = age::decrypt(&identity, &files["riv_ta_completed.xml.age"]).unwrap();
    let contact = pseudonyms("skr", "waiting-times").number("C000001");
    assert!(rows.windows(contact.len()).any(|window| window == contact.as_bytes()));
}

/// Counted again from the file that the recipient opens.
#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_says_how_alone_the_rows_stand() {
    let (_database, _feeder, desk) = february(400).await;
    desk.run(&[]);
    let text = fs::read_to_string(crate::duckdb::open(&desk, V1).path().join("riv_ta_completed.xml")).unwrap();
    let of =
        |row: &str, name: &str| row.split_once(&format!("<{name}>")).unwrap().1.split_once('<').unwrap().0.to_owned();
    let mut groups: BTreeMap<[String; 3], Vec<String>> = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with("<Rad>")) {
        let known = ["FodelseAr", "Kon", "Lkf"].map(|name| of(row, name));
        groups.entry(known).or_default().push(of(row, "Diagnos"));
    }
    let rows = |most: usize| groups.values().filter(|group| group.len() < most).map(Vec::len).sum::<usize>();
    let (below_5, below_10) = (rows(5), rows(10));
    assert!(0 < below_5 && below_5 < below_10, "{below_5} {below_10}");
    let manifest: serde_json::Value = serde_json::from_slice(&content(&desk.path(V1))["manifest.json"]).unwrap();
    assert_eq!(
        manifest["groups"]["riv_ta_completed.xml"],
        serde_json::json!({
            "by": ["FodelseAr", "Kon", "Lkf"], "tells": "Diagnos", "rows": rows(usize::MAX), "groups": groups.len(),
            "smallest": groups.values().map(Vec::len).min(), "rows_below_5": below_5, "rows_below_10": below_10,
            // Everybody has the same diagnosis.
            "least_diverse": 1, "rows_of_one_value": rows(usize::MAX),
        })
    );
    let share = format!("{:.1} % are in groups under 5", below_5 as f64 * 100.0 / rows(usize::MAX) as f64);
    assert!(desk.done(&["show", V1]).contains(&share), "{share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_recipients_key_no_row_about_a_person_is_written() {
    let (_database, _feeder, desk) = february(5).await;
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let without: String =
        config.lines().filter(|line| !line.starts_with("age_key")).map(|line| format!("{line}\n")).collect();
    fs::write(desk.path("sink-register.toml"), &without).unwrap();
    desk.refused(&RUN, 1, "riv_ta_completed.xml has a row per person and recipient skr has no age key");
    assert!(!desk.path(V1).exists());
    assert!(entries(&desk).is_empty());
    // A region's own definition that leaves those files out needs no key.
    fs::create_dir(desk.path("definitions")).unwrap();
    let definition = include_str!("../definitions/waiting-times.toml");
    let figures: String =
        definition.lines().filter(|line| !line.contains("riv_ta")).map(|line| format!("{line}\n")).collect();
    fs::write(desk.path("definitions/own.toml"), figures).unwrap();
    fs::write(desk.path("sink-register.toml"), format!("{without}[definitions]\nfolder = \"definitions\"\n")).unwrap();
    desk.run(&[]);
    assert!(!content(&desk.path(V1)).keys().any(|name| name.contains("riv_ta") || name.contains("ciphertext")));
    desk.done(&["verify", V1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_every_change() {
    let (_database, _feeder, desk) = february(8).await;
    desk.run(&[]);
    let public_key = desk.done(&["key"]);
    let public_key = public_key.trim();
    // A recipient has neither configuration nor environment.
    fs::rename(desk.path("sink-register.toml"), desk.path("hidden.toml")).unwrap();
    let verify = ["verify", V1, "--public-key", public_key];
    desk.done(&verify);
    desk.refused(&["verify", V1], 2, "sink-register.toml");
    let files = content(&desk.path(V1));
    let put = |name: &str, bytes: &[u8]| fs::write(desk.path(V1).join(name), bytes).unwrap();
    for (name, bytes) in &files {
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        put(name, &flipped);
        let signed = matches!(name.as_str(), "manifest.json" | "manifest.sig" | "ciphertext.json" | "ciphertext.sig");
        let expected = if signed { "not by a trusted key" } else { "is not what the manifest says (another SHA-256)" };
        desk.refused(&verify, 1, expected);
        put(name, &bytes[..bytes.len() - 1]);
        if !name.ends_with(".sig") {
            desk.refused(&verify, 1, if signed { "not by a trusted key" } else { "another length" });
        }
        fs::remove_file(desk.path(V1).join(name)).unwrap();
        let expected = match name.as_str() {
            "manifest.json" => "is not a parcel",
            name if name.ends_with(".sig") => "not by a trusted key",
            name => &format!("{name} is missing"),
        };
        desk.refused(&verify, 1, expected);
        put(name, bytes);
    }
    put("more.csv", b"x");
    desk.refused(&verify, 1, "more.csv does not belong to the parcel");
    fs::remove_file(desk.path(V1).join("more.csv")).unwrap();
    let stranger = parcel::Seed::parse(&"08".repeat(32)).unwrap().public_key();
    desk.refused(&["verify", V1, "--public-key", &stranger], 1, "not by a trusted key");
    desk.refused(&["verify", V1, "--public-key", "abc"], 2, "64 hexadecimal digits");
    fs::rename(desk.path(V1), desk.path("parcels/waiting-times_14_2026-02_v9")).unwrap();
    let renamed = ["verify", "parcels/waiting-times_14_2026-02_v9", "--public-key", public_key];
    desk.refused(&renamed, 1, "a parcel keeps its name");
}

/// The recipe of README.md, where there is an OpenSSL to follow it.
#[tokio::test(flavor = "multi_thread")]
async fn openssl_can_check_the_signature() {
    let recipe = |folder: &Path, key: &str| {
        let script = format!(
            "xxd -r -p manifest.sig > ../sig; (printf '302a300506032b6570032100'; echo {key}) | xxd -r -p > ../key.der; \
             openssl pkeyutl -verify -pubin -keyform DER -inkey ../key.der -rawin -in manifest.json -sigfile ../sig"
        );
        std::process::Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap()
    };
    let present = |program: &str| std::process::Command::new(program).arg("--version").output().is_ok();
    if !present("openssl") || !present("xxd") {
        return;
    }
    let (_database, _feeder, desk) = february(3).await;
    desk.run(&[]);
    let key = desk.done(&["key"]);
    let output = recipe(&desk.path(V1), key.trim());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stranger = parcel::Seed::parse(&"08".repeat(32)).unwrap().public_key();
    assert!(!recipe(&desk.path(V1), &stranger).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_was_changed_is_never_built_upon() {
    let (_database, _feeder, desk) = february(8).await;
    desk.run(&[]);
    let path = desk.path(V1).join("waits_by_step.csv");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] ^= 1;
    fs::write(&path, bytes).unwrap();
    desk.refused(&RUN, 1, "waits_by_step.csv is not what the manifest says");
    assert_eq!(entries(&desk), [entry("made", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_signing_key_trusts_retired_ones() {
    let (_database, _feeder, mut desk) = february(8).await;
    desk.run(&[]);
    let retired = desk.done(&["key"]);
    desk.seed = "09".repeat(32);
    desk.refused(&RUN, 1, "not by a trusted key");
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let config = config.replace("[signing]", &format!("[signing]\nretired = [\"{}\"]", retired.trim()));
    fs::write(desk.path("sink-register.toml"), config).unwrap();
    assert!(desk.run(&[]).starts_with("unchanged"));
}
