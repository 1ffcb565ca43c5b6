//! Looks for known identities in everything that the platform writes, in every notation in which they may stand there.

mod notations;

use std::collections::{HashMap, HashSet};

pub use notations::REQUIRED;

/// The notations of a set of identities, ready to be searched for.
///
/// One pass over the bytes, whatever the number of identities: the six bytes at each place are looked up in a table of bits,
/// and only where that has one, which is at a hundredth of all places, patterns are compared.
pub struct Canaries {
    /// Whether a head with this hash occurs at all.
    heads: Vec<u64>,
    by_head: HashMap<u64, Vec<Pattern>>,
}

struct Pattern {
    notation: &'static str,
    bytes: Box<[u8]>,
}

/// Bytes of a head, of which every pattern has so many: the shortest is an integer of 48 bits.
const HEAD: usize = 6;

/// Two to the power of this many bits, 2 MiB: more would no longer lie near the processor.
const SLOTS_LOG: u32 = 24;

/// Where an identity was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leak {
    /// The place that was scanned.
    pub place: String,
    /// The notation, never the value.
    pub notation: &'static str,
}

impl Canaries {
    /// From canonical twelve-digit identities.
    #[must_use]
    pub fn new<'a>(identities: impl IntoIterator<Item = &'a str>) -> Self {
        let mut canaries = Self { heads: vec![0; (1 << SLOTS_LOG) / 64], by_head: HashMap::new() };
        for identity in identities {
            let mut add = |notation, bytes: &[u8]| canaries.add(notation, bytes);
            notations::required(identity, &mut add);
            notations::beyond(identity, &mut add);
        }
        canaries
    }

    /// The notations in which any identity occurs in `bytes`.
    #[must_use]
    pub fn scan(&self, place: &str, bytes: &[u8]) -> HashSet<Leak> {
        let mut leaks = HashSet::new();
        let mut head = 0;
        for (end, byte) in bytes.iter().enumerate() {
            head = next(head, *byte);
            if !self.may_begin(head) || end + 1 < HEAD {
                continue;
            }
            let from = end + 1 - HEAD;
            for pattern in self.by_head.get(&head).into_iter().flatten() {
                if bytes[from..].starts_with(&pattern.bytes) {
                    leaks.insert(Leak { place: place.to_owned(), notation: pattern.notation });
                }
            }
        }
        leaks
    }

    fn may_begin(&self, head: u64) -> bool {
        let slot = slot(head);
        self.heads[slot / 64] >> (slot % 64) & 1 == 1
    }

    fn add(&mut self, notation: &'static str, bytes: &[u8]) {
        let Some(first) = bytes.first_chunk::<HEAD>() else { return };
        let head = first.iter().fold(0, |head, byte| next(head, *byte));
        let patterns = self.by_head.entry(head).or_default();
        // Digits have one hexadecimal notation, not two.
        if patterns.iter().any(|known| *known.bytes == *bytes) {
            return;
        }
        patterns.push(Pattern { notation, bytes: bytes.into() });
        let slot = slot(head);
        self.heads[slot / 64] |= 1 << (slot % 64);
    }
}

/// The last six bytes, with one more.
const fn next(head: u64, byte: u8) -> u64 {
    (head << 8 | byte as u64) & ((1 << (8 * HEAD)) - 1)
}

const fn slot(head: u64) -> usize {
    (head.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOTS_LOG)) as usize
}

#[cfg(test)]
mod tests {
    use super::{Canaries, REQUIRED, notations};

    /// A test identity: serial 238 belongs to nobody.
    const IDENTITY: &str = "199001012385";

    fn notations(bytes: &[u8]) -> Vec<&'static str> {
        let mut found: Vec<_> =
            Canaries::new([IDENTITY]).scan("here", bytes).into_iter().map(|leak| leak.notation).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_notation_is_found_and_neighbours_are_not() {
        assert_eq!(notations(b"x19900101-2385y"), ["ten digits with hyphen", "twelve digits with hyphen"]);
        assert_eq!(notations(b"x9001012385y"), ["ten digits"]);
        assert_eq!(notations(b"900101+2385"), ["ten digits with plus"]);
        assert_eq!(notations(b"900101 2385"), ["ten digits with space"]);
        assert_eq!(notations(b"19900101:2385"), ["ten digits in parts", "twelve digits in parts"]);
        assert_eq!(notations("９００１０１２３８５".as_bytes()), ["other digits"]);
        assert_eq!(notations(b"5832101009"), ["reversed"]);
        assert!(notations(b"313939303031303132333835").contains(&"hex"));
        assert!(notations(b"xMTk5MDAxMDEyMzg1").contains(&"base64"));
        assert_eq!(notations(b"\0\x2e\x55\x62\x78\xa1"), ["integer"]);
        assert!(notations(b"199001012395").is_empty());
        assert!(notations(b"19900").is_empty());
    }

    #[test]
    fn each_of_the_required_notations_is_found_at_every_place_of_a_text() {
        let canaries = Canaries::new([IDENTITY]);
        let mut count = 0;
        notations::required(IDENTITY, &mut |notation, pattern| {
            count += 1;
            for (before, behind) in [(0, 0), (1, 3), (7, 0), (0, 9)] {
                let text = [&vec![b'x'; before][..], pattern, &vec![0; behind][..]].concat();
                let found = canaries.scan("here", &text);
                assert!(found.iter().any(|leak| leak.notation == notation), "{notation} after {before}");
            }
        });
        assert_eq!(count, REQUIRED);
    }
}
