//! What is sent compressed: the same to the byte once it is read, and how much less it is.

use std::io::Read;

use dashboard::hub::Bounds;
use flate2::read::GzDecoder;
use flate2::{Decompress, FlushDecompress};
use local_stack::agent;

use crate::browser::{admit, check};
use crate::fixture;
use crate::published;
use crate::site::{Setup, Site};

fn country(clients_max: usize) -> Site {
    let bounds = Bounds { clients_max, topics_max: 50 };
    Site::start(Setup { bounds, ..Setup::of(fixture::country(), fixture::now()) })
}

/// One open stream, read as it comes.
struct Reader {
    body: Box<dyn Read>,
    /// Of a compressed one, behind its head.
    unpack: Option<Decompress>,
    text: Vec<u8>,
    /// How much has come.
    bytes: usize,
}

impl Reader {
    fn open(site: &Site, path: &str, gzip: bool) -> Self {
        let asked = agent().get(format!("{}{path}", site.url()));
        let asked = if gzip { asked.header("accept-encoding", "gzip, br") } else { asked };
        let answer = asked.call().unwrap();
        let coding = answer.headers().get("content-encoding").map(|coding| coding.to_str().unwrap());
        assert_eq!(coding, gzip.then_some("gzip"), "{path}");
        assert!(answer.headers()["vary"].to_str().unwrap().contains("Accept-Encoding"));
        let mut body = answer.into_body().into_reader();
        let mut head = [0; 10];
        if gzip {
            body.read_exact(&mut head).unwrap();
            assert_eq!(head[..4], [0x1f, 0x8b, 8, 0], "deflate, and no name");
        }
        let unpack = gzip.then(|| Decompress::new(false));
        Self { body: Box::new(body), unpack, text: Vec::new(), bytes: 0 }
    }

    /// The next message with content; pulses are passed over, for they come by the clock.
    fn message(&mut self) -> String {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.text.drain(..end + 2).collect();
                if message.starts_with(b"id: ") {
                    return String::from_utf8(message).unwrap();
                }
                continue;
            }
            let mut buffer = [0; 16 << 10];
            let count = self.body.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the stream has ended");
            self.bytes += count;
            let Some(unpack) = &mut self.unpack else {
                self.text.extend_from_slice(&buffer[..count]);
                continue;
            };
            let begin = unpack.total_in();
            loop {
                self.text.reserve(64 << 10);
                let (taken, given) = ((unpack.total_in() - begin) as usize, unpack.total_out());
                unpack.decompress_vec(&buffer[taken..count], &mut self.text, FlushDecompress::None).unwrap();
                if unpack.total_out() == given && (unpack.total_in() - begin) as usize == count {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_compressed_stream_says_the_same_in_less_than_a_third() {
    let site = country(50);
    let mut numbers = 0..;
    for path in ["/strom/sv/region/14", "/strom/en?q=1", "/strom/sv/uppmarksamma"] {
        let mut readers = [false, true].map(|gzip| Reader::open(&site, path, gzip));
        let is_list = !path.ends_with("uppmarksamma");
        for _ in 0..if is_list { 20 } else { 1 } {
            let [plain, compressed] = readers.each_mut().map(Reader::message);
            assert_eq!(plain, compressed, "{path}");
            if is_list {
                admit(&site, numbers.next().unwrap());
            }
        }
        // One that joins later reads from its own beginning.
        let mut late = Reader::open(&site, path, true);
        assert_eq!(late.message(), Reader::open(&site, path, false).message(), "{path}");
        let [plain, compressed] = readers.map(|reader| reader.bytes);
        println!("{path}: {plain} bytes, compressed {compressed}");
        assert!(compressed * 3 < plain, "{path}: {compressed} of {plain}");
    }
}

#[test]
fn whole_answers_are_the_same_compressed_and_say_so() {
    let site = published::site();
    let ask = |method: &str, path: &str, fields: &[(&str, &str)]| {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", site.url()));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        agent().run(request.body(()).unwrap()).unwrap()
    };
    let gzip = ("accept-encoding", "gzip");
    for path in [
        "/sv/region/14",
        "/sv/kostnad/region/14?period=2025",
        "/sv/vantetider?period=2026-09&form=csv&tabell=regioner",
        "/api/v1/costs?region=14",
        "/api/v1/units",
        "/openapi.json",
    ] {
        // A page of the board moves on each second: until all three show the same one.
        let three = || {
            let mut plain = ask("GET", path, &[]);
            let mut compressed = ask("GET", path, &[gzip]);
            // What has only its head says how long it would be.
            let head = ask("HEAD", path, &[gzip]);
            assert_eq!((plain.status().as_u16(), compressed.status().as_u16()), (200, 200), "{path}");
            for packed in [&compressed, &head] {
                assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
                assert_eq!(packed.headers()["vary"], plain.headers()["vary"]);
                assert_eq!(packed.headers().get("etag"), plain.headers().get("etag"), "{path}");
            }
            assert!(!plain.headers().contains_key("content-encoding"));
            let read = plain.body_mut().read_to_vec().unwrap();
            let packed = compressed.body_mut().read_to_vec().unwrap();
            let mut text = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
            let is_same = text == read && head.headers()["content-length"] == packed.len().to_string();
            is_same.then_some((read.len(), packed.len(), head))
        };
        let (plain, packed, head) = (0..10).find_map(|_| three()).unwrap_or_else(|| panic!("{path} never is the same"));
        assert!(packed * 3 < plain, "{path}: {packed} of {plain}");
        if let Some(tag) = head.headers().get("etag") {
            for fields in
                [&[("if-none-match", tag.to_str().unwrap()), gzip][..], &[("if-none-match", tag.to_str().unwrap())]]
            {
                let held = ask("GET", path, fields);
                assert_eq!((held.status().as_u16(), held.headers().get("etag")), (304, Some(tag)), "{path}");
                assert!(!held.headers().contains_key("content-encoding"));
            }
        }
    }
}

/// Chromium, by `EventSource` and as htmx reads: each message when it comes, not when a buffer is full.
#[test]
fn a_browser_reads_compressed_messages_as_they_come() {
    let site = country(50);
    let mut number = 0;
    check("compressed", &site.url(), &[], |_| {
        admit(&site, number);
        number += 1;
    });
}
