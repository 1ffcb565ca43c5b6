//! The wall between regions, tried from outside: a small run of `make check-wall`.

use load_tests::wall::{self, Of, Plan};

#[test]
fn nothing_comes_through_between_three_regions_and_walls_built_wrong_are_caught() {
    let of = vec![Of::Tables, Of::Topics, Of::Parcels];
    let report = wall::run(&Plan { regions: 3, seed: 1, of }, &mut |text| println!("{text}")).expect("the run is made");
    println!("{}", report.table());
    assert!(report.holds, "{:#?}", report.surfaces);
    assert_eq!((report.foreign, report.surfaces.len()), (0, 3));
    assert!(report.probes > 5_000, "{} probes", report.probes);
    assert_eq!(report.caught, 11, "seven in tables, three in topics, one in parcels");
}
