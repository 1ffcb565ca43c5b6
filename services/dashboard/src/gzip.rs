//! Compression for clients that take it, of answers and of streams.
//!
//! A stream is written once for all its readers, so it is compressed once, too. Readers join at any time, and a compressor that goes
//! on from message to message would need a copy for each of them. Therefore every [`Part`] is compressed by itself, as whole blocks
//! of deflate that look back at nothing before them: in whatever order parts are put behind [`HEAD`], the whole is one gzip stream
//! (RFC 1951 and 1952). Its end, with the sum of everything, never comes, for streams have none. Members of gzip, one a message,
//! would be as valid, but Chromium reads only the first.

use std::io::{self, Write as _};
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// What a gzip stream begins with: deflate, no name, no time, an unknown system.
pub(crate) const HEAD: Bytes = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/// Whether a client takes gzip, by its `Accept-Encoding` (RFC 9110, 12.5.3).
pub(crate) fn is_taken(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// An answer as a whole.
pub(crate) fn whole(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// A part of a stream that many readers get; compressed when the first of them takes it so.
#[derive(Debug)]
pub(crate) struct Part {
    plain: Bytes,
    packed: OnceLock<Bytes>,
}

impl Part {
    pub(crate) const fn of(plain: Bytes) -> Self {
        Self { plain, packed: OnceLock::new() }
    }

    /// As a reader takes it.
    pub(crate) fn bytes(&self, gzip: bool) -> Bytes {
        if gzip { self.packed.get_or_init(|| blocks(&self.plain)).clone() } else { self.plain.clone() }
    }
}

/// Blocks of deflate that end at a byte, none of them the last.
fn blocks(plain: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.flush()).expect("a vector takes every byte");
    // What the encoder writes at its end is not wanted.
    std::mem::take(encoder.get_mut()).into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn who_refuses_gzip_or_does_not_name_it_gets_none() {
        for (asked, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("deflate , gzip ; q=1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("identity", false),
            ("gzipped", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, asked.parse().unwrap());
            assert_eq!(is_taken(&headers), taken, "{asked}");
        }
        assert!(!is_taken(&HeaderMap::new()));
    }

    #[test]
    fn parts_are_one_stream_wherever_a_reader_joins() {
        let rows = |number: usize| format!("data: <tr id=\"u-{number}\">{}</tr>\n\n", "<td>7</td>".repeat(9_000));
        let parts: Vec<Part> = (0..4).map(|number| Part::of(rows(number).into())).collect();
        for first in 0..parts.len() {
            let stream: Vec<u8> =
                std::iter::once(HEAD).chain(parts[first..].iter().map(|part| part.bytes(true))).flatten().collect();
            let mut text = Vec::new();
            // It has no end: everything comes, and then that more was awaited.
            let end = flate2::read::GzDecoder::new(&stream[..]).read_to_end(&mut text).unwrap_err();
            assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(text, (first..parts.len()).map(rows).collect::<String>().into_bytes());
            assert!(stream.len() * 20 < text.len(), "{} of {}", stream.len(), text.len());
        }
        assert_eq!(parts[0].bytes(true).as_ptr(), parts[0].bytes(true).as_ptr(), "compressed once");
    }
}
