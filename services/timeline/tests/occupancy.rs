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

#[test]
fn without_a_bed_directory_overbelaggningar_are_those_beyond_the_disponibla() {
    let counted = occupancy(&patients(5), Some(&capacity(3)), NOW);
    assert_eq!((counted.belagda, counted.overbelaggningar, counted.lediga()), (5, 2, Some(-2)));
    let counted = occupancy(&patients(2), None, NOW);
    assert_eq!((counted.belagda, counted.overbelaggningar, counted.lediga()), (2, 0, None));
}

#[test]
fn with_a_bed_directory_the_bed_decides_and_both_flags_are_independent() {
    let mut stays = patients(2);
    stays[0].details.bed_kind = BedKind::EjDisponibel;
    stays[0].details.responsible_unit = Some("B".into());
    stays[1].details.bed_kind = BedKind::Disponibel;
    stays[1].details.responsible_unit = Some("A".into());
    let counted = occupancy(&stays, Some(&capacity(9)), NOW);
    assert_eq!((counted.overbelaggningar, counted.utlokaliserade), (1, 1));
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
