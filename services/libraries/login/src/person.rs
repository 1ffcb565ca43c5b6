//! Who asks: from the claims of a token, as SITHS and Inera name them, to a role within a region.

use std::collections::BTreeMap;
use std::fmt;

use access::{Channel, Principal};
use access_log::{Text, WITHHELD};
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Settings;

/// A text of a claim that is longer is not taken over: an HSA id has at most 31 characters.
const TEXT_MAX: usize = 256;

/// Who somebody is to the access log, which nothing decides by. Printing it says nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// `employeeHsaId`; of a program, for which nobody vouches as a person, the client that the token was made for.
    pub user: Text,
    /// `commissionHsaId`: the commission (medarbetaruppdrag) that was chosen at the login.
    pub commission: Option<Text>,
    /// `healthCareUnitHsaId`, or else `healthCareProviderHsaId`: for whom.
    pub care_unit: Option<Text>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// Whom the provider has vouched for. Printing it says nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// `sub`: the provider's own name for who asks; of a program, for the program.
    pub subject: Box<str>,
    /// Who that is to the access log.
    pub identity: Identity,
    /// What the policies decide by.
    pub principal: Principal,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// Claims beside those that every provider has.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Claims {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(***)")
    }
}

impl AdditionalClaims for Claims {}

/// What a verified token says of who asks.
pub(crate) struct Vouched<'a> {
    pub(crate) subject: &'a str,
    /// `acr`.
    pub(crate) assurance: Option<&'a str>,
    /// `azp`: the client that the token was made for.
    pub(crate) client: Option<&'a str>,
    pub(crate) claims: &'a Claims,
}

/// Somebody is known and has no role here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRole {
    #[error("no claim makes a role; see login.role")]
    None,
    #[error("the role is one within a region, and healthCareProviderHsaId names none; see login.region")]
    NoRegion,
    #[error("the access log cannot name them: employeeHsaId is missing, or is nothing that may stand there")]
    Unnamed,
}

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name)?.as_str().filter(|text| !text.is_empty() && text.len() <= TEXT_MAX)
    }

    fn holds(&self, name: &str, wanted: &str) -> bool {
        match self.all.get(name) {
            Some(Value::String(text)) => text == wanted,
            Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(wanted)),
            _ => false,
        }
    }

    /// A claim as it is.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }

    /// `nbf`: the token does not hold before, in seconds of Unix time.
    pub(crate) fn not_before(&self) -> Option<i64> {
        self.all.get("nbf")?.as_i64()
    }
}

