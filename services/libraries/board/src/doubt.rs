//! What makes a ward's figures doubtful, and from when on that is an alarm. Pure.

use std::collections::HashMap;

use schemas::Timestamp;
use timeline::Stay;

/// A warning is shown so long after what it is about, and for as long as the visit it is about lies on the ward.
pub(crate) const SHOWN_FOR: i64 = 7 * 24 * 3_600_000_000;
/// From so many places too many that one or several persons take on a ward, it is an alarm: one person three times in
/// one bed, or two persons twice.
pub(crate) const AGAIN_ALARM: u32 = 2;
/// From so many warnings on a ward on, it is an alarm: then something is wrong with what the source sends, not with one
/// visit.
pub(crate) const WARNINGS_ALARM: u32 = 10;

/// What is doubtful about a ward.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubt {
    pub(crate) warnings: u32,
    /// The time of the first of them.
    pub(crate) since: Option<Timestamp>,
    /// Belagda that are persons who are counted in the same place already.
    pub(crate) again: u32,
    /// Since when a person has been counted again, as far as the stays tell.
    pub(crate) again_since: Option<Timestamp>,
    /// Facilities that share the ward's code; empty when at most one is heard.
    pub(crate) facilities: Vec<Box<str>>,
    /// Since when they share it.
    pub(crate) shared_since: Option<Timestamp>,
}

impl Doubt {
    /// Whether somebody has to look now.
    pub fn is_alarm(&self) -> bool {
        self.again >= AGAIN_ALARM || self.warnings >= WARNINGS_ALARM
    }

    /// Whether the timeline warns of anything.
    pub(crate) fn warns(&self) -> bool {
        self.warnings > 0 || self.again > 0
    }

    /// Since when it does.
    pub(crate) fn warned_since(&self) -> Option<Timestamp> {
        match (self.since, self.again_since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// How many admitted patients of these stays are persons who are in the same place already, and since when.
pub(crate) fn again<'a>(stays: impl IntoIterator<Item = &'a Stay>, at: Timestamp) -> (u32, Option<Timestamp>) {
    let mut seen: HashMap<(&str, &timeline::Location), Timestamp> = HashMap::new();
    let (mut again, mut since) = (0, None);
    let mut here: Vec<&Stay> = stays.into_iter().filter(|stay| stay.admitted && stay.covers(at)).collect();
    here.sort_by_key(|stay| stay.from);
    for stay in here {
        let Some(subject) = stay.subject.as_deref() else { continue };
        if seen.insert((subject, &stay.place), stay.from).is_some() {
            again += 1;
            since = since.or(Some(stay.from));
        }
    }
    (again, since)
}

#[cfg(test)]
mod tests {
    use schemas::{BedKind, CareType, PatientClass};
    use timeline::{Details, EpisodeKey, Location};

    use super::*;

    fn stay(person: &str, episode: usize, bed: &str, from: i64) -> Stay {
        Stay {
            episode: EpisodeKey { source_system: "S".into(), episode: episode.to_string().into() },
            subject: Some(person.into()),
            place: Location { unit: "A".into(), room: None, bed: Some(bed.into()), facility: None },
            from: Timestamp(from),
            to: None,
            admitted: true,
            on_leave: false,
            details: Details {
                patient_class: PatientClass::Inpatient,
                hospital_code: None,
                care_type: CareType::Somatic,
                responsible_unit: None,
                bed_kind: BedKind::Unknown,
                left_out: false,
            },
        }
    }

    #[test]
    fn one_person_in_one_bed_a_hundred_times_is_ninety_nine_too_many_and_an_alarm() {
        let stays: Vec<Stay> = (0..100).map(|n| stay("p", n, "1", 10 - n as i64 / 50)).collect();
        let (again, again_since) = again(&stays, Timestamp(20));
        assert_eq!((again, again_since), (99, Some(Timestamp(9))));
        assert!(Doubt { again, ..Doubt::default() }.is_alarm());
    }

    #[test]
    fn other_beds_other_persons_and_what_has_ended_are_not_again() {
        let mut stays = vec![stay("p", 1, "1", 0), stay("p", 2, "2", 0), stay("q", 3, "1", 0), stay("p", 4, "1", 0)];
        stays[3].to = Some(Timestamp(5));
        assert_eq!(again(&stays, Timestamp(5)), (0, None));
        assert_eq!(again(&stays, Timestamp(4)).0, 1);
        stays.iter_mut().for_each(|stay| stay.subject = None);
        assert_eq!(again(&stays, Timestamp(4)).0, 0, "nobody is known to be anybody");
    }

    #[test]
    fn the_thresholds_are_those_that_are_written() {
        let doubt = |again, warnings| Doubt { again, warnings, ..Doubt::default() };
        for (doubt, warns, alarm) in [
            (doubt(0, 0), false, false),
            (doubt(1, 0), true, false),
            (doubt(2, 0), true, true),
            (doubt(0, 9), true, false),
            (doubt(0, 10), true, true),
        ] {
            assert_eq!((doubt.warns(), doubt.is_alarm()), (warns, alarm), "{doubt:?}");
        }
    }
}
