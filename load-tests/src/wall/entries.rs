//! Access logs of the services, read as whoever checks them reads them.

use std::{collections::BTreeMap, path::Path};

use access_log::{Line, Outcome};

use super::{Error, Surface};

/// How many entries there are of each user and resource.
pub(super) type Entries = BTreeMap<(String, String), u64>;

/// The refusals in a writer's log, by what `of` makes of each. Every region's log must verify with this seed's key.
pub(super) fn denied(folder: &Path, seed: &str, of: impl Fn(&Line) -> (String, String)) -> Result<Entries, Error> {
    let public = access_log::Key::parse(seed).map(|key| key.public());
    let keys = access_log::Keys { log: public.into_iter().collect(), witnesses: Vec::new() };
    let mut found = Entries::new();
    for line in access_log::entries(folder, &keys)?.iter().filter(|line| line.result == Outcome::Denied) {
        *found.entry(of(line)).or_default() += 1;
    }
    Ok(found)
}

/// Enters how many refusals have their entry: of each user and resource as many as were told, no more and no less.
pub(super) fn compare(surface: &mut Surface, told: &Entries, before: &Entries, after: &Entries) {
    for (key, count) in told {
        let entries = after.get(key).unwrap_or(&0) - before.get(key).unwrap_or(&0);
        surface.count.denied += count;
        surface.count.logged += entries.min(*count);
        if entries != *count {
            let (user, resource) = key;
            surface.fault(format!(
                "{user} was denied {resource:?} {count} times, and the access log has {entries} entries"
            ));
        }
    }
    for (user, resource) in after.keys().filter(|key| !told.contains_key(*key) && after.get(*key) != before.get(*key)) {
        surface.fault(format!("the access log has a refusal of {user} at {resource:?} that nobody was told"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_exactly_its_entry() {
        let of = |counts: &[(&str, u64)]| -> Entries {
            counts.iter().map(|(user, count)| (((*user).to_owned(), "/sv".to_owned()), *count)).collect()
        };
        let compared = |told: &[(&str, u64)], before: &[(&str, u64)], after: &[(&str, u64)]| {
            let mut surface = Surface::new("api");
            compare(&mut surface, &of(told), &of(before), &of(after));
            (surface.count.denied, surface.count.logged, surface.wrong)
        };
        assert_eq!(compared(&[("a", 2)], &[("a", 1), ("b", 1)], &[("a", 3), ("b", 1)]), (2, 2, 0));
        assert_eq!(compared(&[("a", 2)], &[], &[("a", 1)]), (2, 1, 1));
        assert_eq!(compared(&[("a", 2)], &[], &[("a", 3)]), (2, 2, 1));
        assert_eq!(compared(&[("a", 2)], &[], &[("a", 2), ("b", 1)]), (2, 2, 1));
        assert_eq!(compared(&[("a", 1)], &[], &[]), (1, 0, 1));
    }
}
