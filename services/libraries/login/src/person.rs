//! Who asks: from the claims of a token, as SITHS and Inera name them, to a role within a region.

use std::collections::BTreeMap;
use std::fmt;

use access::Principal;
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Settings;

/// A text of a claim that is longer is not taken over: an HSA id has at most 31 characters.
const TEXT_MAX: usize = 256;

/// Whom the provider has vouched for. Printing it says nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// `sub`: the provider's own name for who asks; of a program, for the program.
    pub subject: Box<str>,
    /// `employeeHsaId`.
    pub employee: Option<Box<str>>,
    /// `commissionHsaId`: the commission (medarbetaruppdrag) that was chosen at the login.
    pub commission: Option<Box<str>>,
    /// `healthCareProviderHsaId`: for whom.
    pub care_provider: Option<Box<str>>,
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
    /// The role that the configuration gives them.
    pub(crate) fn person(&self, settings: &Settings) -> Result<Person, NoRole> {
        let fits = |claim: &str, value: &str| match claim {
            "azp" => self.client == Some(value),
            claim => self.claims.holds(claim, value),
        };
        let rule = settings.role.iter().find(|rule| fits(&rule.claim, &rule.value)).ok_or(NoRole::None)?;
        let text = |name| self.claims.text(name).map(Box::from);
        let care_provider: Option<Box<str>> = text("healthCareProviderHsaId");
        let region = care_provider.as_ref().and_then(|provider| settings.region.get(provider)).copied();
        if rule.role.is_regional() && region.is_none() {
            return Err(NoRole::NoRegion);
        }
        let assurance = self.assurance.and_then(|acr| settings.assurance.get(acr)).copied().unwrap_or_default();
        Ok(Person {
            subject: self.subject.into(),
            employee: text("employeeHsaId"),
            commission: text("commissionHsaId"),
            care_provider,
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
        Vouched { subject: "s", assurance: acr, client: Some(client), claims: &claims }.person(&settings)
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
        assert_eq!((found.employee.as_deref(), found.commission.as_deref()), (Some("SE-E"), Some("SE-C")));
        assert!(!format!("{found:?}").contains("SE-E"));
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
        assert_eq!((national.principal.role, national.principal.region), (Role::NationalAnalyst, None));
    }
}
