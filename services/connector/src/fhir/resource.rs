//! What is read of a resource: which version of what it is, and what it refers to. Everything else stays as it is written.

use ::fhir::reference::{Target, is_id, is_type_name, unescaped};
use identity::{Claim, Date};
use schemas::{Timestamp, content_hash};
use serde_json::Value;

use super::address::Address;
use crate::route::Router;

/// Resources that go with one resource, at most.
const CONTEXT_MAX: usize = 32;
/// Participants or places that are looked at in one resource, at most.
const LIST_MAX: usize = 200;
/// Identifiers of one patient that are looked at.
const CLAIMS_MAX: usize = 32;

/// One version of one resource. No `Debug`: it holds what it was read from.
pub(crate) struct Resource {
    /// Its type's name, which need not be one of those that are read.
    pub kind: String,
    pub id: String,
    /// `meta.lastUpdated`.
    pub updated: Option<Timestamp>,
    version: Option<String>,
    updated_text: Option<String>,
    value: Value,
}

impl Resource {
    /// Reads a resource; `None` when it does not say what it is.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let word = |at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let (kind, id) = (word("/resourceType")?, word("/id")?);
        let version = word("/meta/versionId").filter(|version| is_id(version));
        let updated_text = word("/meta/lastUpdated").filter(|text| text.len() <= 64);
        let updated = updated_text.as_deref().and_then(instant);
        (is_type_name(&kind) && is_id(&id)).then_some(Self { kind, id, updated, version, updated_text, value })
    }

    /// `Type/id`.
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }

    /// `Type/id@version`: the version as the server counts it, else the time of the change, else what it says.
    pub(crate) fn message_id(&self, text: &str) -> String {
        let version = match (&self.version, &self.updated_text) {
            (Some(version), _) => version.clone(),
            (None, Some(updated)) => updated.clone(),
            (None, None) => content_hash(text.as_bytes()).to_string()[..16].to_owned(),
        };
        format!("{}/{}@{version}", self.kind, self.id)
    }

    /// The patient it is about, as `Patient/id`; itself, if it is one.
    pub(crate) fn patient(&self, address: &Address) -> Option<String> {
        let patient = |value: Option<&Value>| {
            let reference = named(value?.get("reference")?.as_str()?, "Patient", address)?;
            reference.starts_with("Patient/").then_some(reference)
        };
        match self.kind.as_str() {
            "Patient" => Some(self.reference()),
            "Appointment" => {
                let participants = self.value.get("participant")?.as_array()?;
                participants.iter().take(LIST_MAX).find_map(|participant| patient(participant.get("actor")))
            }
            _ => patient(self.value.get("subject")).or_else(|| patient(self.value.get("patient"))),
        }
    }

    /// What goes with it beside its patient, as `Type/id`, each once, in the order it is referred to.
    pub(crate) fn context(&self, address: &Address) -> Vec<String> {
        let mut found = Vec::new();
        let mut add = |value: Option<&Value>, kind: &str| {
            let text = value.and_then(|value| value.get("reference")).and_then(Value::as_str);
            if let Some(reference) = text.and_then(|text| named(text, kind, address))
                && reference.split(['/', '?']).next() == Some(kind)
                && found.len() < CONTEXT_MAX
                && !found.contains(&reference)
            {
                found.push(reference);
            }
        };
        let list = |name: &str| self.value.get(name).and_then(Value::as_array).into_iter().flatten().take(LIST_MAX);
        match self.kind.as_str() {
            "Condition" | "Procedure" => add(self.value.get("encounter"), "Encounter"),
            "Appointment" => list("basedOn").for_each(|request| add(Some(request), "ServiceRequest")),
            "Encounter" => {
                list("location").for_each(|stay| add(stay.get("location"), "Location"));
                add(self.value.get("partOf"), "Encounter");
            }
            "Location" => add(self.value.get("partOf"), "Location"),
            _ => {}
        }
        found
    }

    /// What it is a part of, as `Type/id`: the place around a place, the contact around a contact.
    pub(crate) fn whole(&self, address: &Address) -> Option<String> {
        let text = self.value.get("partOf")?.get("reference")?.as_str()?;
        named(text, &self.kind, address).filter(|whole| whole.split('/').next() == Some(&*self.kind))
    }

    /// How a conditional reference would ask for it: `Type?identifier=system|value`, at most so many.
    pub(crate) fn asked_for(&self, max: usize) -> Vec<String> {
        let identifiers = self.value.get("identifier").and_then(Value::as_array).into_iter().flatten().take(max);
        let word = |identifier: &Value, name: &str| identifier.get(name).and_then(Value::as_str).map(str::to_owned);
        identifiers
            .filter_map(|identifier| Some((word(identifier, "system"), word(identifier, "value")?)))
            .map(|(system, value)| match system {
                Some(system) => format!("{}?identifier={system}|{value}", self.kind),
                None => format!("{}?identifier={value}", self.kind),
            })
            .collect()
    }

    /// The partition of what is about this patient: the same as of an HL7 message with the same identifier.
    pub(crate) fn partition_of_patient(&self, router: &Router, at: Timestamp) -> i32 {
        let identifiers = self.value.get("identifier").and_then(Value::as_array);
        let claims = identifiers.into_iter().flatten().take(CLAIMS_MAX).filter_map(|identifier| {
            let value = identifier.get("value")?.as_str()?;
            let system = identifier.get("system").and_then(Value::as_str).unwrap_or("");
            let system = system.strip_prefix("urn:oid:").unwrap_or(system);
            let codings = identifier.pointer("/type/coding").and_then(Value::as_array).into_iter().flatten();
            let kind = codings.filter_map(|coding| coding.get("code")?.as_str()).find(|code| !code.is_empty());
            Some(Claim { system, kind: kind.unwrap_or(""), source: router.source_system(), value })
        });
        let of_person = router.of_person(claims, Date::of_utc_micros(at.0));
        of_person.unwrap_or_else(|| router.of_text(&self.reference()))
    }
}

