//! What a clinical statement says of a hip.

use schemas::{Clinical, Code, CodeRole, CodeSystem, Laterality, Timestamp};
use timeline::EpisodeKey;

use parcel::Period;

/// Collum, pertrochanteric and subtrochanteric fractures, whatever the fifth position.
const DIAGNOSES: [&str; 3] = ["S720", "S721", "S722"];
/// Pathological fracture, and fracture of bone in neoplastic disease; our reading, see the head of the form.
const PATHOLOGICAL: [&str; 2] = ["M844", "M907"];
/// Prostheses and fixation of the hip.
const PROCEDURES: [&str; 2] = ["NFB", "NFJ"];

/// A contact with a hip fracture or a hip procedure.
pub(super) struct Contact {
    pub(super) source_system: Box<str>,
    pub(super) statement_id: Box<str>,
    pub(super) subject: Option<Box<str>>,
    pub(super) episode: Option<EpisodeKey>,
    pub(super) started: Option<Timestamp>,
    /// Until when the contact may have lasted: the end of the day, where only the day is known.
    pub(super) ended: Option<Timestamp>,
    /// First instant of the stated month.
    pub(super) stated: Option<Timestamp>,
    pub(super) hospital_code: Box<str>,
    pub(super) hospital_name: Box<str>,
    /// The main diagnosis, if it is a hip fracture.
    pub(super) diagnosis: Option<Box<str>>,
    /// Whether any diagnosis says that the fracture is of a diseased bone.
    pub(super) pathological: bool,
    pub(super) birth_year: Option<i32>,
    /// Sides of its fractures; at least one where there is a diagnosis.
    pub(super) sides: Vec<Laterality>,
    pub(super) procedures: Vec<Procedure>,
    /// Whether rows about its person may leave.
    pub(super) may_leave: bool,
}

pub(super) struct Procedure {
    pub(super) code: Box<str>,
    pub(super) side: Laterality,
    pub(super) at: Option<Timestamp>,
    /// `at` is the beginning of the day that is known.
    pub(super) is_date: bool,
}

impl Contact {
    /// `None` when nothing is about a hip.
    pub(super) fn of(statement: &Clinical<'_>) -> Option<Self> {
        let codes = &statement.codes;
        let diagnosis =
            codes.iter().find(|code| code.role == CodeRole::MainDiagnosis && is_fracture(code)).map(|code| code.code);
        let is_procedure = |code: &&Code<'_>| {
            code.role == CodeRole::Procedure && PROCEDURES.iter().any(|prefix| code.code.starts_with(prefix))
        };
        let procedures: Vec<&Code<'_>> = codes.iter().filter(is_procedure).collect();
        if diagnosis.is_none() && procedures.is_empty() {
            return None;
        }
        let fractures = codes.iter().filter(|code| is_fracture(code)).map(|code| code.laterality);
        let mut sides = sides(fractures);
        if sides.is_empty() {
            sides = self::sides(procedures.iter().map(|code| code.laterality));
        }
        if sides.is_empty() {
            sides.push(Laterality::Unknown);
        }
        let text = |text: Option<&str>| Box::from(text.unwrap_or_default());
        let source_system: Box<str> = statement.envelope.source_system.into();
        Some(Self {
            statement_id: statement.statement_id.into(),
            subject: statement.envelope.subject_token.map(Into::into),
            episode: statement
                .episode_id
                .map(|episode| EpisodeKey { source_system: source_system.clone(), episode: episode.into() }),
            source_system,
            started: statement.started_at,
            ended: statement.ended_at.map(|at| if statement.ended_is_date { last_of_day(at) } else { at }),
            stated: statement.period.and_then(|period| period.parse::<Period>().ok()).map(|period| period.bounds().0),
            hospital_code: text(statement.hospital_code),
            hospital_name: text(statement.hospital_name),
            diagnosis: diagnosis.map(Into::into),
            pathological: codes.iter().any(|code| is_diagnosis(code, &PATHOLOGICAL)),
            birth_year: statement.birth_year,
            sides,
            procedures: procedures
                .into_iter()
                .map(|code| Procedure {
                    code: code.code.into(),
                    side: code.laterality,
                    at: code.performed_at,
                    is_date: code.performed_is_date,
                })
                .collect(),
            may_leave: true,
        })
    }

    /// The earliest time of a procedure.
    pub(super) fn first_procedure(&self) -> Option<Timestamp> {
        self.procedures.iter().filter_map(|procedure| procedure.at).min()
    }

    /// What orders contacts of one time.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.source_system, &self.statement_id)
    }
}

/// The last instant of the day that an instant lies in.
fn last_of_day(at: Timestamp) -> Timestamp {
    Timestamp(swedish_time::day_end(swedish_time::date(at.0)) - 1)
}

fn is_fracture(code: &Code<'_>) -> bool {
    is_diagnosis(code, &DIAGNOSES)
}

/// Whether a code is a diagnosis that begins with one of these.
fn is_diagnosis(code: &Code<'_>, prefixes: &[&str]) -> bool {
    matches!(code.role, CodeRole::MainDiagnosis | CodeRole::OtherDiagnosis)
        && code.system == CodeSystem::Icd10Se
        && prefixes.iter().any(|prefix| code.code.starts_with(prefix))
}

/// The sides that are said, each once; both are two.
fn sides(said: impl Iterator<Item = Laterality>) -> Vec<Laterality> {
    let mut sides: Vec<Laterality> = said
        .flat_map(|side| match side {
            Laterality::Left | Laterality::Right => vec![side],
            Laterality::Both => vec![Laterality::Left, Laterality::Right],
            Laterality::Unknown => Vec::new(),
        })
        .collect();
    sides.sort_unstable();
    sides.dedup();
    sides
}
