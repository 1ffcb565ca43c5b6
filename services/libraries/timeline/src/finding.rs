//! What a rule set aside, guessed or noticed, and what to do about it.

use schemas::{Severity, Timestamp};

use crate::{EpisodeKey, Event, EventId};

/// Something that a rule set aside, or noticed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Finding {
    /// The event.
    pub event: EventId,
    /// The rule.
    pub rule: FindingRule,
    /// The episode, after visit moves; `None` for an event that belongs to none.
    pub episode: Option<EpisodeKey>,
    /// The unit that it concerns, as stays name it; `None` where the event names none and the patient is nowhere.
    pub unit: Option<Box<str>>,
    /// When what the event tells of happened.
    pub at: Timestamp,
}

/// A text in the languages of those who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Swedish.
    pub sv: &'static str,
    /// English.
    pub en: &'static str,
}

/// What is known of a rule beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// As shown to users and stored.
    pub code: &'static str,
    /// `Warning`: a count may be wrong; `Info`: the rules have an answer, and somebody may want to know.
    pub severity: Severity,
    /// What was seen and what was made of it.
    pub meaning: Text,
    /// What the sender's side can do.
    pub remedy: Text,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $code:literal $severity:ident {
        meaning $meaning_sv:literal, $meaning_en:literal;
        remedy $remedy_sv:literal, $remedy_en:literal;
    })+) => {
        /// The rules of a timeline that leave a finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingRule {
            $($(#[$doc])* $name,)+
        }

        impl FindingRule {
            /// Every rule.
            pub const ALL: &[FindingRule] = &[$(FindingRule::$name),+];

            /// Code, severity, meaning and remedy.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(FindingRule::$name => Entry {
                        code: $code,
                        severity: Severity::$severity,
                        meaning: Text { sv: $meaning_sv, en: $meaning_en },
                        remedy: Text { sv: $remedy_sv, en: $remedy_en },
                    },)+
                }
            }
        }
    };
}

