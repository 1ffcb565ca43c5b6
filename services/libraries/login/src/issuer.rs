//! Who signs tokens: what discovery finds of it, and which tokens are its own and hold now. Asking it waits for the network.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    ClaimsVerificationError, ClientId, IdToken, IdTokenClaims, IdTokenVerifier, IssuerUrl, Nonce,
    ProviderMetadataWithLogout, SignatureVerificationError,
};
use runtime::config::Fault;
use serde::Deserialize;
use tls::ClientCertificate;

use crate::bound;
use crate::http::Http;
use crate::person::Claims;

/// A longer bearer token is not looked at.
const TOKEN_MAX: usize = 16 * 1024;
/// A token with a key that is not known makes us ask for the keys, at most this often.
const KEYS_AGAIN: Duration = Duration::from_secs(30);

pub(crate) type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(crate) type TokenClaims = IdTokenClaims<Claims, CoreGenderClaim>;
type Verifier<'a> = IdTokenVerifier<'a, CoreJsonWebKey>;
/// What discovery found.
pub(crate) type Found = ProviderMetadataWithLogout;

/// Why the provider vouches for nobody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It does not answer, or is not found to be a provider. The same question may have another answer later.
    #[error("the provider of logins at {issuer} does not answer as one: {message}")]
    Away { issuer: Box<str>, message: String },
    /// It answered this one question, and its answer is neither yes nor no. It may be another later.
    #[error("the provider of logins answered unclearly: {0}")]
    Unclear(&'static str),
    /// It said no, or what it said does not hold.
    #[error("{0}")]
    Refused(&'static str),
}

/// Which bearer tokens are taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Whom they are made for.
    pub(crate) audience: Box<str>,
    /// Whether only such as are bound to a certificate.
    pub(crate) bound: bool,
}

/// The provider as who signs.
pub(crate) struct Issuer {
    /// As the configuration writes it.
    name: Box<str>,
    address: IssuerUrl,
    /// How far its clock may be from ours.
    skew: Duration,
    /// Without it no bearer token is.
    taken: Option<Taken>,
    http: Http,
    known: ArcSwapOption<Found>,
    keys_asked: Mutex<Option<Instant>>,
}

impl Issuer {
    /// Asks nothing yet.
    pub(crate) fn new(
        name: &str,
        tls: Option<&tls::Client>,
        skew: Duration,
        taken: Option<Taken>,
    ) -> Result<Self, Fault> {
        let unreadable = |error| Fault::new("issuer", format!("is no address: {error}"));
        Ok(Self {
            name: name.into(),
            address: IssuerUrl::new(name.to_owned()).map_err(unreadable)?,
            skew,
            taken,
            http: Http::new(tls)?,
            known: ArcSwapOption::empty(),
            keys_asked: Mutex::default(),
        })
    }

    /// Asks what the provider is and which keys it has; what was known stays until it answers.
    pub(crate) fn discover(&self) -> Result<(), Error> {
        let found =
            Found::discover(&self.address, &self.http).map_err(|error| self.away(&runtime::exit::chain(&error)))?;
        self.known.store(Some(Arc::new(found)));
        Ok(())
    }

    /// What discovery has found.
    pub(crate) fn known(&self) -> Result<Arc<Found>, Error> {
        self.known.load_full().ok_or_else(|| self.away(&"it has not answered yet"))
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// The claims of a bearer token that this provider made for this API, that holds now, and that who opened the connection may
    /// show.
    pub(crate) fn bearer(&self, token: &str, shown: Option<&ClientCertificate>) -> Result<TokenClaims, Error> {
        let taken = self.taken.as_ref().ok_or(Error::Refused("this service takes no bearer tokens"))?;
        if token.len() > TOKEN_MAX {
            return Err(Error::Refused("the token is too long"));
        }
        let parsed = token.parse::<Token>().map_err(|_| Error::Refused("it is no JSON web token"))?;
        // `azp` names the program that the token was given to, where an ID token names us; who it was made for is `aud`.
        let client = ClientId::new(authorized_party(token).unwrap_or_default());
        let verify = |known: &Found| {
            let verifier = Verifier::new_public_client(client.clone(), self.address.clone(), known.jwks().clone());
            let verifier = self.verifier(verifier).require_audience_match(false).allow_all_jose_types();
            parsed.claims(&verifier, |_: Option<&Nonce>| Ok(())).cloned()
        };
        let claims = self.with_keys(verify)?;
        self.holds_yet(&claims)?;
        if !claims.audiences().iter().any(|found| found.as_str() == &*taken.audience) {
            return Err(Error::Refused("the token is for another audience"));
        }
        bound::check(claims.additional_claims().member("cnf"), shown, taken.bound).map_err(Error::Refused)?;
        Ok(claims)
    }

    /// Signed with a key of the provider by one of these algorithms (never a shared secret, never unsigned), and neither
    /// expired nor made in the future, by a clock that may be wrong by so much.
    pub(crate) fn verifier<'a>(&self, verifier: Verifier<'a>) -> Verifier<'a> {
        let skew = self.skew;
        verifier
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPssSha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EcdsaP384Sha384,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || Utc::now() - skew)
            .set_issue_time_verifier_fn(move |issued: DateTime<Utc>| {
                if issued <= Utc::now() + skew { Ok(()) } else { Err("it was made in the future".to_owned()) }
            })
    }

    pub(crate) fn holds_yet(&self, claims: &TokenClaims) -> Result<(), Error> {
        let now = (Utc::now() + self.skew).timestamp();
        match claims.additional_claims().not_before() {
            Some(start) if start > now => Err(Error::Refused("the token does not hold yet")),
            _ => Ok(()),
        }
    }

    /// Verifies, and once more with fresh keys when the token names one that is not known.
    pub(crate) fn with_keys<T>(
        &self,
        verify: impl Fn(&Found) -> Result<T, ClaimsVerificationError>,
    ) -> Result<T, Error> {
        let known = self.known()?;
        let unknown_key = ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
        let found = match verify(&known) {
            Err(error) if error == unknown_key && self.may_ask_keys() => {
                self.discover()?;
                verify(&self.known.load_full().unwrap_or(known))
            }
            found => found,
        };
        found.map_err(|error| Error::Refused(said(&error)))
    }

    fn may_ask_keys(&self) -> bool {
        let mut asked = self.keys_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = asked.is_none_or(|asked| asked.elapsed() >= KEYS_AGAIN);
        if may {
            *asked = Some(Instant::now());
        }
        may
    }

    pub(crate) fn away(&self, message: &dyn std::fmt::Display) -> Error {
        Error::Away { issuer: self.name.clone(), message: message.to_string() }
    }
}

/// What does not hold, without the values, which may be a person's.
fn said(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "the token has expired",
        ClaimsVerificationError::InvalidAudience(_) => "the token is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "the token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "the token is for another login",
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            "the token is signed with a key that the provider does not have"
        }
        ClaimsVerificationError::SignatureVerification(_) => "the token's signature does not hold",
        _ => "the token does not hold",
    }
}

/// `azp` of a token that nothing is known of yet.
fn authorized_party(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        azp: Option<String>,
    }
    let payload = BASE64URL_NOPAD.decode(token.split('.').nth(1)?.as_bytes()).ok()?;
    serde_json::from_slice::<Payload>(&payload).ok()?.azp
}
