//! A table that is made once and written as HTML, CSV and JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use board::format;
use board::instant::rfc3339;
use board::language::Language;
use schemas::Timestamp;
use serde_json::{Value, json};
use spreadsheet::line;

use super::Sight;
use crate::escape::escape;
use crate::period::Period;
use crate::wilson;

/// What stands for every period in the address of a file.
pub const WHOLE: &str = "alla";

/// Why there is no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Nothing was received.
    Missing,
    /// There is one, and nobody has told it.
    Unknown,
    /// It has no meaning here.
    NotApplicable,
    FewerThan(u32),
    /// Hidden so that another figure stays hidden.
    Withheld,
}

impl Absent {
    /// On screen and in files.
    pub fn text(self, language: Language) -> String {
        let w = language.words();
        match self {
            Self::Missing => w.missing.into(),
            Self::Unknown => w.unreadable.into(),
            Self::NotApplicable => w.not_applicable.into(),
            Self::FewerThan(limit) => format!("{}{}{limit}", w.fewer_than, format::NBSP),
            Self::Withheld => w.withheld.into(),
        }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Words that lead somewhere.
    Link {
        /// The words.
        text: String,
        /// Where.
        href: String,
    },
    /// A month or a year: in words on a page, as `2026-10` in files and in the API.
    Period(Period),
    /// An instant: by Swedish clocks on a page, as RFC 3339 in files and in the API.
    Time(Timestamp),
    /// A whole number.
    Whole(i64),
    /// A number in so many decimals: 125 with one is 12.5.
    Decimal(i64, usize),
    /// A part of a whole, in per cent; of nothing it is not applicable.
    Share(i64, i64),
    /// The reason why there is no number.
    Absent(Absent),
    /// A word with its shape.
    State {
        /// The shape's markup.
        shape: String,
        /// The class that colours it.
        class: &'static str,
        /// The word.
        word: String,
    },
    /// A drawing that says the same as its words.
    Drawing {
        /// The drawing.
        markup: String,
        /// What a file says instead.
        plain: String,
    },
}

impl Cell {
    /// A whole number, or the word for nothing received.
    pub fn or_missing(count: Option<i64>) -> Self {
        count.map_or(Self::Absent(Absent::Missing), Self::Whole)
    }

    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Whole(_) | Self::Decimal(..) | Self::Share(..) | Self::Absent(_))
    }

    /// As a reader sees it.
    pub fn shown(&self, language: Language) -> String {
        match self {
            Self::Text(text) | Self::Link { text, .. } => text.clone(),
            Self::Period(period) => period.text(language),
            Self::Time(at) => format::date_time(*at),
            Self::Whole(number) => format::number(language, *number),
            Self::Decimal(number, decimals) => format::decimal(language, *number, *decimals),
            Self::Share(part, of) => {
                format::percent(language, *part, *of).unwrap_or_else(|| Absent::NotApplicable.text(language))
            }
            Self::Absent(absent) => absent.text(language),
            Self::State { word, .. } => word.clone(),
            Self::Drawing { plain, .. } => plain.clone(),
        }
    }

    /// In a file: digits without grouping, and the decimal comma of Swedish spreadsheets in either language.
    fn plain(&self, language: Language) -> String {
        let bare = |text: String| text.replace(format::NBSP, "").replace(format::MINUS, "-").replace('%', "");
        match self {
            Self::Period(period) => period.to_string(),
            Self::Time(at) => rfc3339(*at),
            Self::Whole(number) => number.to_string(),
            Self::Decimal(number, decimals) => bare(format::decimal_bare(Language::Sv, *number, *decimals)),
            Self::Share(part, of) => match format::ratio(Language::Sv, *part, *of, 100) {
                Some(share) => bare(share),
                None => Absent::NotApplicable.text(language),
            },
            other => other.shown(language),
        }
    }

    /// The ends of its interval, or the cell itself where there is no share.
    fn ends(&self) -> [Self; 2] {
        match self {
            Self::Share(part, of) => match wilson::tenths(*part, *of) {
                Some(ends) => ends.map(|end| Self::Decimal(end, 1)),
                None => [Self::Absent(Absent::NotApplicable), Self::Absent(Absent::NotApplicable)],
            },
            other => [other.clone(), other.clone()],
        }
    }

    fn value(&self, language: Language) -> Value {
        match self {
            Self::Period(period) => period.to_string().into(),
            Self::Time(at) => rfc3339(*at).into(),
            Self::Whole(number) => (*number).into(),
            Self::Decimal(number, decimals) => {
                (*number as f64 / 10_f64.powi(i32::try_from(*decimals).unwrap_or(0))).into()
            }
            Self::Share(part, of) => {
                format::ratio_tenths(*part, *of, 100).map_or(Value::Null, |tenths| (tenths as f64 / 10.0).into())
            }
            Self::Absent(_) => Value::Null,
            other => other.shown(language).into(),
        }
    }

    /// The word that says why there is no number.
    fn why(&self, language: Language) -> Option<String> {
        match self {
            Self::Absent(absent) => Some(absent.text(language)),
            Self::Share(_, of) if *of <= 0 => Some(Absent::NotApplicable.text(language)),
            _ => None,
        }
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in files and in the API.
    pub name: Cow<'static, str>,
    pub(crate) head: Cow<'static, str>,
    /// Its unit, under the head.
    pub unit: &'static str,
    /// Numbers stand to the right.
    pub is_number: bool,
    /// Its shares stand with their intervals ([`wilson`]): under them on a page, in files and in the API as two columns more,
    /// `_lower` and `_upper`.
    pub(crate) has_interval: bool,
}

