//! What an identity looks like wherever it is written: 108 notations, and what people, other scripts and binary fields add.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// How many notations [`required`] gives of each identity: 7 texts, each in 15 ways; 12 digits as UTF-16 and as 2 integers.
pub const REQUIRED: usize = 108;

/// What people write before the last four digits, besides a hyphen, a plus and a space.
const BETWEEN: [&str; 7] = [":", "_", "/", ".", "\u{2013}", "\u{a0}", "\u{200b}"];

const ZEROS: [u32; 2] = [0xff10, 0x660];

/// More bytes of a digest than that are not compared: nothing has so many of them by chance.
const DIGEST_BYTES: usize = 16;

/// Who is told a notation: its name, and its bytes.
type Add<'a> = &'a mut dyn FnMut(&'static str, &[u8]);

/// The seven ways in which a canonical twelve-digit identity is written as a text.
fn texts(identity: &str) -> [(&'static str, String); 7] {
    let ten = &identity[2..];
    let twelve_with = |between| format!("{}{between}{}", &identity[..8], &identity[8..]);
    let ten_with = |between| format!("{}{between}{}", &ten[..6], &ten[6..]);
    [
        ("twelve digits", identity.to_owned()),
        ("twelve digits with hyphen", twelve_with("-")),
        ("twelve digits with space", twelve_with(" ")),
        ("ten digits", ten.to_owned()),
        ("ten digits with hyphen", ten_with("-")),
        ("ten digits with plus", ten_with("+")),
        ("ten digits with space", ten_with(" ")),
    ]
}

/// The notations without which a search is none, [`REQUIRED`] of them.
pub(super) fn required(identity: &str, add: Add<'_>) {
    for (name, text) in &texts(identity) {
        let bytes = text.as_bytes();
        add(name, bytes);
        add("reversed", &bytes.iter().rev().copied().collect::<Vec<u8>>());
        add("hex", HEXLOWER.encode(bytes).as_bytes());
        for inner in base64_inner(bytes) {
            add("base64", inner.as_bytes());
        }
        for (name, digest) in digests(bytes) {
            add(name, HEXLOWER.encode(&digest).as_bytes());
            add(name, HEXUPPER.encode(&digest).as_bytes());
        }
        add("SHA-256 in base64", unpadded(&BASE64.encode(&Sha256::digest(bytes))));
    }
    add("UTF-16", &utf16(identity));
    let [_, _, integer @ ..] = identity.parse::<u64>().unwrap_or_default().to_be_bytes();
    add("integer", &integer);
    add("integer", &integer.iter().rev().copied().collect::<Vec<u8>>());
}

/// What else is looked for.
pub(super) fn beyond(identity: &str, add: Add<'_>) {
    let ten = &identity[2..];
    for (_, text) in &texts(identity) {
        let bytes = text.as_bytes();
        add("HEX", HEXUPPER.encode(bytes).as_bytes());
        add("UTF-16", &utf16(text));
        for (name, digest) in digests(bytes) {
            add(name, &digest[..DIGEST_BYTES]);
        }
        add("SHA-256 in base64", unpadded(&BASE64URL.encode(&Sha256::digest(bytes))));
    }
    for between in BETWEEN {
        add("twelve digits in parts", format!("{}{between}{}", &identity[..8], &identity[8..]).as_bytes());
        add("ten digits in parts", format!("{}{between}{}", &ten[..6], &ten[6..]).as_bytes());
    }
    for zero in ZEROS {
        let digit = |letter: char| letter.to_digit(10).and_then(|digit| char::from_u32(zero + digit));
        add("other digits", ten.chars().filter_map(digit).collect::<String>().as_bytes());
    }
}

/// Digests without a key: whoever has all identities reads them like the identity itself.
fn digests(bytes: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    [
        ("SHA-256", Sha256::digest(bytes).to_vec()),
        ("SHA-1", Sha1::digest(bytes).to_vec()),
        ("MD5", Md5::digest(bytes).to_vec()),
        ("SHA-512", Sha512::digest(bytes).to_vec()),
    ]
}

/// Some writers leave the padding out.
fn unpadded(base64: &str) -> &[u8] {
    base64.trim_end_matches('=').as_bytes()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The characters that a text always has inside a longer base64 text, at each of the three alignments.
fn base64_inner(text: &[u8]) -> [String; 3] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|shift: usize| {
        let bits: Vec<bool> = text.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        // The first whole character after `shift` bytes begins at the next multiple of six bits.
        let skip = (6 - shift * 8 % 6) % 6;
        bits[skip..]
            .chunks_exact(6)
            .map(|six| char::from(ALPHABET[six.iter().fold(0, |value, bit| value << 1 | usize::from(*bit))]))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, process::Command};

    use data_encoding::HEXLOWER;

    use super::{REQUIRED, base64_inner, required};

    /// A test identity: serial 238 belongs to nobody.
    const IDENTITY: &str = "199001012385";

    /// The same notations by somebody else's functions, one a line in hexadecimal digits.
    const ORACLE: &str = r#"
import base64, hashlib, sys
twelve = sys.argv[1]
ten = twelve[2:]
texts = [twelve, twelve[:8] + "-" + twelve[8:], twelve[:8] + " " + twelve[8:]]
texts += [ten] + [ten[:6] + between + ten[6:] for between in "-+ "]
found = set()
for text in texts:
    data = text.encode()
    found |= {data, data[::-1], data.hex().encode()}
    for shift in range(3):
        # What stays the same whatever stands before and behind.
        both = [base64.b64encode(filler * shift + data + filler * 3).rstrip(b"=") for filler in (b"\x00", b"\xff")]
        same = [one for one, other in zip(*both) if one == other]
        start = next(at for at in range(len(both[0])) if both[0][at:at + len(same)] == both[1][at:at + len(same)])
        found.add(both[0][start:start + len(same)])
    for name in ("sha256", "sha1", "md5", "sha512"):
        digest = hashlib.new(name, data).hexdigest()
        found |= {digest.encode(), digest.upper().encode()}
    found.add(base64.b64encode(hashlib.sha256(data).digest()).rstrip(b"="))
found |= {twelve.encode("utf-16-le"), int(twelve).to_bytes(6, "big"), int(twelve).to_bytes(6, "little")}
print("\n".join(sorted(one.hex() for one in found)))
"#;

    #[test]
    fn the_108_notations_are_those_that_another_program_writes() {
        let mut found = BTreeSet::new();
        required(IDENTITY, &mut |_, pattern| {
            found.insert(HEXLOWER.encode(pattern));
        });
        let output = Command::new("python3").args(["-c", ORACLE, IDENTITY]).output().expect("python3 runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let expected = String::from_utf8(output.stdout).expect("text");
        assert_eq!(found, expected.lines().map(str::to_owned).collect());
        assert_eq!(found.len(), REQUIRED);
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        // "199001012385" after zero, one and two bytes: MTk5…, eDE5…, eHgx….
        for (shift, encoded) in ["MTk5MDAxMDEyMzg1", "eDE5OTAwMTAxMjM4NQ", "eHgxOTkwMDEwMTIzODU"].iter().enumerate() {
            assert!(encoded.contains(&base64_inner(IDENTITY.as_bytes())[shift]), "alignment {shift}");
        }
    }
}
