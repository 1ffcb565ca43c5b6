//! The files that a region keeps beside its feed: unit directory and capacity.

use std::fmt::Write as _;

use hl7::time::Stockholm;

use super::country::Area;
use super::write::Writer;

/// The processor's mapping file (its README has the schema).
pub(super) fn mapping(area: &Area) -> String {
    let mut text = format!("# Unit directory of an invented region.\nregion = \"{}\"\n", area.region.code());
    for (number, ward) in area.wards.iter().enumerate() {
        let hospital = &area.hospitals[ward.hospital];
        let _ = write!(
            text,
            "\n[[unit]]\ncode = \"{}\"\nhsa_id = \"{}\"\nname = \"{}\"\nhospital_code = \"{}\"\nhospital_name = \"{}\"\n",
            ward.code, ward.hsa_id, ward.name, hospital.code, hospital.name
        );
        if let Some(mvo) = ward.mvo {
            let _ = writeln!(text, "mvo = \"{mvo}\"");
        }
        let care_type = if ward.psychiatric { "psychiatric" } else { "somatic" };
        let bed_kind = if ward.technical { "teknisk" } else { "disponibel" };
        let _ = writeln!(text, "care_type = \"{care_type}\"\nbed_kind = \"{bed_kind}\"");
        // Of the hundred numbers in Göteborg that are kept free for fiction.
        let _ = writeln!(text, "telephone = \"031-39006{:02}\"", number % 100);
        if ward.bed_count > 0 {
            let _ =
                writeln!(text, "\n  [[unit.bed]]\n  room = \"Korridor\"\n  bed = \"K*\"\n  kind = \"ej_disponibel\"");
        }
    }
    text.push_str("\n[responsible_unit]\nfield = \"PV1-10\"\n");
    text
}

/// Where the hospitals of a region lie, without a head: `lanskod;sjukhuskod;sjukhus;latitud;longitud`. They are as invented as the
/// hospitals: regions from south to north by their number, a hospital some tens of kilometres from the next.
pub(super) fn hospitals(area: &Area) -> String {
    let region = area.region.code();
    let latitude = 55.5 + region.parse::<f64>().unwrap_or_default() * 0.4;
    let mut text = String::new();
    for (number, hospital) in (0_u8..).zip(&area.hospitals) {
        let (along, across) = (f64::from(number / 3) * 0.25, f64::from(number % 3) * 0.5);
        let _ =
            writeln!(text, "{region};{};{};{:.2};{:.2}", hospital.code, hospital.name, latitude + along, 15.0 + across);
    }
    text
}

/// The capacity file: every decision so far, oldest first within a ward.
pub(super) fn capacity(area: &Area) -> String {
    let clock = Stockholm::new();
    let mut text = "enhet;giltig_fran;faststallda;disponibla;stangda;skal\n".to_owned();
    for ward in &area.wards {
        for row in &ward.capacity {
            let from = Writer::iso(&clock, row.from_micros);
            let (decided, open) = (ward.bed_count, row.disponibla);
            let _ = writeln!(text, "{};{from};{decided};{open};{};{}", ward.code, decided - open, row.reason);
        }
    }
    text
}
