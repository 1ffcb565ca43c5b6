//! The check digit of personnummer, samordningsnummer, organisation numbers and several reserve numbers.

/// The check digit of digit values: doubled from the right, digit sums added.
pub(crate) fn check_digit(values: &[u8]) -> u8 {
    let sum: u32 = values
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &value)| {
            let weighted = u32::from(value) * if place.is_multiple_of(2) { 2 } else { 1 };
            weighted / 10 + weighted % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// Does an ASCII text of digits end in its check digit?
pub(crate) fn holds(digits: &[u8]) -> bool {
    let Some((&last, first)) = digits.split_last() else { return false };
    let mut values = [0_u8; 16];
    let Some(values) = values.get_mut(..first.len()) else { return false };
    for (value, digit) in values.iter_mut().zip(first) {
        *value = digit - b'0';
    }
    let holds = check_digit(values) == last - b'0';
    zeroize::Zeroize::zeroize(values);
    holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_organisation_numbers_hold() {
        for number in ["2321000016", "2120000803", "2321000255", "2321000131", "2321000230"] {
            assert!(holds(number.as_bytes()));
        }
        assert!(!holds(b"2321000017"));
        assert!(!holds(b""));
    }
}
