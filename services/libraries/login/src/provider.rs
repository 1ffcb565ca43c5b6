//! The OpenID provider: what it is found to be, and what is asked of it. Every call here waits for the network.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IdToken, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl, JsonWebKeySet, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, RequestTokenError, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, SyncHttpClient,
};
use runtime::config::Fault;
use serde::Deserialize;
use ureq::http::header;

use crate::config;
use crate::person::{Claims, Vouched};

/// How long one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The longest answer that is read: Keycloak's longest here has 8 kB.
const ANSWER_MAX: u64 = 1 << 20;
/// A longer bearer token is not looked at.
const TOKEN_MAX: usize = 16 * 1024;
/// A token with a key that is not known makes us ask for the keys, at most this often.
const KEYS_AGAIN: Duration = Duration::from_secs(30);
/// Without a word of the provider, what it gave us holds so long.
const LIFETIME_USUAL: i64 = 300;

type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type TokenClaims = IdTokenClaims<Claims, CoreGenderClaim>;
type Verifier<'a> = IdTokenVerifier<'a, CoreJsonWebKey>;
type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Found = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Refusal = RequestTokenError<ureq::Error, StandardErrorResponse<CoreErrorResponseType>>;

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

/// What the provider said of somebody who logged in.
pub(crate) struct Vouching {
    /// The claims of the ID token; a renewal may come without one, and says nothing new then.
    pub(crate) claims: Option<TokenClaims>,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh: Option<String>,
    /// For how many seconds it holds.
    pub(crate) seconds: i64,
}

/// What discovery found.
struct Known {
    client: Found,
    issuer: IssuerUrl,
    keys: JsonWebKeySet<CoreJsonWebKey>,
    logout: Option<EndSessionUrl>,
}

/// The provider of one configuration.
pub(crate) struct Provider {
    settings: config::Provider,
    issuer: IssuerUrl,
    client: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    logged_out: PostLogoutRedirectUrl,
    http: Http,
    known: ArcSwapOption<Known>,
    keys_asked: Mutex<Option<Instant>>,
}

