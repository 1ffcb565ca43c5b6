//! Pseudonyms of one recipient's series: what stands in its files in place of the store's tokens and the sources' numbers.
//!
//! ```text
//! prk     = HKDF-Extract(salt "vardstrom-recipient|v1", secret)
//! working = HKDF-Expand(prk, recipient, series, region: each after its length as 4 bytes, 32 bytes)
//! code    = HMAC-SHA-256(working, kind 0x00 value)
//! ```
//!
//! * The same value has the same pseudonym in every file, version and period of a series, so whatever could be joined inside of
//!   it still can. Another recipient, series or region has another working key, and whoever lacks it cannot tell which of two
//!   pseudonyms are of one person.
//! * A person's pseudonym has the form of the store's: `r14.v1.` and 32 letters and digits (160 bits). A number of a source becomes
//!   `x.` and 32 of them, as numbers that must not leave a region do already; an event's id stays a UUID.
//! * Hashing alone would not do: who has the store's tokens, or guesses visit numbers, would hash them all.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aes_siv::siv::Aes256Siv;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use parcel::PseudonymKey;
use sha2::Sha256;
use topics::Region;
use zeroize::Zeroizing;

use crate::column::{self, Decided, Says};
use crate::treatment::{self, MASK, Treatment};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
const SALT: &[u8] = b"vardstrom-recipient|v1";
/// Bytes of a code that a pseudonym shows.
const SHOWN_BYTES: usize = 20;
/// How a value under the series' key begins.
const SEALED: &str = "e.";
/// Bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// A secret of the register, from which the working keys of all recipients and series are made.
pub struct Secret {
    id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl Secret {
    /// From 64 hexadecimal digits; nothing when it is something else, or a placeholder.
    #[must_use]
    pub fn parse(id: &str, text: &str) -> Option<Self> {
        let text = Zeroizing::new(text.trim_ascii().to_ascii_lowercase());
        let decoded = Zeroizing::new(HEXLOWER.decode(text.as_bytes()).ok()?);
        let bytes: [u8; KEY_BYTES] = decoded.as_slice().try_into().ok()?;
        let bytes = Zeroizing::new(bytes);
        let is_placeholder = bytes.iter().all(|byte| *byte == bytes[0]);
        (!is_placeholder).then(|| Self { id: id.to_owned(), bytes })
    }

    /// The pseudonyms of a recipient's series in a region.
    #[must_use]
    pub fn pseudonyms(&self, recipient: &str, series: &str, region: Region) -> Pseudonyms {
        let mut info = Vec::new();
        for part in [recipient, series, region.code()] {
            // With lengths, so that no two lists of texts run into the same bytes.
            info.extend_from_slice(&u32::try_from(part.len()).expect("a name is short").to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let derived = Hkdf::<Sha256>::new(Some(SALT), &*self.bytes).expand(&info, &mut *key);
        derived.expect("32 bytes are less than 255 blocks");
        Pseudonyms::of(&self.id, &*key)
    }
}

/// Makes the pseudonyms of one recipient's series.
#[derive(Clone)]
pub struct Pseudonyms {
    key: PseudonymKey,
    mac: Hmac<Sha256>,
    plain: Vec<String>,
    /// What the definition has done with columns.
    treatments: Arc<BTreeMap<String, Treatment>>,
    /// Below how many rows codes are rolled up.
    rows_min: u64,
    /// The year in which persons are as old as they are.
    year: i32,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pseudonyms").field(&self.key).finish()
    }
}

impl Pseudonyms {
    fn of(id: &str, key: &[u8]) -> Self {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        let unnamed = PseudonymKey { key: id.to_owned(), fingerprint: String::new() };
        let (plain, treatments) = (Vec::new(), Arc::default());
        let mut pseudonyms = Self { key: unnamed, mac, plain, treatments, rows_min: treatment::ROWS_MIN, year: 0 };
        pseudonyms.key.fingerprint = HEXLOWER.encode(&pseudonyms.code("fingerprint", b"")[..FINGERPRINT_BYTES]);
        pseudonyms
    }

    /// Of nobody: for forms of which no file leaves that would show them.
    pub(crate) fn unused() -> Self {
        Self::of("", &[])
    }

    /// The same, with extensions whose values leave as they are.
    pub(crate) fn leaving(self, extensions: &[String]) -> Self {
        Self { plain: extensions.to_vec(), ..self }
    }

    /// The same, with columns treated as a definition says.
    pub(crate) fn treating(self, treatments: &BTreeMap<String, Treatment>, rows_min: Option<u64>) -> Self {
        Self { treatments: Arc::new(treatments.clone()), rows_min: rows_min.unwrap_or(treatment::ROWS_MIN), ..self }
    }

    /// The same, in files of a year.
    pub(crate) fn of_year(self, year: i32) -> Self {
        Self { year, ..self }
    }

    /// What is done with a column.
    ///
    /// # Panics
    /// When nobody has decided what it says.
    pub(crate) fn decided(&self, layout: &str, column: &str) -> Decided {
        let usual = Decided::usual(column::says(layout, column));
        match (usual.says, self.treatments.get(column)) {
            (Says::Time, None) => self.time(),
            (_, None) => usual,
            (says, Some(treatment)) => Decided { says, treatment: *treatment },
        }
    }

    /// What is done with days and times.
    pub(crate) fn time(&self) -> Decided {
        let treatment = self.treatments.get(treatment::TIMES).copied().unwrap_or_default();
        Decided { says: Says::Time, treatment }
    }

    /// Below how many rows codes are rolled up.
    pub(crate) fn rows_min(&self) -> u64 {
        self.rows_min
    }

    /// By how many days the times of somebody are moved, where they are: by the store's token, so that all of a person's are moved alike.
    pub(crate) fn shift_days(&self, token: &str) -> i32 {
        let [a, b, c, d, ..] = self.code("shift", token.as_bytes());
        treatment::shift_days(u32::from_be_bytes([a, b, c, d]))
    }

    /// The value under the series' key: the same value is the same text.
    fn sealed(&self, value: &str) -> String {
        let sealed = self.siv().encrypt([[0_u8; 0]; 0], value.as_bytes()).expect("a value is shorter than 2^36 bytes");
        let mut text = BASE32_NOPAD.encode(&sealed);
        text.make_ascii_lowercase();
        text.insert_str(0, SEALED);
        text
    }

    /// What [`Pseudonyms::sealed`] has sealed; nothing when it is of another key, or was changed.
    #[must_use]
    pub fn opened(&self, text: &str) -> Option<String> {
        let sealed = text.strip_prefix(SEALED)?.to_ascii_uppercase();
        let sealed = BASE32_NOPAD.decode(sealed.as_bytes()).ok()?;
        String::from_utf8(self.siv().decrypt([[0_u8; 0]; 0], &sealed).ok()?).ok()
    }

    /// AES-256-SIV takes two keys of 32 bytes, one for the code and one for the cipher.
    fn siv(&self) -> Aes256Siv {
        let mut key = Zeroizing::new([0; 2 * KEY_BYTES]);
        key[..KEY_BYTES].copy_from_slice(&self.code("siv-code", b""));
        key[KEY_BYTES..].copy_from_slice(&self.code("siv-cipher", b""));
        Aes256Siv::new(&(*key).into())
    }

    /// What a manifest says of the key.
    #[must_use]
    pub fn key(&self) -> &PseudonymKey {
        &self.key
    }

    /// Of a person, by the store's token. What the token says of its region and the region's key stays.
    #[must_use]
    pub fn person(&self, token: &str) -> String {
        self.shown(prefix(token), "person", token)
    }

    /// Of a number or name by which a source finds something: a contact, a visit, a message.
    #[must_use]
    pub fn number(&self, number: &str) -> String {
        self.shown("x.", "number", number)
    }

    /// Of an event's id.
    #[must_use]
    pub fn event(&self, id: &str) -> String {
        let code = self.code("event", id.as_bytes());
        let bytes = *code.first_chunk().expect("16 of 32 bytes");
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }

    /// Of a place in the order of a source or topic.
    #[must_use]
    pub fn place(&self, place: i64) -> i64 {
        self.long("place", &place.to_be_bytes())
    }

    /// By what rows are put in order and counted: an order that is the recipient's alone.
    #[must_use]
    pub(crate) fn order(&self, key: i64) -> i64 {
        self.long("order", &key.to_be_bytes())
    }

    /// A key for the database to order events of one time by, so that their order is the recipient's alone too.
    pub(crate) fn order_key(&self) -> [u8; KEY_BYTES] {
        self.code("order-key", b"")
    }

    /// Whether the values of an extension leave as they are.
    pub(crate) fn is_plain(&self, extension: &[u8]) -> bool {
        extension == schemas::SOURCE_TABLE.as_bytes() || self.plain.iter().any(|plain| plain.as_bytes() == extension)
    }

    /// What stands in a column of texts; `days` are those by which the times of the row's person are moved. Codes that are rolled up are
    /// for whoever has all rows.
    pub(crate) fn text<'t>(&self, decided: Decided, text: &'t str, days: i32) -> Cow<'t, str> {
        if text.is_empty() {
            return Cow::Borrowed(text);
        }
        match (decided.treatment, decided.says) {
            (_, Says::Place | Says::Hash | Says::Row) => unreachable!("a column of {:?} holds no text", decided.says),
            (Treatment::Plain, _) => text.into(),
            (Treatment::Pseudonym, Says::Person) => self.person(text).into(),
            (Treatment::Pseudonym, Says::Event) => self.event(text).into(),
            (Treatment::Pseudonym, _) => self.number(text).into(),
            (Treatment::Encrypted, _) => self.sealed(text).into(),
            (Treatment::Masked, _) => MASK.into(),
            (Treatment::Dropped, _) => "".into(),
            (Treatment::Shifted, _) => treatment::moved_text(text, days).into(),
            (Treatment::Generalised, Says::Lkf) => treatment::region_of(text).into(),
            // What is no year is not told.
            (Treatment::Generalised, Says::BirthYear) => text
                .parse()
                .map_or(Cow::Borrowed(MASK), |year| treatment::birth_band(year, self.year).to_string().into()),
            (Treatment::Generalised, _) => text.into(),
        }
    }

