use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// What in a handshake was wrong, as one sentence about the other side that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its certificate comes from somebody else.
    #[error("its certificate comes from no authority in the file `ca`; name there the authority that issued it")]
    Authority,
    /// Its certificate is for another name.
    #[error(
        "its certificate is for {presented} and not for {expected}; call it by a name that its certificate has, or renew it"
    )]
    Name {
        /// What we call it.
        expected: String,
        /// The names in its certificate.
        presented: String,
    },
    /// Its certificate has expired.
    #[error("its certificate has expired; renew it there, or set this host's clock")]
    Expired,
    /// Its certificate is not valid yet.
    #[error("its certificate is not valid yet; set the clocks, or wait")]
    Early,
    /// Something else is wrong with its certificate.
    #[error("its certificate cannot be trusted: {0}")]
    Untrusted(String),
    /// It wants a certificate of ours and got none.
    #[error("it demands a client certificate; name `certificate` and `key` beside `ca`")]
    CertificateDemanded,
    /// It does not take our certificate.
    #[error("it refuses our client certificate ({0}); name one that its authority issued and that has not expired")]
    CertificateRefused(String),
    /// There is no TLS on its port.
    #[error("it does not speak TLS on this port; name its encrypted port")]
    Plain,
    /// Versions, ciphers and the like.
    #[error("the handshake failed: {0}")]
    Handshake(String),
}

impl Refusal {
    /// What a failed connection says of its handshake; `None` when that was not what failed.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            // The source of such an io::Error is what lies below the error of rustls.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            let inside = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
            if let Some(error) = error.downcast_ref::<rustls::Error>().or(inside) {
                return Some(Self::judge(error));
            }
            next = error.source();
        }
        None
    }

    /// The same of a question that was asked by HTTP.
    pub fn of_question(error: &ureq::Error) -> Option<Self> {
        match error {
            ureq::Error::Io(error) => Self::of(error),
            ureq::Error::Rustls(error) => Self::of(error),
            error => Self::of(error),
        }
    }

    fn judge(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => match error {
                // The second: of another authority with the same name, for example one that was made anew.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Authority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::Early,
                CertificateError::NotValidForName => {
                    Self::Name { expected: "the name it is called by".to_owned(), presented: "others".to_owned() }
                }
                CertificateError::NotValidForNameContext { expected, presented } => Self::Name {
                    expected: expected.to_str().into_owned(),
                    presented: if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") },
                },
                error => Self::Untrusted(error.to_string()),
            },
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::NoCertificate) => {
                Self::CertificateDemanded
            }
            rustls::Error::AlertReceived(
                alert @ (AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA),
            ) => Self::CertificateRefused(format!("{alert:?}")),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::Plain,
            error => Self::Handshake(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_handshake_is_found_however_deep_it_lies() {
        let expired = || rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert_eq!(Refusal::of(&expired()), Some(Refusal::Expired));
        assert_eq!(Refusal::of(&io::Error::other(expired())), Some(Refusal::Expired));
        assert_eq!(Refusal::of(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
        let required = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        assert_eq!(Refusal::of(&required), Some(Refusal::CertificateDemanded));
    }
}
