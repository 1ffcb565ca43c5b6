//! Where a text is cut: the positions of one of two bytes, eight bytes at a time.
//!
//! A message is cut some hundred times within a few hundred bytes. At that density a search for each cut from the one before
//! costs more than looking at every byte once.

const LANES: usize = 8;
const LOW: u64 = 0x0101_0101_0101_0101;
const SEVEN: u64 = 0x7F7F_7F7F_7F7F_7F7F;

/// The positions of either byte, in order. Neither byte may be 0.
#[derive(Debug, Clone)]
pub(crate) struct Cuts<'t> {
    bytes: &'t [u8],
    either: [u64; 2],
    /// Where the eight bytes begin that were looked at last.
    at: usize,
    /// The highest bit of each of them that is a cut and has not been given yet.
    left: u64,
}

impl<'t> Cuts<'t> {
    pub(crate) fn new(bytes: &'t [u8], one: u8, other: u8) -> Cuts<'t> {
        let either = [LOW * u64::from(one), LOW * u64::from(other)];
        let mut cuts = Cuts { bytes, either, at: 0, left: 0 };
        cuts.left = cuts.look();
        cuts
    }

    fn look(&self) -> u64 {
        let bytes = &self.bytes[self.at..];
        let word = match bytes.first_chunk::<LANES>() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => {
                let mut padded = [0; LANES];
                padded[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(padded)
            }
        };
        self.either.iter().map(|pattern| zeros(word ^ pattern)).fold(0, |all, found| all | found)
    }
}

impl Iterator for Cuts<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            if self.at + LANES >= self.bytes.len() {
                return None;
            }
            self.at += LANES;
            self.left = self.look();
        }
        let lane = self.left.trailing_zeros() as usize / LANES;
        self.left &= self.left - 1;
        Some(self.at + lane)
    }
}

/// The first position of a byte that is not 0. Most texts are shorter than what a search that looks at more bytes at once needs to
/// begin.
pub(crate) fn first(bytes: &[u8], sought: u8) -> Option<usize> {
    let pattern = LOW * u64::from(sought);
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<LANES>() {
        let found = zeros(u64::from_le_bytes(*chunk) ^ pattern);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / LANES);
        }
        at += LANES;
    }
    bytes[at..].iter().position(|byte| *byte == sought).map(|after| at + after)
}

/// The highest bit of each byte that is zero.
const fn zeros(word: u64) -> u64 {
    !(((word & SEVEN) + SEVEN) | word | SEVEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_is_found_wherever_it_stands() {
        let mut seed = 1_u64;
        for length in 0..70 {
            for _ in 0..40 {
                let mut next = || {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    [b'|', b'\r', b'}', 0x8C, 0xFC, 0, 0x0C, 0xFF][(seed >> 61) as usize]
                };
                let bytes: Vec<u8> = (0..length).map(|_| next()).collect();
                let want: Vec<usize> = (0..length).filter(|at| matches!(bytes[*at], b'|' | b'\r')).collect();
                assert_eq!(Cuts::new(&bytes, b'|', b'\r').collect::<Vec<_>>(), want, "{bytes:?}");
                assert_eq!(first(&bytes, b'|'), bytes.iter().position(|byte| *byte == b'|'), "{bytes:?}");
            }
        }
    }
}
