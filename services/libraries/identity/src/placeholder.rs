//! What somebody writes where an identifier must stand and none is known. Many patients share it, so it names nobody.

use crate::symbol::{Symbol, Symbols, kept, same};

/// As many equal digits, and more, are no number that anybody was given.
const EQUAL_MIN: usize = 3;
/// What stands after the birth date of every foreign man and woman in the register of hip fractures.
const SHARED: [&str; 2] = ["DA1B", "DA0A"];
/// Longest word; with accents it has more bytes.
const WORD_MAX: usize = 24;

/// Words of the registration desk, without accents and separators.
const WORDS: [&str; 48] = [
    "ANONYM",
    "BLANK",
    "EJANGIVEN",
    "EJANGIVET",
    "EJKAND",
    "EJKANT",
    "EMPTY",
    "INGEN",
    "INGENUPPGIFT",
    "INGET",
    "INGETID",
    "INGETPERSONNUMMER",
    "INGETPNR",
    "MISSING",
    "NA",
    "NAN",
    "NIL",
    "NN",
    "NOID",
    "NONE",
    "NOTAPPLICABLE",
    "NOTAVAILABLE",
    "NOTKNOWN",
    "NULL",
    "OIDENTIFIERAD",
    "OKAND",
    "OKANDIDENTITET",
    "OKANDPATIENT",
    "OKANDPERSON",
    "OKANT",
    "OKANTPERSONNUMMER",
    "PERSONNUMMERSAKNAS",
    "PNRSAKNAS",
    "SAKNAR",
    "SAKNARPERSONNUMMER",
    "SAKNARPNR",
    "SAKNAS",
    "TILLFALLIG",
    "TOM",
    "TOMT",
    "UNDEFINED",
    "UNIDENTIFIED",
    "UNK",
    "UNKNOWN",
    "UNKNOWNPATIENT",
    "UNKNOWNPERSON",
    "UPPGIFTSAKNAS",
    "VETEJ",
];

/// Does the text stand for a number that is not known? The script of digits, the case of letters and what stands between
/// them do not matter. It does if
///
/// * nothing in it is a digit or letter (`-`), or all of it is zeros, or one character at least three times (`9999999999`),
/// * it is a birth date and four zeros or four equal letters (`19121212-0000`, `121212-XXXX`), or zeros and a separator in
///   place of the date (`000000-1234`),
/// * it is a birth date and `DA1B` or `DA0A`, which the register of hip fractures (Rikshöft) has foreign patients entered by,
///   men and women: all of a sex who were born that day share it,
/// * it is a word of the registration desk (`OKÄND`, `saknas`), or
/// * the region lists it (`of_region`), with ten digits or twelve.
pub fn is_placeholder(text: &str, of_region: &[String]) -> bool {
    if of_region.is_empty() && is_plain_number(text.as_bytes()) {
        return false;
    }
    let mut all = kept(text);
    let Some(first) = all.next() else { return !text.trim().is_empty() };
    let equal = 1 + all.clone().take_while(|other| *other == first).count();
    let count = 1 + all.count();
    if equal == count && (first == '0' || count >= EQUAL_MIN) {
        return true;
    }
    (matches!(count, 10 | 12) && lacks_date_or_serial(text, count))
        || (first.is_alphabetic() && is_word(text, count))
        || of_region.iter().any(|placeholder| same(text, placeholder))
}

/// Nearly every identifier: digits alone, or with a hyphen before the last four; those not all equal, the others not all zero.
fn is_plain_number(text: &[u8]) -> bool {
    let (others, serial) = text.split_at(text.len().saturating_sub(4));
    let others = others.strip_suffix(b"-").unwrap_or(others);
    others.iter().all(u8::is_ascii_digit)
        && serial.iter().all(u8::is_ascii_digit)
        && serial.iter().any(|digit| *digit != serial[0])
        && others.iter().any(|digit| *digit != b'0')
}

