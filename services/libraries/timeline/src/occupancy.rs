//! The one function behind every occupancy figure: the live board, the 06:00 snapshot and the extracts.

use schemas::{BedKind, Timestamp};

use crate::{Capacity, Stay};

/// How one unit is occupied at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// Admitted patients in the unit, those on leave included: their bed is kept. Without those of `left_out`.
    pub belagda: u32,
    /// Of them: cared for on a place that is not a disponibel vårdplats; see [`occupancy`], and
    /// [`Occupancy::overbelaggningar_known`] for whether that can be told at all.
    pub overbelaggningar: u32,
    /// Of them: another unit has the medical responsibility. Independent of `overbelaggningar`.
    pub utlokaliserade: u32,
    /// Of them: on leave.
    pub on_leave: u32,
    /// Arrivals that are not admitted; not part of `belagda`.
    pub arrivals: u32,
    /// Admitted patients in technical beds that the region leaves out of its figures; not part of any other count.
    pub left_out: u32,
    /// Staffed beds; `None` when no capacity is known.
    pub disponibla: Option<u32>,
    /// Decided beds.
    pub faststallda: Option<u32>,
    /// Closed beds.
    pub stangda: Option<u32>,
}

/// Counts one unit at `instant`. `stays` are those of the unit, of any time; `capacity` is what holds at `instant`.
///
/// Överbeläggningar are the patients in beds that the unit directory calls `EJ_DISPONIBEL`, and at least the patients
/// beyond the disponibla: `max(flagged, belagda - disponibla)`. That a bed of the unit is known to the directory says
/// nothing of the others, so it never makes the figure smaller. Readings of ours, for want of a public rule:
///
/// * a bed `TEKNISK` is a disponibel vårdplats by the term bank: whoever lies there is no överbeläggning by the bed alone. A
///   region that has no technical beds among its decided and staffed ones says so in its unit directory: then whoever lies there
///   counts as `left_out` and as nothing else, for the beds that would hold the patient are not in the denominator;
/// * a patient on leave counts like any other, for the bed is kept;
/// * one patient can be both överbeläggning and utlokaliserad.
pub fn occupancy<'a>(
    stays: impl IntoIterator<Item = &'a Stay>,
    capacity: Option<&Capacity>,
    instant: Timestamp,
) -> Occupancy {
    let mut counted = Occupancy {
        disponibla: capacity.and_then(|capacity| capacity.disponibla),
        faststallda: capacity.and_then(|capacity| capacity.faststallda),
        stangda: capacity.and_then(|capacity| capacity.stangda),
        ..Occupancy::default()
    };
    let mut flagged = 0;
    for stay in stays.into_iter().filter(|stay| stay.covers(instant)) {
        if !stay.admitted {
            counted.arrivals += 1;
            continue;
        }
        let details = &stay.details;
        if details.left_out {
            counted.left_out += 1;
            continue;
        }
        counted.belagda += 1;
        counted.on_leave += u32::from(stay.on_leave);
        flagged += u32::from(details.bed_kind == BedKind::EjDisponibel);
        counted.utlokaliserade +=
            u32::from(details.responsible_unit.as_ref().is_some_and(|unit| *unit != stay.place.unit));
    }
    let beyond = counted.disponibla.map_or(0, |disponibla| counted.belagda.saturating_sub(disponibla));
    counted.overbelaggningar = flagged.max(beyond);
    counted
}

impl Occupancy {
    /// Staffed free beds, negative when more patients than staffed beds; `None` without capacity.
    #[must_use]
    pub fn lediga(&self) -> Option<i64> {
        self.disponibla.map(|disponibla| i64::from(disponibla) - i64::from(self.belagda))
    }

    /// Överbeläggningar, where they can be told: the staffed beds are known, or a bed that is not disponibel is taken.
    /// Otherwise nobody knows, which is not zero.
    #[must_use]
    pub fn overbelaggningar_known(&self) -> Option<u32> {
        (self.disponibla.is_some() || self.overbelaggningar > 0).then_some(self.overbelaggningar)
    }
}

/// A sum over units: shares are sum over sum, never a mean of shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Units that the sum is asked about.
    pub units: u32,
    /// Units with usable data and a known capacity: those in the sums.
    pub units_counted: u32,
    /// Patients in the counted units.
    pub belagda: u32,
    /// Staffed free beds, counted per unit: a full unit does not use up another's free beds.
    pub lediga: u32,
    /// Överbeläggningar in the counted units.
    pub overbelaggningar: u32,
    /// Utlokaliserade in the counted units.
    pub utlokaliserade: u32,
    /// Staffed beds of the counted units.
    pub disponibla: u32,
    /// Decided beds of the counted units that say so.
    pub faststallda: u32,
    /// Closed beds of the counted units that say so.
    pub stangda: u32,
    /// [`Occupancy::left_out`] of every unit with usable data, those without a capacity among them: part of no other sum.
    pub left_out: u32,
}

impl Total {
    /// Adds a unit. `None` is a unit whose data are stale or missing: asked about, not counted.
    pub fn add(&mut self, unit: Option<&Occupancy>) {
        self.units += 1;
        let Some(unit) = unit else { return };
        self.left_out += unit.left_out;
        let Some(disponibla) = unit.disponibla else { return };
        self.units_counted += 1;
        self.belagda += unit.belagda;
        self.lediga += disponibla.saturating_sub(unit.belagda);
        self.overbelaggningar += unit.overbelaggningar;
        self.utlokaliserade += unit.utlokaliserade;
        self.disponibla += disponibla;
        self.faststallda += unit.faststallda.unwrap_or(0);
        self.stangda += unit.stangda.unwrap_or(0);
    }

    /// Belagda per 100 disponibla; `None` when there are no disponibla.
    #[must_use]
    pub fn belagda_per_100(&self) -> Option<f64> {
        self.per_100(self.belagda)
    }

    /// Överbeläggningar per 100 disponibla vårdplatser (SKR); `None` when there are no disponibla.
    #[must_use]
    pub fn overbelaggningar_per_100(&self) -> Option<f64> {
        self.per_100(self.overbelaggningar)
    }

    /// Utlokaliserade per 100 disponibla vårdplatser (SKR); `None` when there are no disponibla.
    #[must_use]
    pub fn utlokaliserade_per_100(&self) -> Option<f64> {
        self.per_100(self.utlokaliserade)
    }

    fn per_100(&self, count: u32) -> Option<f64> {
        (self.disponibla > 0).then(|| 100.0 * f64::from(count) / f64::from(self.disponibla))
    }
}
