//! Lines of figures under one sum: what few have is withheld, and a line after them says what is withheld together.

use super::{
    silence::{Says, TOGETHER, among},
    step_figures::StepFigures,
};
use crate::table::Table;

/// The column after the figures: why some are not there.
pub(super) const REASON: &str = "reason";

/// What is written of a group: what tells it apart, its figures, and what an earlier version said of them.
pub(super) type Group<'l> = ([&'l str; 4], &'l StepFigures, Says);

/// A line that is not written yet.
pub(super) struct Line<'l> {
    pub(super) keys: [&'l str; 4],
    figures: Vec<String>,
    reason: &'static str,
}

/// Lines of groups under one sum, and after them what they withhold together, under keys of its own.
pub(super) fn under_one_sum<'l>(groups: &[Group<'l>], together: [&'l str; 4], limit: u32) -> Vec<Line<'l>> {
    let sizes: Vec<_> = groups.iter().map(|(_, figures, _)| figures.size()).collect();
    let earlier: Vec<Says> = groups.iter().map(|(_, _, earlier)| *earlier).collect();
    let choice = among(&sizes, &earlier, limit);
    let mut withheld = StepFigures::default();
    let mut lines = Vec::with_capacity(groups.len() + 1);
    for ((keys, figures, _), says) in groups.iter().zip(&choice.lines) {
        withheld.add_withheld(figures, *says);
        lines.push(Line { keys: *keys, figures: figures.cells(*says), reason: says.reason() });
    }
    let is_any = |of: fn(&Says) -> bool| choice.lines.iter().any(|says| !of(says));
    let says = Says {
        counts: choice.together.counts && is_any(|says| says.counts),
        guarantee: choice.together.guarantee && is_any(|says| says.guarantee),
    };
    if says.counts || says.guarantee {
        lines.push(Line { keys: together, figures: withheld.cells(says), reason: TOGETHER });
    }
    lines
}

impl Line<'_> {
    /// Whether it says what others withhold together.
    pub(super) fn is_together(&self) -> bool {
        self.reason == TOGETHER
    }

    pub(super) fn write(self, table: &mut Table) {
        let keys = self.keys.map(str::to_owned).into_iter();
        table.row(keys.chain(self.figures).chain([self.reason.to_owned()]));
    }
}
