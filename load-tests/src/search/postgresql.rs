//! The files of PostgreSQL as they lie on the disk, dead rows included, and what it has gathered of values beside them.

use std::{collections::HashMap, fs, path::Path};

use super::{compressed, sheet::files_below, write_ahead_log};
use crate::{account, search::Sheet, stack::Stack};

/// What would hide a text from the search of the files, and what it must be instead.
const SETTINGS: [(&str, &str); 2] = [("wal_compression", "off"), ("default_toast_compression", "pglz")];

/// A cluster that hides texts in another way than the search knows is a panic.
pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    for (setting, value) in SETTINGS {
        assert_eq!(one(stack, &format!("show {setting}")), value, "{setting} hides texts from the search");
    }
    let statements = "select count(*)::text from pg_extension where extname = 'pg_stat_statements'";
    assert_eq!(one(stack, statements), "0", "statements are kept, and are not searched");
    // Histograms and most common values are as fresh as the last look at the table.
    account::query(stack, "analyze").expect("the store answers");
    for row in account::query(stack, "select s::text from pg_stats s").expect("the store answers") {
        sheet.scan("statistics", row.get::<_, &str>(0).as_bytes());
    }
    for row in account::query(stack, "select s::text from pg_stat_activity s").expect("the store answers") {
        sheet.scan("sessions", row.get::<_, &str>(0).as_bytes());
    }
    account::query(stack, "checkpoint").expect("the store answers");
    files(stack, sheet);
}

fn files(stack: &Stack, sheet: &mut Sheet<'_>) {
    let relations =
        "select pg_relation_filepath(oid), relkind::text from pg_class where pg_relation_filepath(oid) is not null";
    let rows = account::query(stack, relations).expect("the store answers");
    let kinds: HashMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let folder = stack.postgres_folder().expect("a database server of the run's own");
    let data = folder.join("data");
    for path in files_below(folder) {
        // PostgreSQL deletes files of its own beside us.
        let Ok(bytes) = fs::read(&path) else { continue };
        match place(path.strip_prefix(&data).unwrap_or(&path), &kinds) {
            "WAL" => {
                let records = write_ahead_log::records(&bytes);
                sheet.scan("WAL", &records);
                compressed::each_in_place(&records, &mut |text| sheet.scan("WAL, decompressed", text));
            }
            "TOAST" => {
                sheet.scan("TOAST", &bytes);
                compressed::each_in_pieces(&bytes, &mut |text| sheet.scan("TOAST, put together", text));
            }
            "heap" => {
                sheet.scan("heap", &bytes);
                compressed::each_in_place(&bytes, &mut |text| sheet.scan("heap, decompressed", text));
            }
            place => sheet.scan(place, &bytes),
        }
    }
}

/// What a file is, by its place in the data folder and the relations that this database has.
fn place(path: &Path, kinds: &HashMap<String, String>) -> &'static str {
    let text = path.to_string_lossy();
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // A large relation has several files, and each has others beside it that say where there is room.
    let relation = text.split(['.', '_']).next().unwrap_or_default();
    match kinds.get(relation).map(String::as_str) {
        _ if name == "postgres.log" => "log",
        _ if text.starts_with("pg_wal/") => "WAL",
        _ if text.contains("pgsql_tmp") => "temporary file",
        Some("r" | "m" | "S") => "heap",
        Some("t") => "TOAST",
        Some("i") => "index",
        _ => "database file",
    }
}

/// One text of one row.
fn one(stack: &Stack, sql: &str) -> String {
    account::query(stack, sql).expect("the store answers")[0].get(0)
}
