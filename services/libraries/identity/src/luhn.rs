//! The check digit of personnummer, samordningsnummer, organisation numbers and several reserve numbers.

/// The check digit of values: every second doubled from the right, all decimal digits added. A value has up to three of them:
/// a letter of a national reserve number counts as its ASCII value, `K` as 75 and doubled as 1 + 5 + 0.
pub(crate) fn check_digit(values: impl DoubleEndedIterator<Item = u8>) -> u8 {
    let (mut sum, mut weight) = (0, 2);
    for value in values.rev() {
        let weighted = u32::from(value) * weight;
        sum += weighted / 100 + weighted / 10 % 10 + weighted % 10;
        weight = 3 - weight;
    }
    ((10 - sum % 10) % 10) as u8
}

/// Does an ASCII text of digits and letters, the last a digit, end in its check digit?
pub(crate) fn holds(characters: &[u8]) -> bool {
    let Some((&last, first)) = characters.split_last() else { return false };
    let value = |&character: &u8| if character.is_ascii_digit() { character - b'0' } else { character };
    check_digit(first.iter().map(value)) == last - b'0'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_count_as_their_ascii_values_and_all_digits_are_added() {
        // 65, doubled 1 + 3 + 0; 90, doubled 1 + 8 + 0.
        let check = |values: &[u8], want| assert_eq!(check_digit(values.iter().copied()), want, "{values:?}");
        check(b"A", 6);
        check(b"Z", 1);
        check(&[b'Z', 0], 1);
        assert!(holds(b"A6") && holds(b"Z1") && !holds(b"A5"));
    }

    #[test]
    fn published_organisation_numbers_hold() {
        for number in ["2321000016", "2120000803", "2321000255", "2321000131", "2321000230"] {
            assert!(holds(number.as_bytes()));
        }
        assert!(!holds(b"2321000017"));
        assert!(!holds(b""));
    }
}
