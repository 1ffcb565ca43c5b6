//! What an address of the API takes after its question mark. What it does not understand it refuses, with the choices: an
//! answer to another question than the one that was asked is a wrong answer.

use axum::Json;
use axum::extract::{Query, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use figures::period::Period;
use figures::report::{Page, ROWS_MAX};
use schemas::CareType;
use serde_json::json;
use topics::Region;

/// Kinds of care: as answers write them, and as addresses of pages do.
const CARE_TYPES: [(&str, CareType); 5] = [
    ("SOMATIC", CareType::Somatic),
    ("PSYCHIATRIC", CareType::Psychiatric),
    ("UNKNOWN", CareType::Unknown),
    ("somatik", CareType::Somatic),
    ("psykiatri", CareType::Psychiatric),
];

/// A kind of care.
pub(super) fn care_type(text: &str) -> Option<CareType> {
    CARE_TYPES.into_iter().find(|(name, _)| *name == text).map(|(_, care)| care)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Region,
    /// Goes with a region; any text, for who has been heard from changes.
    Hospital,
    CareType,
    At,
    /// A month.
    Month,
    /// A month or a year.
    Period,
    /// A table of a page; any text, for which there are depends on what is published.
    Table,
    Limit,
    /// So many rows.
    After,
    /// A unit, with its region.
    AfterUnit,
    Format,
}

/// What a table can be written as.
const FORMATS: [&str; 3] = ["json", "csv", "parquet"];

impl Parameter {
    const fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Hospital => "hospital",
            Self::CareType => "care_type",
            Self::At => "at",
            Self::Month | Self::Period => "period",
            Self::Table => "table",
            Self::Limit => "limit",
            Self::After | Self::AfterUnit => "after",
            Self::Format => "format",
        }
    }

    fn understands(self, value: &str) -> bool {
        match self {
            Self::Region => value.parse::<Region>().is_ok(),
            Self::Hospital | Self::Table => true,
            Self::Limit => whole(value).is_some_and(|limit| (1..=ROWS_MAX).contains(&limit)),
            Self::After => whole(value).is_some(),
            Self::AfterUnit => value.split_once('/').is_some_and(|(region, _)| region.parse::<Region>().is_ok()),
            Self::Format => FORMATS.contains(&value),
            Self::CareType => care_type(value).is_some(),
            Self::At => value.parse::<jiff::Timestamp>().is_ok(),
            Self::Month => value.parse::<Period>().is_ok_and(Period::is_month),
            Self::Period => value.parse::<Period>().is_ok(),
        }
    }

    /// What it can be, or examples of it.
    fn choices(self) -> Vec<&'static str> {
        match self {
            Self::Region => Region::all().map(Region::code).collect(),
            Self::Hospital | Self::Table => Vec::new(),
            Self::Limit => vec!["1", "1000"],
            Self::After => vec!["0", "1000"],
            Self::AfterUnit => vec!["14/MED10"],
            Self::Format => FORMATS.into(),
            Self::CareType => CARE_TYPES.map(|(name, _)| name).into(),
            Self::At => vec!["2026-11-22T05:00:00Z"],
            Self::Month => vec!["2026-02"],
            Self::Period => vec!["2026-02", "2026"],
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Region => "a lanskod",
            Self::Hospital => "a sjukhuskod",
            Self::CareType => "a kind of care",
            Self::At => "an instant as RFC 3339, as",
            Self::Month => "a month such as",
            Self::Period => "a month or a year, such as",
            Self::Table => "a table",
            Self::Limit => "a number of rows from",
            Self::After => "a number of rows, such as",
            Self::AfterUnit => "a unit as `next` writes it, such as",
            Self::Format => "a form:",
        }
    }
}

