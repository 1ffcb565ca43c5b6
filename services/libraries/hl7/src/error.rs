//! Why a text is not a message this crate can read. Each variant names the place and the remedy, never a value.

use crate::limits::{MESSAGE_BYTES_MAX, SEGMENTS_MAX};

/// The text cannot be read as one HL7 v2 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No line of the text begins with `MSH` and a field separator.
    #[error("no MSH segment: send one message per frame, beginning with MSH and its separators")]
    HeaderMissing,
    /// MSH ends before MSH-2 names at least the component separator.
    #[error("MSH-2 is missing: write the separators after MSH, as in MSH|^~\\&|")]
    SeparatorsMissing,
    /// A separator is a letter, a digit, a blank, not ASCII, or used twice.
    #[error("MSH-1 and MSH-2 do not name distinct ASCII punctuation: use MSH|^~\\&|")]
    SeparatorsUnusable,
    /// A second header follows in the same text.
    #[error("segment {segment} is a second MSH: send each message in a frame of its own")]
    SecondHeader {
        /// Position of the second header, counted from 1.
        segment: usize,
    },
    /// More segments that name a patient or a bed than [`SEGMENTS_MAX`].
    #[error("more than {max} patients or beds (PID, MRG, NPU): split the message", max = SEGMENTS_MAX)]
    SegmentsTooMany,
    /// More bytes than [`MESSAGE_BYTES_MAX`].
    #[error("message of {bytes} bytes is longer than {max}: leave embedded documents out of ADT", max = MESSAGE_BYTES_MAX)]
    TooLong {
        /// Length of the text that was offered.
        bytes: usize,
    },
}

impl Error {
    /// The rule's code, a closed set that is safe as a metric label and in a parked record.
    pub const fn code(&self) -> &'static str {
        match self {
            Error::HeaderMissing => "header-missing",
            Error::SeparatorsMissing => "separators-missing",
            Error::SeparatorsUnusable => "separators-unusable",
            Error::SecondHeader { .. } => "second-header",
            Error::SegmentsTooMany => "segments-too-many",
            Error::TooLong { .. } => "message-too-long",
        }
    }

    /// What the sender's operator should do, in words that hold nothing of the message.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Error::HeaderMissing => "send one message per frame, beginning with MSH",
            Error::SeparatorsMissing => "write the separators after MSH",
            Error::SeparatorsUnusable => "let MSH-1 and MSH-2 name distinct ASCII punctuation",
            Error::SecondHeader { .. } => "send each message in a frame of its own",
            Error::SegmentsTooMany => "split the message, it names too many patients or beds",
            Error::TooLong { .. } => "send the message without attachments",
        }
    }

    /// One of each, for pages and metrics that list every code.
    pub const ALL: [Error; 6] = [
        Error::HeaderMissing,
        Error::SeparatorsMissing,
        Error::SeparatorsUnusable,
        Error::SecondHeader { segment: 0 },
        Error::SegmentsTooMany,
        Error::TooLong { bytes: 0 },
    ];
}
