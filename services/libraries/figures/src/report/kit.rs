//! What every page of published figures is made with: choices, sums, flags, shapes and where the figures come from.

use std::fmt::Write as _;
use std::sync::Arc;

use board::collate;
use board::format;
use schemas::Timestamp;
use topics::Region;

use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Place, Sight, Sort};
use crate::escape::escape;
use crate::period::Period;
use crate::published::{Extract, Library, Parcel, Reading};

/// The shapes that stand before words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Filled,
    /// It is there with a reservation.
    Half,
    /// It is not there.
    Dashed,
    /// It has risen out of the ordinary, or is better.
    Up,
    /// It has fallen out of the ordinary, or is worse.
    Down,
    Square,
}

/// A shape's markup; its colour is that of the word it stands before.
pub(super) fn shape(shape: Shape) -> String {
    let inside = match shape {
        Shape::Filled => "<circle class=\"fill\" cx=\"8\" cy=\"8\" r=\"6\"/>",
        Shape::Half => {
            "<circle class=\"stroke\" cx=\"8\" cy=\"8\" r=\"6\"/><path class=\"fill\" d=\"M8 2a6 6 0 0 1 0 12z\"/>"
        }
        Shape::Dashed => "<circle class=\"stroke dashed\" cx=\"8\" cy=\"8\" r=\"6\"/>",
        Shape::Up => "<path class=\"fill\" d=\"M8 2l6.5 11h-13z\"/>",
        Shape::Down => "<path class=\"fill\" d=\"M8 14l6.5-11h-13z\"/>",
        Shape::Square => "<rect class=\"fill\" x=\"2\" y=\"2\" width=\"12\" height=\"12\"/>",
    };
    format!("<svg class=\"shape\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\">{inside}</svg>")
}

/// Why there is nothing on the page, and what to do; `None` when there is something.
pub(super) fn nothing(sight: &Sight<'_>, extract: Extract) -> Option<Block> {
    let library = sight.library;
    let (title, remedy) = match library.reading {
        Reading::NoStore => (
            sight.say("Inget lager är anslutet", "No store is connected"),
            sight.say(
                "Sidan visar publicerade siffror ur det centrala lagret, och det är inte anslutet här. Den som sköter tavlan kan ansluta det.",
                "The page shows published figures from the central store, which is not connected here. Whoever runs the board can connect it.",
            ),
        ),
        Reading::NotYet => (
            sight.say("Lagret har inte svarat än", "The store has not answered yet"),
            sight.say(
                "Ladda om om en minut. Svarar det inte då: se tavlans logg och att PostgreSQL är igång.",
                "Reload in a minute. If it still does not answer: see the dashboard's log, and that PostgreSQL runs.",
            ),
        ),
        _ if library.periods(extract).is_empty() => (
            sight.say("Inget är publicerat", "Nothing is published"),
            sight.say(
                "Ingen region har publicerat uttaget. När en region gör det syns siffrorna inom en minut.",
                "No region has published the extract. When one does, the figures appear within a minute.",
            ),
        ),
        _ => return None,
    };
    Some(Block::Markup(format!(
        "<section class=\"card prose\" id=\"inget\"><h2>{title}</h2><p>{remedy}</p><p class=\"hint\">{} <code>{}</code></p></section>",
        sight.say("Uttag:", "Extract:"),
        extract.name()
    )))
}

/// When the store was read.
pub(super) fn read_at(sight: &Sight<'_>, at: Timestamp) -> String {
    format!("{} {}.", sight.say("Läst ur lagret", "Read from the store at"), format::date_time(at))
}

/// When the store was read, and that what is shown is older when it did not answer.
pub(super) fn as_of(sight: &Sight<'_>) -> String {
    let library: &Library = sight.library;
    let mut text = match library.reading {
        Reading::NoStore | Reading::NotYet => return String::new(),
        Reading::At(at) => read_at(sight, at),
        Reading::Failed(at) => format!(
            "{} {}. {}",
            sight.say("Lagret svarade inte", "The store did not answer at"),
            format::date_time(at),
            sight.say("Siffrorna är från tidigare.", "The figures are from before.")
        ),
    };
    if library.left_out > 0 {
        let _ = write!(
            text,
            " {} {}",
            library.left_out,
            sight.say(
                "leveranser visas inte: för stora eller oläsliga, se tavlans logg.",
                "deliveries are not shown: too large or unreadable, see the dashboard's log."
            )
        );
    }
    text
}

/// A period in words; the running month says so.
pub(super) fn period_text(sight: &Sight<'_>, period: Period) -> String {
    let text = period.text(sight.language);
    if period == Period::running(sight.now) { format!("{text} ({})", sight.say("pågår", "running")) } else { text }
}

