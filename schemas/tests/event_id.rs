//! Event ids and content hashes, against values computed by other programs.

use proptest::prelude::*;
use schemas::{EVENT_ID_NAMESPACE, Sha256, content_hash, event_id};

#[test]
fn the_namespace_is_the_documented_one() {
    // python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "urn:vardstrom:event-id"))'
    assert_eq!(EVENT_ID_NAMESPACE.to_string(), "2616901f-9b2a-5fad-bc24-1d45251f9984");
}

#[test]
fn ids_equal_those_of_python() {
    // hash = hashlib.sha256(b"MSH|1\rPID|2").digest()
    // uuid.uuid5(namespace, "\0".join([source_system, message_id, hash.hex(), str(ordinal)]))
    let hash = content_hash(b"MSH|1\rPID|2");
    let check = |system: &str, message: &str, ordinal, expected: &str| {
        assert_eq!(event_id(system, message, &hash, ordinal).to_string(), expected);
    };
    check("SE2321000131-E000000000001", "MSG00001", 0, "244a1aba-08b3-5fb3-a7c1-6efd3fe246a8");
    check("SE2321000131-E000000000001", "MSG00001", 1, "9e8e760a-b85e-522e-b600-3ea95d5cf71b");
    check("SE2321000131-E000000000001", "MSG00001", u32::MAX, "914e7bf6-2df7-561b-97f3-5a3f1110bb7b");
    check("", "å ä ö", 10, "e04a561f-2d31-5eb8-bce8-7dec4fd65cbf");
}

#[test]
fn another_content_is_another_event() {
    let id = |content: &[u8]| event_id("s", "m", &content_hash(content), 0);
    assert_ne!(id(b"MSH|1"), id(b"MSH|2"));
    assert_eq!(id(b"MSH|1\rPID\r"), id(b"MSH|1\r\nPID\r\n"));
}

#[test]
fn hashes_equal_those_of_python() {
    // hashlib.sha256(b"MSH|1\rPID|2").hexdigest()
    let hash = "41270c94fad2efa2818a02e15ea253855eba6b49a3858b7fdd6f2533f89c965b";
    for content in [
        "MSH|1\rPID|2",
        "MSH|1\nPID|2",
        "MSH|1\r\nPID|2",
        "MSH|1\rPID|2\r",
        "MSH|1\r\nPID|2\r\n\r\n",
        "MSH|1\nPID|2\n\r",
    ] {
        assert_eq!(content_hash(content.as_bytes()).to_string(), hash, "{content:?}");
    }
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for content in ["", "\r", "\n", "\r\n\r\n"] {
        assert_eq!(content_hash(content.as_bytes()).to_string(), of_nothing, "{content:?}");
    }
    // An empty line inside is content: it does not vanish.
    assert_eq!(content_hash(b"a\r\rb"), content_hash(b"a\n\nb"));
    assert_ne!(content_hash(b"a\r\rb"), content_hash(b"a\rb"));
}

/// The rule in its plainest words, with copies.
fn plainly(content: &[u8]) -> Sha256 {
    use sha2::Digest;
    let text: String = content.iter().map(|byte| char::from(*byte)).collect();
    let normal = text.replace("\r\n", "\r").replace('\n', "\r");
    let bytes: Vec<u8> = normal.trim_end_matches('\r').chars().map(|character| character as u8).collect();
    Sha256(sha2::Sha256::digest(bytes).into())
}

proptest! {
    #[test]
    fn hashing_without_a_copy_equals_hashing_with_one(pieces in prop::collection::vec("\r|\n|[ab\u{ff}]", 0..40)) {
        let content = pieces.concat();
        prop_assert_eq!(content_hash(content.as_bytes()), plainly(content.as_bytes()));
    }
}
