//! Figures that sink-register has published in the store: kept in memory as tables, and never computed anew.
//!
//! A page shows numerators and denominators as they were published, and sums of them. What is read is bounded: the
//! newest version of each extract, region and period, so many months and years back, and so many bytes in all.

pub mod parcel;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::Timestamp;
use topics::Region;

pub(crate) use parcel::FlagKind;
pub use parcel::Parcel;
pub use table::{Row, Table};

use crate::period::Period;

/// The extracts that pages are about, in the order of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extract {
    /// Waiting times of a month.
    WaitingTimes,
    /// Beds at 06:00 of a month.
    Beds,
    /// The hip-fracture pathway of a month or a year.
    HipFracture,
    /// Costs per contact of a year.
    Kpp,
}

impl Extract {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::WaitingTimes, Self::Beds, Self::HipFracture, Self::Kpp];

    /// The name of its definition in sink-register.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WaitingTimes => "waiting-times",
            Self::Beds => "beds",
            Self::HipFracture => "hip-fracture",
            Self::Kpp => "kpp",
        }
    }

    /// Reads the name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|extract| extract.name() == name)
    }
}

/// How the last reading of the store went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// The configuration names no store.
    #[default]
    NoStore,
    /// The store has not answered yet.
    NotYet,
    /// Read at this instant.
    At(Timestamp),
    /// It did not answer at this instant; what is shown is older.
    Failed(Timestamp),
}

/// Everything published that is held.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// How the last reading went.
    pub reading: Reading,
    /// By extract, region and period.
    parcels: BTreeMap<(Extract, Region, Period), Arc<Parcel>>,
    /// Parcels that were too large to be held, or beyond the bound.
    pub left_out: usize,
}

impl Library {
    /// A library of these parcels; of two of one series the higher version stays.
    pub fn of(reading: Reading, parcels: impl IntoIterator<Item = Arc<Parcel>>, left_out: usize) -> Self {
        let mut library = Self { reading, left_out, ..Self::default() };
        for parcel in parcels {
            let key = parcel.key();
            if library.parcels.get(&key).is_none_or(|held| held.version < parcel.version) {
                library.parcels.insert(key, parcel);
            }
        }
        library
    }

    /// The same after a reading that failed; one that has never succeeded is still waited for.
    #[must_use]
    pub fn failed(&self, at: Timestamp) -> Self {
        let reading = if self.reading == Reading::NotYet { Reading::NotYet } else { Reading::Failed(at) };
        Self { reading, ..self.clone() }
    }

    /// The parcel of a series.
    pub fn get(&self, extract: Extract, region: Region, period: Period) -> Option<&Arc<Parcel>> {
        self.parcels.get(&(extract, region, period))
    }

    /// All parcels.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Parcel>> {
        self.parcels.values()
    }

    /// Parcels of an extract and period, by länskod.
    pub fn of_period(&self, extract: Extract, period: Period) -> impl Iterator<Item = &Arc<Parcel>> {
        self.parcels.values().filter(move |parcel| parcel.extract == extract && parcel.period == period)
    }

    /// Periods that some region has published, newest first.
    pub(crate) fn periods(&self, extract: Extract) -> Vec<Period> {
        let periods: BTreeSet<Period> =
            self.parcels.keys().filter(|(of, ..)| *of == extract).map(|(.., period)| *period).collect();
        periods.into_iter().rev().collect()
    }

    /// The period asked for, else the newest one.
    pub(crate) fn period(&self, extract: Extract, wanted: Option<Period>) -> Option<Period> {
        wanted.or_else(|| self.periods(extract).first().copied())
    }

    /// The month asked for, else the newest closed one of any extract, else the running one.
    pub(crate) fn month(&self, wanted: Option<Period>, now: Timestamp) -> Option<Period> {
        let running = Period::running(now);
        let months = || self.iter().map(|parcel| parcel.period).filter(|period| period.is_month());
        let closed = || months().filter(|month| *month < running).max();
        wanted.filter(|period| period.is_month()).or_else(closed).or_else(|| months().max())
    }
}