/// What an address takes.
fn taken(path: &str) -> &'static [Parameter] {
    use Parameter::{After, AfterUnit, At, CareType, Format, Hospital, Limit, Month, Period, Region, Table};
    let name = path.strip_prefix("/api/v1/").unwrap_or_default();
    match name {
        "hospitals" | "attention" => &[Region, Hospital],
        "units" => &[Region, Hospital, CareType, Limit, AfterUnit],
        "totals" => &[Region, Hospital, CareType],
        "snapshot" => &[Region, Hospital, CareType, At],
        _ => match Page::ALL.into_iter().find(|page| page.api() == name) {
            Some(Page::Waiting) => &[Region, Hospital, Month, Table, Limit, After],
            Some(Page::Quality) => &[Region, Month, Table, Limit, After],
            Some(Page::Pathway | Page::Costs) => &[Region, Period, Table, Limit, After],
            Some(Page::Operations | Page::About) => &[Table, Limit, After],
            None if name.starts_with("datasets/costs/") || name.starts_with("datasets/hip-fracture/") => {
                &[Region, Limit, After, Format]
            }
            None if name.starts_with("datasets/") => &[Region, Hospital, Limit, After, Format],
            None => &[],
        },
    }
}

/// Digits alone: a sign is not ours, and a number beyond what can be counted is none.
fn whole(text: &str) -> Option<usize> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Why an address is not answered.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    code: &'static str,
    parameter: String,
    message: String,
    choices: Vec<&'static str>,
}

/// Longest part of what was asked that a refusal repeats, in characters.
const SAID_MAX: usize = 60;

fn check(address: &Uri) -> Result<(), Refusal> {
    let refuse = |code, parameter: &str, message: String, choices| {
        Err(Refusal { code, parameter: parameter.chars().take(SAID_MAX).collect(), message, choices })
    };
    let taken = taken(address.path());
    let names = || taken.iter().map(|parameter| parameter.name()).collect::<Vec<_>>();
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(address) else {
        return refuse("query-unreadable", "", "what follows `?` is not pairs of names and values".into(), names());
    };
    for (index, (name, value)) in pairs.iter().enumerate() {
        let Some(parameter) = taken.iter().find(|parameter| parameter.name() == name) else {
            let message = match names().as_slice() {
                [] => "this address takes no parameters".to_owned(),
                names => format!("this address takes {}", names.join(", ")),
            };
            return refuse("parameter-unknown", name, message, names());
        };
        if pairs[..index].iter().any(|(earlier, _)| earlier == name) {
            return refuse("parameter-repeated", name, format!("`{name}` is said twice"), Vec::new());
        }
        if !parameter.understands(value) {
            let choices = parameter.choices();
            let message = format!("`{name}` is {} {}", parameter.kind(), choices.join(", "));
            return refuse("value-unknown", name, message, choices);
        }
    }
    let has = |wanted: Parameter| pairs.iter().any(|(name, _)| name == wanted.name());
    if has(Parameter::Hospital) && !has(Parameter::Region) {
        return refuse("region-missing", "region", "`hospital` goes with `region`".into(), Parameter::Region.choices());
    }
    Ok(())
}

