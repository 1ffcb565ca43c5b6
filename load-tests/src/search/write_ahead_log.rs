//! The bytes of PostgreSQL's write-ahead log without what stands between its pages, which would cut a value in two.

/// The size of a page of the log.
const PAGE: usize = 8192;

/// What every page begins with, and what the first of a file does.
const HEAD: usize = 24;
const HEAD_LONG: usize = 40;

/// The flag of a long head.
const LONG: u8 = 2;

/// The records of a file, one behind the other; pages that were never written are left out.
pub(super) fn records(file: &[u8]) -> Vec<u8> {
    let mut records = Vec::with_capacity(file.len());
    for page in file.chunks(PAGE) {
        // A page begins with a magic number, which is not zero.
        if page.len() > HEAD_LONG && page[..2] != [0, 0] {
            let head = if page[2] & LONG == 0 { HEAD } else { HEAD_LONG };
            records.extend_from_slice(&page[head..]);
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::{HEAD, HEAD_LONG, PAGE, records};

    #[test]
    fn what_goes_on_in_the_next_page_is_one_piece() {
        let mut file = vec![0; 3 * PAGE];
        file[0] = 0x10;
        file[2] = 2;
        file[PAGE] = 0x10;
        file[PAGE - 5..PAGE].copy_from_slice(b"19900");
        file[PAGE + HEAD..PAGE + HEAD + 7].copy_from_slice(b"1012385");
        let records = records(&file);
        assert_eq!(records.len(), 2 * PAGE - HEAD - HEAD_LONG);
        assert!(records.windows(12).any(|window| window == b"199001012385"));
    }
}
