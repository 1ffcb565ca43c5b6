//! A run chart: a share by month with its limits, marks on what stands out, and breaks.

use std::fmt::Write as _;

use crate::escape::escape;
use crate::run_chart::Judged;

/// A month on the chart.
#[derive(Debug, Clone)]
pub(crate) struct Month {
    pub label: String,
    /// Its share and what it means.
    pub judged: Judged,
    /// The ends of its share's interval, between 0 and 1; drawn where there is room.
    pub interval: Option<(f64, f64)>,
    /// Whether more is expected: drawn dotted.
    pub is_provisional: bool,
    /// Why the series before is not comparable.
    pub break_word: Option<String>,
}

/// How large it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Whole,
    /// One of many on the same scale.
    Small,
}

struct Frame {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

const WHOLE: Frame = Frame { width: 640.0, height: 250.0, left: 46.0, right: 118.0, top: 26.0, bottom: 30.0 };
const SMALL: Frame = Frame { width: 220.0, height: 84.0, left: 4.0, right: 8.0, top: 6.0, bottom: 6.0 };

impl Frame {
    fn x(&self, index: usize, count: usize) -> f64 {
        let step = (self.width - self.left - self.right) / count.saturating_sub(1).max(1) as f64;
        self.left + 6.0 + index as f64 * (step - 6.0 / count.max(1) as f64)
    }

    fn y(&self, share: f64) -> f64 {
        self.height - self.bottom - share.clamp(0.0, 1.0) * (self.height - self.top - self.bottom)
    }
}

/// Draws it. `reference` is a share drawn as a line through every chart of a set; `middle` and `limits` are the words at
/// their lines; a higher share is better.
pub(crate) fn run(months: &[Month], size: Size, reference: Option<f64>, words: &Words<'_>) -> String {
    let frame = if size == Size::Whole { &WHOLE } else { &SMALL };
    let (width, height) = (frame.width, frame.height);
    let class = if size == Size::Whole { "chart run" } else { "chart run run-small" };
    let mut svg = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" aria-details=\"{}\">",
        escape(words.finding),
        escape(words.table)
    );
    axes(&mut svg, frame, months, size);
    if let Some(share) = reference {
        let _ = write!(
            svg,
            "<path class=\"run-reference\" d=\"M{} {:.1}H{}\"/>",
            frame.left,
            frame.y(share),
            width - frame.right
        );
    }
    limits(&mut svg, frame, months);
    breaks(&mut svg, frame, months, size);
    if size == Size::Whole {
        intervals(&mut svg, frame, months);
    }
    lines(&mut svg, frame, months);
    for (index, month) in months.iter().enumerate() {
        if let Some(share) = month.judged.share {
            mark(&mut svg, (frame.x(index, months.len()), frame.y(share)), month, size);
        }
    }
    if size == Size::Whole {
        line_words(&mut svg, frame, months, words);
    }
    svg.push_str("</svg>");
    svg
}

/// The words a run chart carries.
pub(crate) struct Words<'a> {
    /// Read out instead of the drawing; says the finding.
    pub finding: &'a str,
    /// The id of the table with the numbers.
    pub table: &'a str,
    pub middle: &'a str,
    pub limits: &'a str,
    pub last: &'a str,
}

fn axes(svg: &mut String, frame: &Frame, months: &[Month], size: Size) {
    let right = frame.width - frame.right;
    for (percent, share) in [(0, 0.0), (25, 0.25), (50, 0.5), (75, 0.75), (100, 1.0)] {
        if size == Size::Small && percent % 100 != 0 {
            continue;
        }
        let y = frame.y(share);
        let class = if percent == 0 { "axis" } else { "grid" };
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{} {y:.1}H{right}\"/>", frame.left);
        if size == Size::Whole {
            let _ = write!(
                svg,
                "<text class=\"tick-y\" x=\"{}\" y=\"{:.1}\">{percent}\u{a0}%</text>",
                frame.left - 6.0,
                y + 4.0
            );
        }
    }
    if size == Size::Whole {
        for (index, month) in
            months.iter().enumerate().filter(|(index, _)| (months.len() - 1 - index).is_multiple_of(2))
        {
            let _ = write!(
                svg,
                "<text class=\"tick-x\" x=\"{:.1}\" y=\"{}\">{}</text>",
                frame.x(index, months.len()),
                frame.height - 10.0,
                escape(&month.label)
            );
        }
    }
}

