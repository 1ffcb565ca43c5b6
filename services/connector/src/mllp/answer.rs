//! What is written back to a sender.
//!
//! The header of a message is kept until Kafka has acknowledged it; then the answer is made from it.

use hl7::ack::{self, Answer, Outcome, Problem};
use hl7::charset::Charset;
use hl7::time::Stockholm;
use hl7::{Error, Message};

use crate::config::Acknowledgement;
use crate::message::{self, Header};
use crate::metrics::Answered;

/// What is needed to answer a message, when its bytes are gone.
pub(super) struct Seed {
    /// The MSH segment; `None` when it cannot be read.
    header: Option<Box<str>>,
    charset: Charset,
}

/// Longest header that is kept. A longer MSH is cut, which can only empty fields behind MSH-18.
const HEADER_BYTES_MAX: usize = 1024;

impl Seed {
    /// Of a message's bytes.
    pub(super) fn of(message: &[u8], wanted: Acknowledgement) -> Self {
        let Header { text, charset } = message::header(message);
        let Ok(message) = Message::parse_header(&text) else {
            return Self { header: None, charset: Charset::Undeclared };
        };
        let header = message.segment("MSH").map(|segment| segment.raw()).unwrap_or_default();
        let mut end = header.len().min(HEADER_BYTES_MAX);
        while !header.is_char_boundary(end) {
            end -= 1;
        }
        // A control character in a field of theirs would cut our answer.
        let header = header[..end].replace(|letter: char| letter.is_ascii_control(), " ");
        let separator = char::from(message.delimiters().field);
        // What is an answer itself is answered only when it asks for it, or two systems would answer each other for ever.
        let wanted = if message.kind() == "ACK" { Acknowledgement::Message } else { wanted };
        Self { header: Some(with_conditions(&header, separator, wanted)), charset }
    }
}

/// The header with MSH-15 and MSH-16 as the configuration wants them.
fn with_conditions(header: &str, separator: char, wanted: Acknowledgement) -> Box<str> {
    let conditions = match wanted {
        Acknowledgement::Message => return header.into(),
        Acknowledgement::Original => ["", ""],
        Acknowledgement::Enhanced => ["AL", "NE"],
    };
    let mut fields: Vec<&str> = header.split(separator).collect();
    // Split at its separators, MSH-n is at index n - 1.
    if fields.len() < 16 {
        fields.resize(16, "");
    }
    fields[14] = conditions[0];
    fields[15] = conditions[1];
    fields.join(&separator.to_string()).into()
}

/// What became of a message.
#[derive(Clone, Copy)]
pub(super) enum Became {
    Stored,
    /// Stored as it is, but it cannot be read as a message, and the configuration wants it accepted.
    StoredUnreadable(Error),
    /// The same, and it is rejected.
    RejectedUnreadable(Error),
    /// Only its coordinates were stored.
    TooLong,
    /// Not stored: the next message began inside one of its segments, so its end may be missing.
    CutShort,
    /// Not stored: Kafka did not acknowledge in time.
    NotStored,
}

impl Became {
    fn outcome(self) -> Outcome {
        match self {
            Self::Stored | Self::StoredUnreadable(_) => Outcome::Accepted,
            Self::RejectedUnreadable(_) | Self::TooLong => Outcome::Rejected,
            Self::NotStored | Self::CutShort => Outcome::Failed,
        }
    }

    /// Whether its sender has delivered what the port is for.
    pub(super) fn is_accepted(self) -> bool {
        self.outcome() == Outcome::Accepted
    }

    fn problem(self) -> Option<Problem<'static>> {
        let (rule, remedy) = match self {
            Self::Stored => return None,
            Self::StoredUnreadable(error) | Self::RejectedUnreadable(error) => (error.code(), error.remedy()),
            Self::TooLong => {
                ("too-long", "the message is longer than this receiver accepts; send it without attachments")
            }
            Self::CutShort => {
                ("cut-short", "the next message began before this one was ended; send it again with its end block")
            }
            Self::NotStored => ("not-stored", "the message could not be stored in time; send it again"),
        };
        Some(Problem { at: None, rule, remedy })
    }
}

/// Writes answers, with time and control ids of our own.
pub(super) struct Writer {
    clock: Stockholm,
    /// Makes control ids unique over restarts.
    started: i64,
    connection: u64,
    count: u64,
}

impl Writer {
    pub(super) fn new(started: i64, connection: u64) -> Self {
        Self { clock: Stockholm::new(), started, connection, count: 0 }
    }