/// Of ten or twelve characters: is the last four nothing after a date, or what many share, or the date nothing?
fn lacks_date_or_serial(text: &str, count: usize) -> bool {
    let date = kept(text).take(count - 4);
    let mut serial = kept(text).skip(count - 4);
    let is_shared = SHARED.iter().any(|shared| serial.clone().eq(shared.chars()));
    let first = serial.next().unwrap_or('1');
    let is_same = serial.all(|other| other == first);
    let is_nothing = date.clone().all(|digit| digit == '0');
    if !is_same && !is_shared && !is_nothing {
        return false;
    }
    let is_cut = is_cut_before_serial(text, count - 4);
    // A hospital's own number may be long and end in zeros, or begin with them.
    let is_date = is_cut || {
        let mut digits = date.clone().skip(count - 10);
        let mut two = || Some(digits.next()?.to_digit(10)? * 10 + digits.next()?.to_digit(10)?);
        let (_, month, day) = (two(), two(), two());
        month.is_some_and(|month| month <= 12) && day.is_some_and(|day| matches!(day, 0..=31 | 60..=91))
    };
    let written = date.clone().all(|digit| digit.is_ascii_digit());
    let nothing_after = is_shared || (is_same && (first == '0' || first.is_alphabetic()));
    (written && nothing_after && is_date) || (is_cut && is_nothing)
}

/// Does anything stand before the last four?
fn is_cut_before_serial(text: &str, date_length: usize) -> bool {
    let mut seen = 0;
    Symbols::of(text).any(|(symbol, _)| {
        let is_between = matches!(symbol, Symbol::Between(_));
        seen += usize::from(!is_between);
        is_between && seen == date_length
    })
}

fn is_word(text: &str, count: usize) -> bool {
    let mut letters = [0; WORD_MAX];
    let Some(word) = letters.get_mut(..count) else { return false };
    for (place, letter) in word.iter_mut().zip(kept(text)) {
        *place = match letter {
            'Å' | 'Ä' => b'A',
            'Ö' => b'O',
            'A'..='Z' => letter as u8,
            _ => return false,
        };
    }
    WORDS.binary_search_by(|known| known.as_bytes().cmp(word)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_written_as_they_are_compared() {
        for word in WORDS {
            assert!(word.len() <= WORD_MAX && word.bytes().all(|byte| byte.is_ascii_uppercase()), "{word}");
            assert!(is_placeholder(word, &[]), "{word}");
        }
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn what_names_nobody() {
        for text in [
            "000000-0000",
            "00000000-0000",
            "0",
            "0000",
            "9999999999",
            "999",
            "999999-9999",
            "99 99 99-9999",
            "111111111111",
            "٩٩٩٩٩٩٩٩٩٩",
            "19121212-0000",
            "191212120000",
            "121212-0000",
            "121212+0000",
            "19121272-0000",
            "19991399-0000",
            "000000-1234",
            "00000000-2385",
            "19121212-XXXX",
            "121212xxxx",
            "19410829-DA1B",
            "410829DA1B",
            "410829-da0a",
            "XXXXXX-XXXX",
            "OKÄND",
            "okänd",
            "Okand",
            "unknown",
            "N/A",
            "n.a.",
            "SAKNAS",
            "inget",
            "Ej känd",
            "Uppgift saknas",
            "-",
            "?",
            "...",
        ] {
            assert!(is_placeholder(text, &[]), "{text}");
        }
    }

    #[test]
    fn what_may_name_somebody() {
        for text in [
            "",
            "1",
            "77",
            "1001",
            "MRN-7",
            "0000001234",
            "000000012345",
            "9876540000",
            "2601050001",
            "19800101-2387",
            "800101T220",
            "19810829M071",
            "810829DA1A",
            "19810829DA0B",
            "998199DA1B",
            "DA1B",
            "KDA1B",
            "OKÄND1",
            "Okande",
            "90000",
        ] {
            assert!(!is_placeholder(text, &[]), "{text}");
        }
    }

    #[test]
    fn a_region_has_its_own() {
        let own = ["19800101-2387".to_owned(), "Reserv".to_owned()];
        for text in ["198001012387", "800101-2387", "8001012387", "RESERV", " reserv "] {
            assert!(is_placeholder(text, &own), "{text}");
        }
        for text in ["208001012387", "800102-2386", "RESERV1"] {
            assert!(!is_placeholder(text, &own), "{text}");
        }
    }
}
