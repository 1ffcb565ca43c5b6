//! Lines of CSV that spreadsheets read: semicolons between fields, quotes where they are needed.

/// A line with its end.
pub fn line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
    format!("{}\r\n", fields.join(";"))
}

/// Quoted where needed; a text that a spreadsheet would take for a formula is made plain text.
fn field(text: &str) -> String {
    let number = text.replace(',', ".").parse::<f64>().is_ok();
    let formula = !number && text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([';', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        for (text, expected) in [
            ("Med 41", "Med 41"),
            ("a;b", "\"a;b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("-3", "-3"),
            ("+46 10", "'+46 10"),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
