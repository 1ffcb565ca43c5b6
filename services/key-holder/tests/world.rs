//! What the tests share: a folder with a configuration, a permit of two regions, and what regions send.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use access_log::Key;
use jiff::Timestamp;
use jiff::civil::date;
use key_holder::Holder;
use key_holder::config::Config;
use linkage::{Blind, Blinded, PermitId, Person, Pseudonym, blind, finish};
use permit::{AUTHORITY, Answer, Batch, Budget, Change, Permit, Statement, region_signer};
use topics::Region;

/// A day, in seconds.
pub(crate) const DAY: i64 = 86_400;
/// The permit's end.
pub(crate) const END: i64 = 30 * DAY;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(crate) fn region(code: &str) -> Region {
    code.parse().unwrap()
}

pub(crate) fn id() -> PermitId {
    PermitId::new("p17").unwrap()
}

/// 64 hexadecimal digits, others for each name.
pub(crate) fn digits(name: &str) -> String {
    name.bytes().chain([0; 32]).take(32).map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn key(name: &str) -> Key {
    Key::parse(&digits(name)).unwrap()
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) hub: age::x25519::Identity,
    pub(crate) permit: Permit,
}

impl World {
    /// A permit of regions 01 and 14, with 10 points each and 2 on a usual day.
    pub(crate) fn new(end: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = age::x25519::Identity::generate();
        let budget = Budget { points: 10, usual_day: 2 };
        let permit = Permit {
            id: id(),
            purpose: "hip fractures and what came before them".to_owned(),
            population: "admitted with S72.0 to S72.2".to_owned(),
            fields: vec!["admitted".to_owned()],
            first_day: date(2025, 1, 1),
            last_day: date(2026, 12, 31),
            regions: BTreeMap::from(["01", "14"].map(|code| (region(code), budget))),
            recipient: "university".to_owned(),
            hub_key: hub.to_public().to_string(),
            end,
            opt_out_override: None,
        };
        let world = Self { folder, hub, permit };
        for name in ["seed", "ledger-key", "log-key"] {
            fs::write(world.path(name), digits(name)).unwrap();
        }
        for folder in ["state", "access"] {
            fs::create_dir(world.path(folder)).unwrap();
        }
        let public = |name: &str| key(name).public();
        let regions = ["01", "14"].map(|code| {
            format!("[[region]]\ncode = \"{code}\"\nkeys = [\"{}\"]\n", public(&region_signer(region(code))))
        });
        let secret = |name: &str| format!("{{ file = \"{}\" }}", world.path(name).display());
        let text = format!(
            "folder = \"{}\"\nseed = {}\nledger_key = {}\nauthority = [\"{}\"]\n[access_log]\nfolder = \"{}\"\nkey = {}\n\
             [http]\nlisten = \"127.0.0.1:0\"\n{}",
            world.path("state").display(),
            secret("seed"),
            secret("ledger-key"),
            public(AUTHORITY),
            world.path("access").display(),
            secret("log-key"),
            regions.concat()
        );
        fs::write(world.path("key-holder.toml"), text).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> Config {
        toml::from_str(&fs::read_to_string(self.path("key-holder.toml")).unwrap()).unwrap()
    }

    /// The holder at this time; none may be open beside it.
    pub(crate) fn open(&self, seconds: i64) -> Holder {
        Holder::open(&self.config(), at(seconds)).unwrap()
    }

    pub(crate) fn statement(&self, now: Timestamp, signer: &str, change: Change) -> access_log::Note {
        Statement { at: now, permit: id(), change }.sign(signer, &key(signer))
    }

    pub(crate) fn request(&self, now: Timestamp) -> access_log::Note {
        self.statement(now, AUTHORITY, Change::Request(Box::new(self.permit.clone())))
    }

    pub(crate) fn approve(&self, now: Timestamp, code: &str) -> access_log::Note {
        let change = Change::Approve { region: region(code), record: self.permit.digest() };
        self.statement(now, &region_signer(region(code)), change)
    }

    /// Requested, and approved by these regions, at this time.
    pub(crate) fn approved(&self, seconds: i64, codes: &[&str]) -> Holder {
        let mut holder = self.open(seconds);
        holder.enter(&self.request(at(seconds)), at(seconds)).unwrap();
        for code in codes {
            holder.enter(&self.approve(at(seconds), code), at(seconds)).unwrap();
        }
        holder
    }

    /// What the hub makes of an answer.
    pub(crate) fn finish(&self, blinds: &[Blind], sealed: &[u8]) -> Vec<Pseudonym> {
        let answer = Answer::open(sealed, &self.hub).unwrap();
        assert_eq!(answer.points.len(), blinds.len());
        let finished =
            blinds.iter().zip(answer.points).map(|(blind, x)| finish(blind, x, &id(), "university").unwrap());
        finished.collect()
    }

    /// Results of the entries in a region's access log, one a batch.
    pub(crate) fn entries(&self, code: &str) -> Vec<String> {
        let folder = self.path("access").join("key-holder").join(code);
        let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
        let logs =
            files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "log"));
        let text: String = logs.map(|path| fs::read_to_string(path).unwrap()).collect();
        let results = text.lines().filter_map(|line| serde_json::from_str::<access_log::Line>(line).ok());
        results.map(|line| format!("{:?} {}", line.result, line.rows.unwrap())).collect()
    }
}

/// A batch of persons of the year 0000, in which nobody was born.
pub(crate) fn batch(code: &str, numbers: &[u64]) -> (Vec<Blind>, Vec<u8>) {
    let person = |number: &u64| Person::new(&id(), "1.2.752.129.2.1.3.1", format!("{number:012}").as_bytes()).unwrap();
    let blinded = numbers.iter().map(|number| blind(&person(number)).unwrap());
    let (blinds, points): (Vec<Blind>, Vec<Blinded>) = blinded.unzip();
    let batch = Batch::new(id(), region(code), points).unwrap();
    (blinds, batch.sign(&key(&region_signer(region(code)))))
}
