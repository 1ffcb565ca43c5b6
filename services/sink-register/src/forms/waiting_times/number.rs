//! Numbers as texts. What is not defined is an empty text, never 0.

/// With one decimal and a decimal point.
pub(super) fn one_decimal(number: f64) -> String {
    format!("{number:.1}")
}

/// A median: without decimals when it is whole, else with its half.
pub(super) fn whole_or_half(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { one_decimal(number) }
}

/// The text of a number, or nothing.
pub(super) fn or_empty(number: Option<f64>, text: fn(f64) -> String) -> String {
    number.map(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_file_rules_say() {
        assert_eq!([34.0, 34.5, -3.5, 0.0].map(whole_or_half), ["34", "34.5", "-3.5", "0"]);
        assert_eq!([34.0, 250.0 / 3.0, 100.0].map(one_decimal), ["34.0", "83.3", "100.0"]);
        assert_eq!(or_empty(None, one_decimal), "");
    }
}
