use std::fs;
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use settings::{Check, Fault};
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::pem::{certificates, provider};

/// Asks a neighbour by HTTP, blocking; an answer takes `answer_max` in all, and one that refuses is an answer, too. With files
/// over https, and only the authority in them is trusted, whatever the machine trusts.
///
/// # Errors
/// When a file cannot be used; by its key in the table of the files.
pub fn agent(files: Option<&Client>, answer_max: Duration) -> Result<ureq::Agent, Fault> {
    Ok(ureq::Agent::config_builder()
        .timeout_global(Some(answer_max))
        .http_status_as_error(false)
        // A proxy for the outer world must not be asked for a neighbour.
        .proxy(None)
        .tls_config(files.map(encryption).transpose()?.unwrap_or_default())
        .build()
        .new_agent())
}

/// The value of the header that tells user and password with a question (HTTP's `Basic`, RFC 7617); nothing where they cannot
/// stand in a header.
pub fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let encoded = Zeroizing::new(BASE64.encode(pair.as_bytes()));
    let text = Zeroizing::new(format!("Basic {}", encoded.as_str()));
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn encryption(files: &Client) -> Result<TlsConfig, Fault> {
    // Certificate and key are there together and fit.
    files.check()?;
    let read = |key, path: &Path| -> Result<Vec<_>, Fault> {
        let read = certificates(key, path).map_err(|error| error.fault())?;
        Ok(read.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
    };
    let client = match files.certificate.as_deref().zip(files.key.as_deref()) {
        None => None,
        Some((certificate, key)) => {
            let failed = |what: &dyn std::error::Error| Fault::new("key", format!("read {}: {what}", key.display()));
            let pem = Zeroizing::new(fs::read(key).map_err(|error| failed(&error))?);
            let key = PrivateKey::from_pem(&pem).map_err(|error| failed(&error))?;
            Some(ClientCert::new_with_certs(&read("certificate", certificate)?, key))
        }
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::new_with_certs(&read("ca", &files.ca)?))
        .client_cert(client)
        .build())
}
