//! When two spellings are one code: the one rule by which codes of packages, and words of a unit directory, are compared.
//!
//! Capitals never matter, and å ä ö as one sign or as a letter with its mark are the same. Of a code of two letters or more
//! å and ä may also be written a, and ö o: `ÖV`, `öv`, `OV` are one code, for programs along the way lose the dots. A single
//! letter is another letter without them: `A` is not `Å`.

/// Whether two texts are one code but for capitals.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!(one.is_ascii() && other.is_ascii()) && composed(one).eq(composed(other)))
}

/// Whether two texts are one code when å ä ö may lack their marks.
fn is_same_bare(one: &str, other: &str) -> bool {
    composed(one).nth(1).is_some() && composed(one).map(bare).eq(composed(other).map(bare))
}

/// What a code means: the spelling that differs least. Nothing for a text that only without å ä ö would be several codes
/// with different meanings.
pub(crate) fn find<'c, M: PartialEq>(
    codes: impl Iterator<Item = (&'c str, &'c M)> + Clone,
    text: &str,
) -> Option<&'c M> {
    if let Some((_, meaning)) = codes.clone().find(|(code, _)| is_same(code, text)) {
        return Some(meaning);
    }
    let mut alike = codes.filter(|(code, _)| is_same_bare(code, text)).map(|(_, meaning)| meaning);
    let meaning = alike.next()?;
    alike.all(|other| other == meaning).then_some(meaning)
}

/// Whether a text is one of these codes.
pub(crate) fn is_among<'c>(codes: impl Iterator<Item = &'c str>, text: &str) -> bool {
    let mut codes = codes;
    codes.any(|code| is_same(code, text) || is_same_bare(code, text))
}

/// Lower case letters, å ä ö as one sign each.
fn composed(text: &str) -> impl Iterator<Item = char> {
    let mut letters = text.chars().flat_map(char::to_lowercase).peekable();
    std::iter::from_fn(move || {
        let letter = letters.next()?;
        let whole = match (letter, letters.peek()) {
            ('a', Some('\u{30a}')) => 'å',
            ('a', Some('\u{308}')) => 'ä',
            ('o', Some('\u{308}')) => 'ö',
            _ => return Some(letter),
        };
        letters.next();
        Some(whole)
    })
}

fn bare(letter: char) -> char {
    match letter {
        'å' | 'ä' => 'a',
        'ö' => 'o',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_marks_of_words_do_not_matter() {
        let codes = [("OV", 'o'), ("VÄNTANDE", 'w'), ("Ö", 'o'), ("A", 'a'), ("1", '1')];
        let meaning = |text: &str| find(codes.iter().map(|(code, meaning)| (*code, meaning)), text).copied();
        for (text, expected) in [
            ("OV", Some('o')),
            ("ov", Some('o')),
            ("ÖV", Some('o')),
            ("öv", Some('o')),
            ("O\u{308}V", Some('o')),
            ("vantande", Some('w')),
            ("Väntande", Some('w')),
            ("VA\u{308}NTANDE", Some('w')),
            ("ö", Some('o')),
            ("o\u{308}", Some('o')),
            ("a", Some('a')),
            // Another letter is another code.
            ("Å", None),
            ("O", None),
            ("", None),
            ("OVV", None),
            ("1", Some('1')),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_could_be_two_codes_is_none() {
        let codes = [("HÄL", 1), ("HAL", 2), ("BÅT", 3), ("BÄT", 4), ("RÅD", 5), ("RÄD", 5)];
        let meaning = |text: &str| find(codes.iter().map(|(code, meaning)| (*code, meaning)), text).copied();
        assert_eq!((meaning("häl"), meaning("hal"), meaning("hål")), (Some(1), Some(2), None));
        assert_eq!((meaning("BAT"), meaning("rad")), (None, Some(5)));
        assert!(is_among(["ÅTERKALLAD"].into_iter(), "aterkallad") && !is_among(["Å"].into_iter(), "a"));
    }
}
