//! What peers must have written, and what they wrote.

use std::{path::Path, process::Command};

use rdkafka::consumer::BaseConsumer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{build, io};
use crate::{bench::Error, topic_read};

/// Records of a topic, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) records: u64,
    /// Of keys and values.
    pub(super) bytes: u64,
    /// The sum of each record's SHA-256 in four lanes, as `answer.py` describes it.
    pub(super) digest: String,
}

/// The answer to so many of the file's messages, by the independent program.
pub(super) fn expected(messages: &Path, count: u64) -> Result<Answer, Error> {
    let failed = |output: String| Error::Peer { name: "answer.py".to_owned(), output };
    let output = Command::new("python3")
        .arg(build::peers().join("answer.py"))
        .arg(messages)
        .arg(count.to_string())
        .env("PEER_KEY", super::KEY)
        .output()
        .map_err(io("python3, which works the answer out"))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}

/// What stands in a topic.
pub(super) fn written(client: &BaseConsumer, topic: &str) -> Result<Answer, Error> {
    let ends = topic_read::ends(client, &|name| name == topic)?;
    let mut sum = Sum::default();
    topic_read::read(client, &ends, &mut |record| sum.add(record.key.as_deref().unwrap_or_default(), &record.payload))?;
    Ok(sum.answer())
}

#[derive(Default)]
struct Sum {
    records: u64,
    bytes: u64,
    lanes: [u64; 4],
}

impl Sum {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes();
        let digest = Sha256::new().chain_update(length).chain_update(key).chain_update(value).finalize();
        for (lane, bytes) in self.lanes.iter_mut().zip(digest.as_chunks::<8>().0) {
            *lane = lane.wrapping_add(u64::from_le_bytes(*bytes));
        }
        self.records += 1;
        self.bytes += (key.len() + value.len()) as u64;
    }

    fn answer(&self) -> Answer {
        let digest = data_encoding::HEXLOWER.encode(&self.lanes.map(u64::to_le_bytes).concat());
        Answer { records: self.records, bytes: self.bytes, digest }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sum, expected};

    const MESSAGES: &str = "MSH|^~\\&|ODEN|S1|V||20260106||ADT^A01|1|P|2.5\rEVN|A01|20260106120000\r\
        PID|1||191212121212^^^&1.2&ISO~M1^^^S^MR||Å\rPV1|1|I|K1-MED^3^2&x^S1||||||||||||||||V7^^^S\r\n\n\
        MSH|^~\\&|ODEN|S1|V||20260106||ADT^A40|2|P|2.5\rPID|1||191212121212\rMRG|M2\r\n\n";
    /// HMAC-SHA-256 of `191212121212` under the bench's key, by OpenSSL.
    const PATIENT: &str = "0bd9ec5131693f17e9bb789d005c76c2a3c60cbb7a6bf63db397e528dcb1fd6c";

    #[test]
    fn the_independent_program_and_the_reading_of_a_topic_agree() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), MESSAGES).unwrap();
        let mut value = vec![0, 0, 0, 0, 1];
        for field in [PATIENT, "A01", "20260106120000", "V7", "I", "K1-MED", "2"] {
            // Twice the length, in seven bits and more.
            match field.len() {
                64 => value.extend([0x80, 0x01]),
                length => value.push(2 * length as u8),
            }
            value.extend(field.as_bytes());
        }
        let mut sum = Sum::default();
        // Of three messages the first two are the file's, the third is the first again.
        sum.add(PATIENT.as_bytes(), &value);
        sum.add(PATIENT.as_bytes(), &value);
        assert_eq!(expected(file.path(), 3).unwrap(), sum.answer());
        assert_eq!(sum.answer().records, 2);
        sum.add(b"", b"");
        assert_ne!(expected(file.path(), 3).unwrap().digest, sum.answer().digest);
    }
}
