//! Which lines of a file say nothing, by the rule of [`crate::hiding`]: of contacts, and apart from them of the guarantee.

use std::collections::BTreeMap;

use crate::hiding::{choose, is_few};

/// How many are behind a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) contacts: u64,
    /// The same and whoever is left out of the statistics.
    pub(super) persons: u64,
    pub(super) guaranteed: u64,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) counts: bool,
    /// Denominator, numerator and share of the guarantee; never without the counts.
    pub(super) guarantee: bool,
}

/// What lines under one sum say.
pub(super) struct Choice {
    pub(super) lines: Vec<Says>,
    /// What may be said of all that they withhold together.
    pub(super) together: Says,
}

impl Says {
    pub(super) const ALL: Says = Says { counts: true, guarantee: true };
    pub(super) const NOTHING: Says = Says { counts: false, guarantee: false };

    /// Why something is not said; empty when all is.
    pub(super) const fn reason(self) -> &'static str {
        match (self.counts, self.guarantee) {
            (false, _) => "withheld",
            (true, false) => "guarantee-withheld",
            (true, true) => "",
        }
    }
}

/// Chooses among lines under one sum, of which an earlier version said so much.
pub(super) fn among(sizes: &[Size], earlier: &[Says], limit: u32) -> Choice {
    let column = |of: fn(&Size) -> u64| sizes.iter().map(of).collect::<Vec<u64>>();
    let (contacts, persons, guaranteed) =
        (column(|size| size.contacts), column(|size| size.persons), column(|size| size.guaranteed));
    let lines = 0..sizes.len();
    let few = |at: usize| is_few(contacts[at], limit) || is_few(persons[at], limit);
    let mut counts: Vec<bool> = lines.clone().map(|at| few(at) || !earlier[at].counts).collect();
    let are_said = choose(&[&contacts, &persons], &mut counts, limit);
    let few = |at: usize| counts[at] || is_few(guaranteed[at], limit) || !earlier[at].guarantee;
    let mut guarantee: Vec<bool> = lines.map(few).collect();
    let is_said = choose(&[&guaranteed], &mut guarantee, limit);
    Choice {
        lines: counts
            .iter()
            .zip(&guarantee)
            .map(|(counts, guarantee)| Says { counts: !counts, guarantee: !guarantee })
            .collect(),
        together: Says { counts: are_said, guarantee: are_said && is_said },
    }
}

/// What lines of an earlier version's file said, by their keys.
pub(super) struct Earlier(BTreeMap<Vec<String>, Says>);

impl Earlier {
    /// Of a file with these keys and this count; a file that is not there said everything.
    pub(super) fn read(files: &BTreeMap<String, String>, name: &str, keys: &[&str], count: &str) -> Earlier {
        let text = files.get(name).map(String::as_str).unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let lines = reader.deserialize::<BTreeMap<String, String>>().map_while(Result::ok);
        let said = lines.filter(|line| line.get("reason").is_none_or(|reason| reason != TOGETHER)).map(|line| {
            let says = |column: &str| line.get(column).is_some_and(|cell| !cell.is_empty());
            let says = Says { counts: says(count), guarantee: says("guarantee_denominator") };
            (keys.iter().map(|key| plain(line.get(*key).map_or("", String::as_str))).collect(), says)
        });
        Earlier(said.collect())
    }

    /// What the line with these keys said; one that was not there has nothing to keep.
    pub(super) fn said<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Says {
        self.0.get(&keys.into_iter().map(plain).collect::<Vec<_>>()).copied().unwrap_or(Says::ALL)
    }
}

/// The reason of the line that says what others withhold together.
pub(super) const TOGETHER: &str = "withheld-together";

/// A text without the sign by which a file keeps spreadsheets from running it.
fn plain(text: &str) -> String {
    text.trim_start_matches('\'').to_owned()
}
