//! PostgreSQL's own compression (pglz) and the pieces in which it keeps large values beside their table (TOAST).
//!
//! Values are looked for wherever they may begin, dead rows and the log included, and taken out as far as their bytes go.

use std::collections::BTreeMap;

/// The size of a page, of which files of tables consist.
const PAGE: usize = 8192;

/// What a page begins with, before the places of its rows.
const PAGE_HEAD: usize = 24;

/// No value that is taken out may become longer.
const TEXT_MAX: usize = 64 << 20;

/// Of a compressed value: its length and flags, and the length of its text.
const VALUE_HEAD: usize = 8;

/// Takes each compressed value out that stands in one piece, in rows or among other bytes.
pub(super) fn each_in_place(bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
    for at in 0..bytes.len().saturating_sub(VALUE_HEAD) {
        // The lowest two bits of a length that say: compressed, in place.
        if bytes[at] & 3 != 2 || bytes[at + 3] != 0 {
            continue;
        }
        let length = (number(&bytes[at..]) >> 2) as usize;
        if length > VALUE_HEAD
            && let Some(value) = bytes.get(at + 4..at + length)
            && let Some(text) = text(value)
        {
            each(&text);
        }
    }
}

/// Takes each value out that stands in the pieces of a TOAST table's file, compressed or not.
pub(super) fn each_in_pieces(file: &[u8], each: &mut dyn FnMut(&[u8])) {
    let mut values: BTreeMap<u32, BTreeMap<u32, &[u8]>> = BTreeMap::new();
    for (id, number, piece) in file.chunks(PAGE).flat_map(pieces) {
        values.entry(id).or_default().insert(number, piece);
    }
    for pieces in values.into_values() {
        let value = pieces.into_values().collect::<Vec<_>>().concat();
        match text(&value) {
            Some(text) => each(&text),
            None => each(&value),
        }
    }
}

/// The pieces in a page of a TOAST table: of which value, which one of it, and its bytes.
fn pieces(page: &[u8]) -> Vec<(u32, u32, &[u8])> {
    // Of each row its place and its length, fifteen bits each with two flags between them.
    let end = page.get(12..14).map_or(0, |bytes| usize::from(u16::from_le_bytes([bytes[0], bytes[1]])));
    let rows = page.get(PAGE_HEAD..end).unwrap_or_default().chunks_exact(4).map(number);
    rows.filter_map(|row| {
        let (from, length) = ((row & 0x7fff) as usize, (row >> 17) as usize);
        let tuple = page.get(from..from + length)?;
        let columns = tuple.get(usize::from(*tuple.get(22)?)..)?;
        let bytes = columns.get(8..)?;
        // A short value has one byte of length, a long one four.
        let bytes = match bytes.first()? {
            first if first & 1 == 1 => bytes.get(1..usize::from(first >> 1))?,
            _ => bytes.get(4..(number(bytes.get(..4)?) >> 2) as usize)?,
        };
        Some((number(columns), number(&columns[4..]), bytes))
    })
    .collect()
}

/// The first four bytes, least first, as PostgreSQL writes numbers on the machines that this runs on.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// The text of a compressed value: four bytes with its length and how it is compressed, and what pglz wrote. `None` when it is
/// none, or its bytes and its length do not fit.
fn text(value: &[u8]) -> Option<Vec<u8>> {
    let length = number(value.get(..4)?) as usize;
    // The highest two bits say how: 0 is pglz.
    if length > TEXT_MAX || length < value.len() - 4 {
        return None;
    }
    let (mut text, mut at) = (Vec::new(), 4);
    while at < value.len() {
        let control = value[at];
        at += 1;
        for bit in 0..8 {
            if at >= value.len() {
                break;
            }
            if control >> bit & 1 == 0 {
                text.push(value[at]);
                at += 1;
            } else {
                // Twelve bits: how far back; four: how much, less three, with one byte more when it is much.
                let pair = value.get(at..at + 2)?;
                at += 2;
                let back = usize::from(pair[0] & 0xf0) << 4 | usize::from(pair[1]);
                let mut count = usize::from(pair[0] & 0x0f) + 3;
                if count == 18 {
                    count += usize::from(*value.get(at)?);
                    at += 1;
                }
                let from = text.len().checked_sub(back).filter(|_| back > 0)?;
                // What is copied may be what was copied just now.
                for index in 0..count {
                    text.push(text[from + index]);
                }
            }
            if text.len() > length {
                return None;
            }
        }
    }
    (text.len() == length).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{each_in_pieces, each_in_place, text};

    fn in_place(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        each_in_place(bytes, &mut |text| found.push(text.to_vec()));
        found
    }

    #[test]
    fn a_compressed_value_is_found_among_other_bytes_and_what_is_none_is_not() {
        // "abcabcabcabc" three times over: three letters, and back by three for the rest of 36.
        let value = [36, 0, 0, 0, 0b0000_1000, b'a', b'b', b'c', 0x0f, 3, 33 - 18];
        assert_eq!(text(&value).as_deref(), Some(&b"abc".repeat(12)[..]));
        let mut bytes = b"before ".to_vec();
        bytes.extend((((value.len() as u32) + 4) << 2 | 2).to_le_bytes());
        bytes.extend(value);
        bytes.extend(b" behind");
        assert_eq!(in_place(&bytes), [b"abc".repeat(12)]);
        // Another length, a step back before the beginning, a cut.
        assert_eq!(text(&[35, 0, 0, 0, 0b0000_1000, b'a', b'b', b'c', 0x0f, 3, 33 - 18]), None);
        assert_eq!(text(&[36, 0, 0, 0, 0b0000_1000, b'a', b'b', b'c', 0x0f, 4, 33 - 18]), None);
        assert_eq!(text(&value[..10]), None);
        assert!(in_place(&[2; 64]).is_empty());
    }

    #[test]
    fn the_pieces_of_a_value_are_put_together_in_their_order() {
        let mut page = vec![0; 8192];
        let mut at = 8192;
        // Two rows, the second piece first: a head of 24 bytes, the value's id, the piece's number, its bytes.
        for (row, (number, piece)) in [(1_u32, &b"1012385"[..]), (0, b"19900")].into_iter().enumerate() {
            let mut tuple = vec![0; 24];
            tuple[22] = 24;
            tuple.extend(77_u32.to_le_bytes());
            tuple.extend(number.to_le_bytes());
            tuple.extend((((piece.len() as u32) + 4) << 2).to_le_bytes());
            tuple.extend(piece);
            at -= tuple.len();
            page[at..at + tuple.len()].copy_from_slice(&tuple);
            let pointer = (tuple.len() as u32) << 17 | 1 << 15 | at as u32;
            page[24 + 4 * row..28 + 4 * row].copy_from_slice(&pointer.to_le_bytes());
        }
        page[12..14].copy_from_slice(&32_u16.to_le_bytes());
        let mut found = Vec::new();
        each_in_pieces(&page, &mut |value| found.push(value.to_vec()));
        assert_eq!(found, [b"199001012385"]);
    }
}