/// Lets through what is understood, and other methods, for which there is no answer at all.
pub(super) async fn understood(request: Request, next: Next) -> Response {
    let asks = [Method::GET, Method::HEAD].contains(request.method());
    match check(request.uri()) {
        Ok(()) => next.run(request).await,
        Err(_) if !asks => next.run(request).await,
        Err(Refusal { code, parameter, message, choices }) => {
            let content = json!({ "error": code, "message": message, "parameter": parameter, "choices": choices });
            (StatusCode::BAD_REQUEST, Json(content)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn refused(address: &str) -> Option<(&'static str, String, Vec<&'static str>)> {
        let refusal = check(&address.parse().unwrap()).err()?;
        Some((refusal.code, refusal.parameter, refusal.choices))
    }

    #[test]
    fn what_is_understood_passes() {
        for address in [
            "/api/v1/units",
            "/api/v1/units?",
            "/api/v1/units?region=14&hospital=&care_type=SOMATIC",
            "/api/v1/totals?care_type=UNKNOWN",
            "/api/v1/totals?care_type=psykiatri",
            "/api/v1/snapshot?at=2026-11-22T05:00:00%2B01:00",
            "/api/v1/waiting-times?region=14&hospital=501010&period=2026-02",
            "/api/v1/costs?period=2025",
            "/api/v1/hip-fracture?period=2026-02&region=01",
            "/api/v1/about?limit=1&after=0&table=definitioner",
            "/api/v1/units?limit=1000&after=14%2FMED10",
            "/api/v1/datasets/costs/drg?region=14&format=csv",
        ] {
            assert_eq!(refused(address), None, "{address}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_choices() {
        let check = |address: &str, code: &str, parameter: &str, choice: &str| {
            let (found, named, choices) = refused(address).unwrap_or_else(|| panic!("{address} passes"));
            assert_eq!((found, named.as_str()), (code, parameter), "{address}");
            assert!(choice.is_empty() || choices.contains(&choice), "{address}: {choices:?}");
        };
        check("/api/v1/units?regio=14", "parameter-unknown", "regio", "region");
        check("/api/v1/units?region=14&form=csv", "parameter-unknown", "form", "care_type");
        check("/api/v1/about?region=14", "parameter-unknown", "region", "");
        check("/api/v1/un%69ts?region=14", "parameter-unknown", "region", "");
        check("/api/v1/units?region=99", "value-unknown", "region", "14");
        check("/api/v1/units?region=", "value-unknown", "region", "01");
        check("/api/v1/units?care_type=SOMATISK", "value-unknown", "care_type", "SOMATIC");
        check("/api/v1/snapshot?at=yesterday", "value-unknown", "at", "");
        check("/api/v1/costs?period=2025-13", "value-unknown", "period", "2026");
        check("/api/v1/quality?period=2026", "value-unknown", "period", "2026-02");
        check("/api/v1/units?limit=0", "value-unknown", "limit", "1000");
        check("/api/v1/units?limit=1001", "value-unknown", "limit", "1000");
        check("/api/v1/units?after=7", "value-unknown", "after", "14/MED10");
        check("/api/v1/costs?after=-1", "value-unknown", "after", "0");
        check("/api/v1/datasets?limit=1", "parameter-unknown", "limit", "");
        check("/api/v1/datasets/costs/drg?format=xlsx", "value-unknown", "format", "csv");
        check("/api/v1/datasets/costs/drg?region=14&hospital=1", "parameter-unknown", "hospital", "region");
        check("/api/v1/units?hospital=501010", "region-missing", "region", "14");
        check("/api/v1/units?region=14&region=01", "parameter-repeated", "region", "");
        check("/api/v1/units?%ff=14", "parameter-unknown", "\u{fffd}", "region");
    }

    #[test]
    fn the_description_names_what_each_address_takes_and_that_it_refuses() {
        let description: serde_json::Value = serde_json::from_str(crate::openapi::OPENAPI).unwrap();
        for (path, item) in description["paths"].as_object().unwrap() {
            let parameters = item["get"]["parameters"].as_array().unwrap();
            let described: BTreeSet<&str> = parameters
                .iter()
                .map(|one| description.pointer(one["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap())
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let taken: BTreeSet<&str> = taken(path).iter().map(|parameter| parameter.name()).collect();
            assert_eq!(described, taken, "{path}");
            assert_eq!(item["get"]["responses"]["400"]["$ref"], "#/components/responses/Refused", "{path}");
        }
        let words = &description["components"]["parameters"]["care_type"]["schema"]["enum"];
        assert_eq!(*words, json!(Parameter::CareType.choices()));
        assert_eq!(
            description["components"]["parameters"]["region"]["schema"]["enum"],
            json!(Parameter::Region.choices())
        );
    }
}