/// Stretches with the same limits, as horizontal lines; a line ends where the limits do.
fn limits(svg: &mut String, frame: &Frame, months: &[Month]) {
    let mut start = 0;
    for end in 1..=months.len() {
        let of = months[start].judged.limits;
        if end < months.len() && months[end].judged.limits == of && months[end].break_word.is_none() {
            continue;
        }
        if let Some(limits) = of {
            let (from, to) = (frame.x(start, months.len()), frame.x(end - 1, months.len()));
            for (class, share) in
                [("run-limit", limits.lower), ("run-middle", limits.middle), ("run-limit", limits.upper)]
            {
                let _ = write!(svg, "<path class=\"{class}\" d=\"M{from:.1} {:.1}H{to:.1}\"/>", frame.y(share));
            }
        }
        start = end;
    }
}

fn breaks(svg: &mut String, frame: &Frame, months: &[Month], size: Size) {
    for (index, month) in months.iter().enumerate() {
        let Some(word) = &month.break_word else { continue };
        let x = (frame.x(index, months.len()) + frame.x(index.saturating_sub(1), months.len())) / 2.0;
        let _ = write!(
            svg,
            "<path class=\"run-break\" d=\"M{x:.1} {}V{}\"/>",
            frame.top - 8.0,
            frame.height - frame.bottom
        );
        if size == Size::Whole {
            let anchor = if x > frame.width * 0.6 { ("break-word end", x - 5.0) } else { ("break-word", x + 5.0) };
            let _ = write!(
                svg,
                "<text class=\"{}\" x=\"{:.1}\" y=\"{}\">{}</text>",
                anchor.0,
                anchor.1,
                frame.top - 10.0,
                escape(word)
            );
        }
    }
}

/// How sure each share is: an upright line through it.
fn intervals(svg: &mut String, frame: &Frame, months: &[Month]) {
    for (index, month) in months.iter().enumerate() {
        if let (Some((lower, upper)), Some(_)) = (month.interval, month.judged.share) {
            let (x, from, to) = (frame.x(index, months.len()), frame.y(upper), frame.y(lower));
            let _ = write!(svg, "<path class=\"strip-end\" d=\"M{x:.1} {from:.1}V{to:.1}\"/>");
        }
    }
}

/// Neighbours are joined; a gap and a break are not bridged, and what is provisional is dotted.
fn lines(svg: &mut String, frame: &Frame, months: &[Month]) {
    for (index, pair) in months.windows(2).enumerate() {
        if pair[1].break_word.is_some() {
            continue;
        }
        if let (Some(one), Some(other)) = (pair[0].judged.share, pair[1].judged.share) {
            let class = if pair[1].is_provisional { "run-line run-dotted" } else { "run-line" };
            let _ = write!(
                svg,
                "<path class=\"{class}\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
                frame.x(index, months.len()),
                frame.y(one),
                frame.x(index + 1, months.len()),
                frame.y(other)
            );
        }
    }
}

/// An ordinary point is a dot; one that stands out is a triangle that points where it went.
fn mark(svg: &mut String, (x, y): (f64, f64), month: &Month, size: Size) {
    let r = if size == Size::Whole { 6.5 } else { 4.5 };
    match (month.judged.signal, month.judged.is_high) {
        (None, _) => {
            let _ = write!(svg, "<circle class=\"run-point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{}\"/>", r / 2.0);
        }
        (Some(_), true) => {
            let _ = write!(
                svg,
                "<path class=\"better\" d=\"M{:.1} {:.1}L{x:.1} {:.1}L{:.1} {:.1}Z\"/>",
                x - r,
                y + r * 0.7,
                y - r,
                x + r,
                y + r * 0.7
            );
        }
        (Some(_), false) => {
            let _ = write!(
                svg,
                "<path class=\"worse\" d=\"M{:.1} {:.1}L{x:.1} {:.1}L{:.1} {:.1}Z\"/>",
                x - r,
                y - r * 0.7,
                y + r,
                x + r,
                y - r * 0.7
            );
        }
    }
}

