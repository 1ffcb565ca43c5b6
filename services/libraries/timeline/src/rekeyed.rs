//! Pseudonyms of one identifier by several keys of a region are one name: the earliest.
//!
//! The earliest, because everything that is there already has it: no stay and no recipient's pseudonym changes when a key does.

use std::collections::HashMap;

/// What each pseudonym is called that is not the earliest of its identifier, from pairs of one and an earlier one, in any order.
#[must_use]
pub fn first<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> HashMap<&'a str, &'a str> {
    let mut earlier: HashMap<&'a str, &'a str> = HashMap::new();
    for (one, other) in pairs {
        let (one, other) = (root(&earlier, one), root(&earlier, other));
        let (first, later) = if (version(one), one) <= (version(other), other) { (one, other) } else { (other, one) };
        if first != later {
            earlier.insert(later, first);
        }
    }
    earlier.keys().map(|token| (*token, root(&earlier, token))).collect()
}

fn root<'a>(earlier: &HashMap<&'a str, &'a str>, token: &'a str) -> &'a str {
    std::iter::successors(Some(token), |token| earlier.get(token).copied()).last().unwrap_or(token)
}

/// The number of the key in `r14.v2.…`.
fn version(token: &str) -> Option<u32> {
    token.split('.').nth(1)?.strip_prefix('v')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn every_order_of_pairs_gives_the_earliest() {
        let pairs =
            [("r14.v10.a", "r14.v9.a"), ("r14.v9.a", "r14.v2.a"), ("r14.v10.b", "r14.v2.b"), ("r14.v10.a", "r14.v2.a")];
        for at in 0..24 {
            let mut left = pairs.to_vec();
            let order = [left.remove(at % 4), left.remove(at / 4 % 3), left.remove(at / 12), left.remove(0)];
            let found = first(order);
            assert_eq!(found.len(), 3, "{order:?}");
            assert!(
                ["r14.v10.a", "r14.v9.a"].iter().all(|token| found[token] == "r14.v2.a")
                    && found["r14.v10.b"] == "r14.v2.b"
            );
        }
        assert!(first([("p1", "p1")]).is_empty());
    }
}
