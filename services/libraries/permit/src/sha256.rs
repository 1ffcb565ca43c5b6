//! SHA-256 as 64 lower case hexadecimal digits.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
