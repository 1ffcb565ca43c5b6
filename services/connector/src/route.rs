//! Which partition a record goes to: one person's messages to one, so that they stay in order.
//!
//! The partition is a keyed hash, and the Kafka key stays empty: the layout of a topic says nothing about a person.
//! Identifiers are read as the processor reads them: a placeholder or an invalid number names nobody here either. What names
//! no patient is kept together by its bed (A20), its visit number, its unit (capacity) or its key column (tables), and the
//! rest by its content, so that the same message sent twice meets itself.

use std::sync::Arc;

use hl7::{Message, Value, field};
use identity::{Claim, Date, Key, PartitionKey, RegionRules, Subject};
use runtime::config::{Fault, Secret};
use schemas::Timestamp;

/// Identifiers of one patient that are looked at; more is not a patient but a list.
const CLAIMS_MAX: usize = 32;

/// Chooses partitions of one topic.
#[derive(Clone)]
pub struct Router {
    key: Arc<PartitionKey>,
    partitions: i32,
    source_system: Arc<str>,
    identities: Arc<RegionRules>,
}

/// The connector's partition key, from the environment.
pub(crate) fn partition_key(secret: &Secret) -> Result<PartitionKey, Fault> {
    let text = secret.value().map_err(|fault| fault.under("key"))?;
    let key = Key::from_hex(text.expose()).map_err(|error| Fault::new("key", format!("{}: {error}", secret.name())))?;
    Ok(PartitionKey::new(&key))
}

impl Router {
    /// For a topic of so many partitions; numbers without an assigner belong to the source system.
    pub fn new(key: Arc<PartitionKey>, partitions: i32, source_system: &str, identities: Arc<RegionRules>) -> Self {
        Self { key, partitions: partitions.max(1), source_system: source_system.into(), identities }
    }

    /// Of a message that was read as a whole.
    pub fn of_message(&self, message: &Message<'_>, payload: &[u8], received: Timestamp) -> i32 {
        let date = date_of(message, received);
        for address in [field::PID_IDENTIFIERS, field::PID_EXTERNAL_ID, field::PID_ALTERNATE_ID] {
            let identifiers = message.at(address).repetitions().take(CLAIMS_MAX);
            if let Some(partition) = self.of_person(identifiers.map(|identifier| self.claim(&identifier)), date) {
                return partition;
            }
        }
        let bed = message.at(field::NPU_LOCATION).given();
        match bed.or_else(|| message.at(field::PV1_VISIT).component(1).given()) {
            Some(name) => self.key.partition_of_text(name, self.partitions),
            None => self.of_content(payload),
        }
    }

    /// Of what is about the person that these identifiers name; `None` when they name nobody.
    pub fn of_person<'c>(&self, claims: impl Iterator<Item = Claim<'c>>, date: Date) -> Option<i32> {
        let options = self.identities.options(date);
        let subjects: Vec<_> = claims.filter_map(|claim| Subject::read(claim, &options).ok()).collect();
        identity::primary(&subjects).map(|primary| self.key.partition(&subjects[primary], self.partitions))
    }

    /// Whom numbers without an assigner belong to.
    pub fn source_system(&self) -> &str {
        &self.source_system
    }

    /// Of a row, by the text that keeps rows together: its unit, or its key column.
    pub fn of_text(&self, text: &str) -> i32 {
        self.key.partition_of_text(text, self.partitions)
    }

    /// How many partitions there are: what concerns every row of a table goes to each.
    pub fn partitions(&self) -> i32 {
        self.partitions
    }

    /// A keyed name for a text that may be a person's: nobody without the key can find the text by trying.
    pub fn digest(&self, text: &str) -> u64 {
        let half =
            |salt: &str| u64::from(self.key.partition_of_text(&format!("{salt}{text}"), i32::MAX).unsigned_abs());
        half("name, first half\u{1f}") << 32 | half("name, second half\u{1f}")
    }

    /// Of something that names nobody, or cannot be read.
    pub fn of_content(&self, payload: &[u8]) -> i32 {
        let hash = schemas::content_hash(payload).hex();
        self.key.partition_of_text(&String::from_utf8_lossy(&hash), self.partitions)
    }

    /// CX: the identifier, who assigned it, and its type.
    fn claim<'a>(&'a self, value: &Value<'a>) -> Claim<'a> {
        let [identifier, _, _, assigner, kind] = value.components::<5>();
        let system = assigner.subcomponent(2).given().or_else(|| assigner.subcomponent(1).given()).unwrap_or("");
        let (kind, value) = (kind.given().unwrap_or(""), identifier.given().unwrap_or(""));
        Claim { system, kind, source: &self.source_system, value }
    }
}

