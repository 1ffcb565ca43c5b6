//! Whatever else lies in the folder of the run: configuration, and what services write beside their logs.

use std::fs;

use super::sheet::files_below;
use crate::{search::Sheet, stack::Stack};

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    for path in files_below(stack.folder()) {
        sheet.scan("file name", path.as_os_str().as_encoded_bytes());
        if path.extension().is_none_or(|extension| extension != "log") {
            // A service replaces files of its own beside us.
            sheet.scan("file", &fs::read(&path).unwrap_or_default());
        }
    }
}
