//! Persons of a permit, blinded by the real program: what the hub finds, and what nobody else can read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use access_log::Key;
use identity::test_identity;
use linkage::{PermitId, Seed, derive_key, evaluate};
use permit::{Answer, Batch, Blinds, Budget, Permit, Signers, region_signer};

const SIGNING_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn permit(hub: &age::x25519::Identity, regions: &[&str]) -> Permit {
    let budget = Budget { points: 100, usual_day: 100 };
    Permit {
        id: PermitId::new("p17").unwrap(),
        purpose: "test".to_owned(),
        population: "test identities".to_owned(),
        fields: vec!["none".to_owned()],
        first_day: jiff::civil::date(2026, 1, 1),
        last_day: jiff::civil::date(2026, 1, 31),
        regions: regions.iter().map(|code| (code.parse().unwrap(), budget)).collect(),
        recipient: "university".to_owned(),
        hub_key: hub.to_public().to_string(),
        end: jiff::Timestamp::from_second(4_000_000_000).unwrap(),
        opt_out_override: None,
    }
}

/// Runs the command in a folder of the region; no Kafka is asked.
fn blind(folder: &std::path::Path, code: &str, permit: &Permit, numbers: &str) -> Output {
    let config = format!(
        "seed = {{ env = \"SEED\" }}\n[kafka]\nbootstrap = \"127.0.0.1:1\"\n[registry]\nurl = \"http://127.0.0.1:1\"\n\
         [region]\ncode = \"{code}\"\nkey = {{ env = \"KEY\" }}\nkey_id = \"v1\"\npackages = [\"par\"]\n\
         [delivery]\nfilkod = \"{code}\"\nrecipient = \"socialstyrelsen\"\nage_key = \"{}\"\nlegal_ground = \"test\"\n",
        permit.hub_key
    );
    fs::write(folder.join("region-register.toml"), config).unwrap();
    fs::write(folder.join("p17.json"), serde_json::to_string(permit).unwrap()).unwrap();
    fs::write(folder.join("signing.key"), SIGNING_KEY).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_region-register"))
        .args(["blind", "p17.json", "--key-file", "signing.key", "--out", "out"])
        .current_dir(folder)
        .env("SEED", SIGNING_KEY)
        // Another key of pseudonyms in each region.
        .env("KEY", format!("{code}{}", &SIGNING_KEY[2..]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends before it reads has no use for them.
    drop(child.stdin.take().unwrap().write_all(numbers.as_bytes()));
    child.wait_with_output().unwrap()
}

/// What the hub makes of a region's files: the region's pseudonym by the permit's.
fn found(
    folder: &std::path::Path,
    code: &str,
    permit: &Permit,
    hub: &age::x25519::Identity,
) -> BTreeMap<String, String> {
    let path = |end: &str| folder.join("out").join(format!("p17_{code}_1.{end}"));
    let public = Key::parse(SIGNING_KEY).unwrap().public();
    let signers = Signers::default().with(region_signer(code.parse().unwrap()), public);
    let batch = Batch::read(&fs::read(path("batch")).unwrap(), &signers).unwrap();
    let key = derive_key(&Seed::from_hex(SIGNING_KEY).unwrap(), &permit.id);
    let points = evaluate(&key, &batch.points);
    let answer = Answer { permit: batch.permit, region: batch.region, batch: batch.digest, points };
    let blinds = Blinds::open(&fs::read(path("blinds.age")).unwrap(), hub).unwrap();
    let finished = blinds.finish(&answer, &permit.recipient).unwrap();
    finished.into_iter().map(|(region, person)| (person.to_string(), region.to_owned())).collect()
}

#[test]
fn a_person_of_two_regions_is_one_to_the_hub_and_a_local_number_is_none() {
    let hub = age::x25519::Identity::generate();
    let permit = permit(&hub, &["14", "01"]);
    let number = test_identity::number;
    let reserve = |numbering| test_identity::reserve(numbering, 7).unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // One person in two notations, a reserve number of the region, and no number.
    let first = format!(
        "{}\n{}\n\n{}\n{}\nnobody\n",
        number(1),
        number(2),
        number(2).hyphenated(),
        reserve(identity::Reserve::VastraGotaland)
    );
    let second = format!("{}\n{}\n{}\n", number(2).ten_digits(), number(3), reserve(identity::Reserve::Stockholm));
    let told = [
        (
            "14",
            first,
            "p17 region 14: 2 persons in 1 batches; left out: 1 named again, 1 local numbers, 1 unreadable\n",
        ),
        (
            "01",
            second,
            "p17 region 01: 2 persons in 1 batches; left out: 0 named again, 1 local numbers, 0 unreadable\n",
        ),
    ];
    let mut pseudonyms = Vec::new();
    for (folder, (code, numbers, want)) in folders.iter().zip(&told) {
        let output = blind(folder.path(), code, &permit, numbers);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), *want);
        pseudonyms.push(found(folder.path(), code, &permit, &hub));
        // A second run replaces nothing.
        assert_eq!(blind(folder.path(), code, &permit, numbers).status.code(), Some(1));
    }
    let [first, second] = &pseudonyms[..] else { panic!("two regions") };
    assert_eq!((first.len(), second.len()), (2, 2));
    let both: Vec<_> = first.keys().filter(|person| second.contains_key(*person)).collect();
    assert_eq!(both.len(), 1);
    assert!(first[both[0]].starts_with("r14.v1.") && second[both[0]].starts_with("r01.v1."));
}

#[test]
fn another_region_s_permit_and_a_list_of_nobody_make_nothing() {
    let hub = age::x25519::Identity::generate();
    let folder = tempfile::tempdir().unwrap();
    let check = |regions: &[&str], numbers: &str, want: &str| {
        let output = blind(folder.path(), "14", &permit(&hub, regions), numbers);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(want), "{said}");
        assert!(!said.contains(test_identity::number(1).as_str()) && !folder.path().join("out").exists());
    };
    check(&["01"], &test_identity::number(1).to_string(), "permit p17 does not ask this region");
    check(&["14"], "nobody\n", "no line holds a national number");
}