/// The day of the message, which decides the century of a short personal number.
fn date_of(message: &Message<'_>, received: Timestamp) -> Date {
    let written = |address| {
        let text = message.at(address).component(1).given()?;
        let digits = text.get(..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?)
    };
    written(field::EVN_OCCURRED)
        .or_else(|| written(field::EVN_RECORDED))
        .or_else(|| written(field::MSH_SENT))
        .unwrap_or_else(|| Date::of_utc_micros(received.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(partitions: i32) -> Router {
        let key = Key::from_hex(&"0123456789abcdef".repeat(4)).expect("a key");
        let identities = RegionRules::new("14", false, vec!["RESERV".to_owned()]);
        Router::new(Arc::new(PartitionKey::new(&key)), partitions, "SE2321000131-TEST", Arc::new(identities))
    }

    fn of(segment: &str) -> i32 {
        let text = format!("MSH|^~\\&|A|B|C|D|20260105||ADT^A08|1|P|2.5\rEVN|A08|20260105\r{segment}\r");
        let message = Message::parse(&text).expect("a message");
        router(1000).of_message(&message, text.as_bytes(), Timestamp(0))
    }

    #[test]
    fn one_person_has_one_partition_in_every_notation() {
        let long = of("PID|||198001012387^^^&1.2.752.129.2.1.3.1&ISO^PNR");
        for notation in [
            "PID|||19800101-2387^^^&1.2.752.129.2.1.3.1&ISO^PNR",
            "PID|||8001012387^^^&1.2.752.129.2.1.3.1&ISO^PNR",
            "PID|||800101-2387^^^&1.2.752.129.2.1.3.1&ISO^PNR",
            "PID|||800101 2387^^^&1.2.752.129.2.1.3.1&ISO^PNR",
            "PID|||4711^^^HOSPITAL^MR~198001012387^^^&1.2.752.129.2.1.3.1&ISO^PNR",
            "PID||198001012387^^^&1.2.752.129.2.1.3.1",
        ] {
            assert_eq!(of(notation), long, "{notation}");
        }
        assert_ne!(of("PID|||198001022386^^^&1.2.752.129.2.1.3.1&ISO^PNR"), long);
        assert_ne!(of("PID|||4711^^^ONE"), of("PID|||4711^^^OTHER"));
    }

    #[test]
    fn what_names_nobody_chooses_no_partition() {
        let own = of("PID|||1001^^^SU^MR");
        for placeholder in ["000000-0000", "9999999999", "19121212-0000", "198001012388", "OKÄND", "reserv"] {
            let personal = format!("{placeholder}^^^SKV&1.2.752.129.2.1.3.1&ISO^NNSWE");
            assert_eq!(of(&format!("PID|||{personal}~1001^^^SU^MR")), own, "{placeholder}");
            assert_eq!(of(&format!("PID||1001^^^SU^MR|{personal}")), own, "{placeholder}");
            // Nobody at all: messages of one visit stay together, and others do not join them.
            let of_visit = |pid: &str, number: &str| of(&format!("{pid}\rPV1|1|I{}{number}", "|".repeat(17)));
            let visit = |number: &str| of_visit(&format!("PID|||{personal}"), number);
            assert_eq!(visit("V1^^^SU"), of_visit("PID|||", "V1"), "{placeholder}");
            assert_ne!(visit("V1"), visit("V2"), "{placeholder}");
        }
    }

    #[test]
    fn numbers_are_told_apart_as_their_pseudonyms_are() {
        assert_eq!(of("PID|||4711^^^^MR"), of("PID|||4711"));
        assert_eq!(of("PID|||4711^^^^MR"), of("PID|||4711^^^SE2321000131-TEST"));
        assert_eq!(of("PID|||8001012387^^^SU^PNR"), of("PID|||198001012387"));
    }

    #[test]
    fn a_bed_without_patient_keeps_together() {
        assert_eq!(of("NPU|51A^1^2|C"), of("NPU|51A^1^2|U"));
        assert_ne!(of("NPU|51A^1^2|C"), of("NPU|51A^1^3|C"));
        assert_ne!(of("PV1|1|I"), of("PV1|1|E"));
    }

    #[test]
    fn content_is_blind_to_line_ends() {
        let router = router(1000);
        assert_eq!(router.of_content(b"rubbish\rmore"), router.of_content(b"rubbish\r\nmore\r\n"));
    }
}