impl Vouched<'_> {
    /// Who they are to the access log. Of a login, the client is this service itself and says nothing.
    pub(crate) fn identity(&self, channel: Channel) -> Identity {
        let text = |name| self.claims.text(name).map(Text::or_withheld);
        let program = self.client.filter(|_| channel == Channel::Token).map(|client| format!("program {client}"));
        let other = || Text::or_withheld(&program.unwrap_or_else(|| format!("subject {}", self.subject)));
        Identity {
            user: text("employeeHsaId").unwrap_or_else(other),
            commission: text("commissionHsaId"),
            care_unit: text("healthCareUnitHsaId").or_else(|| text("healthCareProviderHsaId")),
        }
    }

    /// The role that the configuration gives them.
    pub(crate) fn person(&self, channel: Channel, settings: &Settings) -> Result<Person, NoRole> {
        let fits = |claim: &str, value: &str| match claim {
            "azp" => self.client == Some(value),
            claim => self.claims.holds(claim, value),
        };
        let rule = settings.role.iter().find(|rule| fits(&rule.claim, &rule.value)).ok_or(NoRole::None)?;
        let provider = self.claims.text("healthCareProviderHsaId");
        let region = provider.and_then(|provider| settings.region.get(provider)).copied();
        if rule.role.is_regional() && region.is_none() {
            return Err(NoRole::NoRegion);
        }
        let identity = self.identity(channel);
        if identity.user.as_str() == WITHHELD {
            return Err(NoRole::Unnamed);
        }
        let assurance = self.assurance.and_then(|acr| settings.assurance.get(acr)).copied().unwrap_or_default();
        Ok(Person {
            subject: self.subject.into(),
            identity,
            principal: Principal {
                role: rule.role,
                region,
                purpose: self.claims.text("commissionPurpose").unwrap_or_default().into(),
                assurance,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use access::Role;

    use super::*;

    const SETTINGS: &str = r#"
        [[role]]
        claim = "groups"
        value = "samordnare"
        role = "coordinator"
        [[role]]
        claim = "azp"
        value = "prometheus"
        role = "operator"
        [[role]]
        claim = "commissionPurpose"
        value = "Statistik"
        role = "national-analyst"
        [region]
        "SE2321000131-0001" = "14"
        [assurance]
        "http://id.sambi.se/loa/loa3" = 3
    "#;

    fn person(claims: &str, acr: Option<&str>, client: &str) -> Result<Person, NoRole> {
        let settings: Settings = toml::from_str(SETTINGS).unwrap();
        let claims: Claims = serde_json::from_str(claims).unwrap();
        let channel = if client == "board" { Channel::Session } else { Channel::Token };
        Vouched { subject: "s", assurance: acr, client: Some(client), claims: &claims }.person(channel, &settings)
    }

    #[test]
    fn claims_make_a_role_within_a_region() {
        let loa3 = Some("http://id.sambi.se/loa/loa3");
        let claims = r#"{"groups":["a","samordnare"],"healthCareProviderHsaId":"SE2321000131-0001",
            "commissionPurpose":"Vård och behandling","employeeHsaId":"SE-E","commissionHsaId":"SE-C"}"#;
        let found = person(claims, loa3, "board").unwrap();
        assert_eq!(found.principal.role, Role::Coordinator);
        assert_eq!(found.principal.region.unwrap().code(), "14");
        assert_eq!((&*found.principal.purpose, found.principal.assurance), ("Vård och behandling", 3));
        let Identity { user, commission, care_unit } = &found.identity;
        let texts = [Some(user), commission.as_ref(), care_unit.as_ref()].map(|text| text.map(Text::as_str));
        assert_eq!(texts, [Some("SE-E"), Some("SE-C"), Some("SE2321000131-0001")]);
        assert!(!format!("{found:?} {:?}", found.identity).contains("SE-E"));
        assert!(!format!("{:?}", Claims { all: [("a".into(), "SE-E".into())].into() }).contains("SE-E"));
        // A level that the configuration does not know is none.
        assert_eq!(person(claims, Some("loa9"), "board").unwrap().principal.assurance, 0);
        assert_eq!(person(claims, None, "board").unwrap().principal.assurance, 0);
    }

    #[test]
    fn without_a_role_or_its_region_nobody_is_anything() {
        assert_eq!(person("{}", None, "board"), Err(NoRole::None));
        assert_eq!(person(r#"{"groups":"samordnar"}"#, None, "board"), Err(NoRole::None));
        assert_eq!(person(r#"{"groups":"samordnare"}"#, None, "board"), Err(NoRole::NoRegion));
        let elsewhere = r#"{"groups":"samordnare","healthCareProviderHsaId":"SE2321000016-0001"}"#;
        assert_eq!(person(elsewhere, None, "board"), Err(NoRole::NoRegion));
        assert_eq!(person("{}", None, "prometheus").unwrap().principal.role, Role::Operator);
        // A claim of that name is not the client that the provider named.
        assert_eq!(person(r#"{"azp":"prometheus"}"#, None, "board"), Err(NoRole::None));
        let national = person(r#"{"commissionPurpose":"Statistik"}"#, None, "board").unwrap();
        assert_eq!(national.identity.user.as_str(), "subject s");
        assert_eq!((national.principal.role, national.principal.region), (Role::NationalAnalyst, None));
    }

    #[test]
    fn who_cannot_be_named_in_the_access_log_is_nobody() {
        let national = |employee: &str, client| {
            let claims = format!(r#"{{"commissionPurpose":"Statistik","employeeHsaId":"{employee}"}}"#);
            person(&claims, None, client).map(|person| person.identity.user.as_str().to_owned())
        };
        assert_eq!(national("SE2321000131-E001", "board").as_deref(), Ok("SE2321000131-E001"));
        assert_eq!(national("19121212-1212", "board"), Err(NoRole::Unnamed));
        // A token that a person lent to a program is the person's; without one it is the program's.
        assert_eq!(national("SE2321000131-E001", "script").as_deref(), Ok("SE2321000131-E001"));
        assert_eq!(national("", "script").as_deref(), Ok("program script"));
    }
}
