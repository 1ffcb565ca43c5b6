//! One capacity row: a header line and a row become named, checked figures.
//!
//! Tolerant of how spreadsheets are saved (order of columns, å ä ö or not, extra columns, `;` `,` or tab), strict about what a
//! figure says: a number that cannot be read refuses the row, because a wrong denominator is worse than a missing one.

use delimited::letters::decoded;
use delimited::line::Cells;
use delimited::name::folded;
use delimited::payload;
use delimited::separator;
use hl7::time::Stockholm;
use schemas::{ClosedReason, Timestamp};

use crate::findings::Findings;
use crate::mapping::{BEDS_MAX, Told, When, time};
use crate::rules::Rule;
use crate::stop::Stop;

/// A row that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub unit: String,
    pub valid_from: Timestamp,
    pub valid_from_text: String,
    pub valid_to: Option<Timestamp>,
    pub faststallda: Option<i32>,
    pub disponibla: Option<i32>,
    pub stangda: Option<i32>,
    pub stangda_reason: Option<ClosedReason>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Unit,
    ValidFrom,
    ValidTo,
    Faststallda,
    Disponibla,
    Stangda,
    Reason,
}

impl Column {
    const ALL: [Column; 7] = [
        Column::Unit,
        Column::ValidFrom,
        Column::ValidTo,
        Column::Faststallda,
        Column::Disponibla,
        Column::Stangda,
        Column::Reason,
    ];

    /// The name as the documentation writes it, and as a finding or a parked record names the field.
    fn name(self) -> &'static str {
        match self {
            Column::Unit => "enhet",
            Column::ValidFrom => "giltig_fran",
            Column::ValidTo => "giltig_till",
            Column::Faststallda => "faststallda",
            Column::Disponibla => "disponibla",
            Column::Stangda => "stangda",
            Column::Reason => "skal",
        }
    }

    fn of_header(cell: &str) -> Option<Column> {
        let folded = folded(cell);
        let known = |column: &Column| folded == column.name().replace('_', "");
        Column::ALL.into_iter().find(known).or(match folded.as_str() {
            "avdelning" | "enhetskod" | "vardenhet" => Some(Column::Unit),
            "giltigfranochmed" | "fran" | "from" => Some(Column::ValidFrom),
            "till" | "tom" => Some(Column::ValidTo),
            "faststalldavardplatser" => Some(Column::Faststallda),
            "disponiblavardplatser" => Some(Column::Disponibla),
            "stangdavardplatser" => Some(Column::Stangda),
            "orsak" | "anledning" => Some(Column::Reason),
            _ => None,
        })
    }
}

/// Reads a payload of a header line and one row; `received_at` is when it came.
pub(crate) fn read(
    payload: &[u8],
    received_at: Option<Timestamp>,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Result<Row, Stop> {
    let text = decoded(payload);
    let (header, row) = payload::lines(&text).ok_or(Stop::park(Rule::RowUnreadable))?;
    let separator = separator::of_header(header);
    let (mut names, mut cells) = (Cells::default(), Cells::default());
    let (header, row) = (names.cut(header, separator), cells.cut(row, separator));
    let columns: Vec<Option<Column>> = names.iter(&header).map(Column::of_header).collect();
    let named = Column::ALL.iter().filter(|column| columns.contains(&Some(**column))).count();
    if named < 2 || names.count() != cells.count() {
        return Err(Stop::park(Rule::RowUnreadable));
    }
    let cell =
        |wanted: Column| columns.iter().position(|column| *column == Some(wanted)).map(|at| cells.cell(&row, at));
    figures(cell, received_at, stockholm, findings)
}

fn figures<'a>(
    cell: impl Fn(Column) -> Option<&'a str>,
    received_at: Option<Timestamp>,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Result<Row, Stop> {
    let present = |column: Column| cell(column).ok_or(Stop::refuse(Rule::CapacityColumnMissing, column.name()));
    let unit = present(Column::Unit)?;
    if unit.is_empty() {
        return Err(Stop::refuse(Rule::CapacityUnitMissing, "enhet"));
    }
    let valid_from_text = present(Column::ValidFrom)?;
    let mut time = |text: &str, column: Column, when: When| {
        let refused = Stop::refuse(Rule::CapacityTimeBad, column.name());
        let told = time(text, &[], stockholm).ok_or(refused)?;
        match told.judged(when, received_at) {
            Ok(Told::Moment(at) | Told::Day(at)) => Ok(Some(at)),
            Err(Rule::DateOpenEnd) => {
                findings.add(Rule::DateOpenEnd, column.name());
                Ok(None)
            }
            Ok(Told::Placeholder) | Err(_) => Err(refused),
        }
    };
    let valid_from = time(valid_from_text, Column::ValidFrom, When::Planned)?
        .ok_or(Stop::refuse(Rule::CapacityTimeBad, Column::ValidFrom.name()))?;
    let valid_to = match cell(Column::ValidTo) {
        None | Some("") => None,
        Some(text) => time(text, Column::ValidTo, When::Until)?,
    };
    if [Column::Faststallda, Column::Disponibla, Column::Stangda].into_iter().all(|column| cell(column).is_none()) {
        return Err(Stop::refuse(Rule::CapacityColumnMissing, "disponibla"));
    }
    let number = |column: Column| match cell(column) {
        None | Some("") => Ok(None),
        Some(text) => number(text, column).map(Some),
    };
    let figures = Figures {
        faststallda: number(Column::Faststallda)?,
        disponibla: number(Column::Disponibla)?,
        stangda: number(Column::Stangda)?,
        reason: cell(Column::Reason).filter(|text| !text.is_empty()),
    };
    let named = FigureNames { disponibla: Column::Disponibla.name(), reason: Column::Reason.name() };
    let stangda_reason = figures.judged(named, findings)?;
    let Figures { faststallda, disponibla, stangda, .. } = figures;
    Ok(Row {
        unit: unit.to_owned(),
        valid_from,
        valid_from_text: valid_from_text.to_owned(),
        valid_to,
        faststallda,
        disponibla,
        stangda,
        stangda_reason,
    })
}

/// The figures of a row, whichever table they come from.
pub(crate) struct Figures<'a> {
    pub faststallda: Option<i32>,
    pub disponibla: Option<i32>,
    pub stangda: Option<i32>,
    /// Why beds are closed, as the source writes it.
    pub reason: Option<&'a str>,
}

