//! Strips: the lower end, the middle and the upper end of each group on one scale.

use std::fmt::Write as _;

use super::short;
use crate::escape::escape;

pub(crate) struct Strip {
    pub label: String,
    /// Lower end, middle, upper end; nothing when there is no figure, then the word stands in its place.
    pub spread: Result<(f64, f64, f64), String>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 30.0;
const ROW: f64 = 24.0;
const TOP: f64 = 8.0;

/// Draws them from 0 on a scale that all share; `tick` writes a value of the scale.
pub(crate) fn strips(groups: &[Strip], tick: impl Fn(f64) -> String, finding: &str, table: &str) -> String {
    let height = TOP + ROW * groups.len() as f64 + 30.0;
    let known = groups.iter().filter_map(|group| group.spread.as_ref().ok());
    let most = nice(known.map(|(_, _, upper)| *upper).fold(0.0, f64::max));
    let x = |value: f64| LEFT + value / most * (WIDTH - LEFT - RIGHT);
    let mut svg = format!(
        "<svg class=\"chart strips\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\" aria-details=\"{}\">",
        escape(finding),
        escape(table)
    );
    let foot = height - 24.0;
    for step in 0..=4 {
        let value = most * f64::from(step) / 4.0;
        let class = if step == 0 { "axis" } else { "grid" };
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{:.1} {TOP}V{foot:.1}\"/>", x(value));
        let _ = write!(
            svg,
            "<text class=\"tick-x\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x(value),
            height - 8.0,
            escape(&tick(value))
        );
    }
    for (row, group) in groups.iter().enumerate() {
        let y = TOP + ROW * (row as f64 + 0.5);
        let name = short(&group.label);
        let _ =
            write!(svg, "<text class=\"bar-name\" x=\"{}\" y=\"{:.1}\">{}</text>", LEFT - 10.0, y + 4.0, escape(&name));
        match &group.spread {
            Err(word) => {
                let _ = write!(
                    svg,
                    "<text class=\"bar-word\" x=\"{}\" y=\"{:.1}\">{}</text>",
                    LEFT + 6.0,
                    y + 4.0,
                    escape(word)
                );
            }
            Ok((lower, middle, upper)) => {
                let _ = write!(svg, "<path class=\"strip\" d=\"M{:.1} {y:.1}H{:.1}\"/>", x(*lower), x(*upper));
                for end in [lower, upper] {
                    let _ = write!(svg, "<path class=\"strip-end\" d=\"M{:.1} {:.1}v10\"/>", x(*end), y - 5.0);
                }
                let _ = write!(svg, "<circle class=\"strip-middle\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5\"/>", x(*middle));
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The next 1, 2, 4 or 8 times a power of ten.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 4.0, 8.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_share_a_scale_from_nothing() {
        for (most, expected) in [(0.0, 1.0), (7.0, 8.0), (8.5, 10.0), (1900.0, 2000.0), (200_000.0, 200_000.0)] {
            assert!((nice(most) - expected).abs() < 1e-6, "{most}");
        }
        let groups = [
            Strip { label: "A".into(), spread: Ok((1.0, 2.0, 4.0)) },
            Strip { label: "B".into(), spread: Err("färre än 20".into()) },
        ];
        let svg = strips(&groups, |value| format!("{value}"), "fynd", "tabell");
        assert!(svg.contains(">0</text>") && svg.contains(">4</text>") && svg.contains("färre än 20"));
        assert_eq!(svg.matches("strip-middle").count(), 1);
    }
}
