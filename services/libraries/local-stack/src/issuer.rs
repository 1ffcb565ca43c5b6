//! An issuer of tokens, as an identity provider is one: OAuth 2.0's client credentials, tokens as JSON web tokens by ES256.

use std::{
    env, fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls::ServerConfig;
use tempfile::TempDir;

use crate::{Answering, Asked, Error};

/// What tokens are for, as brokers that trust this issuer expect it.
pub(crate) const AUDIENCE: &str = "kafka";
/// Whom tokens are of.
pub(crate) const NAME: &str = "local-stack";

/// What the issuer does from now on.
#[derive(Debug, Clone)]
pub struct Manner {
    /// How long a token is good, in seconds; below zero it has expired when it is given.
    pub life_s: i64,
    /// What it is for; brokers take `kafka`.
    pub audience: String,
    /// In place of a token, this status.
    pub failing: Option<u16>,
}

/// The issuer; it has ended when this has been dropped.
pub struct Issuer {
    answering: Answering,
    shared: Arc<Shared>,
    folder: TempDir,
}

struct Shared {
    key: EcdsaKeyPair,
    random: SystemRandom,
    state: Mutex<(Manner, usize)>,
}

impl Issuer {
    /// The client that it knows.
    pub const CLIENT: &'static str = "vardstrom";
    /// The client's secret.
    pub const SECRET: &'static str = "å:& hemligt+%";

    /// Starts one, over TLS with an encryption. Its tokens are good for five minutes.
    ///
    /// # Errors
    /// When there is no port, no key, or its file cannot be written.
    pub fn start(encryption: Option<Arc<ServerConfig>>) -> Result<Self, Error> {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| Error::Key)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .map_err(|_| Error::Key)?;
        let failed = |path: PathBuf| move |source| Error::File { path, source };
        let folder = TempDir::with_prefix("vardstrom-issuer-").map_err(failed(env::temp_dir()))?;
        // A byte that says that both coordinates follow, and they.
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let keys = format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"1","x":"{x}","y":"{y}"}}]}}"#
        );
        let path = folder.path().join("keys.json");
        fs::write(&path, keys).map_err(failed(path))?;
        let manner = Manner { life_s: 300, audience: AUDIENCE.to_owned(), failing: None };
        let shared = Arc::new(Shared { key, random, state: Mutex::new((manner, 0)) });
        let answering = Answering::start(encryption, {
            let shared = Arc::clone(&shared);
            move |asked| shared.answer(asked)
        })?;
        Ok(Self { answering, shared, folder })
    }

    /// The token endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/token", self.answering.url())
    }

    /// The file with its public key (a JSON web key set), which brokers read.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    /// Changes what it does.
    pub fn behave(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.state().0);
    }

    /// How many tokens it has given.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.state().1
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, (Manner, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, asked: &Asked) -> (u16, String) {
        // As a form writes them.
        let pair = format!("{}:%C3%A5%3A%26+hemligt%2B%25", Issuer::CLIENT);
        let login = format!("authorization: Basic {}", BASE64.encode(pair.as_bytes()));
        if !asked.head.lines().any(|line| line == login) {
            return (401, r#"{"error":"invalid_client","error_description":"names the secret"}"#.to_owned());
        }
        if asked.body != "grant_type=client_credentials&scope=kafka" {
            return (400, r#"{"error":"invalid_scope"}"#.to_owned());
        }
        let mut state = self.state();
        if let Some(status) = state.0.failing {
            return (status, String::new());
        }
        state.1 += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires = now.saturating_add_signed(state.0.life_s);
        let (client, audience) = (Issuer::CLIENT, &state.0.audience);
        let (issued, number) = (now.min(expires), state.1);
        let claims = format!(
            r#"{{"iss":"{NAME}","aud":"{audience}","sub":"{client}","scope":"kafka","iat":{issued},"exp":{expires},"jti":"{number}"}}"#
        );
        let encoded = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let signed = format!("{}.{}", encoded(r#"{"alg":"ES256","kid":"1","typ":"JWT"}"#), encoded(&claims));
        let Ok(signature) = self.key.sign(&self.random, signed.as_bytes()) else { return (500, String::new()) };
        let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
        (200, format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{}}}"#, state.0.life_s.max(1)))
    }
}