    /// What stands in a column of whole numbers.
    pub(crate) fn whole(&self, decided: Decided, number: i64, days: i32) -> Option<i64> {
        match (decided.says, decided.treatment) {
            (Says::Place, _) => Some(self.place(number)),
            (Says::Time, Treatment::Shifted) => treatment::moved(number, days),
            (Says::Figure | Says::Time | Says::Content, _) => Some(number),
            _ => unreachable!("a column of {:?} holds no such number", decided.says),
        }
    }

    /// What stands in a column of whole numbers of 32 bits.
    pub(crate) fn int(&self, decided: Decided, number: i32) -> i32 {
        match (decided.says, decided.treatment) {
            (Says::BirthYear, Treatment::Generalised) => treatment::birth_band(number, self.year),
            _ => number,
        }
    }

    /// What stands in a column of bytes.
    pub(crate) fn bytes<'b>(&self, decided: Decided, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        match decided.says {
            Says::Hash => self.code("hash", bytes).to_vec().into(),
            Says::Content => bytes.into(),
            _ => unreachable!("a column of {:?} holds no bytes", decided.says),
        }
    }

    fn shown(&self, prefix: &str, kind: &str, value: &str) -> String {
        let mut text = BASE32_NOPAD.encode(&self.code(kind, value.as_bytes())[..SHOWN_BYTES]);
        text.make_ascii_lowercase();
        text.insert_str(0, prefix);
        text
    }

    /// 63 bits.
    fn long(&self, kind: &str, value: &[u8]) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.code(kind, value);
        i64::from_be_bytes([a, b, c, d, e, f, g, h]) & i64::MAX
    }

    fn code(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(value);
        mac.finalize().into_bytes().into()
    }
}