    /// The answers to one message, unframed, with what they are; most have one, who wants none gets an empty one.
    pub(super) fn write(&mut self, seed: &Seed, became: Became, now_micros: i64) -> Vec<(Answered, Vec<u8>)> {
        let sent = self.clock.write(now_micros);
        let outcome = became.outcome();
        let mut write = |write: &dyn Fn(&Answer<'_>, &mut Vec<u8>)| {
            let (control_id, mut out) = (self.control_id(), Vec::new());
            write(&Answer { outcome, problem: became.problem(), sent: &sent, control_id: &control_id }, &mut out);
            out
        };
        let Some(message) = seed.header.as_deref().and_then(|header| Message::parse_header(header).ok()) else {
            let answered = match outcome {
                Outcome::Accepted => Answered::ApplicationAccept,
                Outcome::Failed => Answered::ApplicationError,
                Outcome::Rejected => Answered::ApplicationReject,
            };
            return vec![(answered, write(&ack::answer_unreadable))];
        };
        let mut answers: Vec<_> = ack::codes(&message, outcome)
            .map(|code| (answered(code), write(&|answer, out| ack::answer(&message, seed.charset, code, answer, out))))
            .collect();
        if answers.is_empty() {
            answers.push((Answered::None, Vec::new()));
        }
        answers
    }

    /// The batch header that answers this envelope segment: sender and receiver change places, BHS-12 names the batch.
    pub(super) fn batch_header(&mut self, envelope: &[u8], now_micros: i64) -> Vec<u8> {
        let separator = envelope.get(3).copied().unwrap_or(b'|');
        // As in a header: a control character of theirs would cut our answer.
        let envelope: Vec<u8> =
            envelope.iter().map(|byte| if byte.is_ascii_control() { b' ' } else { *byte }).collect();
        let fields: Vec<&[u8]> = envelope.split(|byte| *byte == separator).collect();
        // Split at its separators, BHS-n is at index n - 1.
        let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let (sent, control_id) = (self.clock.write(now_micros), self.control_id());
        let encoding: &[u8] = if field(2).is_empty() { br"^~\&" } else { field(2) };
        let answer: [&[u8]; 12] = [
            b"BHS",
            encoding,
            field(5),
            field(6),
            field(3),
            field(4),
            sent.as_bytes(),
            b"",
            b"",
            b"",
            control_id.as_bytes(),
            field(11),
        ];
        let mut out = answer.join(&separator);
        out.push(b'\r');
        out
    }

    /// At most 20 characters, as the older versions of HL7 allow.
    fn control_id(&mut self) -> String {
        self.count += 1;
        let instance = (self.started / 1_000_000) & 0xFFFF_FFFF;
        format!("{instance:08x}{:x}-{:x}", self.connection & 0xF_FFFF, self.count & 0xFF_FFFF)
    }
}