/// The choice of period and order; works without script.
pub(super) fn choices(sight: &Sight<'_>, periods: &[Period], chosen: Period, sorts: &[(Sort, &'static str)]) -> Block {
    let mut periods = periods.to_vec();
    if !periods.contains(&chosen) {
        periods.insert(0, chosen);
    }
    let mut options = String::new();
    for period in periods {
        let selected = if period == chosen { " selected" } else { "" };
        let _ = write!(options, "<option value=\"{period}\"{selected}>{}</option>", period_text(sight, period));
    }
    let mut form = format!(
        "<form class=\"find\" id=\"val\" method=\"get\" action=\"{}\"><div class=\"field\"><label for=\"v-period\">{}</label>\
         <select id=\"v-period\" name=\"period\">{options}</select></div>",
        escape(&sight.address.path(sight.language)),
        sight.say("Period", "Period"),
    );
    if !sorts.is_empty() {
        let mut options = String::new();
        for (sort, word) in sorts {
            let selected = if *sort == sight.address.sort { " selected" } else { "" };
            let value = sight.address.sorted(*sort).text(sight.language);
            let value = value.split("ordning=").nth(1).unwrap_or("kod").to_owned();
            let _ = write!(options, "<option value=\"{value}\"{selected}>{word}</option>");
        }
        let _ = write!(
            form,
            "<div class=\"field\"><label for=\"v-ordning\">{}</label><select id=\"v-ordning\" name=\"ordning\">{options}</select></div>",
            sight.say("Ordning", "Order"),
        );
    }
    let _ = write!(
        form,
        "<div class=\"actions\"><button class=\"primary\">{}</button></div></form>",
        sight.say("Visa", "Show")
    );
    Block::Markup(form)
}

/// A sum: what, how much, of what, how sure.
pub(super) struct Tile {
    pub title: String,
    /// How much, or the word.
    pub value: Cell,
    pub side: String,
    pub foot: String,
}

pub(super) fn tiles(sight: &Sight<'_>, tiles: &[Tile]) -> Block {
    let mut markup =
        format!("<section class=\"tiles tiles-{}\" aria-label=\"{}\">", tiles.len(), sight.say("Summor", "Sums"));
    for tile in tiles {
        let class = if matches!(tile.value, Cell::Absent(_) | Cell::Text(_)) { "value word" } else { "value" };
        let _ = write!(
            markup,
            "<div class=\"tile\"><h2>{}</h2><p class=\"{class}\">{}</p><p class=\"side\">{}</p><p class=\"tile-foot\">{}</p></div>",
            escape(&tile.title),
            escape(&tile.value.shown(sight.language)),
            escape(&tile.side),
            escape(&tile.foot)
        );
    }
    markup.push_str("</section>");
    Block::Markup(markup)
}

/// `18 av 21 regioner, 2 med förbehåll`.
pub(super) fn coverage<'p>(sight: &Sight<'_>, parcels: impl Iterator<Item = &'p Arc<Parcel>>) -> String {
    let (mut count, mut reserved) = (0, 0);
    for parcel in parcels {
        count += 1;
        reserved += usize::from(!parcel.flags.is_empty());
    }
    let of = format!("{count} {} {} {}", sight.language.words().of, Region::COUNT, sight.say("regioner", "regions"));
    if reserved == 0 {
        return of;
    }
    format!("{of}, {reserved} {}", sight.say("med förbehåll", "with reservations"))
}

/// What must be known beside the figures, one line each; nothing when there is nothing.
pub(super) fn flags(sight: &Sight<'_>, parcels: &[Arc<Parcel>]) -> Option<Block> {
    let mut lines = String::new();
    for parcel in parcels {
        for flag in &parcel.flags {
            let _ = write!(
                lines,
                "<li>{}<b>{}</b> {}, {}: <span lang=\"sv\">{}</span></li>",
                shape(Shape::Half),
                flag.kind.word(sight.language),
                parcel.region.name(),
                parcel.period.text(sight.language),
                escape(&flag.text)
            );
        }
    }
    (!lines.is_empty()).then(|| {
        Block::Markup(format!(
            "<section class=\"card flags\" id=\"forbehall\"><h2>{}</h2><ul>{lines}</ul></section>",
            sight.say("Förbehåll", "Reservations")
        ))
    })
}

/// That deliveries of an older definition are not among the figures, and what to do; nothing when there are none. `periods`
/// are those that the page shows; `text` stands behind the count.
pub(super) fn older(
    sight: &Sight<'_>,
    extract: Extract,
    periods: impl IntoIterator<Item = Period>,
    is_current: fn(&Parcel) -> bool,
    text: &str,
) -> Option<Block> {
    let parcels = periods.into_iter().flat_map(|period| sight.library.of_period(extract, period));
    let own = parcels.filter(|parcel| sight.address.place.region().is_none_or(|region| region == parcel.region));
    let count = own.filter(|parcel| !is_current(parcel)).count();
    (count > 0).then(|| Block::Markup(format!("<p class=\"quiet\" id=\"aldre\">{count} {text}</p>")))
}

/// The cell beside a figure: the words of its flags.
pub(super) fn flag_cell(sight: &Sight<'_>, parcel: &Parcel) -> Cell {
    if parcel.flags.is_empty() {
        return Cell::text("–");
    }
    Cell::State { shape: shape(Shape::Half), class: "reserved", word: parcel.flag_words(sight.language) }
}

