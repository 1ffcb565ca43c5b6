//! Looks for known identities in everything that the platform writes: plain, with any separator, ten digits, digits of other
//! scripts, hex, base64.

use std::collections::{HashMap, HashSet};

use data_encoding::{HEXLOWER, HEXUPPER};

/// The notations of a set of identities, ready to be searched for.
///
/// Patterns are found by their first bytes in a hash table: one pass over the text, whatever the number of identities.
pub struct Canaries {
    by_head: HashMap<[u8; HEAD], Vec<(usize, Vec<u8>)>>,
    names: Vec<&'static str>,
    /// Which head bytes occur at all, to skip most positions.
    first: [bool; 256],
}

/// Every pattern is at least this long.
const HEAD: usize = 8;

/// What people write before the last four digits, besides a hyphen and a plus.
const BETWEEN: [&str; 8] = [" ", ":", "_", "/", ".", "\u{2013}", "\u{a0}", "\u{200b}"];

const ZEROS: [u32; 2] = [0xff10, 0x660];

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
        let mut canaries = Self { by_head: HashMap::new(), names: Vec::new(), first: [false; 256] };
        for identity in identities {
            let ten = &identity[2..];
            let texts = [
                ("twelve digits", identity.to_owned()),
                ("ten digits", ten.to_owned()),
                ("twelve digits with hyphen", format!("{}-{}", &identity[..8], &identity[8..])),
                ("ten digits with hyphen", format!("{}-{}", &ten[..6], &ten[6..])),
                ("ten digits with plus", format!("{}+{}", &ten[..6], &ten[6..])),
            ];
            for (name, text) in &texts {
                canaries.add(name, text.as_bytes());
                canaries.add("hex", HEXLOWER.encode(text.as_bytes()).as_bytes());
                canaries.add("HEX", HEXUPPER.encode(text.as_bytes()).as_bytes());
                for inner in base64_inner(text.as_bytes()) {
                    canaries.add("base64", inner.as_bytes());
                }
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                canaries.add("UTF-16", &wide);
            }
            for between in BETWEEN {
                canaries
                    .add("twelve digits in parts", format!("{}{between}{}", &identity[..8], &identity[8..]).as_bytes());
                canaries.add("ten digits in parts", format!("{}{between}{}", &ten[..6], &ten[6..]).as_bytes());
            }
            for zero in ZEROS {
                let digit = |letter: char| letter.to_digit(10).and_then(|digit| char::from_u32(zero + digit));
                canaries.add("other digits", ten.chars().filter_map(digit).collect::<String>().as_bytes());
            }
        }
        canaries
    }

    /// The notations in which any identity occurs in `bytes`.
    #[must_use]
    pub fn scan(&self, place: &str, bytes: &[u8]) -> HashSet<Leak> {
        let mut leaks = HashSet::new();
        for (at, window) in bytes.windows(HEAD).enumerate() {
            if !self.first[usize::from(window[0])] {
                continue;
            }
            let Some(patterns) = window.first_chunk().and_then(|head| self.by_head.get(head)) else { continue };
            for (name, pattern) in patterns {
                if bytes[at..].starts_with(pattern) {
                    leaks.insert(Leak { place: place.to_owned(), notation: self.names[*name] });
                }
            }
        }
        leaks
    }

    fn add(&mut self, name: &'static str, pattern: &[u8]) {
        let Some(head) = pattern.first_chunk() else { return };
        let index = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.first[usize::from(pattern[0])] = true;
        self.by_head.entry(*head).or_default().push((index, pattern.to_vec()));
    }
}

/// The characters that a text always has inside a longer base64 text, at each of the three alignments.
fn base64_inner(text: &[u8]) -> [String; 3] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|shift: usize| {
        let bits: Vec<bool> = text.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        // The first whole character after `shift` bytes begins at the next multiple of six bits.
        let skip = (6 - shift * 8 % 6) % 6;
        bits[skip..]
            .chunks_exact(6)
            .map(|six| char::from(ALPHABET[six.iter().fold(0, |value, bit| value << 1 | usize::from(*bit))]))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Canaries, base64_inner};

    /// A test identity: serial 238 belongs to nobody.
    const IDENTITY: &str = "199001012385";

    fn notations(text: &str) -> Vec<&'static str> {
        let mut found: Vec<_> =
            Canaries::new([IDENTITY]).scan("here", text.as_bytes()).into_iter().map(|leak| leak.notation).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_notation_is_found_and_neighbours_are_not() {
        assert_eq!(notations("x19900101-2385y"), ["ten digits with hyphen", "twelve digits with hyphen"]);
        assert_eq!(notations("x9001012385y"), ["ten digits"]);
        assert_eq!(notations("900101+2385"), ["ten digits with plus"]);
        assert_eq!(notations("900101 2385"), ["ten digits in parts"]);
        assert_eq!(notations("19900101:2385"), ["ten digits in parts", "twelve digits in parts"]);
        assert_eq!(notations("９００１０１２３８５"), ["other digits"]);
        assert!(notations("313939303031303132333835").contains(&"hex"));
        assert!(notations("199001012395").is_empty());
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        // "199001012385" after zero, one and two bytes: MTk5…, eDE5…, eHgx….
        for (shift, encoded) in ["MTk5MDAxMDEyMzg1", "eDE5OTAwMTAxMjM4NQ", "eHgxOTkwMDEwMTIzODU"].iter().enumerate() {
            assert!(encoded.contains(&base64_inner(IDENTITY.as_bytes())[shift]), "alignment {shift}");
            assert!(notations(encoded).contains(&"base64"), "alignment {shift}");
        }
    }
}
