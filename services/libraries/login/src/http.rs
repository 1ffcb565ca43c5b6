//! The workspace's HTTP client, asked by the protocol's crate.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use runtime::config::Fault;
use ureq::http::header;

/// How long one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The longest answer that is read: Keycloak's longest here has 8 kB.
const ANSWER_MAX: u64 = 1 << 20;

/// For one provider.
pub(crate) struct Http(ureq::Agent);

impl Http {
    pub(crate) fn new(tls: Option<&tls::Client>) -> Result<Self, Fault> {
        tls::agent(tls, ANSWER_WITHIN).map(Self).map_err(|fault| fault.under("tls"))
    }
}

impl SyncHttpClient for Http {
    type Error = ureq::Error;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (parts, body) = request.into_parts();
        // A provider that sends us elsewhere could send us anywhere: no redirects.
        let mut answer = if parts.method == "POST" {
            let mut asked = self.0.post(&parts.uri).config().max_redirects(0).build();
            for (name, value) in &parts.headers {
                asked = asked.header(name, value);
            }
            asked.send(&body)?
        } else {
            let mut asked = self.0.get(&parts.uri).config().max_redirects(0).build();
            for (name, value) in &parts.headers {
                asked = asked.header(name, value);
            }
            asked.call()?
        };
        let content = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec()?;
        let mut made = HttpResponse::new(content);
        *made.status_mut() = answer.status();
        if let Some(kind) = answer.headers_mut().remove(header::CONTENT_TYPE) {
            made.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        Ok(made)
    }
}