impl Column {
    /// What its intervals are called in files and in the API.
    fn ends(&self) -> Option<[String; 2]> {
        self.has_interval.then(|| ["lower", "upper"].map(|end| format!("{}_{end}", self.name)))
    }
}

/// Most rows of a table in one answer of the API.
pub const ROWS_MAX: usize = 1000;

/// Most rows of a table on a page at a time.
const SHOWN_MAX: usize = 200;

/// Which rows of a table an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// So many are passed over.
    pub after: usize,
    /// So many at most follow.
    pub limit: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { after: 0, limit: ROWS_MAX }
    }
}

impl Window {
    /// Where the rows after these are: `address` with what names the table; nothing when these are the last.
    pub fn next(self, sheet: &Sheet, address: &str, table: &str) -> Option<String> {
        let after = self.after.saturating_add(self.limit);
        (after < sheet.rows.len()).then(|| {
            let pairs = [table, &format!("limit={}", self.limit), &format!("after={after}")].join("&");
            format!("{address}{}{}", if address.contains('?') { '&' } else { '?' }, pairs.trim_start_matches('&'))
        })
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name in addresses.
    pub id: &'static str,
    pub(crate) caption: String,
    pub(crate) lead: String,
    /// Its columns; the first names the row.
    pub columns: Vec<Column>,
    /// Its rows, with as many cells as columns.
    pub rows: Vec<Vec<Cell>>,
    /// What is said when it has no row.
    pub empty: &'static str,
}

impl Sheet {
    /// A table without rows.
    pub fn new(id: &'static str, caption: impl Into<String>, columns: Vec<Column>, empty: &'static str) -> Self {
        Self { id, caption: caption.into(), lead: String::new(), columns, rows: Vec::new(), empty }
    }

    /// Its markup; the first one of a page is where the skip link leads.
    pub fn write(&self, markup: &mut String, sight: &Sight<'_>, is_first: bool) {
        let target = if is_first { " id=\"tabell\"" } else { "" };
        let _ = write!(
            markup,
            "<section class=\"card sheet\"><h2 id=\"{0}-rubrik\">{1}</h2>",
            self.id,
            escape(&self.caption)
        );
        if !self.lead.is_empty() {
            let _ = write!(markup, "<p class=\"hint\">{}</p>", escape(&self.lead));
        }
        let _ = write!(
            markup,
            "<div{target} class=\"table-wrap\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{0}-rubrik\">\
             <table id=\"{0}\" class=\"board plain\"><caption class=\"vh\">{1}</caption><thead><tr>",
            self.id,
            escape(&self.caption)
        );
        for column in &self.columns {
            let class = if column.is_number { " class=\"n\"" } else { "" };
            let unit =
                if column.unit.is_empty() { String::new() } else { format!("<small>{}</small>", escape(column.unit)) };
            let _ = write!(markup, "<th scope=\"col\"{class}>{}{unit}</th>", escape(&column.head));
        }
        markup.push_str("</tr></thead><tbody>");
        let (folded, rows): (Vec<_>, Vec<_>) = self.rows.iter().partition(|row| self.is_nothing(row));
        let first = match &sight.address.from {
            Some((table, first)) if **table == *self.id && *first < rows.len() => *first,
            _ => 0,
        };
        for row in rows.iter().skip(first).take(SHOWN_MAX) {
            markup.push_str("<tr>");
            for (index, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
                write_cell(markup, cell, column, index == 0, sight.language);
            }
            markup.push_str("</tr>");
        }
        if rows.is_empty() {
            let _ = write!(
                markup,
                "<tr><td class=\"empty\" colspan=\"{}\">{}</td></tr>",
                self.columns.len(),
                escape(self.empty)
            );
        }
        markup.push_str("</tbody></table></div>");
        self.write_turning(markup, sight, first, rows.len());
        write_folded(markup, sight, &folded);
        let (api, caption) = (sight.address.api(), escape(&self.caption));
        markup.push_str("<p class=\"takeout\">");
        let mut link = |address: &str, text: &str| {
            let address = escape(address);
            let _ = write!(markup, "<a href=\"{address}\">{text}<span class=\"vh\"> – {caption}</span></a> · ");
        };
        link(&self.csv_address(sight, None), "CSV");
        if sight.address.kind.has_datasets() {
            link(&self.csv_address(sight, Some(WHOLE)), sight.say("CSV, alla perioder", "CSV, every period"));
            let file = |format| sight.address.dataset(self.id, Some(format));
            link(&file("csv"), sight.say("för program, alla perioder", "for programs, every period"));
            link(&file("parquet"), sight.say("Parquet, alla perioder", "Parquet, every period"));
        }
        let api = escape(&api);
        let _ = write!(
            markup,
            "<a href=\"{api}\">API<span class=\"vh\"> – {caption}</span></a> <code>{api}</code></p></section>"
        );
    }

