//! Charts as inline SVG, by pure functions: numbers in, markup out.
//!
//! Classes only and no `style`, because the content policy forbids it. The axis starts at 0, a gap is a gap and is
//! never bridged, and labels stand at the line instead of in a legend. The label of a chart says its finding; the
//! numbers behind it stand in a table on the same page.

pub(crate) mod bars;
pub(crate) mod funnel;
pub(crate) mod run;
pub(crate) mod spread;

use std::fmt::Write as _;

use board::detail::Step;
use board::format;
use schemas::Timestamp;

use crate::escape::escape;

/// Longest name that fits before a bar or beside a point, in characters.
const NAME_MAX: usize = 28;

/// A name that fits; a longer one says that it goes on.
pub(crate) fn short(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        name.to_owned()
    } else {
        format!("{}…", name.chars().take(NAME_MAX - 1).collect::<String>().trim_end())
    }
}

/// The words a chart carries.
pub struct Labels<'a> {
    /// Read out instead of the drawing; says the finding.
    pub finding: &'a str,
    /// The id of the table with the numbers.
    pub table: &'a str,
    /// At the end of the line of values.
    pub values: &'a str,
    /// At the end of the line of capacity.
    pub capacity: &'a str,
}

/// Where a sparkline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a row of a table.
    Row,
    /// Under a sum, as wide as its tile.
    Tile,
}

/// A small line without axes: values over the last day, with the line of capacity where there is one.
pub fn sparkline(place: Place, values: &[Option<i64>], limits: &[Option<i64>], finding: &str) -> String {
    let (width, height, class) = match place {
        Place::Row => (96.0, 24.0, "spark"),
        Place::Tile => (240.0, 40.0, "spark spark-wide"),
    };
    let top = highest(values.iter().chain(limits).copied()).max(1);
    let point = |index: usize, value: i64| {
        let x = if values.len() > 1 { index as f64 * (width - 5.0) / (values.len() - 1) as f64 } else { 0.0 };
        (2.0 + x, height - 2.0 - value as f64 * (height - 5.0) / top as f64)
    };
    let mut svg = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        escape(finding)
    );
    let _ = write!(svg, "<path class=\"spark-limit\" d=\"{}\"/>", line(limits, &point));
    let _ = write!(svg, "<path class=\"spark-line\" d=\"{}\"/>", line(values, &point));
    if let Some((index, Some(value))) = values.iter().enumerate().next_back() {
        let (x, y) = point(index, *value);
        let _ = write!(svg, "<circle class=\"spark-now\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>");
    }
    svg.push_str("</svg>");
    svg
}

fn line(values: &[Option<i64>], place: &impl Fn(usize, i64) -> (f64, f64)) -> String {
    let mut path = String::new();
    let mut pen_down = false;
    for (index, value) in values.iter().enumerate() {
        // A point in the middle of a level stretch adds bytes and no ink; a page has a hundred of these lines.
        let level = index > 0 && values[index - 1] == *value && values.get(index + 1) == Some(value);
        match value {
            Some(_) if level => {}
            Some(value) => {
                let (x, y) = place(index, *value);
                let _ = write!(path, "{}{x:.1} {y:.1}", if pen_down { "L" } else { "M" });
                pen_down = true;
            }
            None => pen_down = false,
        }
    }
    path
}

