//! The table of forms: an entry for each thing that events are made into, and its module.
//!
//! Nothing else lists them: definitions are checked by their entry, and commands go through it. A form may use what lies
//! beside this module (the store's reader, tables, sheets, clocks), and no other form.

pub mod beds;
mod columnar;
pub mod costs;
pub mod hip_fracture;
mod omop;
pub mod waiting_times;

use std::collections::BTreeSet;

use parcel::PeriodKind;
use schemas::Subject;

use crate::form::Form;
use crate::read::Source;

/// Figures and rows of latest statements, as a register wants them: the form of a definition that names none.
pub(crate) const FIGURES: &str = "figures";

static FORMS: &[Form] = &[
    Form {
        name: FIGURES,
        subject: Some(waiting_times::SUBJECT),
        period: Some(PeriodKind::Month),
        hides: true,
        files: |_| waiting_times::FILES.into(),
        has: |_, _| true,
        sources: |subject, period| vec![Source::of(subject, period)],
        make: |snapshot, request, origin| Box::pin(waiting_times::make(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/waiting-times.toml")],
    },
    Form {
        name: "pilots",
        subject: Some(waiting_times::SUBJECT),
        period: Some(PeriodKind::Month),
        hides: true,
        files: |_| waiting_times::PILOT_FILES.into(),
        has: |_, _| true,
        sources: |subject, period| vec![Source::of(subject, period)],
        make: |snapshot, request, origin| Box::pin(waiting_times::make_pilots(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/waiting-times-pilots.toml")],
    },
    Form {
        name: FIGURES,
        subject: Some(costs::SUBJECT),
        period: Some(PeriodKind::Year),
        hides: true,
        files: |_| costs::FILES.into(),
        has: |_, _| true,
        sources: |subject, period| vec![Source::of(subject, period)],
        make: |snapshot, request, origin| Box::pin(costs::make(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/kpp.toml")],
    },
    Form {
        name: "beds",
        subject: Some(beds::SUBJECT),
        period: Some(PeriodKind::Month),
        hides: true,
        files: |_| beds::FILES.into(),
        has: |_, _| true,
        sources: |_, period| beds::sources(period).into(),
        make: |snapshot, request, origin| Box::pin(beds::make(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/beds.toml")],
    },
    Form {
        name: "hip-fracture",
        subject: Some(hip_fracture::SUBJECT),
        period: Some(PeriodKind::Month),
        hides: true,
        files: |_| hip_fracture::FILES.into(),
        has: |_, _| true,
        sources: |_, period| hip_fracture::sources(period).into(),
        make: |snapshot, request, origin| Box::pin(hip_fracture::make(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/hip-fracture.toml")],
    },
    Form {
        name: "omop",
        subject: Some(omop::SUBJECT),
        period: Some(PeriodKind::Year),
        hides: false,
        files: |_| omop::files(),
        has: |_, _| true,
        sources: |_, period| omop::sources(period).into(),
        make: |snapshot, request, origin| Box::pin(omop::make(snapshot, request, origin)),
        definitions: &[include_str!("../definitions/omop.toml")],
    },
    Form {
        name: "columnar",
        subject: None,
        period: None,
        hides: false,
        files: |subject| vec![columnar::file(subject)],
        has: columnar::has,
        sources: |subject, period| vec![Source::of(subject, period)],
        make: |snapshot, request, origin| Box::pin(columnar::make(snapshot, request, origin)),
        definitions: &[
            include_str!("../definitions/columnar-encounter.toml"),
            include_str!("../definitions/columnar-person.toml"),
            include_str!("../definitions/columnar-bed-capacity.toml"),
            include_str!("../definitions/columnar-bed-status.toml"),
            include_str!("../definitions/columnar-wait.toml"),
            include_str!("../definitions/columnar-cost.toml"),
            include_str!("../definitions/columnar-clinical.toml"),
        ],
    },
];

/// The form of this name that a subject is made into; nothing when there is none.
pub(crate) fn of(name: &str, subject: Subject) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.name == name && form.subject.is_none_or(|own| own == subject))
}

/// The names of all forms.
pub(crate) fn names() -> BTreeSet<&'static str> {
    FORMS.iter().map(|form| form.name).collect()
}

/// The definitions that we ship.
pub(crate) fn definitions() -> impl Iterator<Item = &'static str> {
    FORMS.iter().flat_map(|form| form.definitions).copied()
}
