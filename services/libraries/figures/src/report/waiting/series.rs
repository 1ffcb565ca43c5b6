//! Thirteen months of a share within the guarantee, judged and drawn.

use std::fmt::Write as _;

use board::format;

use super::super::kit::{Shape, shape};
use super::super::sheet::{self, Absent, Cell, Sheet};
use super::super::{Place, Sight};
use super::figures::{Measure, Month};
use crate::chart::run::{self, Size};
use crate::period::Period;
use crate::published::FlagKind;
use crate::run_chart::{self, Judged, Signal};
use crate::wilson;

pub(crate) const MONTHS: u16 = 13;

/// A share by month.
pub(crate) struct Series {
    pub points: Vec<Point>,
}

pub(crate) struct Point {
    pub period: Period,
    /// Numerator and denominator, or why there is none.
    pub figure: Result<(i64, i64), Absent>,
    /// Regions that have published it.
    pub regions: usize,
    /// The words of the region's flags.
    pub flags: String,
    pub is_provisional: bool,
    /// Why the months before are not comparable.
    pub break_word: Option<String>,
    pub judged: Judged,
}

impl Series {
    /// The share of a place over months that have been read.
    pub(crate) fn of(sight: &Sight<'_>, months: &[Month], place: &Place) -> Self {
        let mut held: Option<Vec<FlagKind>> = None;
        let mut points: Vec<Point> = months
            .iter()
            .map(|month| {
                let area = place.region().and_then(|region| month.area(region));
                let kinds = area.map(|area| area.parcel.breaks());
                // A break is where its flag begins or ends; a missing month tells neither.
                let break_word = match (&held, &kinds) {
                    (Some(before), Some(now)) if before != now => {
                        let word = now.first().or(before.first()).map(|kind| kind.word(sight.language));
                        word.map(str::to_owned)
                    }
                    _ => None,
                };
                if kinds.is_some() {
                    held = kinds;
                }
                let nation_provisional =
                    *place == Place::Country && month.areas.iter().any(|area| area.parcel.is_provisional());
                Point {
                    period: month.period,
                    figure: figure(month, place),
                    regions: month.areas.len(),
                    flags: area.map(|area| area.parcel.flag_words(sight.language)).unwrap_or_default(),
                    is_provisional: nation_provisional || area.is_some_and(|area| area.parcel.is_provisional()),
                    break_word,
                    judged: Judged { share: None, limits: None, signal: None, is_high: false },
                }
            })
            .collect();
        let shares: Vec<run_chart::Point> = points.iter().map(|point| point.figure.ok()).collect();
        let breaks: Vec<usize> = (0..points.len()).filter(|index| points[*index].break_word.is_some()).collect();
        for (point, judged) in points.iter_mut().zip(run_chart::judge(&shares, &breaks, &sight.manner.rules)) {
            point.judged = judged;
        }
        Self { points }
    }

    pub(crate) fn last(&self) -> Option<&Point> {
        self.points.last()
    }

    pub(crate) fn draw(
        &self,
        sight: &Sight<'_>,
        size: Size,
        reference: Option<f64>,
        finding: &str,
        table: &str,
    ) -> String {
        let months: Vec<run::Month> = self
            .points
            .iter()
            .map(|point| run::Month {
                label: point.period.short(sight.language),
                judged: point.judged,
                interval: point.figure.ok().and_then(|(part, of)| wilson::interval(part, of)),
                is_provisional: point.is_provisional,
                break_word: point.break_word.clone(),
            })
            .collect();
        let last = self.last().map(|point| share(point).shown(sight.language)).unwrap_or_default();
        let words = run::Words {
            finding,
            table,
            middle: sight.say("median", "median"),
            limits: sight.say("gräns", "limit"),
            last: &last,
        };
        run::run(&months, size, reference, &words)
    }

    /// What the drawing says, in words.
    pub(crate) fn finding(&self, sight: &Sight<'_>, name: &str) -> String {
        let mut known: Vec<(i64, i64)> = self.points.iter().filter_map(|point| point.figure.ok()).collect();
        known.retain(|(_, of)| *of > 0);
        known.sort_by(|one, other| (one.0 * other.1).cmp(&(other.0 * one.1)));
        let percent = |pair: Option<&(i64, i64)>| {
            pair.and_then(|(part, of)| format::percent(sight.language, *part, *of))
                .unwrap_or_else(|| sight.language.words().missing.to_owned())
        };
        let last = self.last().map(|point| share(point).shown(sight.language)).unwrap_or_default();
        let mut text = format!(
            "{name}, {} {}: {} {}, {} {}, {} {last}.",
            self.points.len(),
            sight.say("månader", "months"),
            sight.say("lägst", "lowest"),
            percent(known.first()),
            sight.say("högst", "highest"),
            percent(known.last()),
            sight.say("nu", "now"),
        );
        for point in self.points.iter().filter(|point| point.judged.signal.is_some()) {
            let _ = write!(text, " {}: {}.", point.period.text(sight.language), signal_words(sight, &point.judged));
        }
        text
    }

