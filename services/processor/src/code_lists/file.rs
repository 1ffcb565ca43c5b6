//! A list as it is written: a TOML file that says what it is, and a CSV file of its codes beside it.

use std::path::{Path, PathBuf};

use delimited::cutter::Cutter;
use delimited::cutter::Place;
use delimited::cutter::Row;
use delimited::letters::Letters;
use delimited::separator::USUAL;
use jiff::civil;
use serde::Deserialize;
use toml::Spanned;

use super::shape::Form;
use super::{CodeLists, Day, List, Shape, System, Validity, normalised};

/// Codes in one list, a bound against rubbish; ICD-10-SE has some forty thousand.
const CODES_MAX: usize = 500_000;
/// The longest row of a list of codes.
const ROW_BYTES_MAX: usize = 64 * 1024;

const LISTS_MAX: usize = 64;

/// Since ever, and for ever.
const ALWAYS: Validity = Validity { from: 0, to: Day::MAX };

const SHIPPED: [(&str, &str, &str); 4] = [
    ("icd-10-se.toml", include_str!("../../codelists/icd-10-se.toml"), include_str!("../../codelists/icd-10-se.csv")),
    ("kva.toml", include_str!("../../codelists/kva.toml"), include_str!("../../codelists/kva.csv")),
    ("atc.toml", include_str!("../../codelists/atc.toml"), ""),
    ("mvo.toml", include_str!("../../codelists/mvo.toml"), include_str!("../../codelists/mvo.csv")),
];

/// Why a code list was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file cannot be opened or is not UTF-8.
    #[error("cannot read code list {path}; write it as UTF-8 in the folder that code_lists names")]
    Unreadable {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something that cannot be.
    #[error("{path}:{line}: {what}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong and what would be right.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: FileList,
    shape: Option<FileShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileList {
    system: Spanned<String>,
    version: Spanned<String>,
    source: Spanned<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "for people and for terminology services; codes are found by system")]
    oid: Vec<String>,
    valid_from: Spanned<String>,
    complete: bool,
    codes: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    forms: Vec<Spanned<String>>,
    #[serde(default)]
    not: Vec<Spanned<String>>,
    #[serde(default)]
    first: String,
    heading: Option<String>,
}

/// The lists that come with the program.
pub(super) fn shipped() -> Result<CodeLists, Error> {
    let mut lists = CodeLists::default();
    for (name, text, codes) in SHIPPED {
        add(Path::new(name), text, |_| Ok(codes.to_owned()), &mut lists)?;
    }
    Ok(lists)
}

/// Every list of a folder, in the order of their names, in place of those that are there.
pub(super) fn folder(folder: &Path, lists: &mut CodeLists) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    if paths.is_empty() || paths.len() > LISTS_MAX {
        let what = format!("a folder of code lists holds 1 to {LISTS_MAX} files *.toml, this one {}", paths.len());
        return Err(Error::Wrong { path: folder.to_owned(), line: 1, what });
    }
    let mut seen: Vec<System> = Vec::new();
    for path in paths {
        let text = read(&path)?;
        let system = add(&path, &text, |name| read(&folder.join(name)), lists)?;
        if seen.contains(&system) {
            let what = format!("the folder has another list of {}; keep one", system.name());
            return Err(Error::Wrong { path, line: 1, what });
        }
        seen.push(system);
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}

