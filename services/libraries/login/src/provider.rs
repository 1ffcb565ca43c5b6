//! The provider as pages log in at it: where it sends browsers, and what it answers to codes. Every question waits for the network.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RefreshToken, RequestTokenError,
    StandardErrorResponse, StandardTokenResponse,
};
use runtime::config::Fault;
use tls::ClientCertificate;

use crate::config;
pub(crate) use crate::issuer::Error;
use crate::issuer::{Found, Issuer, Taken, Token, TokenClaims};
use crate::person::{Claims, Vouched};

/// Without a word of the provider, what it gave us holds so long.
const LIFETIME_USUAL: i64 = 300;

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
/// The client of the protocol, as discovery lets it be.
type Asking = Client<
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

/// What the provider said of somebody who logged in.
pub(crate) struct Vouching {
    /// The claims of the ID token; a renewal may come without one, and says nothing new then.
    pub(crate) claims: Option<TokenClaims>,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh: Option<String>,
    /// For how many seconds it holds.
    pub(crate) seconds: i64,
}

/// The provider of one configuration.
pub(crate) struct Provider {
    issuer: Issuer,
    client: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    logged_out: PostLogoutRedirectUrl,
}

impl Provider {
    /// Asks nothing yet.
    pub(crate) fn new(settings: &config::Provider, answer: &str, logged_out: &str) -> Result<Self, Fault> {
        let unreadable = |error| Fault::new("public_url", format!("is no address: {error}"));
        let ours = |path: &str| format!("{}{path}", settings.public_url);
        let secret = settings.secret.as_ref().map(|secret| secret.value().map_err(|fault| fault.under("secret")));
        let taken = settings.audience.clone().map(|audience| Taken { audience, bound: settings.bound });
        Ok(Self {
            issuer: Issuer::new(&settings.issuer, settings.tls.as_ref(), settings.clock_skew.0, taken)?,
            client: ClientId::new(settings.client.to_string()),
            secret: secret.transpose()?.map(|secret| ClientSecret::new(secret.expose().to_owned())),
            redirect: RedirectUrl::new(ours(answer)).map_err(unreadable)?,
            logged_out: PostLogoutRedirectUrl::new(ours(logged_out)).map_err(unreadable)?,
        })
    }

    /// Asks what the provider is and which keys it has; what was known stays until it answers.
    pub(crate) fn discover(&self) -> Result<(), Error> {
        self.issuer.discover()
    }

    /// The claims of a bearer token that holds, and that who opened the connection may show.
    pub(crate) fn bearer(&self, token: &str, shown: Option<&ClientCertificate>) -> Result<TokenClaims, Error> {
        self.issuer.bearer(token, shown)
    }

    fn asking(&self, found: &Found) -> Asking {
        Client::from_provider_metadata(found.clone(), self.client.clone(), self.secret.clone())
            .set_redirect_uri(self.redirect.clone())
    }

    /// Where a browser logs in. `None` while the provider has never answered.
    pub(crate) fn login_address(&self, state: &str, nonce: &str, verifier: &str) -> Option<String> {
        let known = self.issuer.known().ok()?;
        let client = self.asking(&known);
        let (state, nonce) = (state.to_owned(), nonce.to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
        let request = client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        );
        let (address, _, _) = request.set_pkce_challenge(challenge).url();
        Some(address.into())
    }

    /// Where a browser logs out of the provider too, if the provider has such a place.
    pub(crate) fn logout_address(&self, id_token: &str) -> Option<String> {
        let known = self.issuer.known().ok()?;
        let mut request = LogoutRequest::from(known.additional_metadata().end_session_endpoint.clone()?)
            .set_client_id(self.client.clone())
            .set_post_logout_redirect_uri(self.logged_out.clone());
        if let Ok(token) = id_token.parse::<Token>() {
            request = request.set_id_token_hint(&token);
        }
        Some(request.http_get_url().into())
    }

    /// Exchanges a code for what the provider says of its owner.
    pub(crate) fn exchange(&self, code: String, verifier: String, nonce: &str) -> Result<Vouching, Error> {
        let known = self.issuer.known()?;
        let client = self.asking(&known);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.issuer.away(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let tokens = request.request(self.issuer.http()).map_err(|error| self.refusal(error))?;
        let vouching = self.vouching(&tokens, |found| found.is_some_and(|found| found.secret() == nonce))?;
        if vouching.claims.is_none() {
            return Err(Error::Refused("the provider gave no ID token"));
        }
        Ok(vouching)
    }

    /// Asks again whether somebody who logged in may go on.
    pub(crate) fn renew(&self, refresh: &str, nonce: &str) -> Result<Vouching, Error> {
        let known = self.issuer.known()?;
        let client = self.asking(&known);
        let refresh = RefreshToken::new(refresh.to_owned());
        let request = client.exchange_refresh_token(&refresh).map_err(|error| self.issuer.away(&error))?;
        let tokens = request.request(self.issuer.http()).map_err(|error| self.refusal(error))?;
        // A renewed ID token need not repeat the nonce; if it does, it is the same.
        self.vouching(&tokens, |found| found.is_none_or(|found| found.secret() == nonce))
    }

    fn vouching(&self, tokens: &Tokens, nonce: impl Fn(Option<&Nonce>) -> bool) -> Result<Vouching, Error> {
        let nonce =
            |found: Option<&Nonce>| if nonce(found) { Ok(()) } else { Err("it is for another login".to_owned()) };
        let claims = match tokens.extra_fields().id_token() {
            None => None,
            Some(token) => {
                let verify = |known: &Found| {
                    let client = self.asking(known);
                    let verifier = self.issuer.verifier(client.id_token_verifier());
                    token.claims(&verifier, nonce).cloned()
                };
                let claims = self.issuer.with_keys(verify)?;
                self.issuer.holds_yet(&claims)?;
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

    /// Only a provider that said no in the protocol's own words has said no, and only one that was not reached is away.
    fn refusal(&self, error: Refusal) -> Error {
        match error {
            RequestTokenError::ServerResponse(said) => match said.error() {
                // An error of the provider's own, as while it starts, is no refusal.
                CoreErrorResponseType::Extension(_) => Error::Unclear("with an error of its own"),
                _ => Error::Refused("the provider refused it"),
            },
            RequestTokenError::Request(error) => self.issuer.away(&error),
            // What it sent can hold tokens, and is not repeated.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Error::Unclear("with nothing that is of the protocol")
            }
        }
    }
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