    /// What stands out, with shape and words.
    pub(crate) fn signals(&self, sight: &Sight<'_>) -> String {
        let mut lines = String::new();
        for point in self.points.iter().filter(|point| point.judged.signal.is_some()) {
            let (form, class) = direction(&point.judged);
            let _ = write!(
                lines,
                "<li class=\"{class}\">{}<span class=\"word\">{}: {}</span></li>",
                shape(form),
                point.period.text(sight.language),
                signal_words(sight, &point.judged)
            );
        }
        if lines.is_empty() {
            let is_judged = self.last().is_some_and(|point| point.judged.limits.is_some());
            let text = if is_judged {
                sight
                    .say("Ingen månad avviker från vanlig variation.", "No month differs from ordinary variation.")
                    .to_owned()
            } else {
                format!(
                    "{} {}.",
                    sight.say(
                        "För få månader för att dra gränser; det behövs minst",
                        "Too few months for limits; the least number is"
                    ),
                    sight.manner.rules.points_min
                )
            };
            return format!("<p class=\"quiet\">{text}</p>");
        }
        format!("<ul class=\"signals\">{lines}</ul>")
    }

    /// The numbers behind the drawing.
    pub(crate) fn sheet(&self, sight: &Sight<'_>, id: &'static str, caption: String) -> Sheet {
        let mut columns = vec![
            sheet::words("period", sight.say("Månad", "Month")),
            sheet::number("within", sight.say("Inom 90 dagar", "Within 90 days"), sight.say("kontakter", "contacts")),
            sheet::number("of", sight.say("Av", "Of"), sight.say("kontakter", "contacts")),
            sheet::share("share", sight.say("Andel", "Share")),
            sheet::words("finding", sight.say("Bedömning", "Finding")),
            sheet::words("flags", sight.say("Förbehåll", "Reservations")),
        ];
        let is_country = sight.address.place == Place::Country;
        if is_country {
            let regions = sheet::number("regions", sight.say("Regioner", "Regions"), sight.say("av 21", "of 21"));
            columns.insert(4, regions);
        }
        let mut table = Sheet::new(id, caption, columns, "");
        for point in self.points.iter().rev() {
            let (part, of) = match point.figure {
                Ok((part, of)) => (Cell::Whole(part), Cell::Whole(of)),
                Err(absent) => (Cell::Absent(absent), Cell::Absent(absent)),
            };
            let finding = match point.judged.signal {
                Some(_) => {
                    let (form, class) = direction(&point.judged);
                    Cell::State { shape: shape(form), class, word: signal_words(sight, &point.judged) }
                }
                None if point.judged.limits.is_some() && point.judged.share.is_some() => {
                    Cell::text(sight.say("vanlig variation", "ordinary variation"))
                }
                None => Cell::text("–"),
            };
            let mut notes: Vec<&str> = Vec::new();
            if point.break_word.is_some() {
                notes.push(sight.say("brott i serien", "break in the series"));
            }
            if !point.flags.is_empty() {
                notes.push(&point.flags);
            }
            let notes = if notes.is_empty() { "–".to_owned() } else { notes.join("; ") };
            let mut row = vec![Cell::Period(point.period), part, of, share(point), finding, Cell::text(notes)];
            if is_country {
                row.insert(4, Cell::Whole(i64::try_from(point.regions).unwrap_or(0)));
            }
            table.rows.push(row);
        }
        table
    }
}

/// The months that end with one.
pub(crate) fn months(sight: &Sight<'_>, measure: Measure, period: Period) -> Vec<Month> {
    let below = sight.manner.contacts_min;
    period.ending(MONTHS).into_iter().map(|month| Month::of(sight.library, measure, month, below)).collect()
}

/// The share of a month, or why there is none.
pub(crate) fn share(point: &Point) -> Cell {
    match point.figure {
        Ok((part, of)) => Cell::Share(part, of),
        Err(absent) => Cell::Absent(absent),
    }
}

fn figure(month: &Month, place: &Place) -> Result<(i64, i64), Absent> {
    let (sum, _, guarantee) = month.at(place).ok_or(Absent::Missing)?;
    guarantee.absent().map_or(Ok((sum.within, sum.of)), Err)
}

/// The shape and class of a point that stands out; a higher share is better.
pub(crate) fn direction(judged: &Judged) -> (Shape, &'static str) {
    if judged.is_high { (Shape::Up, "better-word") } else { (Shape::Down, "worse-word") }
}

/// Which rule, and which way.
pub(crate) fn signal_words(sight: &Sight<'_>, judged: &Judged) -> String {
    let rules = &sight.manner.rules;
    let rule = match judged.signal {
        None => return String::new(),
        Some(Signal::Outside) => sight.say("utanför gränserna", "outside the limits").to_owned(),
        Some(Signal::OneSide) => {
            format!(
                "{} {}",
                rules.one_side,
                sight.say("eller fler i rad på samma sida", "or more in a row on one side")
            )
        }
        Some(Signal::Trend) => {
            let way = if judged.is_high { sight.say("stigande", "rising") } else { sight.say("fallande", "falling") };
            format!("{} {} {way}", rules.trend, sight.say("eller fler i rad", "or more in a row"))
        }
    };
    let way = if judged.is_high {
        sight.say("högre, bättre", "higher, better")
    } else {
        sight.say("lägre, sämre", "lower, worse")
    };
    format!("{rule} ({way})")
}