/// `r14.v1.` of a token of the store; nothing of a text that is none.
fn prefix(token: &str) -> &str {
    let Some((prefix, _)) = token.rsplit_once('.') else { return "" };
    let Some((region, key)) = prefix.split_once('.') else { return "" };
    let digits = |text: &str, letter| {
        let digits = text.strip_prefix(letter).unwrap_or("");
        !digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if digits(region, 'r') && digits(key, 'v') { &token[..=prefix.len()] } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> Secret {
        let bytes: Vec<u8> = (byte..byte + 32).collect();
        Secret::parse("2026-12", &HEXLOWER.encode(&bytes)).expect("a secret")
    }

    fn of(recipient: &str, series: &str, region: &str) -> Pseudonyms {
        secret(1).pseudonyms(recipient, series, region.parse().unwrap())
    }

    /// The test cases of RFC 4231 that show the whole code.
    #[test]
    fn rfc_4231() {
        let counting: Vec<u8> = (1..=25).collect();
        let long = "This is a test using a larger than block-size key and a larger than block-size data. \
                    The key needs to be hashed before being used by the HMAC algorithm.";
        let check = |key: &[u8], text: &[u8], want: &str| {
            let mut mac = Pseudonyms::of("", key).mac;
            mac.update(text);
            assert_eq!(HEXLOWER.encode(&mac.finalize().into_bytes()), want);
        };
        check(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
        check(&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
        check(&[0xaa; 131], long.as_bytes(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    }

    /// The test cases of RFC 5869 with SHA-256.
    #[test]
    fn rfc_5869() {
        let check = |secret: &[u8], salt: &[u8], info: &[u8], want: &str| {
            let mut key = vec![0; want.len() / 2];
            Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut key).unwrap();
            assert_eq!(HEXLOWER.encode(&key), want);
        };
        let bytes = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        check(
            &[0x0b; 22],
            &bytes(0, 0x0c),
            &bytes(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        );
        check(
            &bytes(0, 0x4f),
            &bytes(0x60, 0xaf),
            &bytes(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
             da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        );
        check(
            &[0x0b; 22],
            &[],
            &[],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        );
    }

    /// Made by a Python program of its own (`hmac`, `hashlib`): whoever changes these breaks every recipient's series.
    #[test]
    fn known_answers() {
        let skr = of("skr", "kpp", "14");
        assert_eq!(skr.key().fingerprint, "4d9be1cd343bd412");
        assert_eq!(skr.person("r14.v1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "r14.v1.lz5zwivdk65cu3szckt7vd5btwgumotc");
        assert_eq!(skr.number("V1"), "x.ztuthhdsxwgy7jzo7ct5djxbvzwphvcg");
        assert_eq!(skr.event("932c6e48-9f24-58d3-b700-f13f4ccccad2"), "165f8f8f-1256-8a69-91cb-ae5b43b30d61");
        assert_eq!(skr.place(17), 322_950_602_747_172_580);
    }

    /// The test cases of RFC 5297, of the shorter key; ours is the same with AES-256.
    #[test]
    fn rfc_5297() {
        use aes_siv::siv::Aes128Siv;
        let of = |text: &str| HEXLOWER.decode(text.replace(' ', "").as_bytes()).unwrap();
        let check = |key: &str, headers: &[&str], plain: &str, sealed: &str| {
            let key: [u8; 32] = of(key).try_into().unwrap();
            let headers: Vec<Vec<u8>> = headers.iter().map(|header| of(header)).collect();
            let mut siv = Aes128Siv::new(&key.into());
            assert_eq!(siv.encrypt(&headers, &of(plain)).unwrap(), of(sealed));
            assert_eq!(siv.decrypt(&headers, &of(sealed)).unwrap(), of(plain));
        };
        check(
            "fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff",
            &["10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627"],
            "11223344 55667788 99aabbcc ddee",
            "85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c",
        );
        check(
            "7f7e7d7c 7b7a7978 77767574 73727170 40414243 44454647 48494a4b 4c4d4e4f",
            &[
                "00112233 44556677 8899aabb ccddeeff deaddada deaddada ffeeddcc bbaa9988 77665544 33221100",
                "10203040 50607080 90a0",
                "09f91102 9d74e35b d84156c5 635688c0",
            ],
            "74686973 20697320 736f6d65 20706c61 696e7465 78742074 6f20656e 63727970 74207573 696e6720 5349562d 414553",
            "7bdb6e3b 432667eb 06f4d14b ff2fbd0f cb900f2f ddbe4043 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 ba8af829 \
             ea64ad54 4a272e9c 485b62a3 fd5c0d",
        );
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_own_series_only() {
        let (skr, other) = (of("skr", "kpp", "14"), of("skr", "kpp", "12"));
        let sealed = skr.sealed("V1");
        assert!(sealed.starts_with("e.") && sealed == skr.sealed("V1") && sealed != skr.sealed("V2"), "{sealed}");
        assert_ne!(sealed, other.sealed("V1"));
        assert_eq!((skr.opened(&sealed).as_deref(), other.opened(&sealed)), (Some("V1"), None));
        let changed = format!("{}{}", &sealed[..sealed.len() - 1], if sealed.ends_with('a') { 'e' } else { 'a' });
        for text in ["", "e.", "V1", &changed, &sealed[2..]] {
            assert_eq!(skr.opened(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_is_treated_as_its_definition_says() {
        let treatments = [
            ("contact_id", Treatment::Encrypted),
            ("hospital_code", Treatment::Masked),
            ("birth_year", Treatment::Generalised),
            ("mvo", Treatment::Dropped),
            ("cost_run_id", Treatment::Pseudonym),
        ];
        let treatments = treatments.map(|(column, treatment)| (column.to_owned(), treatment)).into();
        let skr = of("skr", "kpp", "14").treating(&treatments, None).of_year(2026);
        let said = |column: &str, text: &str| skr.text(skr.decided("kpp_contacts.csv", column), text, 0).into_owned();
        assert_eq!(skr.opened(&said("contact_id", "K1")).as_deref(), Some("K1"));
        assert_eq!((&*said("hospital_code", "501010"), &*said("hospital_code", "")), ("*", ""));
        assert_eq!((&*said("birth_year", "1948"), &*said("birth_year", "1920")), ("1945", "1935"));
        assert_eq!(said("mvo", "511"), "");
        assert_eq!(said("cost_run_id", "R1"), skr.number("R1"));
        assert_eq!((said("subject_token", "t-1"), &*said("drg", "F12E")), (skr.person("t-1"), "F12E"));
    }

    #[test]
    fn times_of_one_person_are_moved_alike_and_of_another_series_otherwise() {
        let (skr, other) = (of("skr", "hip-fracture", "14"), of("other", "hip-fracture", "14"));
        let days: Vec<[i32; 2]> =
            (0..200).map(|n| [&skr, &other].map(|one| one.shift_days(&format!("r14.v1.{n}")))).collect();
        assert!(days.iter().flatten().all(|days| (-182..=182).contains(days)));
        assert!(days.iter().filter(|[one, other]| one == other).count() < 10, "{days:?}");
        let treatments = [("times".to_owned(), Treatment::Shifted)].into();
        let skr = skr.treating(&treatments, None);
        let (arrival, days) = (skr.decided("hip_fractures.csv", "arrival"), skr.shift_days("r14.v1.1"));
        let moved = skr.text(arrival, "2026-02-27T10:00:00", days);
        assert_eq!(moved, treatment::moved_text("2026-02-27T10:00:00", days));
    }

    #[test]
    fn recipients_series_regions_and_secrets_have_keys_of_their_own() {
        let others = [
            of("skr", "kpp", "14"),
            of("analysis", "kpp", "14"),
            of("skr", "kpp-2", "14"),
            of("skr", "kpp", "12"),
            of("skrk", "pp", "14"),
            secret(2).pseudonyms("skr", "kpp", "14".parse().unwrap()),
        ];
        for (at, one) in others.iter().enumerate() {
            for other in &others[at + 1..] {
                assert_ne!(one.key().fingerprint, other.key().fingerprint);
                assert_ne!(one.person("r14.v1.a"), other.person("r14.v1.a"));
                assert_ne!(one.number("V1"), other.number("V1"));
            }
        }
        assert_eq!(others[0].person("r14.v1.a"), of("skr", "kpp", "14").person("r14.v1.a"));
        // Nobody learns by equal texts that a visit has the number of a person.
        assert!(!others[0].person("V1").ends_with(&others[0].number("V1")[2..]));
    }

    #[test]
    fn a_persons_pseudonym_has_the_form_of_the_stores() {
        let skr = of("skr", "kpp", "14");
        let check = |token: &str, prefix: &str| {
            let made = skr.person(token);
            assert!(made.starts_with(prefix) && made.len() == prefix.len() + 32, "{token}: {made}");
        };
        check("r14.v1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "r14.v1.");
        check("r14.v12.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "r14.v12.");
        // A text of another form gives nothing of itself away.
        for token in ["t-7f3a", "name.secret", "rAnna.v1.x", "r14.vx.x", "r14.v1.a.b", ".", ""] {
            check(token, "");
        }
    }

    /// A million persons of a region, at two recipients.
    #[test]
    fn no_two_recipients_share_a_pseudonym_of_a_million_persons() {
        let [one, other] = [of("skr", "kpp", "14"), of("rikshoft", "hip-fracture", "14")];
        let codes = |pseudonyms: &Pseudonyms| {
            let mut codes: Vec<[u8; SHOWN_BYTES]> = (0..1_000_000_u32)
                .map(|n| *pseudonyms.code("person", format!("r14.v1.{n:032}").as_bytes()).first_chunk().unwrap())
                .collect();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), 1_000_000, "no two persons share one");
            codes
        };
        let (one, other) = (codes(&one), codes(&other));
        assert!(one.iter().all(|code| other.binary_search(code).is_err()));
    }

    #[test]
    fn a_secret_is_64_digits_and_no_placeholder() {
        assert!(Secret::parse("a", &"0f1e2d3c".repeat(8)).is_some());
        for text in ["", "07", &"07".repeat(32), &"zz".repeat(32), &"0f1e2d3c".repeat(9)] {
            assert!(Secret::parse("a", text).is_none(), "{text}");
        }
    }
}