/// Puts a list in its system's place. `codes` gives the text of the file that it names.
fn add(
    path: &Path,
    text: &str,
    codes: impl FnOnce(&str) -> Result<String, Error>,
    lists: &mut CodeLists,
) -> Result<System, Error> {
    let line_of = |at: usize| text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
    let wrong = |at: usize, what: String| Error::Wrong { path: path.to_owned(), line: line_of(at), what };
    let File { list, shape } = toml::from_str(text).map_err(|error| {
        wrong(error.span().map_or(0, |span| span.start), error.message().trim().replace('\n', "; "))
    })?;
    let system = System::of_name(list.system.get_ref()).ok_or_else(|| {
        let names: Vec<&str> = System::ALL.iter().map(|system| system.name()).collect();
        wrong(list.system.span().start, format!("list.system: use one of {}", names.join(", ")))
    })?;
    for (key, said) in [("version", &list.version), ("source", &list.source)] {
        if said.get_ref().is_empty() {
            return Err(wrong(said.span().start, format!("list.{key}: say it, so that a finding can be traced")));
        }
    }
    let from = day(list.valid_from.get_ref())
        .ok_or_else(|| wrong(list.valid_from.span().start, "list.valid_from: write a day as YYYY-MM-DD".to_owned()))?;
    let place = &mut lists.lists[system as usize];
    let shape = match shape {
        None => std::mem::take(&mut place.shape),
        Some(shape) => {
            let form = |form: &Spanned<String>| {
                Form::read(form.get_ref()).ok_or_else(|| {
                    wrong(form.span().start, "shape: a form is made of A (letter), 9 (digit) and * (either)".to_owned())
                })
            };
            let forms = shape.forms.iter().map(form).collect::<Result<_, _>>()?;
            let not = shape.not.iter().map(form).collect::<Result<_, _>>()?;
            Shape::new(forms, not, shape.first, shape.heading)
        }
    };
    let mut made = List {
        version: list.version.into_inner(),
        from,
        complete: list.complete,
        limits: list.complete,
        shape,
        ..List::default()
    };
    match list.codes {
        None if list.complete => {
            return Err(wrong(list.system.span().start, "list.codes: a complete list names its file".to_owned()));
        }
        None => {}
        Some(name) => {
            let name = name.into_inner();
            if Path::new(&name).components().count() != 1 {
                return Err(wrong(0, "list.codes: name a file in the same folder".to_owned()));
            }
            let path = path.with_file_name(&name);
            fill(&path, &codes(&name)?, &mut made)?;
        }
    }
    *place = made;
    Ok(system)
}

