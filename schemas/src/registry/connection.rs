use std::time::Duration;

use ::settings::Fault;
use ureq::http::HeaderValue;

use super::Settings;

/// How a registry is reached, encrypted and logged in as its settings say; cheap to clone. Connects when something is asked.
#[derive(Clone)]
pub struct Connection {
    /// What asks. A status that refuses is an answer.
    pub agent: ureq::Agent,
    authorisation: Option<HeaderValue>,
}

impl Connection {
    /// To the registry that the settings name; an answer takes `answer_max` in all.
    pub fn new(settings: &Settings, answer_max: Duration) -> Result<Self, Fault> {
        let agent = tls::agent(settings.tls.as_ref(), answer_max).map_err(|fault| fault.under("tls"))?;
        let Some(login) = &settings.login else { return Ok(Self { agent, authorisation: None }) };
        let password = login.password.value().map_err(|fault| fault.under("login.password"))?;
        let header = tls::basic(&login.user, password.expose());
        let authorisation = Some(header.ok_or_else(|| Fault::new("login", "cannot be a header of HTTP"))?);
        Ok(Self { agent, authorisation })
    }

    /// The question with user and password, where the settings name them.
    pub fn authorised<B>(&self, question: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.authorisation {
            None => question,
            Some(authorisation) => question.header("authorization", authorisation.clone()),
        }
    }
}