rules! {
    /// A discharge or cancellation names no episode and none, or several, fit.
    EpisodeUnresolved "episode-unresolved" Warning {
        meaning "En utskrivning eller makulering utan besöksnummer passar ingen eller flera episoder. Den har ingen verkan.",
                "A discharge or cancellation without a visit number fits no episode, or several. It has no effect.";
        remedy "Skicka besöksnumret i PV1-19.", "send the visit number in PV1-19";
    }
    /// A cancellation found nothing to cancel (yet).
    CancellationUnmatched "cancellation-unmatched" Warning {
        meaning "En makulering hittar ingen händelse att makulera. Den har ingen verkan så länge.",
                "A cancellation finds no event to cancel. It has no effect for now.";
        remedy "Skicka den makulerade händelsens tid i EVN-6, och händelsen själv om den aldrig skickades.",
               "send the cancelled event's time in EVN-6, and the event itself if it was never sent";
    }
    /// A cancellation without EVN-6 fits several events; the one sent last before it is taken.
    CancellationAmbiguous "cancellation-ambiguous" Warning {
        meaning "En makulering passar flera händelser. Den som skickades senast före den makuleras.",
                "A cancellation fits several events. The one sent last before it is cancelled.";
        remedy "Skicka den makulerade händelsens tid i EVN-6 (eller ZBE-1).",
               "send the cancelled event's time in EVN-6 (or ZBE-1)";
    }
    /// A cancellation's time or place is none of an event's; the one sent last before it is taken.
    CancellationDiffers "cancellation-differs" Warning {
        meaning "En makulering har en tid eller plats som ingen tidigare händelse har. Den som skickades senast före den makuleras.",
                "A cancellation has a time or place that no earlier event has. The one sent last before it is cancelled.";
        remedy "Skicka den makulerade händelsens tid i EVN-6 och dess plats i PV1-3 (A12: PV1-6).",
               "send the cancelled event's time in EVN-6 and its place in PV1-3 (A12: PV1-6)";
    }
    /// A placement after the discharge, other than an admission.
    PlacementAfterDischarge "placement-after-discharge" Warning {
        meaning "En förflyttning ligger efter utskrivningen. Patienten är fortfarande utskriven.",
                "A move lies after the discharge. The patient stays discharged.";
        remedy "Skicka A13 om utskrivningen var fel, A01 om patienten kom tillbaka.",
               "send A13 if the discharge was wrong, A01 if the patient came back";
    }
    /// A move's prior place is not where the patient was.
    PriorPlaceDiffers "prior-place-differs" Info {
        meaning "Förflyttningens tidigare plats (PV1-6) är inte där patienten var. En händelse kan saknas.",
                "The move's prior place (PV1-6) is not where the patient was. An event may be missing.";
        remedy "Kontrollera att alla händelser skickas.", "check that every event is sent";
    }
    /// A discharge that a later statement replaces.
    DischargeSuperseded "discharge-superseded" Info {
        meaning "En utskrivning har ersatts av en som skickades senare.", "A discharge was replaced by one sent later.";
        remedy "Ingen åtgärd, eller skicka A13 före den nya utskrivningen.",
               "nothing, or send A13 before the new discharge";
    }
    /// A discharge from another place than the current.
    DischargePlaceDiffers "discharge-place-differs" Info {
        meaning "Utskrivningen nämner en annan plats än den där patienten var. En förflyttning kan saknas.",
                "The discharge names another place than the patient's. A move may be missing.";
        remedy "Kontrollera att alla förflyttningar skickas.", "check that every move is sent";
    }
    /// A discharge with no stay before it.
    DischargeBeforeAdmission "discharge-before-admission" Warning {
        meaning "En utskrivning ligger före det första som är känt av vårdtillfället. Den stänger ingenting.",
                "A discharge lies before the first that is known of the visit. It closes nothing.";
        remedy "Kontrollera utskrivningens tid (EVN-6), eller skicka inskrivningen.",
               "check the discharge's time (EVN-6), or send the admission";
    }
    /// An event of imprecise or doubtful time was put later, where it fits.
    TimeMoved "time-moved" Info {
        meaning "Tiden är oprecis eller inträffar två gånger (höstens timme). Händelsen är lagd sist i det som tiden tillåter, efter inskrivningen.",
                "The time is imprecise or happens twice (autumn's hour). The event is put at the end of what the time allows, after the admission.";
        remedy "Skicka tid med minuter, och UTC-avvikelse under höstens timme.",
               "send the time with minutes, and its UTC offset in autumn's hour";
    }
    /// A correction of a movement without a time, of a movement that is not known.
    MovementTimeUnknown "movement-time-unknown" Warning {
        meaning "En rättelse av en förflyttning saknar tid (ZBE-2) och förflyttningen är okänd. Den har ingen verkan.",
                "A correction of a movement lacks a time (ZBE-2) and the movement is not known. It has no effect.";
        remedy "Skicka förflyttningens tid i ZBE-2.", "send the movement's time in ZBE-2";
    }
    /// An update (A08) names another place than the patient's.
    UpdatePlaceDiffers "update-place-differs" Warning {
        meaning "En uppdatering (A08) nämner en annan plats än den där patienten är. Den flyttar ingen.",
                "An update (A08) names another place than the patient's. It moves nobody.";
        remedy "Skicka A02 när patienten flyttas.", "send A02 when the patient moves";
    }
    /// A visit move that would close a circle.
    MoveCircular "move-circular" Warning {
        meaning "En flytt av ett besök skulle sluta en cirkel. Den har ingen verkan.",
                "A visit move would close a circle. It has no effect.";
        remedy "Kontrollera MRG-5 och PV1-19.", "check MRG-5 and PV1-19";
    }
    /// An episode that would be a part of itself.
    NestingCircular "nesting-circular" Warning {
        meaning "En vårdkontakt sägs vara del av sig själv. Kopplingen har ingen verkan.",
                "A contact is said to be a part of itself. The tie has no effect.";
        remedy "Kontrollera Encounter.partOf.", "check Encounter.partOf";
    }
    /// An episode of one person that is said to be a part of another person's.
    NestingPersonDiffers "nesting-person-differs" Warning {
        meaning "En vårdkontakt sägs vara del av en annan persons. Kopplingen har ingen verkan.",
                "A contact is said to be a part of another person's. The tie has no effect.";
        remedy "Kontrollera Encounter.partOf och Encounter.subject.", "check Encounter.partOf and Encounter.subject";
    }
    /// More levels of parts than are followed.
    NestingTooDeep "nesting-too-deep" Warning {
        meaning "Vårdkontakter är delar av varandra i fler led än som följs (åtta).",
                "Contacts are parts of each other in more levels than are followed (eight).";
        remedy "Kontrollera Encounter.partOf.", "check Encounter.partOf";
    }
    /// Several persons were admitted under one visit number: each is an episode.
    VisitShared "visit-shared" Warning {
        meaning "Flera personer är inskrivna under samma besöksnummer, som mor och nyfödd. Var och en räknas för sig.",
                "Several persons are admitted under one visit number, as a mother and her newborn. Each is counted.";
        remedy "Ge varje person ett eget besöksnummer, eller skicka A40 om de är samma person.",
               "give each person a visit number of their own, or send A40 if they are one person";
    }
    /// One person is admitted in two places at the same time.
    PersonInTwoPlaces "person-in-two-places" Warning {
        meaning "En person är inskriven på två platser samtidigt. Båda räknas.",
                "One person is admitted in two places at the same time. Both are counted.";
        remedy "Skriv ut det vårdtillfälle som är slut, eller kontrollera identiteterna.",
               "discharge the visit that has ended, or check the identities";
    }
    /// One person lies in one bed several times over.
    PersonTwiceInBed "person-twice-in-bed" Warning {
        meaning "En person ligger flera gånger i samma säng, under olika besöksnummer. Varje gång räknas.",
                "One person lies in one bed several times, under several visit numbers. Each is counted.";
        remedy "Skriv ut de vårdtillfällen som är slut, eller flytta besöket (A45).",
               "discharge the visits that have ended, or move the visit (A45)";
    }
    /// An identifier that too many persons carry links nobody.
    IdentifierShared "identifier-shared" Warning {
        meaning "En identitet bärs av fler personer än en person kan ha identiteter. Den kopplar ingen.",
                "An identifier is carried by more persons than a person can have identifiers. It links nobody.";
        remedy "Lägg till den bland regionens platshållare (identity.placeholders), och rätta den i källan.",
               "add it to the region's placeholders (identity.placeholders), and correct it at the source";
    }
}

impl Finding {
    /// A finding about an event as it stands.
    pub(crate) fn of(event: &Event, rule: FindingRule) -> Finding {
        Finding {
            event: event.id,
            rule,
            episode: event.episode_key(),
            unit: event.place.as_ref().map(|place| place.unit.clone()),
            at: event.occurred_at,
        }
    }
}

impl FindingRule {
    /// The rule's code, as shown to users.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }
}