fn answered(code: ack::Code) -> Answered {
    match code {
        ack::Code::AA => Answered::ApplicationAccept,
        ack::Code::AE => Answered::ApplicationError,
        ack::Code::AR => Answered::ApplicationReject,
        ack::Code::CA => Answered::CommitAccept,
        ack::Code::CE => Answered::CommitError,
        ack::Code::CR => Answered::CommitReject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_571_215_000_000;

    fn answer(header: &str, wanted: Acknowledgement, became: Became) -> (String, &'static str) {
        let seed = Seed::of(header.as_bytes(), wanted);
        let answers = Writer::new(NOW, 7).write(&seed, became, NOW);
        let (answered, out) = answers.into_iter().next().expect("at least one");
        (String::from_utf8(out).expect("text"), runtime::metrics::Label::value(answered))
    }

    #[test]
    fn who_asks_for_both_gets_two_with_an_id_each() {
        let seed = Seed::of(BOTH.as_bytes(), Acknowledgement::Message);
        let mut writer = Writer::new(NOW, 7);
        let answers = writer.write(&seed, Became::Stored, NOW);
        let texts: Vec<_> = answers.iter().map(|(_, text)| String::from_utf8_lossy(text)).collect();
        assert!(texts.len() == 2 && texts[0].contains("MSA|CA|17") && texts[1].contains("MSA|AA|17"), "{texts:?}");
        let id = |text: &str| text.split('|').nth(9).map(str::to_owned);
        assert_ne!(id(&texts[0]), id(&texts[1]));
        assert_eq!(writer.write(&seed, Became::NotStored, NOW).len(), 1, "what is not stored reached no application");
        // A sender that can take only one says so in the configuration.
        for (wanted, code) in [(Acknowledgement::Enhanced, "CA"), (Acknowledgement::Original, "AA")] {
            check(BOTH, wanted, Became::Stored, code);
            assert_eq!(writer.write(&Seed::of(BOTH.as_bytes(), wanted), Became::Stored, NOW).len(), 1);
        }
    }

    #[test]
    fn an_answer_is_not_answered_in_any_mode() {
        let header = r"MSH|^~\&|A|B|C|D|20260105||ACK^A01^ACK|17|P|2.5";
        for wanted in [Acknowledgement::Message, Acknowledgement::Original, Acknowledgement::Enhanced] {
            check(header, wanted, Became::Stored, "none");
        }
    }

    #[track_caller]
    fn check(header: &str, wanted: Acknowledgement, became: Became, expected: &str) {
        let (text, answered) = answer(header, wanted, became);
        assert_eq!(answered, expected);
        match expected {
            "none" => assert!(text.is_empty()),
            code => assert!(text.contains(&format!("MSA|{code}|17")), "{text}"),
        }
    }

    const PLAIN: &str = r"MSH|^~\&|A|B|C|D|20260105||ADT^A01|17|P|2.5";
    const COMMIT: &str = r"MSH|^~\&|A|B|C|D|20260105||ADT^A01|17|P|2.5|||AL|NE";
    const BOTH: &str = r"MSH|^~\&|A|B|C|D|20260105||ADT^A01|17|P|2.5|||AL|AL";
    const ERRORS: &str = r"MSH|^~\&|A|B|C|D|20260105||ADT^A01|17|P|2.5|||ER|NE";

    #[test]
    fn the_message_or_the_configuration_chooses_the_mode() {
        use Acknowledgement::{Enhanced, Message, Original};
        check(PLAIN, Message, Became::Stored, "AA");
        check(PLAIN, Message, Became::NotStored, "AE");
        check(PLAIN, Message, Became::TooLong, "AR");
        check(COMMIT, Message, Became::Stored, "CA");
        check(COMMIT, Message, Became::NotStored, "CE");
        check(COMMIT, Message, Became::TooLong, "CR");
        check(ERRORS, Message, Became::Stored, "none");
        check(ERRORS, Message, Became::NotStored, "CE");
        check(ERRORS, Original, Became::Stored, "AA");
        check(PLAIN, Enhanced, Became::Stored, "CA");
        check(COMMIT, Original, Became::Stored, "AA");
    }

    #[test]
    fn an_answer_goes_back_where_the_message_came_from() {
        let (text, _) = answer(PLAIN, Acknowledgement::Message, Became::Stored);
        assert!(text.starts_with(r"MSH|^~\&|C|D|A|B|20260105"), "{text}");
        assert!(text.contains("|ACK^A01^ACK|"), "{text}");
    }

    #[test]
    fn a_control_character_of_theirs_does_not_cut_the_answer() {
        let header = "MSH|^~\\&|A\nB|B\u{b}|C|D\u{1c}|20260105||ADT^A01|17|P|2.5\rPID|1";
        let (text, _) = answer(header, Acknowledgement::Message, Became::Stored);
        assert!(text.starts_with(r"MSH|^~\&|C|D |A B|B |20260105") && text.contains("MSA|AA|17"), "{text:?}");
        assert_eq!(text.chars().filter(|letter| letter.is_ascii_control()).count(), 2, "{text:?}");
    }

    #[test]
    fn what_is_illegal_is_not_accepted() {
        let (text, answered) = answer(PLAIN, Acknowledgement::Message, Became::CutShort);
        assert!(answered == "AE" && text.contains("MSA|AE|17|cut-short\rERR|"), "{text}");
        let became = Became::RejectedUnreadable(Error::SecondHeader { segment: 2 });
        let (text, answered) = answer(PLAIN, Acknowledgement::Message, became);
        assert!(answered == "AR" && text.contains("MSA|AR|17|second-header\rERR|"), "{text}");
        let (text, answered) =
            answer("no message", Acknowledgement::Message, Became::RejectedUnreadable(Error::HeaderMissing));
        assert!(answered == "AR" && text.contains("MSA|AR||header-missing\rERR|"), "{text}");
    }

    #[test]
    fn a_batch_is_named_in_its_answer() {
        let header = Writer::new(NOW, 7).batch_header(br"BHS|^~\&|A|B|C|D|20260105||||batch-9", NOW);
        let header = String::from_utf8(header).expect("text");
        assert!(header.starts_with(r"BHS|^~\&|C|D|A|B|20260105") && header.ends_with("|batch-9\r"), "{header}");
        let header = Writer::new(NOW, 7).batch_header(b"BHS|^~\\&|A\x1C|B\x0B|C|D\n|20260105||||9", NOW);
        assert_eq!(header.iter().filter(|byte| byte.is_ascii_control()).count(), 1, "{}", header.escape_ascii());
    }
}
