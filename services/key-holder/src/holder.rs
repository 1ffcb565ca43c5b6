//! The key holder: what was said of permits, what was spent, and the keys. Time is passed in; what it writes is durable before it
//! answers.

use std::path::Path;

use access_log::{AccessLog, Action, Entry, Key, Note, Outcome, Public, Text};
use jiff::Timestamp;
use linkage::{Seed, derive_key, evaluate};
use permit::{
    Answer, Batch, Change, KEY_HOLDER, Ledger, NotABatch, NotEntered, Refused, Signers, Statement, may_evaluate,
};

use crate::appended::Appended;
use crate::config::Config;
use crate::error::Error;
use crate::share::Shares;
use crate::spent::{Cost, Spent};

/// Whose access log it is.
const WRITER: &str = "key-holder";

/// What the configuration names, read.
pub struct Holder {
    seed: Seed,
    /// Signs the ledger's entries, and ends.
    key: Key,
    signers: Signers,
    ledger: Ledger,
    entries: Appended,
    spent: Spent,
    shares: Shares,
    log: AccessLog,
}

/// An answer, sealed to the hub.
#[derive(Debug)]
pub struct Evaluated {
    /// What is sent.
    pub sealed: Vec<u8>,
    /// How many points.
    pub points: u64,
    /// Whether they are more than twice a usual day's, with those before them today.
    pub is_alarm: bool,
}

