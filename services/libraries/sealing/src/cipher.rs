//! AES-256-GCM by ring, with keys that are wiped as far as they are ours.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::fault::Away;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes that a sealed text is longer by.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = NONCE_LEN;

/// A key's bytes, wiped when dropped. No `Debug`.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// A key that is ready for use.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &KeyBytes) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key[..]).expect("32 bytes are a key of AES-256");
        Self(LessSafeKey::new(key))
    }

    /// Seals in place; the tag is added at the end. Never twice with one nonce.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], bound: &[u8], text: &mut Vec<u8>) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(bound), text)
            .expect("AES-GCM refuses only what is longer than 64 GiB");
    }

    /// Opens in place. What it gives is without the tag.
    pub(crate) fn open<'t>(
        &self,
        nonce: [u8; NONCE_BYTES],
        bound: &[u8],
        sealed: &'t mut [u8],
    ) -> Result<&'t mut [u8], Unspecified> {
        self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(bound), sealed)
    }
}

/// The nonce of the record before which the data key sealed so many: four bytes of zero and the count.
pub(crate) fn counted(counter: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[NONCE_BYTES - 8..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

/// A key of random bytes of the system.
pub(crate) fn random_key() -> Result<KeyBytes, Away> {
    let mut key = KeyBytes::default();
    filled(&mut key[..]).map(|()| key)
}

/// A nonce of random bytes of the system.
pub(crate) fn random_nonce() -> Result<[u8; NONCE_BYTES], Away> {
    let mut nonce = [0; NONCE_BYTES];
    filled(&mut nonce).map(|()| nonce)
}

fn filled(bytes: &mut [u8]) -> Result<(), Away> {
    SystemRandom::new().fill(bytes).map_err(|Unspecified| Away::Random)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal digits")
    }

    /// Test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which NIST's SP 800-38D refers to.
    #[test]
    fn vectors_of_the_specification() {
        const KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        const TEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
        const SEALED: &str = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                              8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
        let zeros = "00".repeat(32);
        for (key, nonce, bound, text, sealed, tag) in [
            (zeros.as_str(), "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                &zeros,
                "000000000000000000000000",
                "",
                &zeros[..32],
                "cea7403d4d606b6e074ec5d3baf39d18",
                "d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (KEY, "cafebabefacedbaddecaf888", "", TEXT, SEALED, "b094dac5d93471bdec1a502270e3cc6c"),
            (
                KEY,
                "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                &TEXT[..120],
                &SEALED[..120],
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ] {
            let key: KeyBytes = Zeroizing::new(bytes(key).try_into().expect("32 bytes"));
            let (cipher, nonce) = (Cipher::new(&key), bytes(nonce).try_into().expect("12 bytes"));
            let (bound, text) = (bytes(bound), bytes(text));
            let mut made = text.clone();
            cipher.seal(nonce, &bound, &mut made);
            assert_eq!(HEXLOWER.encode(&made), format!("{sealed}{tag}"));
            assert_eq!(cipher.open(nonce, &bound, &mut made).expect("opens"), text);
            for at in 0..text.len() + TAG_BYTES {
                let mut altered = bytes(&format!("{sealed}{tag}"));
                altered[at] ^= 1;
                assert!(cipher.open(nonce, &bound, &mut altered).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn nonces_are_the_count() {
        assert_eq!(counted(0), [0; 12]);
        assert_eq!(counted(0x0102), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_ne!(counted(1 << 40), counted(0));
    }
}
