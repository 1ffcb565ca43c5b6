//! Identities that somebody has written down, one on a line: from there on they are pseudonyms.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use processor::pipeline::Pipeline;
use schemas::Timestamp;
use zeroize::Zeroizing;

use super::Persons;

/// More is no list of identities.
const LINE_MAX: u64 = 200;

/// Whom the lines name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Each once.
    pub persons: Persons,
    /// Lines that name a person.
    pub read: u64,
    /// The numbers of the lines that name nobody, from 1.
    pub unreadable: Vec<u64>,
}

/// Reads a file, or standard input where none is named.
///
/// # Errors
/// When it cannot be read.
pub fn numbers(file: Option<&Path>, pipeline: &Pipeline, at: Timestamp) -> io::Result<Numbers> {
    match file.filter(|file| *file != Path::new("-")) {
        Some(file) => of(File::open(file)?, pipeline, at),
        None => of(io::stdin().lock(), pipeline, at),
    }
}

fn of(input: impl Read, pipeline: &Pipeline, at: Timestamp) -> io::Result<Numbers> {
    let (mut input, mut numbers) = (BufReader::new(input), Numbers::default());
    for line in 1.. {
        // Wiped when the next one is read.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX as usize + 1));
        let read = input.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        let is_long = read as u64 > LINE_MAX;
        if is_long && !bytes.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        // Excel begins a list so.
        let text = str::from_utf8(&bytes).unwrap_or("\u{0}").trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let tokens = if is_long { Vec::new() } else { pipeline.pseudonyms(text, at) };
        match &*tokens {
            [token, earlier @ ..] => {
                numbers.read += 1;
                let earlier = earlier.iter().map(|token| token.as_str().to_owned()).collect();
                numbers.persons.insert(token.as_str().to_owned(), earlier);
            }
            [] => numbers.unreadable.push(line),
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use identity::test_identity;
    use processor::pipeline::Settings;

    use super::*;

    fn pipeline() -> Pipeline {
        let key = identity::Key::from_hex(&"0123456789abcdef".repeat(4)).expect("a key");
        Pipeline::new(Settings {
            region: "14".to_owned(),
            key,
            key_id: "v1".to_owned(),
            directory: Default::default(),
            programs: Vec::new(),
            interim: false,
        })
        .expect("a pipeline")
    }

    #[test]
    fn every_notation_of_a_person_is_the_person_and_what_names_nobody_is_counted() {
        let [one, other] = [3, 4].map(test_identity::number);
        let long = "9".repeat(5_000);
        let text = format!(
            "\u{feff}{}\r\n\n{}\n  {}  \nhello\n{long}\n123456\n{}",
            one.as_str(),
            one.hyphenated(),
            other.as_str(),
            other.hyphenated()
        );
        let found = of(text.as_bytes(), &pipeline(), Timestamp(1_775_000_000_000_000)).expect("it is read");
        assert_eq!((found.persons.len(), found.read, &*found.unreadable), (2, 4, &[5, 6, 7][..]));
        let nothing = of(&b"\xff\xfe\n"[..], &pipeline(), Timestamp(0)).expect("it is read");
        assert_eq!(nothing, Numbers { unreadable: vec![1], ..Numbers::default() });
    }
}
