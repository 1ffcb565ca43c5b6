//! Whole data sets: a table of a page over every period, made beside the threads that answer.

use std::sync::Arc;

use board::language::Language;
use figures::report::{self, Address, Place, Sheet, dataset};

use crate::hub::Hub;

/// The table over every period; `None` when there is none.
pub(crate) async fn whole(hub: Arc<Hub>, language: Language, address: Address, table: String) -> Option<Sheet> {
    // Two dozen pages are made for it.
    let made =
        tokio::task::spawn_blocking(move || with(&hub, language, &address, |sight| dataset::whole(sight, &table)));
    // A panic has been logged; nothing of it can be shown.
    made.await.ok().flatten()
}

/// What is published, as it is now, for one page.
pub(crate) fn with<T>(
    hub: &Hub,
    language: Language,
    address: &Address,
    then: impl FnOnce(&report::Sight<'_>) -> T,
) -> T {
    let (library, manner, picture) = (hub.shelf.library(), hub.shelf.manner(), hub.picture());
    let operations = hub.shelf.operations();
    then(&report::Sight {
        library: &library,
        manner: &manner,
        language,
        address,
        now: picture.board.now,
        operations: &operations,
        board: &picture.board,
    })
}

/// What the file of a table is called: page, place, period and table.
pub(crate) fn file_name(address: &Address, period: &str, table: &str) -> String {
    let mut parts = vec![address.kind.segment().to_owned()];
    match &address.place {
        Place::Country => {}
        Place::Region(region) => parts.push(region.code().to_owned()),
        Place::Hospital(region, code) => {
            parts.push(region.code().to_owned());
            parts.push(code.chars().filter(char::is_ascii_alphanumeric).collect());
        }
    }
    parts.extend([period, table].into_iter().filter(|part| !part.is_empty()).map(str::to_owned));
    parts.join("-")
}
