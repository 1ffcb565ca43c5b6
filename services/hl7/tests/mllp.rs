//! Frames of a stream, however it was cut.

use hl7::mllp::{self, Frame, Frames, HEAD_BYTES};
use proptest::prelude::*;

/// A frame with its bytes owned, to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owned {
    Message(Vec<u8>, bool),
    TooLong(usize, usize),
}

fn drain(frames: &mut Frames, into: &mut Vec<Owned>) {
    while let Some(frame) = frames.next() {
        into.push(match frame {
            Frame::Message { bytes, ended } => Owned::Message(bytes.to_vec(), ended),
            Frame::TooLong { head, bytes } => Owned::TooLong(head.len(), bytes),
        });
    }
}

fn decode(chunks: &[&[u8]], bytes_max: usize) -> (Vec<Owned>, u64, Vec<u8>) {
    let mut frames = Frames::new(bytes_max);
    let mut found = Vec::new();
    for chunk in chunks {
        frames.push(chunk);
        drain(&mut frames, &mut found);
    }
    (found, frames.junk_bytes(), frames.unfinished().to_vec())
}

#[track_caller]
fn check(stream: &[u8], want: &[Owned], junk_bytes: u64, unfinished: &[u8]) {
    let got = decode(&[stream], 50);
    assert_eq!(got, (want.to_vec(), junk_bytes, unfinished.to_vec()));
}

fn whole(text: &str) -> Owned {
    Owned::Message(text.as_bytes().to_vec(), true)
}

fn open(text: &str) -> Owned {
    Owned::Message(text.as_bytes().to_vec(), false)
}

#[test]
fn what_is_encoded_is_decoded() {
    let mut stream = Vec::new();
    mllp::encode(b"MSH|a", &mut stream);
    mllp::encode(b"", &mut stream);
    check(&stream, &[whole("MSH|a"), whole("")], 0, b"");
}

#[test]
fn senders_end_frames_in_many_ways() {
    check(b"\x0Ba\x1C\r\x0Bb\x1C\n\x0Bc\x1C\r\n\x0Bd\x1C\x0Be\x1C", &["a", "b", "c", "d", "e"].map(whole), 0, b"");
    check(b"\x0Ba\r\x0Bb\x1C\r", &[open("a\r"), whole("b")], 0, b"");
    check(b"\x0Ba\x1C\x1C\r\0\x0Bb\x1C\r", &[whole("a"), whole("b")], 0, b"");
}

#[test]
fn junk_between_frames_is_counted() {
    check(b"junk\x0Ba\x1C\rmore\r\n", &[whole("a")], 8, b"");
    check(b"MSH|no frame\r", &[], 12, b"");
}

#[test]
fn a_frame_cut_short_is_not_given_out() {
    check(b"\x0Ba\x1C\r\x0BMSH|half", &[whole("a")], 0, b"MSH|half");
}

#[test]
fn a_frame_that_is_too_long_is_passed_over() {
    let long = vec![b'x'; 5_000];
    let mut stream = Vec::new();
    mllp::encode(b"a", &mut stream);
    mllp::encode(&long, &mut stream);
    mllp::encode(b"b", &mut stream);
    check(&stream, &[whole("a"), Owned::TooLong(50, 5_000), whole("b")], 0, b"");
    // At the limit, and one beyond it.
    let stream = [b"\x0B".as_slice(), &long[..50], b"\x1C\r\x0B", &long[..51], b"\x1C\r"].concat();
    check(&stream, &[whole(&"x".repeat(50)), Owned::TooLong(50, 51)], 0, b"");
}

#[test]
fn the_buffer_stays_small_while_a_long_frame_passes() {
    let mut frames = Frames::new(10_000);
    frames.push(b"\x0B");
    for _ in 0..1_000 {
        frames.push(&[b'x'; 4_096]);
        assert!(frames.next().is_none());
        assert!(frames.tail().len() <= 10_000 + 4_096);
    }
    frames.push(b"\x1C\r");
    assert_eq!(frames.next(), Some(Frame::TooLong { head: &[b'x'; HEAD_BYTES], bytes: 4_096_000 }));
    assert_eq!(frames.next(), None);
}

#[test]
fn an_idle_connection_keeps_little_after_a_large_message() {
    let mut frames = Frames::default();
    frames.push(&[b"\x0B".as_slice(), &[b'x'; 900_000], b"\x1C"].concat());
    assert!(matches!(frames.next(), Some(Frame::Message { ended: true, .. })));
    assert_eq!(frames.next(), None);
    assert!(frames.tail().capacity() <= 64 << 10);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => prop::sample::select(b"MSH|^\r\n".to_vec()), 1 => Just(0x0B), 1 => Just(0x1C), 1 => any::<u8>()];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_frames(bytes in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for place in places {
            chunks.push(&bytes[from..place]);
            from = place;
        }
        chunks.push(&bytes[from..]);
        for bytes_max in [5, 20, 1_000] {
            prop_assert_eq!(decode(&chunks, bytes_max), decode(&[&bytes], bytes_max));
        }
    }

    #[test]
    fn no_byte_is_unaccounted_for(bytes in stream()) {
        let (found, junk, unfinished) = decode(&[&bytes], 1_000);
        let framed: usize = found.iter().map(|frame| match frame { Owned::Message(bytes, _) => bytes.len(), Owned::TooLong(_, bytes) => *bytes }).sum();
        let blocks = bytes.iter().filter(|byte| matches!(byte, 0x0B | 0x1C)).count();
        let between = bytes.len() - blocks - framed - unfinished.len() - junk as usize;
        prop_assert!(between <= bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n' | 0)).count());
    }
}
