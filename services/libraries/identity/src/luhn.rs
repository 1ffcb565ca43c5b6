//! The check digit of personnummer, samordningsnummer, organisation numbers and several reserve numbers.

/// The check digit of values: every second doubled from the right, all decimal digits added. A value has up to three of them:
/// a letter of a national reserve number counts as its ASCII value, `K` as 75 and doubled as 1 + 5 + 0.
pub(crate) fn check_digit(values: &[u8]) -> u8 {
    let sum: u32 = values
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &value)| {
            let weighted = u32::from(value) * if place.is_multiple_of(2) { 2 } else { 1 };
            weighted / 100 + weighted / 10 % 10 + weighted % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// Does an ASCII text of digits and letters, the last a digit, end in its check digit?
pub(crate) fn holds(characters: &[u8]) -> bool {
    let Some((&last, first)) = characters.split_last() else { return false };
    let mut values = [0_u8; 16];
    let Some(values) = values.get_mut(..first.len()) else { return false };
    for (value, &character) in values.iter_mut().zip(first) {
        *value = if character.is_ascii_digit() { character - b'0' } else { character };
    }
    let holds = check_digit(values) == last - b'0';
    zeroize::Zeroize::zeroize(values);
    holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_count_as_their_ascii_values_and_all_digits_are_added() {
        // 65, doubled 1 + 3 + 0; 90, doubled 1 + 8 + 0.
        assert_eq!(check_digit(b"A"), 6);
        assert_eq!(check_digit(b"Z"), 1);
        assert_eq!(check_digit(&[b'Z', 0]), 1);
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