/// Why nothing is answered.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody's batch.
    #[error("the batch cannot be read")]
    Malformed(#[from] NotABatch),
    /// The permit, or the region's approval.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The region's budget under the permit.
    #[error("the budget of the region under this permit is used up: {left} points are left")]
    Exhausted {
        /// Points that may still be evaluated.
        left: u64,
    },
    /// The statement.
    #[error("the statement is not entered")]
    NotEntered(#[from] NotEntered),
    /// Something of ours.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Holder {
    /// Opens the folder; one process at a time, which the access log's lock holds.
    ///
    /// # Errors
    /// When a secret cannot be read, or what is in the folder cannot be gone on from.
    pub fn open(config: &Config, now: Timestamp) -> Result<Self, Error> {
        let (seed, key) = (config.seed()?, config.ledger_key()?);
        let log = config.access_log.open(WRITER)?;
        let signers = config.signers(key.public())?;
        let at = |name: &str| config.folder.join(name);
        let (mut entries, text) = Appended::open(&at("ledger"))?;
        let keepers: Vec<Public> = [key.public()].into_iter().chain(config.retired()?).collect();
        let (ledger, whole) = Ledger::read(&text, &keepers, &signers)?;
        entries.cut(whole)?;
        let (spent, shares) = (Spent::open(&at("spent.jsonl"))?, Shares::open(at("shares"))?);
        let mut holder = Self { seed, key, signers, ledger, entries, spent, shares, log };
        // A process that was killed between an end and the share's destruction.
        for permit in holder.over() {
            holder.shares.destroy(&permit)?;
        }
        holder.expire(now)?;
        Ok(holder)
    }

    /// Enters what a party has signed. When it is the permit's end, its key is destroyed.
    ///
    /// # Errors
    /// When the statement does not count or changes nothing, or cannot be written.
    pub fn enter(&mut self, said: &Note, now: Timestamp) -> Result<Statement, Refusal> {
        let (next, entry) = self.ledger.enter(said, &self.signers, &self.key, now)?;
        let statement = Statement::read(said, &self.signers).map_err(NotEntered::from)?;
        self.entries.add(&entry)?;
        self.ledger = next;
        if statement.change == Change::Expire {
            self.shares.destroy(&statement.permit)?;
        }
        Ok(statement)
    }

    /// Ends every permit whose time has come, and destroys its key. A clock that is set back later changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn expire(&mut self, now: Timestamp) -> Result<(), Error> {
        let due = self.ledger.standings().all().filter(|standing| standing.is_expired(now) && !standing.is_over());
        let due: Vec<_> = due.map(|standing| standing.permit().id.clone()).collect();
        for permit in due {
            let said =
                Statement { at: now, permit: permit.clone(), change: Change::Expire }.sign(KEY_HOLDER, &self.key);
            let entered = self.ledger.enter(&said, &self.signers, &self.key, now);
            let (next, entry) = entered.expect("a permit that is not over can be ended by the key holder");
            self.entries.add(&entry)?;
            self.ledger = next;
            self.shares.destroy(&permit)?;
            tracing::info!(code = "permit-expired", %permit, "permit {permit} has expired; its key is destroyed");
        }
        Ok(())
    }

    /// Evaluates a batch that its region has signed, when the permit, the region's approval and the budget allow it. One entry
    /// of the access log says so, or that it was refused, before the answer.
    ///
    /// # Errors
    /// Why not.
    pub fn evaluate(&mut self, bytes: &[u8], now: Timestamp) -> Result<Evaluated, Refusal> {
        let batch = Batch::read(bytes, &self.signers)?;
        self.expire(now)?;
        let standing = match may_evaluate(self.ledger.standings().of(&batch.permit), batch.region, now) {
            Ok(standing) => standing,
            Err(refused) => {
                self.log(&batch, None, Outcome::Denied, now)?;
                return Err(refused.into());
            }
        };
        let permit = standing.permit();
        let budget = *permit.regions.get(&batch.region).expect("a region that approved is one of the permit's");
        let was_evaluated = self.spent.was_evaluated(&batch.permit);
        // Before the first is charged: a share that cannot be read or made costs the region nothing.
        let share = self.shares.of(&batch.permit, was_evaluated)?;
        let cost = self.spent.charge(&batch, budget, now)?;
        if let Cost::Exhausted { left } = cost {
            self.log(&batch, None, Outcome::Denied, now)?;
            return Err(Refusal::Exhausted { left });
        }
        self.log(&batch, Some(&permit.recipient), Outcome::Disclosed, now)?;
        let key = derive_key(&self.seed.with(&share), &batch.permit);
        let points = evaluate(&key, &batch.points);
        let count = points.len() as u64;
        let answer = Answer { permit: batch.permit.clone(), region: batch.region, batch: batch.digest, points };
        let sealed = answer.seal(permit).map_err(Error::from)?;
        let is_alarm = cost == Cost::Alarm;
        if is_alarm {
            tracing::warn!(
                code = "permit-alarm",
                permit = %batch.permit,
                region = batch.region.code(),
                "region {} has had more than twice a usual day's points evaluated today under permit {}: ask it why",
                batch.region.code(),
                batch.permit
            );
        }
        Ok(Evaluated { sealed, points: count, is_alarm })
    }

    /// The permits, and what each region has left: a line each.
    #[must_use]
    pub fn show(&self, now: Timestamp) -> String {
        let mut text = String::new();
        for standing in self.ledger.standings().all() {
            let permit = standing.permit();
            for (region, budget) in &permit.regions {
                let stands = may_evaluate(Some(standing), *region, now)
                    .err()
                    .map_or("approved".to_owned(), |why| why.to_string());
                let spent = self.spent.of(&permit.id, *region).points;
                text +=
                    &format!("{} region {}: {stands}; {spent} of {} points\n", permit.id, region.code(), budget.points);
            }
        }
        text
    }

    fn over(&self) -> Vec<linkage::PermitId> {
        let over = self.ledger.standings().all().filter(|standing| standing.is_over());
        over.map(|standing| standing.permit().id.clone()).collect()
    }

    fn log(&self, batch: &Batch, recipient: Option<&str>, result: Outcome, now: Timestamp) -> Result<(), Error> {
        let digest = access_log::Digest::new(&batch.digest).expect("a batch's digest is a SHA-256");
        let region = access_log::Region::new(batch.region.code()).expect("a lanskod has two digits");
        let entry = Entry {
            action: Action::Disclose,
            care_unit: Text::or_withheld("process: linkage under a permit"),
            commission: None,
            dataset: Text::or_withheld("blinded points"),
            digest: Some(digest),
            ground: Text::or_withheld(&format!("permit {}", batch.permit)),
            person: None,
            recipient: recipient.map(Text::or_withheld),
            region,
            resource: Text::or_withheld("batch of blinded points"),
            result,
            role: Text::or_withheld("region"),
            rows: Some(batch.points.len() as u64),
            time: now,
            user: Text::or_withheld(&permit::region_signer(batch.region)),
        };
        self.log.record_blocking(entry)?;
        Ok(())
    }
}

/// Reads a statement from a file.
pub(crate) fn statement(path: &Path) -> Result<Note, Refusal> {
    let text = std::fs::read_to_string(path).map_err(Error::file("read", path))?;
    Note::parse(&text).ok_or(Refusal::NotEntered(NotEntered::Statement(permit::NotAStatement::Shape)))
}