    /// Which rows of a long table are shown, and the way to the others.
    fn write_turning(&self, markup: &mut String, sight: &Sight<'_>, first: usize, count: usize) {
        if count <= SHOWN_MAX {
            return;
        }
        let last = count.min(first + SHOWN_MAX);
        let number = |number: usize| format::number(sight.language, i64::try_from(number).unwrap_or(i64::MAX));
        let _ = write!(
            markup,
            "<nav class=\"takeout\" aria-label=\"{} – {}\">{} {}–{} {} {}",
            sight.say("Rader", "Rows"),
            escape(&self.caption),
            sight.say("Rad", "Rows"),
            number(first + 1),
            number(last),
            sight.language.words().of,
            number(count)
        );
        let before = (first > 0).then(|| (first.saturating_sub(SHOWN_MAX), sight.say("Föregående", "Previous")));
        let after = (last < count).then(|| (last, sight.say("Nästa", "Next")));
        for (row, word) in before.into_iter().chain(after) {
            let address = sight.address.turned(Some((self.id, row))).text(sight.language);
            let _ = write!(markup, " · <a href=\"{}#{}-rubrik\">{word}</a>", escape(&address), self.id);
        }
        markup.push_str("</nav>");
    }

    /// Whether a row is of a region that has published nothing: those are folded together under the table.
    fn is_nothing(&self, row: &[Cell]) -> bool {
        let is_missing = |cell: &Cell| *cell == Cell::Absent(Absent::Missing);
        self.columns.first().is_some_and(|column| column.name == "region")
            && row.len() > 1
            && row[1..].iter().all(is_missing)
    }

    fn csv_address(&self, sight: &Sight<'_>, period: Option<&str>) -> String {
        let here = match period {
            None => sight.address.turned(None).text(sight.language),
            Some(period) => format!("{}?period={period}", sight.address.path(sight.language)),
        };
        format!("{here}{}form=csv&tabell={}", if here.contains('?') { '&' } else { '?' }, self.id)
    }

