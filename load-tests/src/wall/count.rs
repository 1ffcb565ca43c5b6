//! How a surface's probes are counted, and when they add up.

use serde::Serialize;

/// What of a surface does not add up is listed so far; the rest is counted.
const FAULTS_MAX: usize = 20;

/// What came of the probes of a surface.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Count {
    /// What was tried.
    pub probes: u64,
    /// Let through as it must be, with what is its own.
    pub allowed: u64,
    /// Let through with nothing in it: rows that are hidden, not refused. No log has them.
    pub hidden: u64,
    /// Refused.
    pub denied: u64,
    /// Refused, and in the log of whoever refused.
    pub logged: u64,
    /// Rows, records or answers of others that came, or acts on them that were let through.
    pub foreign: u64,
}

/// A wall that was built wrong on purpose.
#[derive(Debug, Clone, Serialize)]
pub struct Planted {
    /// What was wrong.
    pub what: String,
    /// The probes noticed it.
    pub caught: bool,
    /// What of others they reached.
    pub foreign: u64,
}

/// One surface: what was tried on it, and what was found.
#[derive(Debug, Clone, Serialize)]
pub struct Surface {
    /// Its name.
    pub name: &'static str,
    /// What came of the probes.
    pub count: Count,
    /// Walls built wrong.
    pub planted: Vec<Planted>,
    /// How long it took.
    pub seconds: u64,
    /// How much went otherwise than it must.
    pub wrong: u64,
    /// The first of it, as text.
    pub faults: Vec<String>,
}

impl Surface {
    pub(super) const HEAD: &'static str =
        "surface      probes   allowed    hidden    denied    logged   foreign   planted    caught   seconds";

    pub(super) fn new(name: &'static str) -> Self {
        Self { name, count: Count::default(), planted: Vec::new(), seconds: 0, wrong: 0, faults: Vec::new() }
    }

    /// Something that went otherwise than it must.
    pub(super) fn fault(&mut self, what: String) {
        self.wrong += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(what);
        }
    }

    /// A wall built wrong: noticed when something of others was reached.
    pub(super) fn plant(&mut self, what: impl Into<String>, foreign: u64) {
        self.planted.push(Planted { what: what.into(), caught: foreign > 0, foreign });
    }

    /// Whether everything adds up: there was something to refuse, each probe has one fate, every refusal is logged, nothing of
    /// others came, and every wall built wrong was noticed.
    #[must_use]
    pub fn holds(&self) -> bool {
        let Count { probes, allowed, hidden, denied, logged, foreign } = self.count;
        let each_once = probes == allowed + hidden + denied;
        let is_tried = allowed > 0 && denied > 0 && !self.planted.is_empty();
        let is_caught = self.planted.iter().all(|planted| planted.caught);
        is_tried && each_once && denied == logged && foreign == 0 && self.wrong == 0 && is_caught
    }

    pub(super) fn line(&self) -> String {
        let Count { probes, allowed, hidden, denied, logged, foreign } = self.count;
        let caught = self.planted.iter().filter(|planted| planted.caught).count();
        let (name, planted, seconds) = (self.name, self.planted.len(), self.seconds);
        format!(
            "{name:<10}{probes:>9} {allowed:>9} {hidden:>9} {denied:>9} {logged:>9} {foreign:>9} {planted:>9} {caught:>9} {seconds:>9}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Surface {
        let mut surface = Surface::new("tables");
        surface.count = Count { probes: 6, allowed: 1, hidden: 2, denied: 3, logged: 3, foreign: 0 };
        surface.plant("a hole", 1);
        surface
    }

    #[test]
    fn a_surface_holds_only_when_all_of_it_adds_up() {
        assert!(good().holds());
        let wrong: [fn(&mut Surface); 8] = [
            |surface| surface.count.probes += 1,
            |surface| surface.count.logged -= 1,
            |surface| surface.count.foreign += 1,
            |surface| surface.fault("something".to_owned()),
            |surface| surface.plant("another", 0),
            |surface| surface.planted.clear(),
            |surface| (surface.count.probes, surface.count.denied, surface.count.logged) = (3, 0, 0),
            |surface| (surface.count.probes, surface.count.allowed) = (5, 0),
        ];
        for (n, change) in wrong.into_iter().enumerate() {
            let mut surface = good();
            change(&mut surface);
            assert!(!surface.holds(), "{n}");
        }
    }

    #[test]
    fn faults_are_counted_and_the_first_are_kept() {
        let mut surface = good();
        (0..30).for_each(|n| surface.fault(n.to_string()));
        assert_eq!((surface.wrong, surface.faults.len(), surface.faults[0].as_str()), (30, FAULTS_MAX, "0"));
    }

    #[test]
    fn columns_stand_under_their_names() {
        assert_eq!(good().line().len(), Surface::HEAD.len());
    }
}
