//! Signed notes (<https://c2sp.org/signed-note>) with Ed25519, and the countersignatures of witnesses
//! (<https://c2sp.org/tlog-cosignature>).
//!
//! A note is a text that ends with a line break, an empty line, and a line `— name base64` for each signature. Files of notes
//! have an empty line behind each.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Begins a signature's line.
const MARK: &str = "— ";
/// A log's own signature.
const ED25519: u8 = 0x01;
/// A witness's, with the time.
const COSIGNATURE: u8 = 0x04;

/// A secret key. It cannot be printed and is wiped when dropped.
#[derive(Clone)]
pub struct Key(SigningKey);

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Public(VerifyingKey);

/// A text with signatures that nobody has looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text that is signed.
    pub text: String,
    /// Name, and bytes of key id and signature.
    signatures: Vec<(String, Vec<u8>)>,
}

impl Key {
    /// From a seed of 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(SigningKey::from_bytes(&thirty_two(text)?)))
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> Public {
        Public(self.0.verifying_key())
    }

    /// A text, signed by the log of this name.
    #[must_use]
    pub fn sign(&self, name: &str, text: &str) -> Note {
        let mut signature = self.public().id(name, ED25519).to_vec();
        signature.extend(self.0.sign(text.as_bytes()).to_bytes());
        Note { text: text.to_owned(), signatures: vec![(name.to_owned(), signature)] }
    }

    /// Adds this witness's signature with its time, in seconds since 1970.
    pub(crate) fn countersign(&self, name: &str, seconds: u64, note: &mut Note) {
        let mut signature = self.public().id(name, COSIGNATURE).to_vec();
        signature.extend(seconds.to_be_bytes());
        signature.extend(self.0.sign(countersigned(seconds, &note.text).as_bytes()).to_bytes());
        note.signatures.push((name.to_owned(), signature));
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Public {
    /// From 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(VerifyingKey::from_bytes(&thirty_two(text)?).ok()?))
    }

    /// As other programs for signed notes want it: `name+id+base64`.
    #[must_use]
    pub fn verifier_key(self, name: &str, is_witness: bool) -> String {
        let kind = if is_witness { COSIGNATURE } else { ED25519 };
        let bytes = [&[kind], self.0.as_bytes().as_slice()].concat();
        format!("{name}+{}+{}", HEXLOWER.encode(&self.id(name, kind)), BASE64.encode(&bytes))
    }

    fn id(self, name: &str, kind: u8) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(self.0.as_bytes()).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn made(self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Note {
    /// Reads one note; nothing when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (body, signatures) = text.split_once("\n\n")?;
        let signatures = signatures.strip_suffix('\n')?;
        let signature = |line: &str| {
            let (name, base) = line.strip_prefix(MARK)?.split_once(' ')?;
            let is_name = !name.is_empty() && !name.contains(|sign: char| sign.is_whitespace() || sign == '+');
            Some((name.to_owned(), BASE64.decode(base.as_bytes()).ok()?)).filter(|_| is_name)
        };
        let signatures = signatures.split('\n').map(signature).collect::<Option<Vec<_>>>()?;
        Some(Self { text: format!("{body}\n"), signatures })
    }

    /// The notes of a file, and the length in bytes of those that are whole; nothing when one of them is no note.
    #[must_use]
    pub fn all(text: &str) -> Option<(Vec<Self>, u64)> {
        let (found, torn) = notes(text);
        Some((found.into_iter().collect::<Option<_>>()?, (text.len() - torn.len()) as u64))
    }

    /// Whether one of these keys has signed it as the log of this name.
    #[must_use]
    pub fn is_signed(&self, name: &str, keys: &[Public]) -> bool {
        self.signatures.iter().any(|(found, bytes)| {
            let is_by = |key: &Public| {
                bytes.strip_prefix(&key.id(name, ED25519)).is_some_and(|bytes| key.made(&self.text, bytes))
            };
            found == name && keys.iter().any(is_by)
        })
    }

    /// The name and time of the countersignature by one of these witnesses; the time is in seconds since 1970.
    #[must_use]
    pub fn countersigned(&self, keys: &[Public]) -> Option<(&str, u64)> {
        self.signatures.iter().find_map(|(name, bytes)| {
            keys.iter().find_map(|key| {
                let (seconds, signature) = bytes.strip_prefix(&key.id(name, COSIGNATURE))?.split_first_chunk()?;
                let seconds = u64::from_be_bytes(*seconds);
                key.made(&countersigned(seconds, &self.text), signature).then_some((name.as_str(), seconds))
            })
        })
    }
}

/// What a witness signs.
fn countersigned(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A note as it is read back.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for (name, bytes) in &self.signatures {
            writeln!(f, "{MARK}{name} {}", BASE64.encode(bytes))?;
        }
        Ok(())
    }
}

/// A file of notes: its notes, and what stands behind the last whole one. A note that cannot be read is nothing in its place.
pub(crate) fn notes(text: &str) -> (Vec<Option<Note>>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        // Text, empty line, signatures, empty line.
        let Some(body) = rest.find("\n\n") else { return (found, rest) };
        let Some(signatures) = rest[body + 2..].find("\n\n") else { return (found, rest) };
        let end = body + 2 + signatures + 1;
        found.push(Note::parse(&rest[..end]));
        rest = &rest[end + 1..];
    }
}