    /// As a file: semicolons, a mark so that spreadsheets read UTF-8, decimal commas.
    pub fn csv(&self, language: Language) -> String {
        let names: Vec<String> = self.columns.iter().flat_map(names).collect();
        let mut lines = vec![line(&names.iter().map(String::as_str).collect::<Vec<_>>())];
        for row in &self.rows {
            let cells: Vec<String> = self.filed(row).map(|(_, cell)| cell.plain(language)).collect();
            lines.push(line(&cells.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        format!("\u{feff}{}", lines.concat())
    }

    /// As a file for programs (RFC 4180): commas between cells, a point before decimals, no mark; what a spreadsheet would run is text here, too. Where there is no number the cell is
    /// empty, and the last column says why.
    pub fn machine(&self, language: Language) -> String {
        let mut file = spreadsheet::Sheet::for_people(spreadsheet::End::Windows).separated_by(',');
        file.line(self.filed_columns().map(|(name, _)| name).chain(["absent".to_owned()]));
        for row in &self.rows {
            let plain = |value: Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            let (values, absent) = self.values(row, language);
            file.line(values.into_iter().map(plain).chain([absent]));
        }
        file.finish()
    }

    /// The columns of files for programs: names, and whether numbers stand there.
    pub(super) fn filed_columns(&self) -> impl Iterator<Item = (String, bool)> + '_ {
        self.columns.iter().flat_map(|column| names(column).map(|name| (name, column.is_number)))
    }

    /// A row of files for programs: its values, and why some are none: `column: word`, with `; ` between them.
    pub(super) fn values(&self, row: &[Cell], language: Language) -> (Vec<Value>, String) {
        let why = |(name, cell): (String, Cell)| cell.why(language).map(|why| format!("{name}: {why}"));
        let absent = self.filed(row).filter_map(why).collect::<Vec<_>>().join("; ");
        (self.filed(row).map(|(_, cell)| cell.value(language)).collect(), absent)
    }

    /// A row as files and the API have it: by name, with the intervals.
    fn filed<'s>(&'s self, row: &'s [Cell]) -> impl Iterator<Item = (String, Cell)> + 's {
        self.columns.iter().zip(row).flat_map(|(column, cell)| {
            let ends = column.ends().map(|names| names.into_iter().zip(cell.ends()));
            std::iter::once((column.name.to_string(), cell.clone())).chain(ends.into_iter().flatten())
        })
    }

    /// For programs: `null` where there is no number, and the word that says why under `absent`.
    pub fn json(&self, language: Language, window: Window) -> Value {
        let described = |column: &Column| {
            names(column)
                .map(|name| json!({ "name": name, "head": column.head, "unit": column.unit }))
                .collect::<Vec<_>>()
        };
        let columns: Vec<Value> = self.columns.iter().flat_map(described).collect();
        let rows: Vec<Value> = self
            .rows
            .iter()
            .skip(window.after)
            .take(window.limit)
            .map(|row| {
                let values: serde_json::Map<String, Value> =
                    self.filed(row).map(|(name, cell)| (name, cell.value(language))).collect();
                let absent: serde_json::Map<String, Value> =
                    self.filed(row).filter_map(|(name, cell)| Some((name, cell.why(language)?.into()))).collect();
                json!({ "values": values, "absent": absent })
            })
            .collect();
        json!({ "id": self.id, "caption": self.caption, "columns": columns, "rows": rows, "total": self.rows.len() })
    }
}

/// The names of regions that have published nothing, folded.
fn write_folded(markup: &mut String, sight: &Sight<'_>, rows: &[&Vec<Cell>]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(
        markup,
        "<details class=\"more\"><summary>{} {}</summary><p>",
        rows.len(),
        sight.say("regioner har inte publicerat (saknas)", "regions have not published (missing)")
    );
    for (index, row) in rows.iter().enumerate() {
        markup.push_str(if index == 0 { "" } else { ", " });
        match &row[0] {
            Cell::Link { text, href } => {
                let _ = write!(markup, "<a href=\"{}\">{}</a>", escape(href), escape(text));
            }
            cell => markup.push_str(&escape(&cell.shown(sight.language))),
        }
    }
    markup.push_str("</p></details>");
}

/// A column's names in files and in the API.
fn names(column: &Column) -> impl Iterator<Item = String> {
    std::iter::once(column.name.to_string()).chain(column.ends().into_iter().flatten())
}

/// The interval under a share.
fn write_interval(markup: &mut String, cell: &Cell, language: Language) {
    if let [Cell::Decimal(lower, _), Cell::Decimal(upper, _)] = cell.ends() {
        let end = |tenths| format::decimal_bare(language, tenths, 1);
        let _ = write!(markup, "<small>{}–{}</small>", end(lower), end(upper));
    }
}

fn write_cell(markup: &mut String, cell: &Cell, column: &Column, is_head: bool, language: Language) {
    let (open, close) = if is_head { ("<th scope=\"row\"", "</th>") } else { ("<td", "</td>") };
    let mut classes = Vec::new();
    if column.is_number {
        classes.push("n");
    }
    let absent = cell.why(language).is_some();
    match cell {
        _ if absent => classes.push("word"),
        Cell::Text(_) | Cell::Period(_) | Cell::Time(_) => classes.push("text"),
        Cell::State { class, .. } => classes.extend(["status", *class]),
        Cell::Drawing { .. } => classes.push("trend"),
        _ if cell.is_number() => classes.push("number"),
        _ => {}
    }
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let _ = write!(markup, "{open}{class}>");
    match cell {
        Cell::Link { text, href } => {
            let _ = write!(markup, "<a href=\"{}\">{}</a>", escape(href), escape(text));
        }
        Cell::State { shape, word, .. } => {
            let _ = write!(markup, "{shape}<span class=\"word\">{}</span>", escape(word));
        }
        Cell::Drawing { markup: drawing, .. } => markup.push_str(drawing),
        other => markup.push_str(&escape(&other.shown(language))),
    }
    if column.has_interval {
        write_interval(markup, cell, language);
    }
    markup.push_str(close);
}

pub(super) fn words(name: &'static str, head: &'static str) -> Column {
    Column { name: name.into(), head: head.into(), unit: "", is_number: false, has_interval: false }
}

/// A column of numbers with their unit.
pub(super) fn number(
    name: impl Into<Cow<'static, str>>,
    head: impl Into<Cow<'static, str>>,
    unit: &'static str,
) -> Column {
    Column { name: name.into(), head: head.into(), unit, is_number: true, has_interval: false }
}

/// A column of shares of contacts, each with its interval.
pub(super) fn share(name: impl Into<Cow<'static, str>>, head: impl Into<Cow<'static, str>>) -> Column {
    Column { has_interval: true, ..number(name, head, "%") }
}

#[cfg(test)]
mod tests {
    use board::Board;
    use board::age::Limits;

