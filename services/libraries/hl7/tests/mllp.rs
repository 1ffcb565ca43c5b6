//! Frames of a stream, however it was cut.

use hl7::mllp::{self, Doubt, Frame, Frames, HEAD_BYTES};
use proptest::prelude::*;

/// A frame with its bytes owned, to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owned {
    Message(Vec<u8>, bool),
    Shortened(Vec<u8>, usize),
    TooLong(usize, usize),
}

fn drain(frames: &mut Frames, into: &mut Vec<Owned>) {
    while let Some(frame) = frames.next() {
        into.push(match frame {
            Frame::Message { bytes, ended, left_out: 0 } => Owned::Message(bytes.to_vec(), ended),
            Frame::Message { bytes, left_out, .. } => Owned::Shortened(bytes.to_vec(), left_out),
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
    let (junk_bytes, unfinished) = (frames.junk_bytes(), frames.unfinished().to_vec());
    frames.settle();
    drain(&mut frames, &mut found);
    (found, junk_bytes, unfinished)
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
    let each = ["MSH|a", "MSH|b", "MSH|c", "MSH|d", "MSH|e", "MSH|f"];
    check(
        b"\x0BMSH|a\x1C\r\x0BMSH|b\x1C\n\x0BMSH|c\x1C\r\n\x0BMSH|d\x1C\x0BMSH|e\x1C\n\0\x0BMSH|f\x1C\r",
        &each.map(whole),
        0,
        b"",
    );
    check(b"\x0BMSH|a\r\x0BMSH|b\x1C\r", &[open("MSH|a\r"), whole("MSH|b")], 0, b"");
    check(b"\x0Ba\x1C\x1C\r\0\x0Bb\x1C\r", &[whole("a"), whole("b")], 0, b"");
    // Padding before a header, and an envelope in its place.
    check(b"\x0BMSH|a\r\x0B\xEF\xBB\xBF\r\nBHS|b\x1C\r", &[open("MSH|a\r"), whole("\u{feff}\r\nBHS|b")], 0, b"");
    // A start byte too many begins nothing.
    check(b"\x0B\x0B\r\x0BMSH|a\x1C\r", &[whole("MSH|a")], 0, b"");
}

#[test]
fn bytes_of_the_framing_inside_a_field_are_content() {
    for inside in [
        "Doe\u{b}K",
        "\u{b}",
        "Doe\u{1c}K",
        "\u{1c}",
        "\u{1c}\u{1c}\u{b}",
        "\u{b}MSHK",
        "a\u{1c}\nb",
        "\u{1c}\u{b}K",
        "\u{1c} ",
    ] {
        let message = format!("MSH|^~\\&|A\rPV1|{inside}|V1\r");
        let mut stream = Vec::new();
        mllp::encode(message.as_bytes(), &mut stream);
        mllp::encode(b"MSH|b", &mut stream);
        check(&stream, &[whole(&message), whole("MSH|b")], 0, b"");
    }
}

#[test]
fn an_end_byte_that_comes_last_is_in_doubt() {
    let doubt = |stream: &[u8]| {
        let mut frames = Frames::default();
        frames.push(stream);
        assert!(frames.next().is_none());
        let doubt = frames.doubt();
        assert_eq!(frames.next(), None, "nothing ends before it is settled");
        frames.settle();
        (doubt, frames.next().is_some(), frames.next().is_some())
    };
    assert_eq!(doubt(b"\x0BMSH|a\r\x1C"), (Some(Doubt::Segment), true, false));
    assert_eq!(doubt(b"\x0BMSH|a\x1C"), (Some(Doubt::Field), true, false));
    assert_eq!(doubt(b"\x0BMSH|a\r\x1C\n"), (Some(Doubt::Segment), true, false));
    assert_eq!(doubt(b"\x0BMSH|a\x1C\x0B"), (Some(Doubt::Field), true, false));
    assert_eq!(doubt(b"\x0BMSH|a\x1Cb"), (None, false, false));
    assert_eq!(doubt(b"\x0BMSH|a\x0B"), (None, false, false));
    assert_eq!(doubt(b"\x1C"), (None, false, false));
    // What comes after it decides, also when it comes late.
    let mut frames = Frames::default();
    frames.push(b"\x0BMSH|a\x1C");
    assert!(frames.next().is_none());
    frames.push(b"b\x1C\r");
    assert_eq!(frames.next(), Some(Frame::Message { bytes: b"MSH|a\x1Cb", ended: true, left_out: 0 }));
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
fn a_frame_over_the_limit_loses_its_documents() {
    const MARK: &str = " bytes of documents were left out\r";
    let document = format!("OBX|1|ED|{}\r", "x".repeat(5_000));
    let texts = "NTE|1\rZDS|a\r".repeat(500);
    for (left_out, more) in [(&document, ""), (&texts, "ZBE|1\rZPI|short\r"), (&document, "PV2|last")] {
        let mut stream = Vec::new();
        mllp::encode(format!("MSH|^~\\&|a\r{left_out}PV1|1\r{more}").as_bytes(), &mut stream);
        mllp::encode(b"MSH|b", &mut stream);
        let end = if more.is_empty() || more.ends_with('\r') { "" } else { "\r" };
        let bytes = left_out.len();
        let want = format!("MSH|^~\\&|a\rPV1|1\r{more}{end}NTE|||vardstrom: shortened, {bytes}{MARK}");
        check(&stream, &[Owned::Shortened(want.clone().into_bytes(), bytes), whole("MSH|b")], 0, b"");
        let message = hl7::Message::parse(&want).unwrap();
        assert!(hl7::shorten::is_marked(message.segments().next_back().unwrap().raw()));
    }
    // A long segment of the sender's own goes too; segments end with what the message says.
    let own = format!("ZPD|{}\n", "x".repeat(2_000));
    let stream = format!("\u{b}MSH$a\n{own}PV1$1\nZBE$1\u{1c}\r").replace('|', "$");
    let want = "MSH$a\nPV1$1\nZBE$1\nNTE$$$vardstrom: shortened, 2005 bytes of documents were left out\n";
    check(stream.as_bytes(), &[Owned::Shortened(want.into(), 2_005)], 0, b"");
    assert!(!hl7::shorten::is_marked("NTE|1||text") && !hl7::shorten::is_marked("NTEå"));
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
    frames.push(b"\x0BMSH|a\rOBX|1||");
    for _ in 0..1_000 {
        frames.push(&[b'x'; 4_096]);
        assert!(frames.next().is_none());
        assert!(frames.tail().len() <= 10_000 + 4_096);
    }
    frames.push(b"\x1C\r");
    assert!(matches!(frames.next(), Some(Frame::Message { bytes: [b'M', ..], left_out: 4_096_007, .. })));
    assert_eq!(frames.next(), None);
}

#[test]
fn an_idle_connection_keeps_little_after_a_large_message() {
    let mut frames = Frames::default();
    frames.push(&[b"\x0B".as_slice(), &[b'x'; 900_000], b"\x1C\r"].concat());
    assert!(matches!(frames.next(), Some(Frame::Message { ended: true, .. })));
    assert_eq!(frames.next(), None);
    assert!(frames.tail().capacity() <= 64 << 10);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => prop::sample::select(b"MSH|^\r\n \0".to_vec()).prop_map(|byte| vec![byte]),
        2 => Just(vec![0x0B]),
        2 => Just(vec![0x1C]),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => prop::sample::select(vec!["MSH|", "BHS|", "OBX|1\r", "\rNTE|", "\rZAA|", "\u{feff}", "\u{1c}\r", "PV1|"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(part, 0..200).prop_map(|parts| parts.concat())
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
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        for bytes_max in [5, 20, 1_000] {
            let whole = decode(&[&bytes], bytes_max);
            prop_assert_eq!(&decode(&chunks, bytes_max), &whole);
            prop_assert_eq!(&decode(&each, bytes_max), &whole);
        }
    }

    #[test]
    fn no_letter_is_unaccounted_for(bytes in stream()) {
        let letters = |bytes: &[u8]| bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
        let mut frames = Frames::new(10_000);
        let mut found = Vec::new();
        frames.push(&bytes);
        drain(&mut frames, &mut found);
        let framed: usize = found.iter().map(|frame| match frame {
            Owned::Message(bytes, _) => letters(bytes),
            other => panic!("{other:?} is within the limit"),
        }).sum();
        let between = letters(&bytes) - framed - letters(frames.unfinished());
        prop_assert!(between as u64 <= frames.junk_bytes());
    }
}
