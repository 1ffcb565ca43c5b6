//! What the tables are: of which region and year, by which definition.
//!
//! There is no clock in a parcel, so both dates are the last day that the rows tell of: it changes only when a row does. The
//! ledger says when a parcel was made.

use super::row::file_of_one;
use super::tables::CDM_SOURCE;
use crate::form::Request;
use crate::output::File;

/// OMOP CDM 5.4.
const MODEL: (&str, i32) = ("v5.4", 756_265);
/// Whoever loads the tables beside a vocabulary writes its version.
const NO_VOCABULARY: &str = "none";
/// Longest name in the model.
const NAME_MAX: usize = 255;
/// A description has no longest text.
const DESCRIPTION_MAX: usize = usize::MAX;

/// The file. `last` is the last day that the rows tell of; without rows it is the period's first day.
pub(super) fn file(request: &Request<'_>, last: Option<i32>) -> File {
    let Request { definition, version, region, period, .. } = *request;
    let name = format!("Vårdström: {}, {period}", region.name());
    let abbreviation = format!("vardstrom-{region}-{period}");
    let description = format!(
        "Visits that ended in {period} with their moves, codes and costs, of persons under pseudonym, from the common \
         events of {}. The files' manifest says which events.",
        region.name()
    );
    let etl = format!("sink-register, definition {definition} {version}");
    let last = last.unwrap_or_else(|| swedish_time::day(period.bounds().0.0));
    file_of_one(&CDM_SOURCE, |row| {
        row.text_of("cdm_source_name", Some(&name), NAME_MAX);
        row.text("cdm_source_abbreviation", &*abbreviation);
        row.text_of("cdm_holder", Some(region.name()), NAME_MAX);
        row.text_of("source_description", Some(&description), DESCRIPTION_MAX);
        row.text_of("cdm_etl_reference", Some(&etl), NAME_MAX);
        row.int("source_release_date", last);
        row.int("cdm_release_date", last);
        row.text("cdm_version", MODEL.0);
        row.int("cdm_version_concept_id", MODEL.1);
        row.text("vocabulary_version", NO_VOCABULARY);
    })
}
