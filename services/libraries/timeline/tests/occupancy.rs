//! The counts behind every figure.

use schemas::{BedKind, Timestamp};
use timeline::{Capacity, Occupancy, Stay, Total, occupancy};

use super::{event, run};

fn patients(count: usize) -> Vec<Stay> {
    (0..count).flat_map(|index| run(&[event("A01", 1, &format!("v{index}")).at("A")]).stays).collect()
}

fn capacity(disponibla: u32) -> Capacity {
    Capacity {
        valid_from: Timestamp(0),
        valid_to: None,
        faststallda: Some(disponibla + 2),
        disponibla: Some(disponibla),
        stangda: None,
        stangda_reason: None,
    }
}

const NOW: Timestamp = Timestamp(600_000_000);

/// So many patients, of whom the first ones lie in beds of the given kinds.
fn patients_in(count: usize, kinds: &[BedKind]) -> Vec<Stay> {
    let mut stays = patients(count);
    for (stay, kind) in stays.iter_mut().zip(kinds) {
        stay.details.bed_kind = *kind;
    }
    stays
}

#[test]
fn overbelaggningar_are_flagged_beds_and_at_least_those_beyond_the_disponibla() {
    use BedKind::{Disponibel, EjDisponibel, Teknisk};
    let known = |count: u32| Some(count);
    for (belagda, kinds, disponibla, expected) in [
        // No bed kind is known.
        (5, &[][..], Some(3), known(2)),
        (2, &[], Some(3), known(0)),
        // That one bed is known makes nothing smaller.
        (10, &[Disponibel], Some(9), known(1)),
        (10, &[Teknisk], Some(9), known(1)),
        (99, &[Disponibel; 14], Some(15), known(84)),
        // Flagged beds count whatever is free, and once: a patient beyond is not counted for a flagged bed again.
        (10, &[EjDisponibel; 2], Some(12), known(2)),
        (10, &[EjDisponibel; 2], Some(9), known(2)),
        (10, &[EjDisponibel; 2], Some(7), known(3)),
        // Without capacity a flagged bed is known, and nothing else.
        (10, &[EjDisponibel; 2], None, known(2)),
        (10, &[Disponibel; 10], None, None),
        (10, &[], None, None),
        (0, &[], None, None),
        // No staffed bed at all is known, and is not the same.
        (1, &[], Some(0), known(1)),
        (3, &[EjDisponibel], Some(0), known(3)),
        (0, &[], Some(0), known(0)),
    ] {
        let capacity = disponibla.map(capacity);
        let counted = occupancy(&patients_in(belagda, kinds), capacity.as_ref(), NOW);
        assert_eq!(counted.overbelaggningar_known(), expected, "{belagda} of {disponibla:?}, {kinds:?}");
        assert_eq!(counted.overbelaggningar, expected.unwrap_or(0));
        assert_eq!(counted.lediga(), disponibla.map(|beds| i64::from(beds) - i64::try_from(belagda).unwrap()));
    }
}

#[test]
fn a_patient_on_leave_keeps_the_bed_and_an_arrival_takes_none() {
    let mut stays = patients_in(4, &[BedKind::EjDisponibel, BedKind::EjDisponibel]);
    stays[0].on_leave = true;
    stays[1].admitted = false;
    let counted = occupancy(&stays, Some(&capacity(2)), NOW);
    assert_eq!((counted.belagda, counted.on_leave, counted.arrivals, counted.overbelaggningar), (3, 1, 1, 1));
}

#[test]
fn a_technical_bed_that_the_region_leaves_out_is_in_no_other_count() {
    let mut stays = patients_in(5, &[BedKind::Teknisk, BedKind::Teknisk, BedKind::EjDisponibel]);
    stays[0].details.responsible_unit = Some("B".into());
    let with = occupancy(&stays, Some(&capacity(5)), NOW);
    assert_eq!((with.belagda, with.overbelaggningar, with.utlokaliserade, with.left_out), (5, 1, 1, 0));
    // The same ward where the region has two beds fewer among the staffed ones.
    stays[..2].iter_mut().for_each(|stay| stay.details.left_out = true);
    let without = occupancy(&stays, Some(&capacity(3)), NOW);
    assert_eq!((without.belagda, without.overbelaggningar, without.utlokaliserade, without.left_out), (3, 1, 0, 2));
    assert_eq!((with.lediga(), without.lediga()), (Some(0), Some(0)));
}

#[test]
fn both_flags_are_independent() {
    let mut stays = patients_in(2, &[BedKind::EjDisponibel, BedKind::Disponibel]);
    stays[0].details.responsible_unit = Some("B".into());
    stays[1].details.responsible_unit = Some("A".into());
    let counted = occupancy(&stays, Some(&capacity(9)), NOW);
    assert_eq!((counted.overbelaggningar, counted.utlokaliserade), (1, 1));
}

#[test]
fn a_total_is_the_sum_of_the_wards_own_figures() {
    let mut total = Total::default();
    // One ward has two too many, the other two free: together they are not even.
    total.add(Some(&occupancy(&patients(11), Some(&capacity(9)), NOW)));
    total.add(Some(&occupancy(&patients(7), Some(&capacity(9)), NOW)));
    assert_eq!((total.overbelaggningar, total.lediga), (2, 2));
}

#[test]
fn arrivals_are_not_belagda_and_ended_stays_do_not_count() {
    let mut stays = patients(3);
    stays[0].admitted = false;
    stays[1].to = Some(NOW);
    let counted = occupancy(&stays, None, NOW);
    assert_eq!((counted.belagda, counted.arrivals), (1, 1));
}

#[test]
fn a_total_is_sum_over_sum_and_leaves_out_what_is_not_known() {
    let mut total = Total::default();
    assert_eq!(total.overbelaggningar_per_100(), None);
    total.add(Some(&Occupancy { belagda: 12, overbelaggningar: 2, disponibla: Some(10), ..Occupancy::default() }));
    total.add(Some(&Occupancy { belagda: 10, disponibla: Some(90), ..Occupancy::default() }));
    total.add(Some(&Occupancy { belagda: 7, disponibla: None, ..Occupancy::default() }));
    total.add(None);
    assert_eq!((total.units, total.units_counted, total.belagda, total.lediga), (4, 2, 22, 80));
    assert_eq!(total.overbelaggningar_per_100(), Some(2.0));
    assert_eq!(total.belagda_per_100(), Some(22.0));
}
