//! Swedish alphabetical order: Å Ä Ö last, W a letter of its own after V, numbers by value.

use std::cmp::Ordering;

/// Compares two names as a Swedish reader expects to find them in a list.
pub fn compare(left: &str, right: &str) -> Ordering {
    key(left).cmp(&key(right)).then_with(|| left.cmp(right))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Other(char),
    Number(u64),
    Letter(u32),
}

fn key(text: &str) -> Vec<Part> {
    let mut parts = Vec::with_capacity(text.len());
    let mut letters = text.chars().flat_map(char::to_lowercase).peekable();
    while let Some(letter) = letters.next() {
        if let Some(digit) = letter.to_digit(10) {
            let mut value = u64::from(digit);
            while let Some(digit) = letters.peek().and_then(|next| next.to_digit(10)) {
                value = value.saturating_mul(10).saturating_add(u64::from(digit));
                letters.next();
            }
            parts.push(Part::Number(value));
        } else {
            parts.push(match letter {
                'é' | 'è' | 'ê' | 'ë' => Part::Letter('e' as u32),
                'á' | 'à' | 'â' => Part::Letter('a' as u32),
                'ü' => Part::Letter('y' as u32),
                'å' => Part::Letter('z' as u32 + 1),
                'ä' | 'æ' => Part::Letter('z' as u32 + 2),
                'ö' | 'ø' => Part::Letter('z' as u32 + 3),
                'a'..='z' => Part::Letter(letter as u32),
                other => Part::Other(other),
            });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &[&str]) {
        let mut sorted = expected.to_vec();
        sorted.reverse();
        sorted.sort_by(|left, right| compare(left, right));
        assert_eq!(sorted, expected);
    }

    #[test]
    fn letters_with_rings_and_dots_come_last() {
        check(&["Arboga", "Visby", "Vänersborg", "Wermland", "Zinkgruvan", "Ånge", "Älmhult", "Örebro"]);
    }

    #[test]
    fn numbers_sort_by_value_before_letters() {
        check(&["Med 4", "Med 9", "Med 41", "Med A"]);
    }
}
