//! Whether a text reads as a personal number. The crate `identity` knows every notation and may not be linked behind the processor;
//! here is what a closed alphabet leaves over: ten digits, or twelve with a century, whose date exists and whose check digit is
//! right, with up to eight signs that are no letters between them, and zeros before.

/// Signs that may stand between two of a number's digits.
const BETWEEN_MAX: usize = 8;
/// Digits with the century.
const DIGITS_MAX: usize = 12;

/// Whether a personnummer or samordningsnummer stands in the text. Digits other than ASCII's are for the alphabet to refuse.
pub(crate) fn reads_as_number(text: &str) -> bool {
    let mut stretches: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
    let mut between = 1;
    for letter in text.chars() {
        match letter.to_digit(10) {
            Some(digit) => {
                if between > BETWEEN_MAX {
                    stretches.push(Vec::new());
                }
                let groups = stretches.last_mut().expect("there is one from the beginning");
                match groups.last_mut().filter(|_| between == 0) {
                    Some(group) => group.push(digit as u8),
                    None => groups.push(vec![digit as u8]),
                }
                between = 0;
            }
            None if letter.is_alphabetic() => between = usize::MAX,
            None => between = between.saturating_add(1),
        }
    }
    stretches.iter().any(|groups| (0..groups.len()).any(|first| begins_number(&groups[first..])))
}

/// Whether some of these groups of digits, from the first on, are a number.
fn begins_number(groups: &[Vec<u8>]) -> bool {
    let mut digits = Vec::new();
    for group in groups {
        digits.extend_from_slice(group);
        if is_number(&digits) {
            return true;
        }
        if digits.len() > DIGITS_MAX && digits[0] != 0 {
            return false;
        }
    }
    false
}

fn is_number(digits: &[u8]) -> bool {
    match digits.len() {
        10 => is_ten(digits),
        DIGITS_MAX => is_twelve(digits),
        length if length > DIGITS_MAX => {
            let (zeros, rest) = digits.split_at(length - DIGITS_MAX);
            zeros.iter().all(|digit| *digit == 0) && is_twelve(rest)
        }
        _ => false,
    }
}

fn is_twelve(digits: &[u8]) -> bool {
    matches!(digits[..2], [1, 8 | 9] | [2, 0]) && is_ten(&digits[2..])
}

fn is_ten(digits: &[u8]) -> bool {
    let two = |at: usize| u32::from(digits[at]) * 10 + u32::from(digits[at + 1]);
    let (month, day) = (two(2), two(4));
    // A samordningsnummer has sixty more on its day, and may lack month and day.
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let is_date = (1..=days).contains(&day) || (month <= 12 && (60..=91).contains(&day));
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(place, digit)| {
            let weighted = u32::from(*digit) * if place.is_multiple_of(2) { 2 } else { 1 };
            weighted / 10 + weighted % 10
        })
        .sum();
    is_date && sum.is_multiple_of(10) && digits[6..9] != [0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::reads_as_number;

    #[test]
    fn numbers_are_found_as_people_write_them() {
        // Serials 238 and 239 belong to nobody: the Tax Agency's test numbers.
        for text in [
            "191212121212",
            "19121212-1212",
            "121212-1212",
            "121212+1212",
            "12 12 12 12 12",
            "V191212121212",
            "patient 191212121212x",
            "00191212121212",
            "1912:12:12:1212",
            "a 14, b (121212-1212)",
            "14 b 121212-1212 c",
            "14 121212-1212",
            "121272-1219",
        ] {
            assert!(reads_as_number(text), "{text}");
        }
    }

    #[test]
    fn what_programs_write_is_none() {
        for text in [
            "",
            "SE2321000016-1003",
            "waiting-times_14_2026-02_v1",
            "par_14_2026-03_v12",
            "HSLF-FS 2023:33: uppgiftsskyldighet till patientregistret",
            "Hälso- och sjukvårdslagen (2017:30) 9 kap.: rapportering av väntetider",
            "sink-register uid 1000",
            "121212-1213",
            "191313131212",
            "r14.v1.MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
        ] {
            assert!(!reads_as_number(text), "{text}");
        }
    }
}
