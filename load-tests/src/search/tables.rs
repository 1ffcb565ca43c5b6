//! What the store's owner reads: every table, its values taken out of whatever they are compressed in.

use std::process::Command;

use crate::{account, search::Sheet, stack::Stack};

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    // Every table as text, whatever the column, and what was sent as it was sent. Its bytes as a dump writes them are no text:
    // among so many hexadecimal digits some are an identity's by chance.
    let dump = Command::new("pg_dump")
        .args(["--exclude-table-data=events*", "--dbname"])
        .arg(stack.database_url())
        .output()
        .expect("pg_dump runs");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    sheet.scan("table", &dump.stdout);
    let events = "select record, (to_jsonb(events) - 'record')::text from events";
    for row in account::query(stack, events).expect("the store answers") {
        sheet.scan("table", row.get::<_, &[u8]>(0));
        sheet.scan("table", row.get::<_, &str>(1).as_bytes());
    }
}