    use super::*;
    use crate::published::Library;
    use crate::report::operations::State;
    use crate::report::{Address, Manner, Page, Place};

    fn sheet() -> Sheet {
        let columns = vec![words("hospital", "Sjukhus"), number("share", "Andel", "%"), number("count", "Antal", "")];
        let mut sheet = Sheet::new("x", "Prov", columns, "tomt");
        sheet.rows = vec![
            vec![Cell::text("A;B"), Cell::Share(7, 8), Cell::Whole(1234)],
            vec![Cell::text("C"), Cell::Share(0, 0), Cell::Absent(Absent::Missing)],
            vec![Cell::text("D"), Cell::Absent(Absent::FewerThan(20)), Cell::Absent(Absent::Withheld)],
        ];
        sheet
    }

    #[test]
    fn a_file_says_the_same_words_as_the_page() {
        let csv = sheet().csv(Language::Sv);
        let nbsp = format::NBSP;
        assert_eq!(
            csv,
            format!(
                "\u{feff}hospital;share;count\r\n\"A;B\";87,5;1234\r\nC;ej tillämpligt;saknas\r\nD;färre än{nbsp}20;döljs\r\n"
            )
        );
    }

    #[test]
    fn a_file_for_programs_has_points_and_says_why_a_cell_is_empty() {
        let nbsp = format::NBSP;
        assert_eq!(
            sheet().machine(Language::En),
            format!(
                "hospital,share,count,absent\r\nA;B,87.5,1234,\r\nC,,,share: not applicable; count: missing\r\n\
                 D,,,share: fewer than{nbsp}20; count: withheld\r\n"
            )
        );
    }

    #[test]
    fn a_long_table_is_shown_in_parts_and_filed_as_a_whole() {
        let mut sheet = Sheet::new("x", "Prov", vec![words("hospital", "Sjukhus")], "");
        sheet.rows = (1..=450).map(|row| vec![Cell::text(format!("rad {row}"))]).collect();
        let shown = |from: &str| {
            let address = Address::read(Page::Costs, Place::Country, [("fran", from)]);
            let (library, manner, operations) = (Library::default(), Manner::default(), State::default());
            let now = Timestamp(0);
            let board = Board::empty(now, Limits::default());
            let language = Language::Sv;
            let sight = Sight {
                library: &library,
                manner: &manner,
                language,
                address: &address,
                now,
                operations: &operations,
                board: &board,
            };
            let mut markup = String::new();
            sheet.write(&mut markup, &sight, true);
            markup
        };
        for (from, first, last, before, after) in [
            ("", 1, 200, None, Some("?fran=x:200")),
            ("x:200", 201, 400, Some(""), Some("?fran=x:400")),
            ("x:400", 401, 450, Some("?fran=x:200"), None),
            ("x:450", 1, 200, None, Some("?fran=x:200")),
            ("y:200", 1, 200, None, Some("?fran=x:200")),
        ] {
            let markup = shown(from);
            assert!(markup.contains(&format!("Rad {first}–{last} av 450")), "{from}: {markup}");
            assert_eq!(markup.matches("<th scope=\"row\"").count(), last - first + 1, "{from}");
            for (way, word) in [(before, "Föregående"), (after, "Nästa")] {
                let link = way.map(|way| format!("<a href=\"/sv/kostnad{way}#x-rubrik\">{word}</a>"));
                assert!(link.map_or(!markup.contains(word), |link| markup.contains(&link)), "{from}: {markup}");
            }
            assert!(markup.contains("\"/sv/kostnad?form=csv&amp;tabell=x\""), "a file has every row: {markup}");
        }
        assert_eq!(sheet.csv(Language::Sv).lines().count(), 451);
    }

