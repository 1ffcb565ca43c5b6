//! One piece of a slot's stream.

use bytes::{Buf, Bytes};

use crate::error::Error;
use crate::lsn::Lsn;

/// What the server sends while a slot is streamed.
#[derive(Debug)]
pub enum Streamed {
    /// What the plugin wrote.
    Data {
        /// Where in the log it begins.
        begins: Lsn,
        /// The end of the log at the server.
        end: Lsn,
        /// What was written; only the head when it was too long to be kept.
        body: Bytes,
        /// Bytes of the whole piece, when it was too long to be kept.
        oversized: Option<usize>,
    },
    /// A sign of life.
    Keepalive {
        /// The end of the log at the server.
        end: Lsn,
        /// Whether the server wants to hear from us at once.
        asks: bool,
    },
}

impl Streamed {
    /// Reads the content of a CopyData message.
    pub(crate) fn read(mut body: Bytes, oversized: Option<usize>) -> Result<Self, Error> {
        match body.try_get_u8() {
            Ok(b'w') if body.len() >= 24 => {
                let begins = Lsn(body.get_u64());
                let end = Lsn(body.get_u64());
                // The server's clock.
                body.advance(8);
                Ok(Self::Data { begins, end, body, oversized })
            }
            Ok(b'k') if body.len() >= 17 => {
                let end = Lsn(body.get_u64());
                body.advance(8);
                Ok(Self::Keepalive { end, asks: body.get_u8() == 1 })
            }
            _ => Err(Error::Unexpected("stream")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_the_log_and_a_sign_of_life_are_told_apart() {
        let data = [b"w".as_slice(), &7_u64.to_be_bytes(), &9_u64.to_be_bytes(), &[0; 8], b"B"].concat();
        let Ok(Streamed::Data { begins, end, body, oversized }) = Streamed::read(data.into(), None) else {
            panic!("data")
        };
        assert_eq!((begins, end, &body[..], oversized), (Lsn(7), Lsn(9), b"B".as_slice(), None));
        let alive = [b"k".as_slice(), &9_u64.to_be_bytes(), &[0; 8], &[1]].concat();
        let whole = Streamed::read(alive.clone().into(), None);
        assert!(matches!(whole, Ok(Streamed::Keepalive { end: Lsn(9), asks: true })));
        for end in 0..alive.len() {
            assert!(Streamed::read(Bytes::copy_from_slice(&alive[..end]), None).is_err(), "{end}");
        }
    }
}
