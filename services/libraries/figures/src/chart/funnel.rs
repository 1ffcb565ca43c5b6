//! A funnel: shares of units by their number of contacts, with the limits that chance alone would give.

use std::fmt::Write as _;

use super::short;
use crate::escape::escape;

pub(crate) struct Unit {
    /// Its name, written when it lies outside the limits.
    pub name: String,
    pub part: i64,
    pub of: i64,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;
/// Names of units nearer than this can lie on each other.
const NAME_WIDTH: f64 = 200.0;

/// Whether a share lies outside three standard deviations of the middle; true is above.
pub(crate) fn outside(part: i64, of: i64, middle: f64) -> Option<bool> {
    let (share, width) = (part as f64 / of.max(1) as f64, width(of as f64, middle));
    (share > middle + width || share < middle - width).then_some(share > middle)
}

fn width(of: f64, middle: f64) -> f64 {
    3.0 * (middle * (1.0 - middle) / of.max(1.0)).sqrt()
}

/// Draws it; `middle` is the share of all together.
pub(crate) fn funnel(units: &[Unit], middle: f64, words: (&str, &str), finding: &str, table: &str) -> String {
    let most = units.iter().map(|unit| unit.of).max().unwrap_or(0).max(10) as f64 * 1.05;
    let x = |of: f64| LEFT + of / most * (WIDTH - LEFT - RIGHT);
    let y = |share: f64| HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg class=\"chart funnel\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" aria-details=\"{}\">",
        escape(finding),
        escape(table)
    );
    for percent in [0, 25, 50, 75, 100] {
        let at = y(f64::from(percent) / 100.0);
        let class = if percent == 0 { "axis" } else { "grid" };
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{LEFT} {at:.1}H{}\"/>", WIDTH - RIGHT);
        let _ =
            write!(svg, "<text class=\"tick-y\" x=\"{}\" y=\"{:.1}\">{percent}\u{a0}%</text>", LEFT - 6.0, at + 4.0);
    }
    for step in 0..=4 {
        let of = (most * f64::from(step) / 4.0).floor();
        let _ = write!(svg, "<text class=\"tick-x\" x=\"{:.1}\" y=\"{}\">{of}</text>", x(of), HEIGHT - BOTTOM + 16.0);
    }
    let _ = write!(
        svg,
        "<text class=\"tick-x\" x=\"{:.1}\" y=\"{}\">{}</text>",
        x(most / 2.0),
        HEIGHT - 8.0,
        escape(words.1)
    );
    let _ = write!(svg, "<path class=\"run-middle\" d=\"M{LEFT} {:.1}H{}\"/>", y(middle), WIDTH - RIGHT);
    let _ = write!(
        svg,
        "<text class=\"run-word\" x=\"{}\" y=\"{:.1}\">{}</text>",
        WIDTH - RIGHT + 8.0,
        y(middle) + 4.0,
        escape(words.0)
    );
    for sign in [-1.0, 1.0] {
        let mut path = String::new();
        for step in 1..=60 {
            let of = most * f64::from(step) / 60.0;
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if step == 1 { 'M' } else { 'L' },
                x(of),
                y(middle + sign * width(of, middle))
            );
        }
        let _ = write!(svg, "<path class=\"run-limit\" d=\"{path}\"/>");
    }
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for unit in units.iter().filter(|unit| unit.of > 0) {
        let (at_x, at_y) = (x(unit.of as f64), y(unit.part as f64 / unit.of as f64));
        match outside(unit.part, unit.of, middle) {
            None => {
                let _ = write!(svg, "<circle class=\"run-point\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"4\"/>");
            }
            Some(is_high) => {
                let (class, tip) = if is_high { ("better", -6.0) } else { ("worse", 6.0) };
                let _ = write!(
                    svg,
                    "<path class=\"{class}\" d=\"M{:.1} {:.1}L{at_x:.1} {:.1}L{:.1} {:.1}Z\"/>",
                    at_x - 6.0,
                    at_y - tip * 0.7,
                    at_y + tip,
                    at_x + 6.0,
                    at_y - tip * 0.7
                );
                let anchor =
                    if at_x > WIDTH * 0.6 { ("unit-name end", at_x - 10.0) } else { ("unit-name", at_x + 10.0) };
                // A name on the spot of another moves a line: up from the foot, down from elsewhere.
                let mut line = at_y + 4.0;
                let step = if line > (HEIGHT - BOTTOM) / 2.0 { -14.0 } else { 14.0 };
                while taken.iter().any(|(x, y)| (x - at_x).abs() < NAME_WIDTH && (y - line).abs() < 13.0) {
                    line += step;
                }
                taken.push((at_x, line));
                let _ = write!(
                    svg,
                    "<text class=\"{}\" x=\"{:.1}\" y=\"{line:.1}\">{}</text>",
                    anchor.0,
                    anchor.1,
                    escape(&short(&unit.name))
                );
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_alone_is_wider_for_fewer() {
        assert_eq!(outside(7, 10, 0.9), None);
        assert_eq!(outside(70, 100, 0.9), Some(false));
        assert_eq!(outside(100, 100, 0.9), Some(true));
    }

    #[test]
    fn names_on_one_spot_stand_on_lines_of_their_own() {
        let unit = |name: &str| Unit { name: name.into(), part: 50, of: 100 };
        let units = [unit("Ett"), unit("Två"), unit("Ett sjukhus med ett mycket långt namn")];
        let svg = funnel(&units, 0.9, ("alla", "patienter"), "fynd", "tabell");
        let lines: Vec<&str> = svg
            .split("class=\"unit-name")
            .skip(1)
            .map(|text| text.split("y=\"").nth(1).unwrap().split('"').next().unwrap())
            .collect();
        let apart: std::collections::BTreeSet<&&str> = lines.iter().collect();
        assert_eq!((lines.len(), apart.len()), (3, 3), "{lines:?}");
        assert!(svg.contains("Ett sjukhus med ett mycket…"), "{svg}");
    }

    #[test]
    fn only_units_outside_are_named() {
        let units = [Unit { name: "Inom".into(), part: 9, of: 10 }, Unit { name: "Utanför".into(), part: 50, of: 100 }];
        let svg = funnel(&units, 0.9, ("alla", "patienter"), "fynd", "tabell");
        assert!(svg.contains("Utanför") && !svg.contains("Inom") && !svg.contains("style="));
    }
}
