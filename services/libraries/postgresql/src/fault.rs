use std::error::Error;
use std::{fmt, io};

use tls::Refusal;
use tokio_postgres::error::{DbError, SqlState};

use crate::condition;

/// An error of PostgreSQL with nothing in it that could quote a row: what it does not keep cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault(Said);

#[derive(Clone, PartialEq, Eq)]
enum Said {
    Server {
        code: SqlState,
        /// Schema, table, column and constraint, as far as the server names them.
        names: Vec<(&'static str, String)>,
    },
    /// By the driver, of the connection or of the shape of an answer.
    Driver(String),
}

impl Fault {
    /// SQLSTATE, when the server has answered.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        match &self.0 {
            Said::Server { code, .. } => Some(code),
            Said::Driver(_) => None,
        }
    }

    /// The server answers and refuses what was asked: not for want of room, memory or time, and not because it is ending.
    #[must_use]
    pub fn is_about_the_object(&self) -> bool {
        self.code().is_some_and(|code| !matches!(&code.code()[..2], "08" | "25" | "40" | "53" | "55" | "57" | "58"))
    }

    /// The row itself is what the server refuses: trying again changes nothing.
    #[must_use]
    pub fn is_about_the_row(&self) -> bool {
        // Class 54 is "program limit exceeded": a row too wide for a page or an index.
        self.code().is_some_and(|code| matches!(&code.code()[..2], "22" | "23" | "54"))
    }
}

impl From<&DbError> for Fault {
    fn from(error: &DbError) -> Self {
        let names = [
            ("schema", error.schema()),
            ("table", error.table()),
            ("column", error.column()),
            ("constraint", error.constraint()),
        ];
        let names = names.into_iter().filter_map(|(kind, name)| Some((kind, name?.to_owned()))).collect();
        Self(Said::Server { code: error.code().clone(), names })
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(error) = error.as_db_error() {
            return error.into();
        }
        // The driver's own words are fixed. Of what lies below them only what a socket or a handshake says is kept: the rest may
        // quote what could not be read or written.
        let mut text = error.to_string();
        if let Some(cause) = cause(&error) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        Self(Said::Driver(text))
    }
}

fn cause(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(refusal) = Refusal::of(error) {
        return Some(refusal.to_string());
    }
    let cause = error.source()?;
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return Some(error.to_string());
    }
    // Said before any row can pass, for example "server does not support TLS".
    (error.to_string() == "error performing TLS handshake").then(|| cause.to_string())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Said::Driver(text) => f.write_str(text),
            Said::Server { code, names } => {
                write!(f, "SQLSTATE {}", code.code())?;
                if let Some(condition) = condition::of(code.code()) {
                    write!(f, " ({condition})")?;
                }
                names.iter().try_for_each(|(kind, name)| write!(f, ", {kind} {name}"))
            }
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Fault {}
