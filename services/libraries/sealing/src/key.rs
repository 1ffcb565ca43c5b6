//! The region's keys: what wraps data keys. Format and meaning of a wrapped key are the same wherever the key is held.

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::hmac;
use zeroize::Zeroizing;

use crate::bound;
use crate::cipher::{Cipher, KEY_BYTES, KeyBytes, NONCE_BYTES, TAG_BYTES, random_key, random_nonce};
use crate::fault::Away;
use crate::token::{Token, TokenError};

/// Nonce, sealed key and tag.
pub(crate) const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// The longest id of a key.
pub(crate) const ID_BYTES_MAX: usize = 32;

/// A region's keys, newest first.
pub struct Keys(Vec<RegionKey>);

/// A key of the region. It wraps with random nonces: good for 2^32 data keys, one per source and hour.
pub(crate) struct RegionKey {
    pub(crate) id: String,
    /// What its data keys are bound to.
    bound: Vec<u8>,
    held: Held,
}

enum Held {
    Memory { cipher: Box<Cipher>, fingerprint: String },
    Token(Token),
}

/// Why a data key does not come out.
pub(crate) enum NoKey {
    /// Wrapped by another key, or altered.
    Wrong,
    Away(Away),
}

impl Keys {
    pub(crate) fn new(keys: Vec<RegionKey>) -> Self {
        Self(keys)
    }

    /// One key of 64 hexadecimal digits, for tools and tests that have no configuration.
    ///
    /// # Errors
    /// What is wrong with the digits.
    pub fn one(region: &str, id: &str, text: &str) -> Result<Self, &'static str> {
        Ok(Self(vec![RegionKey::in_memory(region, id, text)?]))
    }

    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// The one that seals.
    pub(crate) fn newest(&self) -> Option<&RegionKey> {
        self.0.first()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&RegionKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Tells one line per key: its id, where it is, what it does, and whether it opens now what it sealed. Two services have the
    /// same key where they show the same fingerprint.
    ///
    /// # Errors
    /// When a key does not open.
    pub fn tried(&self, tell: &mut dyn FnMut(&str)) -> Result<(), Closed> {
        let mut result = Ok(());
        for (at, key) in self.0.iter().enumerate() {
            let place = match &key.held {
                Held::Memory { fingerprint, .. } => format!("fingerprint {fingerprint}"),
                Held::Token(token) => token.to_string(),
            };
            let does = match (key.tried(), at) {
                (Ok(()), 0) => "seals and opens".to_owned(),
                (Ok(()), _) => "opens".to_owned(),
                (Err(away), _) => {
                    result = Err(Closed);
                    format!("does not open: {away}")
                }
            };
            tell(&format!("sealing key {} ({place}): {does}", key.id));
        }
        result
    }
}

/// A key does not open; [`Keys::tried`] has told which.
#[derive(Debug, thiserror::Error)]
#[error("a sealing key does not open")]
pub struct Closed;

impl RegionKey {
    /// A key of 64 hexadecimal digits, or what is wrong with them.
    pub(crate) fn in_memory(region: &str, id: &str, text: &str) -> Result<Self, &'static str> {
        let mut bytes = KeyBytes::default();
        let digits = text.trim_ascii().as_bytes();
        let is_read = digits.len() == 2 * KEY_BYTES && HEXLOWER_PERMISSIVE.decode_mut(digits, &mut bytes[..]).is_ok();
        if !is_read {
            return Err("a key is 64 hexadecimal digits: make one with `openssl rand -hex 32`");
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err("the key is a placeholder: make one with `openssl rand -hex 32`");
        }
        let told = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes[..]), b"vardstrom fingerprint 1");
        let fingerprint = data_encoding::HEXLOWER.encode(&told.as_ref()[..4]);
        Ok(Self::held(region, id, Held::Memory { cipher: Box::new(Cipher::new(&bytes)), fingerprint }))
    }

    pub(crate) fn in_token(region: &str, id: &str, token: Token) -> Self {
        Self::held(region, id, Held::Token(token))
    }

    fn held(region: &str, id: &str, held: Held) -> Self {
        Self { id: id.to_owned(), bound: bound::data_key(region, id), held }
    }

    /// A data key for its record.
    pub(crate) fn wrap(&self, data_key: &KeyBytes) -> Result<Vec<u8>, Away> {
        let nonce = random_nonce()?;
        let sealed = match &self.held {
            Held::Memory { cipher, .. } => {
                let mut text = Vec::with_capacity(KEY_BYTES + TAG_BYTES);
                text.extend_from_slice(&data_key[..]);
                cipher.seal(nonce, &self.bound, &mut text);
                text
            }
            // Twice: a session may be one from before the token was started again.
            Held::Token(token) => token
                .seal(nonce, &self.bound, &data_key[..])
                .or_else(|_| token.seal(nonce, &self.bound, &data_key[..]))
                .map_err(|error| self.away(&error))?,
        };
        Ok([&nonce[..], &sealed].concat())
    }

    /// The data key of a record.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Result<KeyBytes, NoKey> {
        let (Some((nonce, sealed)), WRAPPED_BYTES) = (wrapped.split_first_chunk::<NONCE_BYTES>(), wrapped.len()) else {
            return Err(NoKey::Wrong);
        };
        let mut data_key = KeyBytes::default();
        match &self.held {
            Held::Memory { cipher, .. } => {
                let mut text = Zeroizing::new([0_u8; KEY_BYTES + TAG_BYTES]);
                text.copy_from_slice(sealed);
                let opened = cipher.open(*nonce, &self.bound, &mut text[..]).map_err(|_| NoKey::Wrong)?;
                data_key.copy_from_slice(opened);
            }
            Held::Token(token) => {
                let opened = match token.open(*nonce, &self.bound, sealed) {
                    Ok(opened) => opened,
                    // Each module has a word of its own for a wrong tag. Where the key opens what it seals now, and this still
                    // not, the token is there and this is another key's.
                    Err(_) => {
                        self.tried().map_err(NoKey::Away)?;
                        token.open(*nonce, &self.bound, sealed).map_err(|_| NoKey::Wrong)?
                    }
                };
                data_key.copy_from_slice(opened.get(..KEY_BYTES).ok_or(NoKey::Wrong)?);
            }
        }
        Ok(data_key)
    }

    /// Whether it opens what it seals.
    fn tried(&self) -> Result<(), Away> {
        let Held::Token(token) = &self.held else { return Ok(()) };
        let (nonce, text) = (random_nonce()?, random_key()?);
        let there_and_back =
            token.seal(nonce, &self.bound, &text[..]).and_then(|sealed| token.open(nonce, &self.bound, &sealed));
        match there_and_back {
            Ok(opened) if opened[..] == text[..] => Ok(()),
            Ok(_) => Err(self.away(&TokenError::Differs)),
            Err(error) => Err(self.away(&error)),
        }
    }

    fn away(&self, error: &TokenError) -> Away {
        Away::Token { id: self.id.clone(), why: error.to_string() }
    }
}

/// Whether a text can be a key's id, and may be printed.
pub(crate) fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(letter)
}
