//! A secret key: 256 bits that cannot be printed and are wiped.

use zeroize::Zeroizing;

/// Bytes of a key; 64 hexadecimal digits where a person writes it.
pub(crate) const KEY_BYTES: usize = 32;

/// A region's pseudonym key or a connector's partition key.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// Why a text is no key. Never says what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error("a key is 64 hexadecimal digits: make one with `openssl rand -hex 32`")]
    Shape,
    /// Every byte is the same: a placeholder, not a secret.
    #[error("the key is a placeholder: make one with `openssl rand -hex 32`")]
    Placeholder,
}

impl Key {
    /// Reads 64 hexadecimal digits, blanks around them allowed.
    pub fn from_hex(text: &str) -> Result<Key, KeyError> {
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        let text = text.trim_ascii().as_bytes();
        if text.len() != 2 * KEY_BYTES {
            return Err(KeyError::Shape);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Key::from_bytes(&bytes)
    }

    /// Takes 32 bytes.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Key, KeyError> {
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(KeyError::Placeholder);
        }
        Ok(Key(Zeroizing::new(*bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0[..]
    }
}

fn nibble(digit: u8) -> Result<u8, KeyError> {
    Ok(match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => return Err(KeyError::Shape),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_or_refused() {
        let good = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        assert!(Key::from_hex(&format!(" {good}\n")).is_ok());
        assert_eq!(Key::from_hex(&good[1..]).err(), Some(KeyError::Shape));
        assert_eq!(Key::from_hex(&good.replace('a', "g")).err(), Some(KeyError::Shape));
        assert_eq!(Key::from_hex(&"00".repeat(32)).err(), Some(KeyError::Placeholder));
        assert_eq!(Key::from_hex("").err(), Some(KeyError::Shape));
    }
}
