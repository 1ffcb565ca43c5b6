use std::fmt;
use std::sync::Arc;

use rustls::ServerConnection;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};

/// The certificate that a client has shown to a [`Listener`](crate::Listener): one of its `client_ca`, held with its key.
#[derive(Clone)]
pub struct ClientCertificate(Arc<CertificateDer<'static>>);

impl ClientCertificate {
    /// The certificate of who is at the other end of a connection whose handshake is over, if it showed one.
    pub fn of(connection: &ServerConnection) -> Option<Self> {
        let own = connection.peer_certificates()?.first()?;
        Some(Self(Arc::new(own.clone().into_owned())))
    }

    /// The certificate as it was sent.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is for this name or address, by its alternative names; a `*` there stands for one label.
    pub fn is_for(&self, name: &str) -> bool {
        let (Ok(certificate), Ok(name)) = (ParsedCertificate::try_from(&*self.0), ServerName::try_from(name)) else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// Whether a text is a name or an address that a certificate can be for.
pub fn is_name(text: &str) -> bool {
    ServerName::try_from(text).is_ok()
}
