//! Stacked bars of one whole each: parts in their order, told apart by pattern as well as by shade.

use std::fmt::Write as _;

use super::short;
use crate::escape::escape;

pub(crate) struct Bar {
    pub label: String,
    /// Its parts; nothing when there is no figure, then the word stands in its place.
    pub parts: Result<Vec<i64>, String>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 14.0;
const ROW: f64 = 26.0;
const HIGH: f64 = 18.0;

/// Draws bars under a key that is itself a bar with the names of the parts. From part `hatched_from` on, parts are
/// hatched: they lie beyond the limit that the figure is about.
pub(crate) fn stacked(names: &[&str], bars: &[Bar], hatched_from: usize, finding: &str, table: &str) -> String {
    let height = ROW * (bars.len() as f64 + 1.0) + 8.0;
    let mut svg = format!(
        "<svg class=\"chart bars\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\" aria-details=\"{}\">\
         <defs><pattern id=\"{table}-streck\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <path class=\"hatch\" d=\"M0 0V6\"/></pattern></defs>",
        escape(finding),
        escape(table)
    );
    let span = WIDTH - LEFT - RIGHT;
    let even = span / names.len().max(1) as f64;
    for (index, name) in names.iter().enumerate() {
        let x = LEFT + even * index as f64;
        segment(&mut svg, x, 2.0, even, index, hatched_from, table);
        let _ = write!(
            svg,
            "<text class=\"part-name part-name-{index}\" x=\"{:.1}\" y=\"15\">{}</text>",
            x + even / 2.0,
            escape(name)
        );
    }
    for (row, bar) in bars.iter().enumerate() {
        let y = ROW * (row as f64 + 1.0) + 6.0;
        let _ = write!(
            svg,
            "<text class=\"bar-name\" x=\"{}\" y=\"{:.1}\">{}</text>",
            LEFT - 10.0,
            y + 13.0,
            escape(&short(&bar.label))
        );
        match &bar.parts {
            Err(word) => {
                let _ =
                    write!(svg, "<text class=\"bar-word\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>", y + 13.0, escape(word));
            }
            Ok(parts) => {
                let whole: i64 = parts.iter().sum();
                let mut x = LEFT;
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| **part > 0) {
                    let wide = span * *part as f64 / whole.max(1) as f64;
                    segment(&mut svg, x, y, wide, index, hatched_from, table);
                    x += wide;
                }
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

fn segment(svg: &mut String, x: f64, y: f64, wide: f64, index: usize, hatched_from: usize, table: &str) {
    let _ = write!(
        svg,
        "<rect class=\"part part-{index}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{HIGH}\"/>"
    );
    if index >= hatched_from {
        let _ = write!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{HIGH}\" fill=\"url(#{table}-streck)\"/>"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_whole_and_an_absent_figure_is_a_word() {
        let bars = [
            Bar { label: "A".into(), parts: Ok(vec![1, 0, 3]) },
            Bar { label: "B".into(), parts: Err("saknas".into()) },
        ];
        let svg = stacked(&["0–30", "31–60", ">60"], &bars, 2, "fynd", "intervall");
        // The key has three parts, the bar two: nothing is drawn for nothing.
        assert_eq!(svg.matches("class=\"part part-").count(), 5);
        assert_eq!(svg.matches("url(#intervall-streck)").count(), 2);
        assert!(svg.contains(">saknas</text>") && !svg.contains("style="));
        assert!(svg.contains(&format!("width=\"{:.1}\"", (WIDTH - LEFT - RIGHT) * 0.75)));
    }
}
