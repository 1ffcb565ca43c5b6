//! What a page says of the login: in which role, or that there is none.

use access::Role;
use board::language::Language;
use login::Standing;

/// A line at the foot of a page.
pub(crate) struct Sign {
    pub(crate) text: String,
    /// What the button for logging out says; empty where nobody is logged in.
    pub(crate) leave: &'static str,
}

impl Sign {
    /// For the page that is being made now; nothing outside of a request.
    pub(crate) fn of(language: Language) -> Option<Self> {
        login::standing().map(|standing| Self::saying(language, &standing))
    }

    fn saying(language: Language, standing: &Standing) -> Self {
        match standing {
            Standing::NoLogin(None) => Self {
                text: language
                    .say("Ingen inloggning: bara för den här datorn.", "No login: for this computer only.")
                    .into(),
                leave: "",
            },
            Standing::NoLogin(Some(reason)) => Self {
                text: format!("{}: {reason}", language.say("Ingen inloggning här", "No login here")),
                leave: "",
            },
            Standing::In(role, region) => {
                let region = region.map(|region| format!(", {}", region.name())).unwrap_or_default();
                let logged_in = language.say("Inloggad som", "Logged in as");
                Self {
                    text: format!("{logged_in} {}{region}.", name(language, *role)),
                    leave: language.say("Logga ut", "Log out"),
                }
            }
        }
    }
}

fn name(language: Language, role: Role) -> &'static str {
    match role {
        Role::Coordinator => language.say("samordnare", "coordinator"),
        Role::RegionAnalyst => language.say("regional analytiker", "region analyst"),
        Role::NationalAnalyst => language.say("nationell analytiker", "national analyst"),
        Role::Steward => language.say("dataansvarig", "data steward"),
        Role::DataProtectionOfficer => language.say("dataskyddsombud", "data protection officer"),
        Role::Operator => language.say("driftansvarig", "operator"),
        Role::SenderEngineer => language.say("integrationsansvarig", "sender's engineer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_in_which_role_or_that_there_is_no_login() {
        let text = |language, standing| Sign::saying(language, &standing).text;
        assert_eq!(text(Language::Sv, Standing::NoLogin(None)), "Ingen inloggning: bara för den här datorn.");
        assert_eq!(text(Language::En, Standing::NoLogin(Some("a proxy".into()))), "No login here: a proxy");
        let region = "14".parse().ok();
        assert_eq!(
            text(Language::Sv, Standing::In(Role::Coordinator, region)),
            "Inloggad som samordnare, Västra Götalandsregionen."
        );
        assert!(Sign::of(Language::Sv).is_none());
    }
}
