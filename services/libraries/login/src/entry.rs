//! What the access log is told: which requests, and what of them. Nothing here does I/O.
//!
//! Whose log: that of the region whose data somebody known asked for; `00` for what is of the whole country or of no region, and
//! for everybody who is not known, so that strangers write into one log alone.

use access::{Action as Manner, Class};
use access_log::{Action, Entry, Outcome, Region, Text, Unfit, WITHHELD, system_user};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::asked::{Asked, Decided};
use crate::person::Identity;

/// Purposes and ids of policies are cut, so that what stands beside them always fits into a text of the log.
const PURPOSE_MAX: usize = 60;
const POLICIES_MAX: usize = 150;
/// Where nothing was asked for, or nothing that the service knows.
const NOTHING: &str = "none";
const NOWHERE: &str = "an address that is not known";
const AT_LOGIN: &str = "the login";

/// Whether a read is an entry: what is not published is, what everybody may know is not.
pub(crate) const fn is_entered(class: Class) -> bool {
    match class {
        Class::Unit | Class::Event => true,
        Class::Open | Class::Published | Class::Service => false,
    }
}

/// Makes the entries of one service.
pub(crate) struct Entries {
    service: &'static str,
    /// The process that a program serves, and whoever names no care unit.
    process: Text,
}

impl Entries {
    pub(crate) fn of(service: &'static str) -> Self {
        Self { service, process: Text::or_withheld(&format!("process: {service}")) }
    }

    /// Somebody known is about to be shown what is not published, or is denied what they asked for.
    pub(crate) fn decided(&self, decided: &Decided, path: &str, time: Timestamp) -> Entry {
        let Decided { person, asked, decision, .. } = decided;
        let purpose = match &*person.principal.purpose {
            "" => "no purpose".to_owned(),
            purpose => said(purpose, PURPOSE_MAX),
        };
        let policies = said(&decision.policies.join(" "), POLICIES_MAX);
        let by = match (decision.allowed, decision.policies.is_empty()) {
            (true, _) => format!("allowed by {policies}"),
            (false, true) => "allowed by no policy".to_owned(),
            (false, false) => format!("forbidden by {policies}"),
        };
        Entry {
            ground: Text::or_withheld(&format!("{purpose}; {by}, version {}", decision.version)),
            result: if decision.allowed { Outcome::Allowed } else { Outcome::Denied },
            role: Text::or_withheld(person.principal.role.name()),
            ..self.known(&person.identity, *asked, path, time)
        }
    }

    /// Somebody whom the provider knows, and who has no role here, is denied what they asked for.
    pub(crate) fn known(&self, who: &Identity, asked: Option<Asked>, path: &str, time: Timestamp) -> Entry {
        Entry {
            care_unit: who.care_unit.clone().unwrap_or_else(|| self.process.clone()),
            commission: who.commission.clone(),
            region: asked.and_then(|asked| asked.part.region).map_or(Region::NONE, |region| of(region.code())),
            resource: Text::or_withheld(&percent_decode_str(path).decode_utf8_lossy()),
            role: Text::or_withheld("none"),
            user: who.user.clone(),
            ..self.stranger(asked, "no role", time)
        }
    }

    /// The same at the login itself.
    pub(crate) fn log_in_without_role(&self, who: &Identity, time: Timestamp) -> Entry {
        Entry { action: Action::LogIn, ..self.known(who, None, AT_LOGIN, time) }
    }

    /// Somebody whom nobody knows is denied what they asked for. Nothing that they wrote stands in it.
    pub(crate) fn stranger(&self, asked: Option<Asked>, why: &str, time: Timestamp) -> Entry {
        let (dataset, resource) = match asked {
            Some(Asked { action, part }) => {
                let whose = part.region.map_or("the country", topics::Region::code);
                (part.dataset.name(), format!("{} {} of {whose}", action.name(), part.dataset.name()))
            }
            None => (NOTHING, NOWHERE.to_owned()),
        };
        Entry {
            action: match asked.map(|asked| asked.action) {
                Some(Manner::Download) => Action::Export,
                Some(Manner::Read | Manner::Call | Manner::Inspect) | None => Action::Read,
            },
            care_unit: self.process.clone(),
            commission: None,
            dataset: Text::or_withheld(dataset),
            digest: None,
            ground: Text::or_withheld(&format!("none: {why}")),
            person: None,
            recipient: None,
            region: Region::NONE,
            resource: Text::or_withheld(&resource),
            result: Outcome::Denied,
            role: Text::or_withheld("stranger"),
            rows: None,
            time,
            user: Text::or_withheld("unknown"),
        }
    }

    /// The same at the login itself: the provider did not let them in, or what it said does not hold.
    pub(crate) fn log_in_refused(&self, why: &str, time: Timestamp) -> Entry {
        Entry { action: Action::LogIn, resource: Text::or_withheld(AT_LOGIN), ..self.stranger(None, why, time) }
    }

    /// So many strangers are denied what they asked for.
    pub(crate) fn strangers(&self, requests: u64, time: Timestamp) -> Entry {
        Entry {
            resource: Text::or_withheld(&format!("{requests} requests")),
            ..self.stranger(None, "nobody of them is known", time)
        }
    }

    /// So many requests were answered by nothing but an error, because their own entries could not be written.
    pub(crate) fn unanswered(&self, requests: u64, time: Timestamp) -> Entry {
        Entry {
            resource: Text::or_withheld(&format!("{requests} requests without an answer")),
            ..self.own("none: their entries could not be written", time)
        }
    }