/// What findings call the columns.
pub(crate) struct FigureNames {
    pub disponibla: &'static str,
    pub reason: &'static str,
}

impl Figures<'_> {
    /// The reason as the common model has it; refuses a row that says nothing and notes one that is odd.
    pub(crate) fn judged(&self, named: FigureNames, findings: &mut Findings) -> Result<Option<ClosedReason>, Stop> {
        let (faststallda, disponibla, stangda) = (self.faststallda, self.disponibla, self.stangda);
        if faststallda.is_none() && disponibla.is_none() && stangda.is_none() {
            return Err(Stop::refuse(Rule::CapacityEmpty, named.disponibla));
        }
        if let (Some(faststallda), Some(disponibla)) = (faststallda, disponibla)
            && disponibla + stangda.unwrap_or(0) > faststallda
        {
            findings.add(Rule::CapacityImplausible, named.disponibla);
        }
        let reason = self.reason.map(|text| reason(text, named.reason, findings));
        if reason.is_none() && stangda.is_some_and(|stangda| stangda > 0) {
            findings.add(Rule::CapacityReasonMissing, named.reason);
        }
        Ok(reason)
    }
}

fn number(text: &str, column: Column) -> Result<i32, Stop> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| (0..=BEDS_MAX).contains(number))
        .ok_or(Stop::refuse(Rule::CapacityNumberBad, column.name()))
}

