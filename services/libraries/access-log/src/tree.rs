//! The Merkle tree of RFC 6962 (the same in RFC 9162): hashes, the frontier that a writer carries, and proofs.
//!
//! `leaf = SHA-256(0x00 ‖ entry)`, `node = SHA-256(0x01 ‖ left ‖ right)`; of n leaves the left part has the largest power of two
//! below n. No I/O, no clock.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 of a leaf, a node or a whole tree; in JSON 64 lower case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of an entry's bytes as a leaf.
    #[must_use]
    pub fn of_leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// Of two neighbours.
    #[must_use]
    pub fn of_node(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// Of a tree without leaves.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| de::Error::custom("a hash is 64 lower case hexadecimal digits"))
    }
}

/// A tree that only grows: the roots of its whole subtrees, largest first, one for each binary one of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// From what another frontier had; nothing when the number of roots is not that of the size.
    #[must_use]
    pub fn of(size: u64, roots: Vec<Hash>) -> Option<Self> {
        (roots.len() == size.count_ones() as usize).then_some(Self { size, roots })
    }

    /// Leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its whole subtrees, largest first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.roots.pop().expect("each binary one of the size has its root");
            hash = Hash::of_node(left, hash);
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The tree's hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev().copied();
        let Some(last) = roots.next() else { return Hash::of_nothing() };
        roots.fold(last, |right, left| Hash::of_node(left, right))
    }

    /// The root of one of its whole subtrees, by its leaves.
    fn subtree(&self, from: u64, to: u64) -> Option<Hash> {
        let mut begin = 0;
        let mut rest = self.size;
        for root in &self.roots {
            let length = 1 << (63 - rest.leading_zeros());
            if (begin, begin + length) == (from, to) {
                return Some(*root);
            }
            begin += length;
            rest -= length;
        }
        None
    }
}

/// A tree whose leaves are at hand, those before `start` excepted: proofs are made from it.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    /// What was removed from the log's beginning.
    pub start: Frontier,
    /// The leaves that follow.
    pub hashes: Vec<Hash>,
}

impl Leaves {
    /// All leaves, the removed ones too.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.start.size + self.hashes.len() as u64
    }

    /// The hash of the tree's first `size` leaves; nothing when they are not known.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size == 0 { Some(Hash::of_nothing()) } else { self.range(0, size) }
    }

    /// The audit path of a leaf in the tree of `size` leaves (RFC 9162, 2.1.3.1), from the leaf up.
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut path = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            let (inner, outer) =
                if index < middle { ((from, middle), (middle, to)) } else { ((middle, to), (from, middle)) };
            path.push(self.range(outer.0, outer.1)?);
            (from, to) = inner;
        }
        path.reverse();
        Some(path)
    }

    /// That the tree of `old` leaves is the beginning of that of `new` (RFC 9162, 2.1.4.1).
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        let mut path = Vec::new();
        if old == 0 || old == new {
            return Some(path);
        }
        let (mut from, mut to, mut is_whole) = (0, new, true);
        while old != to {
            let middle = from + split(to - from);
            if old <= middle {
                path.push(self.range(middle, to)?);
                to = middle;
            } else {
                path.push(self.range(from, middle)?);
                from = middle;
                is_whole = false;
            }
        }
        if !is_whole {
            path.push(self.range(from, to)?);
        }
        path.reverse();
        Some(path)
    }

    fn range(&self, from: u64, to: u64) -> Option<Hash> {
        if to > self.size() {
            return None;
        }
        if to <= self.start.size
            && let Some(root) = self.start.subtree(from, to)
        {
            return Some(root);
        }
        let length = to - from;
        if length == 1 {
            let at = usize::try_from(from.checked_sub(self.start.size)?).ok()?;
            return self.hashes.get(at).copied();
        }
        // What a removed part does not have as a whole it has not in pieces.
        if to <= self.start.size && length.is_power_of_two() {
            return None;
        }
        let middle = from + split(length);
        Some(Hash::of_node(self.range(from, middle)?, self.range(middle, to)?))
    }
}

/// The largest power of two below a number of leaves, of which there are two or more.
fn split(length: u64) -> u64 {
    1 << (63 - (length - 1).leading_zeros())
}

