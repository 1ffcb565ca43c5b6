//! Where a text is cut: the positions of a byte, eight bytes at a time.
//!
//! A message is cut some hundred times within a few hundred bytes. At that density a search for each cut from the one before
//! costs more than looking at every byte once.

const LANES: usize = 8;
const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const SEVEN: u64 = 0x7F7F_7F7F_7F7F_7F7F;

/// Adds the positions of a byte in a line to `cuts`, in order, and says whether the line has control characters, tabs among them.
/// The byte may not be a blank.
pub(crate) fn mark(line: &[u8], sought: u8, cuts: &mut Vec<u32>) -> bool {
    let pattern = LOW * u64::from(sought);
    let (words, rest) = line.as_chunks::<LANES>();
    let (mut index, mut controls) = (0, 0);
    while index <= words.len() {
        let word = words.get(index).map_or_else(|| padded(rest), |word| u64::from_le_bytes(*word));
        controls |= (word.wrapping_sub(LOW * 0x20) & !word) | none(word ^ SEVEN);
        let mut found = zeros(word ^ pattern);
        while found != 0 {
            cuts.push((index * LANES) as u32 + found.trailing_zeros() / u8::BITS);
            found &= found - 1;
        }
        index += 1;
    }
    controls & HIGH != 0
}

/// The position of a byte that stands so many times before it. The byte may not be a blank.
pub(crate) fn nth(bytes: &[u8], sought: u8, mut before: u32) -> Option<usize> {
    let pattern = LOW * u64::from(sought);
    let (words, rest) = bytes.as_chunks::<LANES>();
    for index in 0..=words.len() {
        let word = words.get(index).map_or_else(|| padded(rest), |word| u64::from_le_bytes(*word));
        let mut found = zeros(word ^ pattern);
        let count = found.count_ones();
        if before < count {
            for _ in 0..before {
                found &= found - 1;
            }
            return Some(index * LANES + found.trailing_zeros() as usize / LANES);
        }
        before -= count;
    }
    None
}

/// Fewer bytes than a word has, with blanks behind them: no cut is a blank.
fn padded(bytes: &[u8]) -> u64 {
    let mut padded = [b' '; LANES];
    padded[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(padded)
}

/// The first position of a byte that is not 0. Most texts are shorter than what a search that looks at more bytes at once needs to
/// begin.
pub(crate) fn first(bytes: &[u8], sought: u8) -> Option<usize> {
    let pattern = LOW * u64::from(sought);
    let mut at = 0;
    let Some(last) = bytes.last_chunk::<LANES>() else {
        while at < bytes.len() && bytes[at] != sought {
            at += 1;
        }
        return (at < bytes.len()).then_some(at);
    };
    while let Some(chunk) = bytes[at..].first_chunk::<LANES>() {
        let found = zeros(u64::from_le_bytes(*chunk) ^ pattern);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / LANES);
        }
        at += LANES;
    }
    // Of the last word some bytes have been looked at, in vain.
    let found = zeros(u64::from_le_bytes(*last) ^ pattern);
    (found != 0).then(|| bytes.len() - LANES + found.trailing_zeros() as usize / LANES)
}

/// Whether a byte is zero: then a highest bit is set.
const fn none(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word
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
                    [b'|', b'!', b'}', 0xFC, 0, b'~', 0x7C, 0xFF][(seed >> 61) as usize]
                };
                let bytes: Vec<u8> = (0..length).map(|_| next()).collect();
                let want: Vec<u32> = (0..length as u32).filter(|at| bytes[*at as usize] == b'|').collect();
                let mut cuts = Vec::new();
                let has_controls = mark(&bytes, b'|', &mut cuts);
                for (before, at) in (0..).zip(&want) {
                    assert_eq!(nth(&bytes, b'|', before), Some(*at as usize), "{bytes:?}");
                }
                assert_eq!(nth(&bytes, b'|', want.len() as u32), None, "{bytes:?}");
                assert_eq!((cuts, has_controls), (want, bytes.contains(&0)), "{bytes:?}");
                assert_eq!(first(&bytes, b'|'), bytes.iter().position(|byte| *byte == b'|'), "{bytes:?}");
            }
        }
    }

    #[test]
    fn every_control_character_is_seen_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = [b'\x80'; 20];
                bytes[place] = byte;
                assert_eq!(mark(&bytes, b'|', &mut Vec::new()), byte < b' ' || byte == 0x7F, "{byte} at {place}");
            }
        }
    }
}
