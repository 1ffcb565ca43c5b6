//! How one hospital writes ADT.

use hl7::charset::Charset;

use super::random::Random;

/// How PID-3 names a person's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Twelve digits, OID as CX.4.2.
    Twelve,
    /// Eight digits, hyphen, four digits, OID as CX.4.1.
    Hyphenated,
    /// Six digits, hyphen or plus, four digits, a name as CX.4.1.
    Short,
}

/// One hospital's way of writing.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    pub(super) application: &'static str,
    pub(super) version: &'static str,
    pub(super) charset: Charset,
    pub(super) charset_name: &'static str,
    /// EVN-6 is sent; EVN-2 is then when it was written down.
    pub(super) occurred: bool,
    /// ZBE is sent.
    pub(super) movement: bool,
    /// MSH-15 is AL.
    pub(super) enhanced: bool,
    pub(super) offset: bool,
    pub(super) numbering: Numbering,
    /// MSH-10 starts again after this number.
    pub(super) control_id_max: u64,
}

const APPLICATIONS: [&str; 4] = ["ODEN", "FREJA", "VIDAR", "SAGA"];
const CHARSETS: [(Charset, &str); 4] = [
    (Charset::Utf8, "UNICODE UTF-8"),
    (Charset::Latin1, "8859/1"),
    (Charset::Utf8, "UNICODE UTF-8"),
    (Charset::Utf8, ""),
];
const VERSIONS: [&str; 5] = ["2.3", "2.3.1", "2.4", "2.5", "2.5.1"];

impl Dialect {
    pub(super) fn new(random: &mut Random) -> Self {
        let version = *random.pick(&VERSIONS);
        let (charset, charset_name) = *random.pick(&CHARSETS);
        Self {
            application: *random.pick(&APPLICATIONS),
            version,
            charset,
            charset_name,
            occurred: random.percent(65),
            movement: version.starts_with("2.5") && random.percent(70),
            enhanced: random.percent(40),
            offset: version.starts_with("2.5") && random.percent(40),
            numbering: *random.pick(&[Numbering::Twelve, Numbering::Hyphenated, Numbering::Short]),
            control_id_max: *random.pick(&[9_999, 999_999_999]),
        }
    }

    /// Merges by identifier list came with 2.3.1, moves of a visit too.
    pub(super) fn is_old(&self) -> bool {
        self.version == "2.3"
    }
}