    /// From now on these policies decide, and these rules make roles.
    pub(crate) fn policies(&self, version: &str, roles: &str, time: Timestamp) -> Entry {
        Entry {
            action: Action::ChangePolicy,
            dataset: Text::or_withheld("policies"),
            resource: Text::or_withheld(&format!("policies, version {version}; roles, version {roles}")),
            result: Outcome::PolicyChanged,
            ..self.own("configuration at the start of the service", time)
        }
    }

    fn own(&self, ground: &str, time: Timestamp) -> Entry {
        Entry {
            ground: Text::or_withheld(ground),
            role: Text::or_withheld("system"),
            user: system_user(self.service),
            ..self.stranger(None, "", time)
        }
    }
}

fn of(code: &str) -> Region {
    Region::new(code).unwrap_or(Region::NONE)
}

/// The beginning of a text, or [`WITHHELD`].
fn said(text: &str, letters: usize) -> String {
    if matches!(Text::new(text), Err(Unfit::PersonalNumber)) {
        return WITHHELD.to_owned();
    }
    let cut: String = text.chars().take(letters).collect();
    Text::new(&cut).map_or_else(|_| WITHHELD.to_owned(), |text| text.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use access::{Channel, Dataset, Decision, Part, Principal, Role};

    use super::*;
    use crate::person::Person;

    fn decided(purpose: &str, policies: &[&str], allowed: bool) -> Decided {
        let text = |text: &str| Some(Text::new(text).unwrap());
        let identity =
            Identity { user: text("SE-E").unwrap(), commission: text("SE-C"), care_unit: text("SE2321000131-0001") };
        let principal = Principal { role: Role::Coordinator, region: None, purpose: purpose.into(), assurance: 3 };
        let policies: Vec<Box<str>> = policies.iter().map(|policy| (*policy).into()).collect();
        Decided {
            person: Arc::new(Person { subject: "s".into(), identity, principal }),
            channel: Channel::Session,
            asked: Some(Asked {
                action: Manner::Download,
                part: Part { dataset: Dataset::Beds, region: topics::Region::all().next() },
            }),
            decision: Decision { allowed, policies: policies.into(), version: "ABCDEFGHIJKLMNOPQRSTUVWXYZ".into() },
        }
    }

    #[test]
    fn an_entry_says_what_was_decided_and_by_what() {
        let entries = Entries::of("dashboard");
        let entry = |decided: &Decided| entries.decided(decided, "/sv/region/01?", Timestamp::UNIX_EPOCH);
        let read = entry(&decided("Statistik", &["a", "b"], true));
        assert_eq!(read.ground.as_str(), "Statistik; allowed by a b, version ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        assert_eq!(
            (read.action, read.result, read.region.to_string()),
            (Action::Export, Outcome::Allowed, "01".into())
        );
        let denied = entry(&decided("", &["never"], false));
        assert_eq!(denied.ground.as_str(), "no purpose; forbidden by never, version ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        assert_eq!(denied.result, Outcome::Denied);
        // What a provider or an operator writes at length, or wrongly, hides nothing else.
        let long = "ö".repeat(300);
        let names: Vec<&str> = std::iter::repeat_n("a-policy-with-a-name", 50).collect();
        let cut = entry(&decided(&long, &names, true));
        assert!(cut.ground.as_str().ends_with("version ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "{:?}", cut.ground);
        for purpose in ["patient 19121212-1212", &format!("{} 19121212-1212", "x".repeat(50))] {
            let wrong = entry(&decided(purpose, &["a"], true));
            assert!(wrong.ground.as_str().starts_with("withheld; allowed by a, version"), "{:?}", wrong.ground);
        }
        let path =
            |path| entries.decided(&decided("", &[], false), path, Timestamp::UNIX_EPOCH).resource.as_str().to_owned();
        assert_eq!(path("/sv/region/14/avdelning/%C3%85-1"), "/sv/region/14/avdelning/Å-1");
        assert_eq!(path("/sv/x/%31%39121212-1212"), WITHHELD);
        let wrong = entry(&decided("patient 19121212-1212", &["a"], true));
        assert!(wrong.ground.as_str().starts_with("withheld; allowed by a, version"), "{:?}", wrong.ground);
    }

    #[test]
    fn nothing_that_a_stranger_wrote_is_entered_and_all_of_them_are_in_one_log() {
        let entries = Entries::of("dashboard");
        let asked = decided("", &[], false).asked;
        let entry = entries.stranger(asked, "the token has expired", Timestamp::UNIX_EPOCH);
        assert_eq!((entry.region, entry.user.as_str(), entry.role.as_str()), (Region::NONE, "unknown", "stranger"));
        assert_eq!(entry.resource.as_str(), "download beds of 01");
        assert_eq!(entry.ground.as_str(), "none: the token has expired");
        assert_eq!(entries.strangers(7, Timestamp::UNIX_EPOCH).resource.as_str(), "7 requests");
        let policies = entries.policies("ABC", "DEF", Timestamp::UNIX_EPOCH);
        assert_eq!(policies.resource.as_str(), "policies, version ABC; roles, version DEF");
        assert_eq!(policies.result, Outcome::PolicyChanged);
        assert!(policies.user.as_str().starts_with("dashboard uid "), "{:?}", policies.user);
    }
}