fn reason(text: &str, column: &'static str, findings: &mut Findings) -> ClosedReason {
    match folded(text).as_str() {
        word if word.starts_with("personal") || word.starts_with("bemanning") => ClosedReason::Personal,
        word if word.starts_with("hygien") || word.starts_with("smitta") => ClosedReason::Hygien,
        word if word.starts_with("material") || word.starts_with("utrustning") => ClosedReason::Material,
        word if word.starts_with("lokal") || word.starts_with("ombyggnad") => ClosedReason::Lokal,
        "annat" | "ovrigt" | "other" => ClosedReason::Other,
        _ => {
            findings.add(Rule::CapacityReasonUnknown, column);
            ClosedReason::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Option<Timestamp> = Some(Timestamp(1_768_478_400_000_000)); // 2026-01-15

    fn parse(payload: &str) -> (Result<Row, Stop>, Vec<&'static str>) {
        let mut findings = Findings::default();
        let row = read(payload.as_bytes(), RECEIVED, &mut Stockholm::new(), &mut findings);
        (row, findings.list().iter().map(|finding| finding.rule).collect())
    }

    #[track_caller]
    fn check_refused(payload: &str, code: &str, field: Option<&str>) {
        match parse(payload).0 {
            Err(Stop::Park(rejection)) => {
                assert_eq!((rejection.rule.code(), rejection.field), (code, field), "{payload:?}")
            }
            other => panic!("{payload:?} gave {other:?}"),
        }
    }

    const HEADER: &str = "enhet;giltig_fran;faststallda;disponibla;stangda;skal";

    #[test]
    fn a_row_is_read_whatever_the_spelling_of_its_header() {
        let expected = Row {
            unit: "MAVA".into(),
            valid_from: Timestamp(1_767_682_800_000_000),
            valid_from_text: "2026-01-06T08:00".into(),
            valid_to: None,
            faststallda: Some(24),
            disponibla: Some(20),
            stangda: Some(4),
            stangda_reason: Some(ClosedReason::Personal),
        };
        for payload in [
            format!("{HEADER}\nMAVA;2026-01-06T08:00;24;20;4;personal"),
            "Enhet;Giltig från;Fastställda;Disponibla;Stängda;Skäl\r\nMAVA;2026-01-06T08:00;24;20;4;Personal".into(),
            "skäl,extra,enhet,giltig_från,disponibla,fastställda,stängda\nPersonalbrist,x,MAVA,2026-01-06T08:00,20,24,4".into(),
        ] {
            let (row, findings) = parse(&payload);
            assert_eq!(row.as_ref().ok(), Some(&expected), "{payload:?}");
            assert_eq!(findings, [""; 0]);
        }
    }

    #[test]
    fn iso_8859_1_is_read() {
        let mut payload = b"enhet;giltig_fran;disponibla;sk\xE4l\n\xD6gon;2026-01-06;3;".to_vec();
        payload.extend_from_slice(b"hygien");
        let row = read(&payload, RECEIVED, &mut Stockholm::new(), &mut Findings::default()).expect("a row");
        assert_eq!((row.unit.as_str(), row.disponibla), ("Ögon", Some(3)));
    }

    #[test]
    fn times_are_swedish_wall_clock_times() {
        for (text, expected) in [
            ("2026-01-06", 1_767_654_000),
            ("202601060800", 1_767_682_800),
            ("2026-01-06T08:00+01:00", 1_767_682_800),
            ("2026-07-06T08:00", 1_783_317_600),
        ] {
            let row = parse(&format!("{HEADER}\nMAVA;{text};24;20;4;personal")).0.expect("a row");
            assert_eq!(row.valid_from.0 / 1_000_000, expected, "{text}");
        }
        for text in ["2026", "202601", "2026-13-01", "2026-01-06T25:00", "igår", "08:00", "9999-12-31", "1900-01-01"] {
            check_refused(&format!("{HEADER}\nMAVA;{text};24;20;4;personal"), "capacity-time-bad", Some("giltig_fran"));
        }
    }

    #[test]
    fn an_end_that_means_until_further_notice_is_none_and_is_noted() {
        const HEADER: &str = "enhet;giltig_fran;giltig_till;disponibla";
        for text in ["9999-12-31", "99991231", "2999-12-31T23:59:59", "2099-12-31", "infinity", "1900-01-01"] {
            let (row, findings) = parse(&format!("{HEADER}\nMAVA;2026-01-06;{text};20"));
            assert_eq!(row.expect("a row").valid_to, None, "{text}");
            assert_eq!(findings, ["date-open-end"], "{text}");
        }
        let (row, findings) = parse(&format!("{HEADER}\nMAVA;2026-01-06;2026-02-06;20"));
        assert!(row.expect("a row").valid_to.is_some() && findings.is_empty());
        check_refused(&format!("{HEADER}\nMAVA;2026-01-06;snart;20"), "capacity-time-bad", Some("giltig_till"));
    }

    #[test]
    fn what_cannot_be_read_names_the_column() {
        check_refused(&format!("{HEADER}\nMAVA;2026-01-06;24;tjugo;4;"), "capacity-number-bad", Some("disponibla"));
        check_refused(&format!("{HEADER}\nMAVA;2026-01-06;-1;20;4;"), "capacity-number-bad", Some("faststallda"));
        check_refused(&format!("{HEADER}\nMAVA;2026-01-06;24;20;99999;"), "capacity-number-bad", Some("stangda"));
        check_refused(&format!("{HEADER}\nMAVA;6 jan;24;20;4;"), "capacity-time-bad", Some("giltig_fran"));
        check_refused(&format!("{HEADER}\n;2026-01-06;24;20;4;"), "capacity-unit-missing", Some("enhet"));
        check_refused(&format!("{HEADER}\nMAVA;2026-01-06;;;;"), "capacity-empty", Some("disponibla"));
        check_refused("enhet;disponibla\nMAVA;20", "capacity-column-missing", Some("giltig_fran"));
        check_refused("enhet;giltig_fran\nMAVA;2026-01-06", "capacity-column-missing", Some("disponibla"));
    }

    #[test]
    fn what_is_no_row_is_unreadable() {
        for payload in
            ["", "\n\n", HEADER, "a;b\n1;2", &format!("{HEADER}\nMAVA;2026-01-06"), &format!("{HEADER}\na\nb")]
        {
            check_refused(payload, "row-unreadable", None);
        }
    }

    #[test]
    fn odd_figures_are_noted() {
        let findings = |row: &str| parse(&format!("{HEADER}\n{row}")).1;
        assert_eq!(findings("MAVA;2026-01-06;20;20;4;"), ["capacity-implausible", "capacity-reason-missing"]);
        assert_eq!(findings("MAVA;2026-01-06;24;20;4;semester"), ["capacity-reason-unknown"]);
        assert_eq!(findings("MAVA;2026-01-06;24;20;0;"), [""; 0]);
    }
}