fn line_words(svg: &mut String, frame: &Frame, months: &[Month], words: &Words<'_>) {
    let at = frame.width - frame.right + 10.0;
    let mut taken: Vec<f64> = Vec::new();
    let mut write_at = |svg: &mut String, class: &str, share: f64, word: &str| {
        let mut y = frame.y(share) + 4.0;
        // Two words on one spot cannot be read: the later one moves down, or up at the foot.
        // Four words, each a line further, stay above the months.
        let step = if y > frame.height - frame.bottom - 48.0 { -14.0 } else { 14.0 };
        while taken.iter().any(|other| (other - y).abs() < 13.0) {
            y += step;
        }
        taken.push(y);
        let _ = write!(svg, "<text class=\"{class}\" x=\"{at}\" y=\"{y:.1}\">{}</text>", escape(word));
    };
    let Some(last) = months.last() else { return };
    if let Some(share) = last.judged.share {
        write_at(svg, "run-last", share, words.last);
    }
    if let Some(limits) = last.judged.limits {
        write_at(svg, "run-word", limits.middle, words.middle);
        write_at(svg, "run-word", limits.upper, words.limits);
        write_at(svg, "run-word", limits.lower, words.limits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_chart::{Rules, judge};

    fn months(percents: &[i64], breaks: &[usize]) -> Vec<Month> {
        let points: Vec<_> = percents.iter().map(|percent| (*percent >= 0).then_some((*percent, 100))).collect();
        judge(&points, breaks, &Rules::default())
            .into_iter()
            .enumerate()
            .map(|(index, judged)| Month {
                label: format!("m{index}"),
                judged,
                interval: judged.share.map(|share| (share - 0.1, share + 0.1)),
                is_provisional: index + 1 == percents.len(),
                break_word: breaks.contains(&index).then(|| "byter <system>".to_owned()),
            })
            .collect()
    }

    const WORDS: Words<'_> =
        Words { finding: "Andel \"x\"", table: "tabell", middle: "mitten", limits: "gräns", last: "50 %" };

    #[test]
    fn gaps_and_breaks_are_not_bridged_and_the_provisional_part_is_dotted() {
        let svg = run(&months(&[50, 51, -1, 50, 51, 50], &[4]), Size::Whole, None, &WORDS);
        // 0-1 and 4-5 are joined; the gap parts 1-3, the break 3-4.
        assert_eq!(svg.matches("\"run-line").count(), 2);
        assert_eq!(svg.matches("run-dotted").count(), 1);
        assert_eq!(svg.matches("strip-end").count(), 5, "an interval a share");
        assert!(svg.contains("run-break") && svg.contains("byter &lt;system"));
    }

    #[test]
    fn what_stands_out_has_a_shape_of_its_own() {
        let svg = run(&months(&[50, 51, 50, 51, 50, 51, 50, 51, 50, 51, 50, 51, 10], &[]), Size::Small, None, &WORDS);
        assert_eq!((svg.matches("class=\"worse\"").count(), svg.matches("class=\"better\"").count()), (1, 0));
        assert!(!svg.contains("style="));
    }

    #[test]
    fn the_axis_goes_from_nothing_to_all() {
        let svg = run(&months(&[50, 51], &[]), Size::Whole, Some(0.9), &WORDS);
        assert!(
            svg.contains(">0\u{a0}%</text>") && svg.contains(">100\u{a0}%</text>") && svg.contains("run-reference")
        );
    }
}