/// A step line of values with the line of capacity, from `from` to `to`.
pub fn steps(values: &[Step], capacity: &[Step], from: Timestamp, to: Timestamp, labels: &Labels<'_>) -> String {
    const WIDTH: f64 = 960.0;
    const HEIGHT: f64 = 250.0;
    const LEFT: f64 = 36.0;
    const RIGHT: f64 = 112.0;
    const TOP: f64 = 14.0;
    const BOTTOM: f64 = 30.0;
    let top = nice_top(highest(values.iter().chain(capacity).map(|(_, value)| *value)));
    let span = to.0.saturating_sub(from.0).max(1) as f64;
    let x = |at: Timestamp| {
        LEFT + at.0.saturating_sub(from.0).clamp(0, to.0.saturating_sub(from.0).max(0)) as f64 / span
            * (WIDTH - LEFT - RIGHT)
    };
    let y = |value: i64| HEIGHT - BOTTOM - value as f64 / top as f64 * (HEIGHT - TOP - BOTTOM);

    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" aria-details=\"{}\">",
        escape(labels.finding),
        escape(labels.table)
    );
    for index in 0..=4 {
        let value = top * index / 4;
        let at = y(value);
        let class = if index == 0 { "axis" } else { "grid" };
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{LEFT} {at:.1}H{:.1}\"/>", WIDTH - RIGHT);
        let _ = write!(svg, "<text class=\"tick tick-y\" x=\"{:.1}\" y=\"{:.1}\">{value}</text>", LEFT - 8.0, at + 4.0);
    }
    for (at, text) in time_ticks(from, to) {
        let at = x(at);
        let _ = write!(svg, "<path class=\"grid\" d=\"M{at:.1} {TOP}V{:.1}\"/>", HEIGHT - BOTTOM);
        let _ =
            write!(svg, "<text class=\"tick tick-x\" x=\"{at:.1}\" y=\"{:.1}\">{text}</text>", HEIGHT - BOTTOM + 18.0);
    }
    let _ = write!(svg, "<path class=\"area\" d=\"{}\"/>", step_area(values, to, &x, &y));
    let _ = write!(svg, "<path class=\"line-capacity\" d=\"{}\"/>", step_path(capacity, to, &x, &y));
    let _ = write!(svg, "<path class=\"line-values\" d=\"{}\"/>", step_path(values, to, &x, &y));

    let end = |steps: &[Step]| steps.last().and_then(|(_, value)| *value);
    let (mut value_at, mut capacity_at) = (end(values).map(y), end(capacity).map(y));
    if let (Some(one), Some(other)) = (value_at, capacity_at)
        && (one - other).abs() < 15.0
    {
        // Two labels on one spot cannot be read: they part, each to its own side.
        let middle = f64::midpoint(one, other);
        let above = if one <= other { -8.0 } else { 8.0 };
        (value_at, capacity_at) = (Some(middle + above), Some(middle - above));
    }
    for (at, class, word, value) in [
        (value_at, "label-values", labels.values, end(values)),
        (capacity_at, "label-capacity", labels.capacity, end(capacity)),
    ] {
        if let (Some(at), Some(value)) = (at, value) {
            let at = at.clamp(TOP, HEIGHT - BOTTOM) + 4.0;
            let _ = write!(
                svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{at:.1}\">{value} {}</text>",
                WIDTH - RIGHT + 8.0,
                escape(word)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn step_path(steps: &[Step], to: Timestamp, x: &impl Fn(Timestamp) -> f64, y: &impl Fn(i64) -> f64) -> String {
    let mut path = String::new();
    let mut pen_down = false;
    for (index, (at, value)) in steps.iter().enumerate() {
        let until = steps.get(index + 1).map_or(to, |(next, _)| *next);
        let Some(value) = value else {
            pen_down = false;
            continue;
        };
        let (start, level, end) = (x(*at), y(*value), x(until));
        if pen_down {
            let _ = write!(path, "V{level:.1}H{end:.1}");
        } else {
            let _ = write!(path, "M{start:.1} {level:.1}H{end:.1}");
        }
        pen_down = true;
    }
    path
}

fn step_area(steps: &[Step], to: Timestamp, x: &impl Fn(Timestamp) -> f64, y: &impl Fn(i64) -> f64) -> String {
    let mut path = String::new();
    for (index, (at, value)) in steps.iter().enumerate() {
        let until = steps.get(index + 1).map_or(to, |(next, _)| *next);
        if let Some(value) = value {
            let _ = write!(path, "M{:.1} {:.1}V{:.1}H{:.1}V{:.1}Z", x(*at), y(0), y(*value), x(until), y(0));
        }
    }
    path
}

/// Ticks at even local hours for a day, at midnights for longer spans.
fn time_ticks(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, String)> {
    const HOUR: i64 = 3_600_000_000;
    let daily = to.0.saturating_sub(from.0) > 48 * HOUR;
    let mut ticks = Vec::new();
    let mut at = Timestamp(from.0 - from.0.rem_euclid(HOUR) + HOUR);
    while at.0 < to.0 {
        let hour = format::local(at).hour();
        if daily && hour == 0 {
            ticks.push((at, format::date(at)[5..].to_owned()));
        } else if !daily && hour % 6 == 0 {
            ticks.push((at, format::time(at)));
        }
        at.0 += HOUR;
    }
    ticks
}

fn highest(values: impl Iterator<Item = Option<i64>>) -> i64 {
    values.flatten().max().unwrap_or(0)
}

/// The next multiple of four, so that four grid lines fall on whole numbers.
fn nice_top(highest: i64) -> i64 {
    let step = match highest {
        ..=12 => 4,
        13..=40 => 8,
        41..=100 => 20,
        101..=400 => 40,
        _ => 200,
    };
    ((highest + step) / step).max(1) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels<'static> {
        Labels {
            finding: "24 h: lägst 14, högst 26, nu 26",
            table: "siffror",
            values: "belagda",
            capacity: "disponibla",
        }
    }

    #[test]
    fn a_gap_is_never_bridged() {
        let svg = sparkline(Place::Row, &[Some(1), None, Some(3)], &[], "");
        let path = svg.split("spark-line\" d=\"").nth(1).unwrap();
        assert_eq!(path.split('"').next().unwrap().matches('M').count(), 2);
        let hour = 3_600_000_000;
        let values = [(Timestamp(0), Some(2)), (Timestamp(hour), None), (Timestamp(2 * hour), Some(3))];
        let svg = steps(&values, &[], Timestamp(0), Timestamp(3 * hour), &labels());
        let path = svg.split("line-values\" d=\"").nth(1).unwrap();
        assert_eq!(path.split('"').next().unwrap().matches('M').count(), 2);
    }

    #[test]
    fn the_axis_starts_at_zero_and_nothing_is_styled_inline() {
        let svg = steps(
            &[(Timestamp(0), Some(26))],
            &[(Timestamp(0), Some(24))],
            Timestamp(0),
            Timestamp(86_400_000_000),
            &labels(),
        );
        assert!(svg.contains(">0</text>") && svg.contains(">32</text>"));
        assert!(!svg.contains("style"));
        assert!(svg.contains("aria-label=\"24 h: lägst 14, högst 26, nu 26\" aria-details=\"siffror\""));
    }

    #[test]
    fn text_cannot_break_out_of_the_markup() {
        let svg = sparkline(Place::Tile, &[], &[], "\"><script>");
        assert!(!svg.contains("<script>"));
    }

    #[test]
    fn ticks_divide_evenly() {
        for (highest, top) in [(0, 4), (3, 4), (4, 8), (26, 32), (60, 80), (99, 100), (150, 160)] {
            assert_eq!((nice_top(highest), nice_top(highest) % 4), (top, 0), "{highest}");
        }
    }
}