/// An instant; another text as it is.
fn until(text: &str) -> Cell {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Cell::Time(Timestamp(at.as_microsecond())),
        Err(_) => Cell::text(text),
    }
}

/// Where the figures come from, and which regions have none.
pub(super) fn provenance(sight: &Sight<'_>, extract: Extract, period: Period, place: &Place) -> Sheet {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::words("period", sight.say("Period", "Period")),
        sheet::number("version", sight.say("Version", "Version"), ""),
        sheet::words("definition", sight.say("Definition", "Definition")),
        sheet::words("made_at", sight.say("Framställd", "Made")),
        sheet::words("statements_until", sight.say("Uppgifter till och med", "Statements until")),
        sheet::words("flags", sight.say("Förbehåll", "Reservations")),
    ];
    let mut table = Sheet::new("underlag", sight.say("Underlag", "Where the figures come from"), columns, "");
    table.lead = as_of(sight);
    let regions: Vec<Region> = place.region().map_or_else(|| Region::all().collect(), |region| vec![region]);
    for region in regions {
        let missing = || Cell::Absent(Absent::Missing);
        let mut row = vec![Cell::text(region.name()), Cell::Period(period)];
        match sight.library.get(extract, region, period) {
            Some(parcel) => row.extend([
                Cell::Whole(parcel.version.into()),
                Cell::text(format!("{} {}", extract.name(), parcel.definition)),
                Cell::Time(parcel.made_at),
                until(&parcel.statements_until),
                flag_cell(sight, parcel),
            ]),
            None => row.extend([missing(), missing(), missing(), missing(), missing()]),
        }
        table.rows.push(row);
    }
    table
}

/// Version, making and reach of a region's figures in one line.
pub(super) fn provenance_short(sight: &Sight<'_>, place: &Place, extract: Extract, period: Period) -> String {
    match place.region().and_then(|region| sight.library.get(extract, region, period)) {
        Some(parcel) => {
            let words = parcel.flag_words(sight.language);
            format!(
                "{} {}, {} {}{}{words}",
                sight.say("version", "version"),
                parcel.version,
                sight.say("framställd", "made"),
                format::date(parcel.made_at),
                if words.is_empty() { "" } else { ", " }
            )
        }
        None => sight.language.words().missing.to_owned(),
    }
}

/// Sorts rows by what the address chooses; `share` is the cell by which `Sort::Share` orders, lowest first, and
/// whatever is absent comes last.
pub(super) fn sort(sight: &Sight<'_>, rows: &mut [Vec<Cell>], count: usize, share: usize, lowest_first: bool) {
    let shown = |row: &[Cell]| row[0].shown(sight.language);
    let rank = |cell: &Cell| match cell {
        Cell::Whole(number) | Cell::Decimal(number, _) => Some(*number as f64),
        Cell::Share(part, of) if *of > 0 => Some(*part as f64 / *of as f64),
        _ => None,
    };
    let compare = |one: Option<f64>, other: Option<f64>, lowest_first: bool| match (one, other) {
        (Some(one), Some(other)) if lowest_first => one.total_cmp(&other),
        (Some(one), Some(other)) => other.total_cmp(&one),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    match sight.address.sort {
        Sort::Code => {}
        Sort::Name => rows.sort_by(|one, other| collate::compare(&shown(one), &shown(other))),
        Sort::Number => rows.sort_by(|one, other| compare(rank(&one[count]), rank(&other[count]), false)),
        Sort::Share => rows.sort_by(|one, other| compare(rank(&one[share]), rank(&other[share]), lowest_first)),
    }
}

/// A link to a place's page of the same kind and period.
pub(super) fn link(sight: &Sight<'_>, text: &str, place: Place) -> Cell {
    Cell::Link { text: text.to_owned(), href: sight.address.at(place).text(sight.language) }
}

/// A text of several paragraphs under a heading.
pub(super) fn prose(id: &str, heading: &str, paragraphs: &[String]) -> Block {
    let mut markup = format!("<section class=\"card prose\" id=\"{id}\"><h2>{heading}</h2>");
    for paragraph in paragraphs {
        let _ = write!(markup, "<p>{}</p>", escape(paragraph));
    }
    markup.push_str("</section>");
    Block::Markup(markup)
}

/// A drawing under a heading that scrolls by itself where it does not fit.
pub(super) fn drawing(sight: &Sight<'_>, id: &str, heading: &str, lead: &str, svg: &str) -> Block {
    Block::Markup(format!(
        "<section class=\"card drawing\" id=\"bild-{id}\"><h2>{0}</h2><p class=\"hint\">{1}</p>\
         <div class=\"table-wrap chart-wrap\" role=\"region\" tabindex=\"0\" aria-label=\"{0}, {2}\">{svg}</div></section>",
        escape(heading),
        escape(lead),
        sight.say("diagram", "chart")
    ))
}
