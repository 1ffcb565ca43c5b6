//! Why PostgreSQL cannot be talked to, without a value of a row.

use std::io;

use bytes::{Buf, Bytes};

/// Why PostgreSQL cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("connect to PostgreSQL at {place}")]
    Connect {
        /// Host and port.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server does not encrypt, and the configuration demands it.
    #[error("PostgreSQL at {place} does not encrypt; set ssl = on there, or leave ca out of [[region.cdc]]")]
    Unencrypted {
        /// Host and port.
        place: String,
    },
    /// The server wants a kind of proof that we do not give.
    #[error("log in to PostgreSQL: it asks for {0}; give the role a password with scram-sha-256")]
    Authentication(&'static str),
    /// The connection broke.
    #[error("talk to PostgreSQL")]
    Broken(#[from] io::Error),
    /// The server ended the connection.
    #[error("PostgreSQL ended the connection")]
    Closed,
    /// No byte for too long.
    #[error("PostgreSQL is silent")]
    Silent,
    /// The server refused.
    #[error("PostgreSQL refused with {code}{}", explained(message))]
    Refused {
        /// SQLSTATE.
        code: String,
        /// What it said; empty where that could hold a value of a row.
        message: String,
    },
    /// Not what the protocol says should come.
    #[error("read PostgreSQL's {0}")]
    Unexpected(&'static str),
}

fn explained(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// Classes of SQLSTATE whose messages speak of connections, rights, names, resources and states, never of a row's values.
const SPEAKING: [&str; 9] = ["08", "0A", "28", "3D", "42", "53", "55", "57", "58"];

/// What an error message of the server says.
pub(crate) fn refused(body: &mut Bytes) -> Error {
    let mut code = String::new();
    let mut message = String::new();
    while let Ok(field) = body.try_get_u8()
        && field != 0
    {
        let Some(end) = body.iter().position(|byte| *byte == 0) else { break };
        let value = String::from_utf8_lossy(&body.split_to(end)).into_owned();
        body.advance(1);
        match field {
            b'C' => code = value,
            b'M' => message = value,
            _ => {}
        }
    }
    if !SPEAKING.iter().any(|class| code.starts_with(class)) {
        message.clear();
    }
    Error::Refused { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_could_quote_a_row_is_not_repeated() {
        let said = |text: &'static [u8]| refused(&mut Bytes::from_static(text)).to_string();
        let quoting = said(b"SERROR\0C22P02\0Minvalid input syntax: \"19121212\"\0\0");
        assert_eq!(quoting, "PostgreSQL refused with 22P02");
        let speaking = said(b"SFATAL\0C28P01\0Mpassword authentication failed for user \"cdc\"\0\0");
        assert_eq!(speaking, "PostgreSQL refused with 28P01: password authentication failed for user \"cdc\"");
    }
}
