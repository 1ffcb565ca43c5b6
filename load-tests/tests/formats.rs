//! What connector makes of a table is what processor reads in it.

use connector::capacity;
use connector::config::Encoding;
use connector::table::check::Checker;
use connector::table::check::Demand;
use delimited::cutter::Cutter;
use processor::directory::Directory;
use processor::dry_run;
use processor::dry_run::Language;
use processor::dry_run::Options;
use processor::mapping::Program;
use runtime::config::Size;
use schemas::Timestamp;
use serde_json::Value;

/// The payloads of a file's rows; nothing of a file that is left out.
fn payloads(file: &[u8]) -> Vec<String> {
    let demand = Demand { encoding: Encoding::Detect, columns: Vec::new(), key: None, row_max: Size::kib(64) };
    let mut checker = Checker::new(&demand);
    checker.push(file);
    let Ok(shape) = checker.end().verdict else { return Vec::new() };
    let start = usize::try_from(shape.start.offset).expect("small");
    let mut cutter = Cutter::rows(shape.delimiter, shape.start, demand.row_bytes_max());
    cutter.push(&file[start..]);
    cutter.end();
    let mut payloads = Vec::new();
    while let Some(row) = cutter.cut().expect("it was found whole") {
        payloads.extend(shape.payload(row.cells));
    }
    payloads
}

/// The events that processor makes of a table, in order.
fn events(table: &[u8]) -> Vec<Value> {
    let options = Options {
        region: "14".to_owned(),
        directory: Directory::default(),
        program: Some(Program::load("ward-capacity".as_ref()).expect("a shipped package")),
        code_lists: None,
        format: None,
        census: false,
        stays: false,
        language: Language::En,
        received_at: Timestamp(1_767_700_000_000_000),
    };
    let mut lines = Vec::new();
    // A table of which no row is read is an error, and each of its lines says why.
    match dry_run::run(options, table, &mut lines) {
        Ok(_) | Err(dry_run::Error::NotRows) => {}
        Err(error) => panic!("{error}"),
    }
    let lines = String::from_utf8(lines).expect("UTF-8");
    let events = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["events"].as_array().cloned();
    lines.lines().filter_map(events).flatten().collect()
}

#[test]
fn a_table_is_cut_alike_on_both_sides_of_the_topic() {
    let plain = "Enhet;Giltig från;Disponibla;Not\nMAVA;2026-01-06T08:00;20;x\n";
    for table in [
        plain.to_owned(),
        plain.replace(';', ","),
        plain.replace(';', "\t"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}sep=;\r\n{plain}"),
        format!("sep=|\n{}", plain.replace(';', "|")),
        // More commas than semicolons, and a row that has as many.
        plain.replace("Not", "Not (kort, fritt, utan namn)").replace('x', "1,5, 2,5"),
        plain.replace("Not", "\"Not; kort\"").replace('x', "\"a;b\""),
        // Semicolons in quoted names of a table with commas.
        plain.replace(';', ",").replace("Not", "\"Not; kort; fritt\""),
        plain.replace('x', "5\" \"x\""),
    ] {
        let payloads = payloads(table.as_bytes());
        let [payload] = payloads.as_slice() else { panic!("{} rows of {table:?}", payloads.len()) };
        let read = events(payload.as_bytes());
        assert_eq!((read.len(), read), (1, events(table.as_bytes())), "{table:?} as {payload:?}");
        let capacity::table::Table::Rows(rows) = capacity::table::read(table.as_bytes()) else {
            panic!("{table:?} has a header")
        };
        assert_eq!((rows.len(), rows[0].unit.as_str()), (1, "MAVA"), "{table:?}");
        assert_eq!(events(&rows[0].payload).len(), 1, "{table:?}");
    }
}

#[test]
fn what_could_be_cut_in_two_ways_is_left_out_and_not_misread() {
    let commas = "Enhet,Giltig från,Disponibla,Not; kort\nMAVA,2026-01-06T08:00,20,x\n";
    for table in [commas.to_owned(), format!("sep=;\n{commas}"), commas.replace("x\n", "\"x\n")] {
        assert_eq!(payloads(table.as_bytes()), [""; 0], "{table:?}");
        assert_eq!(events(table.as_bytes()), [Value::Null; 0], "{table:?}");
    }
    assert_eq!(events(payloads(format!("sep=,\n{commas}").as_bytes())[0].as_bytes()).len(), 1, "its first line tells");
}
