//! Configuration and definitions: what we ship is read, what is wrong is named with its place.

use std::fs;
use std::path::Path;

use runtime::config::{Check, load, read};
use runtime::exit::chain;
use sink_register::config::Config;
use sink_register::definition::{Definition, Definitions, Subject};

use crate::world::{Desk, RUN, database};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sink-register.sample.toml");
const KPP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/kpp.toml");
const COLUMNAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/columnar-wait.toml");
const OMOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/omop.toml");
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/waiting-times.toml");

#[test]
fn the_sample_is_usable() {
    let config: Config = load(Path::new(SAMPLE)).unwrap();
    assert_eq!(config.recipient("skr").unwrap().folder.as_deref(), Some(Path::new("/srv/delivery/skr")));
    assert!(config.definitions.folder.is_none());
}

#[test]
fn every_shipped_definition_is_usable_and_its_recipient_is_in_the_sample() {
    let folder = Path::new(SHIPPED).parent().unwrap();
    let config: Config = read(Path::new(SAMPLE)).unwrap();
    let shipped = Definitions::load(None).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let definition: Definition = load(&path).unwrap();
        definition.check().unwrap();
        assert_eq!(path.file_stem().unwrap(), definition.name.as_str());
        assert!(config.recipient(&definition.recipient).is_some());
        shipped.named(&definition.name).unwrap();
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn every_subject_has_a_columnar_extract() {
    let shipped = Definitions::load(None).unwrap();
    for subject in Subject::ALL {
        let definition = shipped.named(&format!("columnar-{}", subject.name())).unwrap();
        assert_eq!((definition.subject, definition.form.as_str()), (subject, "columnar"));
    }
}

fn check_file<T: serde::de::DeserializeOwned + Check>(sample: &str, from: &str, to: &str, expected: &str) {
    let text = fs::read_to_string(sample).unwrap();
    assert!(text.contains(from), "{from}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.toml");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let error = load::<T>(&path).err().unwrap_or_else(|| panic!("{to} was accepted"));
    let text = chain(&error);
    assert!(text.contains(expected) && text.contains("changed.toml:"), "{text}");
    assert!(!text.contains("AGE-SECRET"), "{text}");
}

#[test]
fn what_is_wrong_in_the_configuration_is_named() {
    let check = check_file::<Config>;
    check(SAMPLE, "url = { env = \"DATABASE_URL\" }", "url = \"postgres://u:p@h/d\"", "a secret is never written");
    check(SAMPLE, "\nretired = []", "\nretired = [\"12\"]", "signing.retired.0: not an Ed25519 public key");
    check(SAMPLE, "age_key = \"age1", "age_key = \"AGE-SECRET-KEY-1", "not an age public key");
    check(SAMPLE, "name = \"skr\"", "name = \" \"", "recipient.0.name: must not be empty");
    check(SAMPLE, "[[recipient]]", "[[recipient]]\nname = \"skr\"\n[[recipient]]", "recipient.1.name: stands twice");
    let program = "folder = \"/srv/delivery/skr\"\nprogram = \"a\"";
    check(SAMPLE, "folder = \"/srv/delivery/skr\"", program, "recipient.0.program: is known to no provider");
    let login = "[login]\nissuer = \"http://127.0.0.1:1/\"\naudience = \"b\"\n";
    let serve = |rest: &str| format!("{login}{rest}\n[signing]");
    let homeless = serve("[[recipient]]\nname = \"c\"\nprogram = \"d\"");
    check(SAMPLE, "[signing]", &homeless, "recipient.0.program: parcels that are fetched are offered from a folder");
    let both = "[[recipient]]\nname = \"c\"\nfolder = \"/c\"\nprogram = \"d\"\n";
    let twice = serve(&format!("{both}{}", both.replace("\"c\"", "\"e\"")));
    check(SAMPLE, "id = \"2026-12\"", "id = \"2026/12\"", "pseudonyms.keys.0.id: must be 1 to 16 letters");
    check(SAMPLE, "[signing]", &twice, "recipient.1.program: stands twice");
    let unasked = serve("bound = true\n[serve]\nlisten = \"127.0.0.1:0\"");
    check(SAMPLE, "[signing]", &unasked, "login.bound: needs certificates that the port does not ask for");
    check(SAMPLE, "[signing]", "[serve]\nlisten = \"0.0.0.0:0\"\n[signing]", "serve.probes: is missing");
    check(SAMPLE, "level = \"info\"", "levle = \"info\"", "levle");
}

#[test]
fn what_is_wrong_in_a_definition_is_named() {
    let check = check_file::<Definition>;
    check(SHIPPED, "legal_ground =", "legal_grund =", "legal_grund");
    check(SHIPPED, "name = \"waiting-times\"", "name = \"Waiting times\"", ":2: name: must be 1 to 40 lower case");
    check(SHIPPED, "subject = \"wait\"", "subject = \"costs\"", "subject");
    check(SHIPPED, "subject = \"wait\"", "subject = \"cost\"", "period: cost events count for a year");
    check(SHIPPED, "period = \"month\"", "period = \"year\"", "period: wait events count for a month");
    check(SHIPPED, "subject = \"wait\"", "subject = \"wait\"\nform = \"omop\"", "form: cannot be made of wait events");
    check(
        SHIPPED,
        "subject = \"wait\"",
        "subject = \"wait\"\nform = \"omap\"",
        "form: must be one of beds, columnar, figures, ",
    );
    check(SHIPPED, "subject = \"wait\"", "subject = \"encounter\"", "form: cannot be made of encounter events");
    check(SHIPPED, "version = \"6\"", "version = \"\"", "version: must not be empty");
    check(SHIPPED, "version = \"6\"", "version = \"6\"\nseries = \" \"", "series: must not be empty");
    let treated = |file: &str, treatments: &str, expected: &str| {
        check(file, "hide_below = 20", &format!("hide_below = 20\ntreatments = {{ {treatments} }}"), expected);
    };
    let contract = "treatments.Lkf: cannot be generalised in riv_ta_completed.xml: its layout is a contract";
    treated(SHIPPED, "Lkf = \"generalised\"", contract);
    treated(KPP, "passport = \"masked\"", "treatments.passport: no file of it has such a column");
    treated(
        KPP,
        "drg = \"generalised\"",
        "treatments.drg: cannot be generalised in kpp_contacts.csv: there is nothing that",
    );
    treated(KPP, "drg = \"shifted\"", "days and times are moved together or not at all");
    treated(KPP, "times = \"shifted\"", "treatments.times: kpp_contacts.csv has no days or times that can be moved");
    treated(KPP, "drg = \"hashed\"", "hashed");
    let columnar = |treatments: &str, expected: &str| {
        check(
            COLUMNAR,
            "period = \"month\"",
            &format!("treatments = {{ {treatments} }}\nperiod = \"month\""),
            expected,
        );
    };
    columnar("times = \"shifted\"", "treatments.times: is shifted in vain while occurred_text tells the true time");
    columnar("kva = \"generalised\"", "which codes are rare is known only after");
    columnar("birth_year = \"masked\"", "it is a number, and no text can stand there");
    columnar("event_id = \"dropped\"", "rows are told apart and joined by it");
    columnar("place_unit = \"masked\"", "treatments.place_unit: no file of it has such a column");
    check(
        OMOP,
        "period = \"year\"",
        "treatments = { person_source_value = \"encrypted\" }\nperiod = \"year\"",
        "end at 50 characters",
    );
    check(KPP, "hide_below = 20", "hide_below = 20\nk_at_least = 0", "k_at_least: must be 1 or more");
    check(SHIPPED, "\"quality.csv\"", "\"qality.csv\"", "files.2: not a file of it; one of waits_by_step.csv, ");
    check(SHIPPED, "\"quality.csv\"", "\"waits_by_step.csv\"", "files.2: named twice");
}

#[test]
fn a_folder_adds_definitions_and_replaces_ours() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = fs::read_to_string(SHIPPED).unwrap();
    let named = |name: &str, version: &str| {
        shipped
            .replace("\"waiting-times\"", &format!("\"{name}\""))
            .replace("version = \"6\"", &format!("version = \"{version}\""))
    };
    fs::write(folder.path().join("a.toml"), named("waiting-times", "1-local")).unwrap();
    fs::write(folder.path().join("b.toml"), named("region-figures", "3")).unwrap();
    fs::write(folder.path().join("notes.txt"), "not a definition").unwrap();
    let definitions = Definitions::load(Some(folder.path())).unwrap();
    assert_eq!(definitions.named("waiting-times").unwrap().version, "1-local");
    assert_eq!(definitions.named("region-figures").unwrap().version, "3");
    let error = definitions.named("waiting-time").unwrap_err();
    assert_eq!(
        error.to_string(),
        "extract waiting-time has no definition; there are: beds, columnar-bed-capacity, columnar-bed-status, columnar-clinical, columnar-cost, \
         columnar-encounter, columnar-person, columnar-wait, hip-fracture, kpp, omop, region-figures, waiting-times, waiting-times-pilots"
    );
    fs::write(folder.path().join("c.toml"), named("region-figures", "4")).unwrap();
    let error = Definitions::load(Some(folder.path())).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("region-figures stands in two files"), "{error}");
}