impl Provider {
    /// Asks nothing yet.
    pub(crate) fn new(settings: &config::Provider, answer: &str, logged_out: &str) -> Result<Self, Fault> {
        let unreadable = |key: &str, error: &dyn std::error::Error| Fault::new(key, format!("is no address: {error}"));
        let ours = |path: &str| format!("{}{path}", settings.public_url);
        let secret = settings.secret.as_ref().map(|secret| secret.value().map_err(|fault| fault.under("secret")));
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.to_string()).map_err(|error| unreadable("issuer", &error))?,
            client: ClientId::new(settings.client.to_string()),
            secret: secret.transpose()?.map(|secret| ClientSecret::new(secret.expose().to_owned())),
            redirect: RedirectUrl::new(ours(answer)).map_err(|error| unreadable("public_url", &error))?,
            logged_out: PostLogoutRedirectUrl::new(ours(logged_out))
                .map_err(|error| unreadable("public_url", &error))?,
            http: Http::new(settings.tls.as_ref())?,
            known: ArcSwapOption::empty(),
            keys_asked: Mutex::default(),
            settings: settings.clone(),
        })
    }

    /// Asks what the provider is and which keys it has; what was known stays until it answers.
    pub(crate) fn discover(&self) -> Result<(), Error> {
        let found = ProviderMetadataWithLogout::discover(&self.issuer, &self.http)
            .map_err(|error| self.away(&runtime::exit::chain(&error)))?;
        let (keys, logout) = (found.jwks().clone(), found.additional_metadata().end_session_endpoint.clone());
        let client = Client::from_provider_metadata(found, self.client.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        self.known.store(Some(Arc::new(Known { client, issuer: self.issuer.clone(), keys, logout })));
        Ok(())
    }

    /// Where a browser logs in. `None` while the provider has never answered.
    pub(crate) fn login_address(&self, state: &str, nonce: &str, verifier: &str) -> Option<String> {
        let known = self.known.load_full()?;
        let (state, nonce) = (state.to_owned(), nonce.to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
        let request = known.client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        );
        let (address, _, _) = request.set_pkce_challenge(challenge).url();
        Some(address.into())
    }

    /// Where a browser logs out of the provider too, if the provider has such a place.
    pub(crate) fn logout_address(&self, id_token: &str) -> Option<String> {
        let known = self.known.load_full()?;
        let mut request = LogoutRequest::from(known.logout.clone()?)
            .set_client_id(self.client.clone())
            .set_post_logout_redirect_uri(self.logged_out.clone());
        if let Ok(token) = id_token.parse::<Token>() {
            request = request.set_id_token_hint(&token);
        }
        Some(request.http_get_url().into())
    }

    /// Exchanges a code for what the provider says of its owner.
    pub(crate) fn exchange(&self, code: String, verifier: String, nonce: &str) -> Result<Vouching, Error> {
        let known = self.known.load_full().ok_or_else(|| self.away(&"it has not answered yet"))?;
        let request = known
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.away(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let tokens = request.request(&self.http).map_err(|error| self.refusal(error))?;
        let vouching = self.vouching(&tokens, |found| found.is_some_and(|found| found.secret() == nonce))?;
        if vouching.claims.is_none() {
            return Err(Error::Refused("the provider gave no ID token"));
        }
        Ok(vouching)
    }

    /// Asks again whether somebody who logged in may go on.
    pub(crate) fn renew(&self, refresh: &str, nonce: &str) -> Result<Vouching, Error> {
        let known = self.known.load_full().ok_or_else(|| self.away(&"it has not answered yet"))?;
        let refresh = RefreshToken::new(refresh.to_owned());
        let request = known.client.exchange_refresh_token(&refresh).map_err(|error| self.away(&error))?;
        let tokens = request.request(&self.http).map_err(|error| self.refusal(error))?;
        // A renewed ID token need not repeat the nonce; if it does, it is the same.
        self.vouching(&tokens, |found| found.is_none_or(|found| found.secret() == nonce))
    }

    fn vouching(&self, tokens: &Tokens, nonce: impl Fn(Option<&Nonce>) -> bool) -> Result<Vouching, Error> {
        let nonce =
            |found: Option<&Nonce>| if nonce(found) { Ok(()) } else { Err("it is for another login".to_owned()) };
        let claims = match tokens.extra_fields().id_token() {
            None => None,
            Some(token) => {
                let verify = |known: &Known| {
                    let verifier = self.verifier(known.client.id_token_verifier());
                    token.claims(&verifier, nonce).cloned()
                };
                let claims = self.with_keys(verify)?;
                self.holds_yet(&claims)?;
                Some(claims)
            }
        };
        let seconds = tokens
            .expires_in()
            .map_or(LIFETIME_USUAL, |period| i64::try_from(period.as_secs()).unwrap_or(LIFETIME_USUAL));
        Ok(Vouching {
            claims,
            id_token: tokens.extra_fields().id_token().map(ToString::to_string),
            refresh: tokens.refresh_token().map(|token| token.secret().clone()),
            seconds,
        })
    }

    /// The claims of a bearer token that this provider made for this API, and that holds now.
    pub(crate) fn bearer(&self, token: &str) -> Result<TokenClaims, Error> {
        let audience =
            self.settings.audience.as_deref().ok_or(Error::Refused("this service takes no bearer tokens"))?;
        if token.len() > TOKEN_MAX {
            return Err(Error::Refused("the token is too long"));
        }
        let parsed = token.parse::<Token>().map_err(|_| Error::Refused("it is no JSON web token"))?;
        // `azp` names the program that the token was given to, where an ID token names us; who it was made for is `aud`.
        let client = ClientId::new(authorized_party(token).unwrap_or_default());
        let verify = |known: &Known| {
            let verifier = Verifier::new_public_client(client.clone(), known.issuer.clone(), known.keys.clone());
            let verifier = self.verifier(verifier).require_audience_match(false).allow_all_jose_types();
            parsed.claims(&verifier, |_: Option<&Nonce>| Ok(())).cloned()
        };
        let claims = self.with_keys(verify)?;
        self.holds_yet(&claims)?;
        if !claims.audiences().iter().any(|found| found.as_str() == audience) {
            return Err(Error::Refused("the token is for another audience"));
        }
        Ok(claims)
    }

    /// Signed with a key of the provider by one of these algorithms (never a shared secret, never unsigned), and neither
    /// expired nor made in the future, by a clock that may be wrong by so much.
    fn verifier<'a>(&self, verifier: Verifier<'a>) -> Verifier<'a> {
        let skew = self.settings.clock_skew.0;
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

    fn holds_yet(&self, claims: &TokenClaims) -> Result<(), Error> {
        let now = (Utc::now() + self.settings.clock_skew.0).timestamp();
        match claims.additional_claims().not_before() {
            Some(start) if start > now => Err(Error::Refused("the token does not hold yet")),
            _ => Ok(()),
        }
    }

    /// Verifies, and once more with fresh keys when the token names one that is not known.
    fn with_keys<T>(&self, verify: impl Fn(&Known) -> Result<T, ClaimsVerificationError>) -> Result<T, Error> {
        let known = self.known.load_full().ok_or_else(|| self.away(&"it has not answered yet"))?;
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

    fn away(&self, message: &dyn std::fmt::Display) -> Error {
        Error::Away { issuer: self.settings.issuer.clone(), message: message.to_string() }
    }

    /// Only a provider that said no in the protocol's own words has said no, and only one that was not reached is away.
    fn refusal(&self, error: Refusal) -> Error {
        match error {
            RequestTokenError::ServerResponse(said) => match said.error() {
                // An error of the provider's own, as while it starts, is no refusal.
                CoreErrorResponseType::Extension(_) => Error::Unclear("with an error of its own"),
                _ => Error::Refused("the provider refused it"),
            },
            RequestTokenError::Request(error) => self.away(&error),
            // What it sent can hold tokens, and is not repeated.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Error::Unclear("with nothing that is of the protocol")
            }
        }
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

/// What claims say of who asks.
pub(crate) fn vouched(claims: &TokenClaims) -> Vouched<'_> {
    Vouched {
        subject: claims.subject().as_str(),
        assurance: claims.auth_context_ref().map(|acr| acr.as_str()),
        client: claims.authorized_party().map(|client| client.as_str()),
        claims: claims.additional_claims(),
    }
}

/// The workspace's HTTP client, asked by the protocol's crate.
struct Http(ureq::Agent);

impl Http {
    fn new(tls: Option<&tls::Client>) -> Result<Self, Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_away_only_when_it_was_not_reached() {
        let settings = "issuer = \"http://127.0.0.1:1/\"\nclient = \"c\"\npublic_url = \"http://127.0.0.1:2\"\n";
        let settings: config::Provider = toml::from_str(settings).unwrap();
        let provider = Provider::new(&settings, "/answer", "/out").unwrap();
        let said =
            |error| provider.refusal(RequestTokenError::ServerResponse(StandardErrorResponse::new(error, None, None)));
        let own = CoreErrorResponseType::Extension("interaction_required".to_owned());
        assert!(matches!(said(own), Error::Unclear(_)));
        assert!(matches!(said(CoreErrorResponseType::InvalidGrant), Error::Refused(_)));
        assert!(matches!(provider.refusal(RequestTokenError::Other(String::new())), Error::Unclear(_)));
        let unreached = RequestTokenError::Request(ureq::Error::ConnectionFailed);
        assert!(matches!(provider.refusal(unreached), Error::Away { .. }));
    }
}