/// Whether a leaf stands at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn inclusion_holds(leaf: Hash, index: u64, size: u64, path: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = leaf;
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = Hash::of_node(*other, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_node(hash, *other);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether the tree of `old` leaves is the beginning of that of `new` (RFC 9162, 2.1.4.2). Everything begins with nothing.
#[must_use]
pub fn consistency_holds(old: u64, old_root: Hash, new: u64, new_root: Hash, path: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == 0 || old == new {
        let expected = if old == new { new_root } else { Hash::of_nothing() };
        return path.is_empty() && old_root == expected;
    }
    let first = if old.is_power_of_two() { Some(old_root) } else { None };
    let mut path = first.iter().chain(path);
    let Some(begin) = path.next() else { return false };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut before, mut after) = (*begin, *begin);
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = Hash::of_node(*other, before);
            after = Hash::of_node(*other, after);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            after = Hash::of_node(after, *other);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && before == old_root && after == new_root
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::{Frontier, Hash, Leaves, consistency_holds, inclusion_holds};

    /// The entries of Certificate Transparency's own tests (google/certificate-transparency, merkletree), and the roots of the
    /// first n of them.
    const ENTRIES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hash(text: &str) -> Hash {
        Hash(HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap())
    }

    fn known() -> Leaves {
        let hashes = ENTRIES.iter().map(|entry| Hash::of_leaf(&HEXLOWER.decode(entry.as_bytes()).unwrap())).collect();
        Leaves { start: Frontier::default(), hashes }
    }

    /// The definition of RFC 6962, word by word.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of_nothing(),
            [leaf] => *leaf,
            _ => {
                let mut k = 1;
                while k * 2 < leaves.len() {
                    k *= 2;
                }
                Hash::of_node(naive(&leaves[..k]), naive(&leaves[k..]))
            }
        }
    }

    #[test]
    fn roots_and_proofs_are_those_of_certificate_transparency() {
        let tree = known();
        let mut frontier = Frontier::default();
        for (size, root) in (0..).zip(ROOTS) {
            assert_eq!((frontier.root(), tree.root(size)), (hash(root), Some(hash(root))));
            frontier.push(*tree.hashes.get(size as usize).unwrap_or(&Hash::of_nothing()));
        }
        let path = |nodes: &[&str]| Some(nodes.iter().map(|node| hash(node)).collect::<Vec<_>>());
        assert_eq!(
            tree.inclusion(0, 8),
            path(&[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ])
        );
        assert_eq!(
            tree.inclusion(5, 8),
            path(&[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                ROOTS[4],
            ])
        );
        assert_eq!(
            tree.consistency(6, 8),
            path(&[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                ROOTS[4],
            ])
        );
        assert_eq!(
            tree.consistency(2, 5),
            path(&[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ])
        );
        assert_eq!(tree.consistency(1, 1), path(&[]));
    }

    proptest! {
        #[test]
        fn a_frontier_and_what_remains_behind_a_removed_part_are_the_naive_tree(count in 1_u64..90, cut in 0_u64..90) {
            let leaves: Vec<Hash> = (0..count).map(|n| Hash::of_leaf(&n.to_be_bytes())).collect();
            let cut = cut % count;
            let mut start = Frontier::default();
            leaves[..cut as usize].iter().for_each(|leaf| start.push(*leaf));
            let rest = Leaves { start: start.clone(), hashes: leaves[cut as usize..].to_vec() };
            prop_assert_eq!(start.root(), naive(&leaves[..cut as usize]));
            for size in cut.max(1)..=count {
                let root = naive(&leaves[..size as usize]);
                prop_assert_eq!(rest.root(size), Some(root));
                for index in cut..size {
                    let path = rest.inclusion(index, size).unwrap();
                    let leaf = leaves[index as usize];
                    prop_assert!(inclusion_holds(leaf, index, size, &path, root));
                    prop_assert!(!inclusion_holds(leaf, index, size, &path, Hash::of_nothing()));
                    prop_assert!(!inclusion_holds(Hash::of_nothing(), index, size, &path, root));
                    prop_assert!(size == 1 || !inclusion_holds(leaf, (index + 1) % size, size, &path, root));
                    if let Some((_, shorter)) = path.split_last() {
                        prop_assert!(!inclusion_holds(leaf, index, size, shorter, root));
                    }
                }
                let path = rest.consistency(size, count).unwrap();
                let new = naive(&leaves);
                prop_assert!(consistency_holds(size, root, count, new, &path));
                prop_assert!(!consistency_holds(size, Hash::of_nothing(), count, new, &path));
                prop_assert!(!consistency_holds(size, root, count, Hash::of_nothing(), &path));
                prop_assert!(!consistency_holds(count + 1, root, count, new, &path));
                for at in 0..path.len() {
                    let mut other = path.clone();
                    other[at].0[0] ^= 1;
                    prop_assert!(!consistency_holds(size, root, count, new, &other));
                }
            }
        }
    }

    #[test]
    fn what_was_removed_is_not_proven() {
        let tree = known();
        let mut start = Frontier::default();
        tree.hashes[..6].iter().for_each(|leaf| start.push(*leaf));
        let rest = Leaves { start, hashes: tree.hashes[6..].to_vec() };
        assert_eq!((rest.inclusion(1, 8), rest.consistency(3, 8), rest.root(5)), (None, None, None));
        assert_eq!(rest.consistency(6, 8), tree.consistency(6, 8));
    }
}