fn thirty_two(text: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(text.trim().to_ascii_lowercase().as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};

    use super::{COSIGNATURE, ED25519, Key, Note, Public, notes};

    /// Key, text and note of golang.org/x/mod, sumdb/note, whose signatures are deterministic.
    const NAME: &str = "PeterNeumann";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

    #[test]
    fn a_note_is_byte_for_byte_that_of_go() {
        let key = Key::parse(&HEXLOWER.encode(&BASE64.decode(SECRET.as_bytes()).unwrap()[1..])).unwrap();
        assert_eq!(key.public().verifier_key(NAME, false), PUBLIC);
        let note = key.sign(NAME, TEXT);
        assert_eq!(note.to_string(), format!("{TEXT}\n— {NAME} {SIGNATURE}\n"));
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!(read, note);
        assert!(read.is_signed(NAME, &[key.public()]));
        assert!(!read.is_signed("another", &[key.public()]) && !read.is_signed(NAME, &[]));
        let other = Note { text: TEXT.replace("answer", "answr"), ..read };
        assert!(!other.is_signed(NAME, &[key.public()]));
    }

    #[test]
    fn a_witness_is_known_by_the_id_of_its_kind() {
        // Of transparency-dev/formats, note_cosigv1_test.go.
        let known = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        let bytes = BASE64.decode(known.rsplit('+').next().unwrap().as_bytes()).unwrap();
        let public = Public::parse(&HEXLOWER.encode(&bytes[1..])).unwrap();
        assert_eq!(public.verifier_key("remora.n621.de", true), known);
        assert_ne!(public.id("a", ED25519), public.id("a", COSIGNATURE));
    }

    #[test]
    fn a_countersignature_is_of_this_text_and_time() {
        let (log, witness) = (Key::parse(&"01".repeat(32)).unwrap(), Key::parse(&"02".repeat(32)).unwrap());
        let mut note = log.sign("log/14", "log/14\n1\nroot\n");
        witness.countersign("region-14", 1_790_000_000, &mut note);
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!(read.countersigned(&[witness.public()]), Some(("region-14", 1_790_000_000)));
        assert_eq!((read.countersigned(&[log.public()]), read.is_signed("log/14", &[witness.public()])), (None, false));
        let other = Note { text: "log/14\n2\nroot\n".to_owned(), ..read };
        assert_eq!(other.countersigned(&[witness.public()]), None);
    }

    #[test]
    fn a_file_of_notes_says_where_its_last_whole_one_ends() {
        let note = Key::parse(&"01".repeat(32)).unwrap().sign("a", "text\n");
        let file = format!("{note}\n{note}\n");
        assert_eq!(notes(&file), (vec![Some(note.clone()), Some(note.clone())], ""));
        let torn = format!("{file}{}", &note.to_string()[..20]);
        assert_eq!(notes(&torn).1, &note.to_string()[..20]);
        assert_eq!(notes("a\n\nb\n\n").0, [None]);
        assert_eq!(notes(""), (vec![], ""));
    }
}