/// Reads `code;name;valid_from;valid_to`; a code that ends with `*` stands for all that begin so.
fn fill(path: &Path, text: &str, list: &mut List) -> Result<(), Error> {
    let wrong = |line: u64, what: &str| {
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        Error::Wrong { path: path.to_owned(), line, what: what.to_owned() }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cutter = Cutter::rows(USUAL, Place { offset: 0, line: 1 }, ROW_BYTES_MAX);
    cutter.push(text.as_bytes());
    cutter.end();
    let mut next = || -> Result<Option<(u64, Vec<String>)>, Error> {
        let row = cutter.cut().map_err(|flaw| wrong(flaw.line, "the row cannot be read"))?;
        let cells =
            |row: Row<'_>| row.cells.iter().map(|cell| Letters::Utf8.cell(cell).into_owned()).collect::<Vec<_>>();
        Ok(row.map(|row| (row.line, cells(row))))
    };
    if next()?.is_none_or(|(_, header)| header != ["code", "name", "valid_from", "valid_to"]) {
        return Err(wrong(1, "the header is code;name;valid_from;valid_to"));
    }
    let mut count = 0;
    while let Some((line, row)) = next()? {
        if count >= CODES_MAX {
            return Err(wrong(line, "the list has more codes than can be right"));
        }
        count += 1;
        if row.len() != 4 {
            return Err(wrong(line, "the row does not have four cells"));
        }
        let bound = |cell: &str, without: Day| if cell.is_empty() { Some(without) } else { day(cell) };
        let (Some(from), Some(to)) = (bound(&row[2], ALWAYS.from), bound(&row[3], ALWAYS.to)) else {
            return Err(wrong(line, "write a day as YYYY-MM-DD, or leave the cell empty"));
        };
        if from > to {
            return Err(wrong(line, "valid_from lies after valid_to"));
        }
        let validity = Validity { from, to };
        list.limits |= from > ALWAYS.from || to < ALWAYS.to;
        let (code, begins) = row[0].strip_suffix('*').map_or((&*row[0], false), |code| (code, true));
        let code = normalised(code);
        if begins && !code.is_empty() {
            list.beginnings.push((code.into(), validity));
        } else if !begins && list.shape.fits(&code) {
            list.codes.entry(code.into()).or_default().push(validity);
        } else {
            return Err(wrong(line, "the code does not have the shape of its system"));
        }
    }
    Ok(())
}

fn day(text: &str) -> Option<Day> {
    let date: civil::Date = text.parse().ok()?;
    let year = u32::try_from(date.year()).ok()?;
    Some(year * 10_000 + u32::from(date.month().unsigned_abs()) * 100 + u32::from(date.day().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::super::Standing;
    use super::*;

    const COMPLETE: &str = "[list]\nsystem = \"ICD_10_SE\"\nversion = \"2026\"\nsource = \"test\"\n\
        valid_from = \"2026-01-01\"\ncomplete = true\ncodes = \"icd.csv\"\n";

    fn lists(toml: &str, csv: &str) -> Result<CodeLists, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("icd.toml"), toml).expect("written");
        std::fs::write(folder.path().join("icd.csv"), csv).expect("written");
        CodeLists::with_folder(folder.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_complete_list_knows_unknown_and_discontinued_codes() {
        let csv = "code;name;valid_from;valid_to\nS72.00;Collum;;\nI48.9;Flimmer;;2026-03-31\nI48.9;Åter;2026-06-01;\n\
                   T8*;Grupp;;\n";
        let lists = lists(COMPLETE, csv).expect("read");
        let standing = |code, on| lists.standing(System::Icd, code, || Some(on));
        assert_eq!(standing("S7200", 20_260_101), Standing::Good);
        assert_eq!(standing("S7201", 20_260_101), Standing::Unknown);
        assert_eq!(standing("I489", 20_260_331), Standing::Good);
        assert_eq!(standing("I489", 20_260_401), Standing::Discontinued);
        assert_eq!(standing("I489", 20_260_601), Standing::Good);
        assert_eq!(standing("T845", 20_260_101), Standing::Good);
        // The list of 2026 says nothing of 2025.
        assert_eq!(standing("S7201", 20_251_231), Standing::Good);
        assert_eq!(lists.standing(System::Icd, "S7201", || None), Standing::Unknown);
        // The shape stays that of the shipped list, and so do the other systems.
        assert_eq!(lists.read(System::Icd, "s72.00").as_deref(), Some("S7200"));
        assert_eq!(lists.standing(System::Kva, "ZZ999", || None), Standing::Good);
    }

    #[test]
    fn a_mistake_points_at_file_and_line() {
        let check = |toml: &str, csv: &str, expected: &str| {
            let error = lists(toml, csv).expect_err(expected);
            assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        };
        let good = "code;name;valid_from;valid_to\n";
        check(&COMPLETE.replace("ICD_10_SE", "ICD"), good, "icd.toml:2: list.system");
        check(&COMPLETE.replace("2026-01-01", "januari"), good, "icd.toml:5: list.valid_from");
        check(&COMPLETE.replace("complete = true", "komplett = true"), good, "icd.toml:6");
        check(&COMPLETE.replace("codes = \"icd.csv\"", ""), good, "a complete list names its file");
        check(&COMPLETE.replace("icd.csv", "../icd.csv"), good, "in the same folder");
        check(&COMPLETE.replace("icd.csv", "none.csv"), good, "none.csv");
        check(COMPLETE, "kod;namn\n", "icd.csv:1: the header is");
        check(COMPLETE, &format!("{good}S720;Bra;;\nnej;Fel;;\n"), "icd.csv:3: the code does not");
        check(COMPLETE, &format!("{good}S720;Bra;igår;\n"), "icd.csv:2: write a day");
        check(COMPLETE, &format!("{good}S720;Bra;2026-02-01;2026-01-01\n"), "icd.csv:2: valid_from lies after");
    }
}