#[test]
fn a_recipient_has_one_key_wherever_it_is_written() {
    let mut config: Config = read(Path::new(SAMPLE)).unwrap();
    let mut definition: Definition = load(Path::new(SHIPPED)).unwrap();
    let own = config.recipient("skr").unwrap().age_key.clone();
    assert_eq!(config.age_key(&definition).unwrap(), own.as_ref());
    definition.recipient_key.clone_from(&own);
    assert_eq!(config.age_key(&definition).unwrap(), own.as_ref());
    let other = age::x25519::Identity::generate().to_public().to_string();
    definition.recipient_key = Some(other.try_into().unwrap());
    assert!(config.age_key(&definition).unwrap_err().to_string().contains("recipient skr has one age key in"));
    config.recipients.clear();
    assert_eq!(config.age_key(&definition).unwrap(), definition.recipient_key.as_ref());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_is_wrong_and_how_to_mend_it() {
    let mut desk = Desk::new(&database(&["14"]).await);
    let replaced =
        |from: &str, to: &str| RUN.map(|argument| if argument == from { to.to_owned() } else { argument.to_owned() });
    let refused = |desk: &Desk, arguments: &[String], code, expected: &str| {
        desk.refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), code, expected);
    };
    refused(&desk, &replaced("14", "02"), 2, "'02' is not a lanskod");
    refused(&desk, &replaced("2026-02", "2026-2"), 2, "write year and month, for example 2026-02");
    refused(
        &desk,
        &replaced("waiting-times", "costs"),
        2,
        "extract costs has no definition; there are: beds, columnar-bed-capacity, columnar-bed-status, columnar-clinical, columnar-cost, \
         columnar-encounter, columnar-person, columnar-wait, hip-fracture, kpp, omop, waiting-times, waiting-times-pilots",
    );
    refused(&desk, &RUN.map(str::to_owned), 1, "the store has no statement of region 14 for 2026-02");
    desk.refused(&["show", "nowhere"], 1, "nowhere is not a parcel");
    desk.seed = "abc".to_owned();
    refused(
        &desk,
        &RUN.map(str::to_owned),
        2,
        "TEST_SEED is not 64 hexadecimal digits; make one with `openssl rand -hex 32`",
    );
    desk.url = "postgres://u:test@h:port/d".to_owned();
    desk.refused(&["ledger", "--region", "14"], 2, "the database's address: url: the address cannot be read");
    desk.url = "postgres://u:test@h/d?sslmode=require".to_owned();
    desk.refused(&["ledger", "--region", "14"], 2, "the database's address: url: the address demands encryption");
    desk.url = "postgres:///d".to_owned();
    desk.refused(&["ledger", "--region", "14"], 2, "the database's address: url: the address has no host");
    desk.url = String::new();
    desk.refused(&["ledger", "--region", "14"], 2, "TEST_DATABASE is set but empty");
    let help = desk.done(&["--help"]);
    for command in ["plan", "run", "deliver", "serve", "show", "verify", "ledger", "key"] {
        assert!(help.contains(&format!("sink-register {command}")), "no example of {command}");
    }
}
