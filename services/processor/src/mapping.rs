//! Mapping packages: how a region's own table becomes common events, declared and not programmed.
//!
//! Goes in: a TOML file, one versioned package per feed (schema in the README, the shipped ones in `packages/`). Comes
//! out: a [`Program`], compiled once, that turns the cells of a row into the fields of a [`Target`]. A package is
//! understood as a whole or refused with file, line and key. The same row and the same package always give the same
//! fields.

pub(crate) mod clinical;
mod code;
pub(crate) mod cost;
mod example;
mod explain;
mod field;
mod header;
mod package;
mod program;
mod read;
mod rule;
mod slot;
pub(crate) mod wait;
pub(crate) mod ward_capacity;

pub use example::{Tried, try_examples};
pub use explain::explain;
use field::FIELDS_MAX;
pub(crate) use field::{BEDS_MAX, place_of};
pub use field::{Field, FieldKind};
pub use package::Error;
pub use program::Program;
pub(crate) use program::{KEY, Reading, Whole};
pub(crate) use read::{Told, When, time};
pub(crate) use slot::{CodeSlot, Slot, Slots};

use std::path::Path;

use schemas::Subject;

/// What a package's rows become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Waits of contacts.
    Wait,
    /// Costs of contacts.
    Cost,
    /// Codes of contacts.
    Clinical,
    /// Beds of units.
    BedCapacity,
}

impl Target {
    /// Everything that a package can fill.
    pub const ALL: [Target; 4] = [Target::Wait, Target::Cost, Target::Clinical, Target::BedCapacity];

    /// The subject of its events.
    pub const fn subject(self) -> Subject {
        match self {
            Target::Wait => Subject::Wait,
            Target::Cost => Subject::Cost,
            Target::Clinical => Subject::Clinical,
            Target::BedCapacity => Subject::BedCapacity,
        }
    }

    /// The fields that a package fills, or may fill.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Target::Wait => wait::FIELDS,
            Target::Cost => cost::FIELDS,
            Target::Clinical => clinical::FIELDS,
            Target::BedCapacity => ward_capacity::FIELDS,
        }
    }

    /// The target that a package names: by its subject's name.
    pub fn of_name(name: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Its subject's name.
    pub fn name(self) -> &'static str {
        self.subject().name()
    }

    /// The place of a field.
    pub(crate) fn place(self, name: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name == name)
    }
}

const _: () = {
    let mut at = 0;
    while at < Target::ALL.len() {
        assert!(Target::ALL[at].fields().len() <= FIELDS_MAX);
        at += 1;
    }
};

/// The packages that come with the program, by name.
const SHIPPED: [(&str, &str); 4] = [
    ("waiting-times", include_str!("../packages/waiting-times.toml")),
    ("kpp", include_str!("../packages/kpp.toml")),
    ("par", include_str!("../packages/par.toml")),
    ("ward-capacity", include_str!("../packages/ward-capacity.toml")),
];

/// Names of the shipped packages.
pub fn shipped() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

impl Program {
    /// Reads and compiles a package: the name of a shipped one, or a file.
    ///
    /// # Errors
    /// When there is no such package, the file cannot be read, or it says something that cannot be.
    pub fn load(package: &Path) -> Result<Program, Error> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| package == Path::new(name)) {
            return package::compile(Path::new(name), text);
        }
        let text = std::fs::read_to_string(package).map_err(|source| Error::Unreadable {
            path: package.to_owned(),
            shipped: shipped().collect::<Vec<_>>().join(", "),
            source,
        })?;
        package::compile(package, &text)
    }

    /// Compiles the text of a package.
    ///
    /// # Errors
    /// As [`Program::load`].
    pub fn compile(name: &str, text: &str) -> Result<Program, Error> {
        package::compile(Path::new(name), text)
    }
}

/// Whether a TOML file is a package and not a unit directory, which are named by the same option.
pub fn is_package(path: &Path) -> bool {
    SHIPPED.iter().any(|(name, _)| path == Path::new(name))
        || std::fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line.trim() == "[package]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of a code that programs along the way make of it.
    fn spellings(code: &str) -> Vec<String> {
        let with = |from: [char; 2], to: &str| code.replace(from, to);
        let bare = with(['å', 'Å'], "A").replace(['ä', 'Ä'], "a").replace(['ö', 'Ö'], "O");
        let marked =
            [with(['o', 'O'], "Ö"), with(['a', 'A'], "Ä"), with(['a', 'A'], "å"), with(['o', 'O'], "o\u{308}")];
        [code.to_lowercase(), code.to_uppercase(), bare].into_iter().chain(marked).collect()
    }

    /// What the test is for is that no package needs to list a code twice, and that none is known in one form only.
    #[test]
    fn every_code_of_a_shipped_package_is_known_in_every_spelling() {
        let mut tried = 0;
        for name in shipped() {
            let program = Program::load(Path::new(name)).expect("a shipped package");
            for (code, known) in program.codes_known() {
                // A single letter without its mark is another letter.
                let is_word = code.chars().nth(1).is_some();
                let same = |spelling: &String| is_word || spelling.to_lowercase() == code.to_lowercase();
                for spelling in spellings(code).iter().filter(|spelling| same(spelling)) {
                    assert!(known(spelling), "{name}: {code} is not known as {spelling}");
                    tried += 1;
                }
            }
            assert_eq!(
                program.codes_known().filter(|(code, known)| *code == "OV" && known("ÖV")).count(),
                usize::from(name == "kpp")
            );
        }
        assert!(tried > 300, "{tried}");
    }
}
