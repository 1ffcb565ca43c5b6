//! Register extracts of what is in the store, as they leave and as their recipient opens them.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::sheet::files_below;
use crate::{
    check_register::{RECIPIENT_KEY, extract},
    search::Sheet,
    stack::Stack,
};

/// Figures for everybody, and a column for each field of each event: both are made of what a record system says of stays.
const EXTRACTS: [&str; 2] = ["beds", "columnar-encounter"];

/// The month in which everything happens that the runs send.
const PERIOD: &str = "2026-01";

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    let region = stack.regions()[0];
    for name in EXTRACTS {
        let folder = tempfile::tempdir().expect("a folder");
        let printed = extract(stack, name, region, PERIOD, folder.path()).expect("the extract is made");
        sheet.scan("log", printed.join("\n").as_bytes());
        let identity = fs::read_to_string(folder.path().join(RECIPIENT_KEY)).expect("the recipient's key");
        let identity: age::x25519::Identity = identity.trim().parse().expect("an age key");
        for path in files_below(folder.path()) {
            let below = path.strip_prefix(folder.path()).unwrap_or(&path);
            sheet.scan("file name", below.as_os_str().as_encoded_bytes());
            sheet.scan("parcel", &fs::read(&path).expect("a file of a parcel"));
            if path.extension().is_some_and(|extension| extension == "age") {
                opened(&path, &identity, sheet);
            }
        }
    }
}

/// A sealed file as its recipient reads it: its bytes, and the values of its rows, which are compressed there.
fn opened(path: &Path, identity: &age::x25519::Identity, sheet: &mut Sheet<'_>) {
    let sealed = fs::read(path).expect("a sealed file");
    let decryptor = age::Decryptor::new_buffered(&sealed[..]).expect("an age file");
    let mut bytes = Vec::new();
    let mut reader =
        decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).expect("the recipient opens it");
    reader.read_to_end(&mut bytes).expect("it is whole");
    sheet.scan("parcel, opened", &bytes);
    if path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(".parquet")) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), &bytes).expect("written");
        let rows = SerializedFileReader::new(File::open(file.path()).expect("opened")).expect("Parquet");
        for row in rows.get_row_iter(None).expect("rows") {
            sheet.scan("parcel, opened", row.expect("a row").to_string().as_bytes());
        }
    }
}