/// `Type/id` of a reference to a resource of one type. A URN names one by its id: so write exports that were made of
/// transactions. A conditional reference asks for it by its identifier, for those who can look it up.
fn named(text: &str, kind: &str, address: &Address) -> Option<String> {
    match Target::of(text) {
        Target::Urn(id) => is_id(id).then(|| format!("{kind}/{id}")),
        Target::Identified(named, identifier) if address.host.is_empty() && named == kind => {
            Some(format!("{kind}?identifier={}", unescaped(identifier)))
        }
        _ => address.reference(text),
    }
}

/// A time as FHIR writes an `instant`.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address { host: "fhir.example".to_owned(), port: 80, path: "/r4".to_owned(), tls: None }
    }

    fn read(text: &str) -> Resource {
        Resource::read(text).expect("a resource")
    }

    #[test]
    fn what_goes_with_a_resource_is_found() {
        let check = |text: &str, patient: Option<&str>, context: &[&str]| {
            let resource = read(text);
            assert_eq!(resource.patient(&address()).as_deref(), patient, "{text}");
            assert_eq!(resource.context(&address()), context, "{text}");
        };
        check(
            r#"{"resourceType":"Encounter","id":"e","subject":{"reference":"http://fhir.example/r4/Patient/p"},
                "location":[{"location":{"reference":"Location/a"}},{"location":{"reference":"Location/b"}},
                            {"location":{"reference":"Location/a/_history/3"}},{"location":{"display":"x"}}, 7]}"#,
            Some("Patient/p"),
            &["Location/a", "Location/b"],
        );
        check(
            r#"{"resourceType":"Encounter","id":"e","subject":{"reference":"urn:uuid:p"},
                "location":[{"location":{"reference":"urn:uuid:a"}},{"location":{"reference":"Location?identifier=s|b"}}],
                "partOf":{"reference":"Encounter/h"}}"#,
            Some("Patient/p"),
            &["Location/a", "Encounter/h"],
        );
        check(
            r#"{"resourceType":"Appointment","id":"a","basedOn":[{"reference":"ServiceRequest/s"},{"reference":"CarePlan/c"}],
                "participant":[{"actor":{"reference":"Location/l"}},{"actor":{"reference":"Patient/p"}}]}"#,
            Some("Patient/p"),
            &["ServiceRequest/s"],
        );
        check(
            r#"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"}}"#,
            Some("Patient/p"),
            &["Encounter/e"],
        );
        check(r#"{"resourceType":"Location","id":"b","partOf":{"reference":"Location/w"}}"#, None, &["Location/w"]);
        check(r#"{"resourceType":"Patient","id":"p","identifier":7}"#, Some("Patient/p"), &[]);
        check(r#"{"resourceType":"Procedure","id":"c","subject":{"reference":"Group/g"}}"#, None, &[]);
        assert!(Resource::read(r#"{"resourceType":"Patient"}"#).is_none());
        assert!(Resource::read(r#"{"resourceType":"Patient","id":"a b"}"#).is_none());
    }

    #[test]
    fn a_version_has_a_name() {
        let name = |text: &str| read(text).message_id(text);
        let versioned =
            r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"3","lastUpdated":"2026-01-05T08:00:00Z"}}"#;
        assert_eq!(name(versioned), "Patient/p@3");
        assert_eq!(read(versioned).updated, Some(Timestamp(1_767_600_000_000_000)));
        let timed = r#"{"resourceType":"Patient","id":"p","meta":{"lastUpdated":"2026-01-05T09:00:00.5+01:00"}}"#;
        assert_eq!(name(timed), "Patient/p@2026-01-05T09:00:00.5+01:00");
        assert_eq!(read(timed).updated, Some(Timestamp(1_767_600_000_500_000)));
        assert_eq!(name(r#"{"resourceType":"Patient","id":"p"}"#).len(), "Patient/p@".len() + 16);
    }
}