    #[test]
    fn an_answer_is_bounded_and_says_where_the_rest_is() {
        let sheet = sheet();
        let window = Window { after: 1, limit: 1 };
        let json = sheet.json(Language::En, window);
        assert_eq!((json["rows"].as_array().unwrap().len(), &json["total"]), (1, &json!(3)));
        assert_eq!(json["rows"][0]["values"]["hospital"], "C");
        let next = |window: Window| window.next(&sheet, "/a?b=1", "table=x");
        assert_eq!(next(window).as_deref(), Some("/a?b=1&table=x&limit=1&after=2"));
        assert_eq!(Window { after: 0, limit: 1 }.next(&sheet, "/a", "").as_deref(), Some("/a?limit=1&after=1"));
        assert_eq!((next(Window { after: 2, limit: 1 }), next(Window::default())), (None, None));
    }

    #[test]
    fn a_share_stands_with_its_interval() {
        let mut sheet = Sheet::new("x", "Prov", vec![words("hospital", "Sjukhus"), share("share", "Andel")], "");
        sheet.rows = vec![
            vec![Cell::text("A"), Cell::Share(15, 148)],
            vec![Cell::text("B"), Cell::Share(0, 0)],
            vec![Cell::text("C"), Cell::Absent(Absent::Withheld)],
        ];
        let csv = sheet.csv(Language::Sv);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "\u{feff}hospital;share;share_lower;share_upper");
        assert_eq!(lines[1..3], ["A;10,1;6,2;16,0", "B;ej tillämpligt;ej tillämpligt;ej tillämpligt"]);
        assert_eq!(lines[3], "C;döljs;döljs;döljs");
        let json = sheet.json(Language::En, Window::default());
        assert_eq!(json["rows"][0]["values"]["share_upper"], 16.0);
        assert_eq!(
            (&json["rows"][1]["values"]["share_lower"], &json["rows"][2]["values"]["share"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(json["columns"].as_array().unwrap().len(), 4);
        let mut markup = String::new();
        write_cell(&mut markup, &sheet.rows[0][1], &sheet.columns[1], false, Language::Sv);
        assert!(markup.ends_with("<small>6,2–16,0</small></td>"), "{markup}");
    }

    #[test]
    fn periods_and_times_are_words_on_a_page_and_iso_in_files() {
        let columns = vec![words("period", "Period"), words("made_at", "Framställd")];
        let mut sheet = Sheet::new("x", "Prov", columns, "");
        let at = Timestamp("2026-11-16T03:12:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
        sheet.rows.push(vec![Cell::Period("2026-10".parse().unwrap()), Cell::Time(at)]);
        assert_eq!(sheet.csv(Language::Sv), "\u{feff}period;made_at\r\n2026-10;2026-11-16T03:12:00Z\r\n");
        let json = sheet.json(Language::En, Window::default());
        assert_eq!(json["rows"][0]["values"], json!({ "period": "2026-10", "made_at": "2026-11-16T03:12:00Z" }));
        let shown: Vec<String> = sheet.rows[0].iter().map(|cell| cell.shown(Language::Sv)).collect();
        assert_eq!(shown, ["oktober 2026", "2026-11-16 04:12"]);
    }

    #[test]
    fn in_the_api_absence_is_null_and_has_a_reason() {
        let json = sheet().json(Language::En, Window::default());
        assert_eq!(json["rows"][0]["values"]["share"], 87.5);
        assert_eq!(json["rows"][1]["values"]["count"], Value::Null);
        assert_eq!(json["rows"][1]["absent"]["count"], "missing");
        assert_eq!(json["rows"][1]["absent"]["share"], "not applicable");
        assert_eq!(json["rows"][2]["absent"]["share"], format!("fewer than{}20", format::NBSP));
    }
}
