//! What leaves is an entry of the access log before its first byte does, and so is who was refused. Without `[access_log]` nothing
//! of this is written, and the program says so once.
//!
//! `serve` and `deliver` write to logs of their own: each has one writer. An entry says that a parcel was about to leave; whether it
//! arrived is in the ledger.

use std::sync::Arc;

use access_log::{AccessLog, Action, Disclosure, Entry, Outcome, Region, Text, WITHOUT, system_user};
use jiff::Timestamp;
use login::{NotEntered, Strangers};

use crate::config::Config;
use crate::error::Error;
use parcel::Checked;

const PROGRAM: &str = "sink-register";

/// The log of what is fetched.
pub(crate) struct Fetched(Option<Log>);

struct Log {
    log: Arc<AccessLog>,
    strangers: Arc<Strangers>,
}

/// Who was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refused<'a> {
    /// Nobody that is known.
    Stranger,
    /// A program that the provider of logins knows, by its client id, and that fetches for no recipient.
    Program(&'a str),
    /// A recipient that has no such parcel or file.
    Recipient(&'a str),
}

/// Says that disclosures are in no access log, when they are not.
pub(crate) fn warn_without(config: &Config) {
    if config.access_log.is_none() {
        tracing::warn!("{WITHOUT}");
    }
}

/// Enters what is about to be delivered. The log is open only for that, so that `follow` and `deliver` can both be at work.
pub(crate) async fn enter_delivery(config: &Config, checked: &Checked) -> Result<(), Error> {
    let Some(settings) = &config.access_log else { return Ok(()) };
    let user = system_user(PROGRAM);
    let parcel = checked.manifest.name();
    let entry = of(checked, user.as_str(), "system", &parcel)?;
    settings.open("deliver")?.record(entry).await?;
    Ok(())
}

impl Fetched {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let log = config.access_log.as_ref().map(|settings| settings.open("serve")).transpose()?;
        Ok(Self(log.map(|log| Log { log: Arc::new(log), strangers: Arc::default() })))
    }

    /// Enters that a recipient is about to get a file of its parcel.
    pub(crate) async fn enter(&self, recipient: &str, checked: &Checked, file: &str) -> Result<(), Error> {
        let Some(Log { log, .. }) = &self.0 else { return Ok(()) };
        let parcel = format!("{}/{file}", checked.manifest.name());
        log.record(of(checked, recipient, "recipient", &parcel)?).await?;
        Ok(())
    }

    /// Enters that somebody was refused, for that parcel or file. What they wrote is withheld where it may not be logged. Of strangers
    /// beyond a thousand, and then one a second, one entry says how many they were ([`Strangers`]).
    pub(crate) async fn enter_refusal(&self, who: Refused<'_>, parcel: &str) -> Result<(), Error> {
        let Some(Log { log, strangers }) = &self.0 else { return Ok(()) };
        let parcel = format!("parcel {parcel}");
        match who {
            Refused::Stranger => {
                let log = Arc::clone(log);
                let write = async move |crowd: Option<u64>| {
                    let what = crowd.map_or(parcel, |requests| format!("{requests} requests"));
                    log.record(refusal("stranger", "unknown", &what)).await.map(drop)
                };
                strangers.enter(write).await.map_err(|not_entered| match not_entered {
                    NotEntered::Crowded => access_log::Error::Busy,
                    NotEntered::Failed(error) => error,
                })?;
            }
            Refused::Program(id) => drop(log.record(refusal("program", id, &parcel)).await?),
            Refused::Recipient(name) => drop(log.record(refusal("recipient", name, &parcel)).await?),
        }
        Ok(())
    }
}

fn refusal(role: &str, user: &str, what: &str) -> Entry {
    Entry {
        action: Action::Disclose,
        care_unit: Text::or_withheld("process: register extracts"),
        commission: None,
        dataset: Text::or_withheld("register extracts"),
        digest: None,
        ground: Text::or_withheld("none"),
        person: None,
        recipient: None,
        region: Region::NONE,
        resource: Text::or_withheld(what),
        result: Outcome::Denied,
        role: Text::or_withheld(role),
        rows: None,
        time: Timestamp::now(),
        user: Text::or_withheld(user),
    }
}

fn of(checked: &Checked, user: &str, role: &str, parcel: &str) -> Result<Entry, Error> {
    let manifest = &checked.manifest;
    let disclosure = Disclosure {
        user,
        role,
        region: manifest.region.code(),
        extract: &manifest.extract,
        parcel,
        manifest_sha256: &checked.manifest_sha256,
        recipient: &manifest.recipient,
        legal_ground: &manifest.legal_ground,
        rows: manifest.rows().1,
    };
    Ok(disclosure.entry(Timestamp::now())?)
}
