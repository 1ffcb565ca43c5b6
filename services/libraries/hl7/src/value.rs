//! A piece of a segment, borrowed from the message.

use std::borrow::Cow;

use crate::cuts;
use crate::delimiters::Delimiters;
use crate::escape;

/// A field, a repetition, a component or a subcomponent: the text as sent, and how to look inside it.
///
/// Looking inside narrows: [`Value::component`] of a field is that of its first repetition, and narrowing what is
/// already narrow returns it. Nothing here copies; only [`Value::text`] does, and only when an escape sequence is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    raw: &'a str,
    delimiters: Delimiters,
}

/// What a sender said with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'a> {
    /// Nothing: what the receiver knows stays.
    Empty,
    /// `""`: what the receiver knows is to be deleted.
    Deleted,
    /// A value, blanks and control characters at both ends taken off, escape sequences as sent.
    Given(&'a str),
}

impl<'a> Value<'a> {
    #[inline]
    pub(crate) const fn new(raw: &'a str, delimiters: Delimiters) -> Value<'a> {
        Value { raw, delimiters }
    }

    /// The text exactly as sent.
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Empty, explicitly deleted, or given.
    pub fn presence(&self) -> Presence<'a> {
        match trim(self.raw) {
            "" => Presence::Empty,
            "\"\"" => Presence::Deleted,
            given => Presence::Given(given),
        }
    }

    /// The value without outer blanks; `None` when it is empty or `""`. Escape sequences are as sent.
    #[inline]
    pub fn given(&self) -> Option<&'a str> {
        let text = trim(self.raw);
        // By bytes: short ones are compared at once, texts by a call.
        if matches!(text.as_bytes(), b"" | b"\"\"") { None } else { Some(text) }
    }

    /// As [`Value::given`], with escape sequences replaced; borrowed when there are none.
    #[inline]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.given().map(|given| escape::decode(given, &self.delimiters))
    }

    /// Whether hex digits are written that are no bytes of text in UTF-8 or ISO-8859-1: [`Value::text`] reads them as UTF-16
    /// or as a letter's number, or leaves them as they were sent.
    pub fn has_doubtful_hex(&self) -> bool {
        escape::holds_doubtful_hex(self.raw, &self.delimiters)
    }

    /// Nothing but blanks was sent. `""` is not empty: it deletes.
    pub fn is_empty(&self) -> bool {
        matches!(self.presence(), Presence::Empty)
    }

    /// `""` was sent.
    pub fn is_deleted(&self) -> bool {
        matches!(self.presence(), Presence::Deleted)
    }

    /// The repetitions of a field, in order; an empty field has none.
    pub fn repetitions(&self) -> Repetitions<'a> {
        let rest = (!self.raw.is_empty()).then_some(self.raw);
        Repetitions { rest, delimiters: self.delimiters }
    }

    /// Component `number`, counted from 1, of the first repetition; empty when it was not sent.
    #[inline]
    pub fn component(&self, number: usize) -> Value<'a> {
        if self.raw.is_empty() {
            // As most fields are.
            return *self;
        }
        let first = piece(self.raw, self.delimiters.repetition, 1);
        Value::new(piece(first, self.delimiters.component, number), self.delimiters)
    }

    /// Subcomponent `number`, counted from 1, of the first component; empty when it was not sent.
    pub fn subcomponent(&self, number: usize) -> Value<'a> {
        let component = self.component(1);
        Value::new(piece(component.raw, self.delimiters.subcomponent, number), self.delimiters)
    }

    /// Whether any part of it is divided into subcomponents.
    pub fn has_subcomponents(&self) -> bool {
        find(self.raw, self.delimiters.subcomponent).is_some()
    }

    /// What an HD names: its namespace id, else its universal id. Anything that has no subcomponents is itself.
    #[inline]
    pub fn namespace(&self) -> Value<'a> {
        if !self.has_subcomponents() {
            return *self;
        }
        let part = |number| Value::new(piece(self.raw, self.delimiters.subcomponent, number), self.delimiters);
        let namespace = part(1);
        if namespace.given().is_some() { namespace } else { part(2) }
    }

    /// The first `N` components in one pass; index 0 is component 1.
    #[inline]
    pub fn components<const N: usize>(&self) -> [Value<'a>; N] {
        let mut found = [Value::new("", self.delimiters); N];
        let mut rest = Some(piece(self.raw, self.delimiters.repetition, 1));
        for slot in &mut found {
            let Some(text) = rest else { break };
            (slot.raw, rest) = match find(text, self.delimiters.component) {
                Some(end) => (&text[..end], Some(&text[end + 1..])),
                None => (text, None),
            };
        }
        found
    }
}

/// Without blanks and control characters at both ends: what was padded or broken into lines.
#[inline]
fn trim(raw: &str) -> &str {
    // By bytes, for this is asked of every value: all that is taken off is ASCII.
    let stays = |byte: &u8| *byte > b' ' && *byte != 0x7F;
    let bytes = raw.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return raw };
    // Nearly every value stays as it is.
    if stays(first) && stays(last) {
        return raw;
    }
    match (bytes.iter().position(stays), bytes.iter().rposition(stays)) {
        (Some(first), Some(last)) => &raw[first..=last],
        _ => "",
    }
}

/// Iterator of a field's repetitions.
#[derive(Debug, Clone)]
pub struct Repetitions<'a> {
    rest: Option<&'a str>,
    delimiters: Delimiters,
}

impl<'a> Iterator for Repetitions<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let rest = self.rest?;
        let end = find(rest, self.delimiters.repetition);
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(Value::new(end.map_or(rest, |end| &rest[..end]), self.delimiters))
    }
}

/// Position of `separator`; a separator of 0 does not exist.
#[inline]
fn find(text: &str, separator: u8) -> Option<usize> {
    if separator == 0 { None } else { cuts::first(text.as_bytes(), separator) }
}

/// The piece at `number`, counted from 1, or the empty text.
#[inline]
fn piece(text: &str, separator: u8, number: usize) -> &str {
    if separator == 0 {
        return if number == 1 { text } else { "" };
    }
    let mut rest = text;
    for _ in 1..number {
        let Some(end) = find(rest, separator) else { return "" };
        rest = &rest[end + 1..];
    }
    if number == 0 { "" } else { find(rest, separator).map_or(rest, |end| &rest[..end]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(raw: &str) -> Value<'_> {
        Value::new(raw, Delimiters::USUAL)
    }

    #[test]
    fn narrowing_takes_the_first() {
        let field = value("a&b^c&d~e^f");
        assert_eq!(field.component(1).raw(), "a&b");
        assert_eq!(field.component(2).raw(), "c&d");
        assert_eq!(field.component(2).subcomponent(2).raw(), "d");
        assert_eq!(field.subcomponent(2).raw(), "b");
        assert_eq!(field.component(3).raw(), "");
        assert_eq!(field.component(0).raw(), "");
        let [first, second, third] = field.components();
        assert_eq!([first.raw(), second.raw(), third.raw()], ["a&b", "c&d", ""]);
    }

    #[test]
    fn an_hd_is_named_by_its_namespace() {
        let named = |raw: &'static str| value(raw).namespace().raw();
        assert_eq!([named("AVD5&1.2.3&ISO"), named("&1.2.3&ISO"), named("AVD5")], ["AVD5", "1.2.3", "AVD5"]);
    }

    #[test]
    fn repetitions_keep_empty_ones_in_between() {
        let raws: Vec<_> = value("a~~b").repetitions().map(|v| v.raw()).collect();
        assert_eq!(raws, ["a", "", "b"]);
        assert_eq!(value("").repetitions().count(), 0);
    }

    #[test]
    fn delete_is_not_empty() {
        assert_eq!(value("\"\"").presence(), Presence::Deleted);
        assert_eq!(value("  ").presence(), Presence::Empty);
        assert_eq!(value(" x ").presence(), Presence::Given("x"));
        assert_eq!(value("\u{b}\n x\ny\0\u{1c}").presence(), Presence::Given("x\ny"));
        assert_eq!(value("\0\n").presence(), Presence::Empty);
        assert_eq!(value("\"\"").given(), None);
        assert!(value("\"\"").is_deleted() && !value("\"\"").is_empty());
    }

    #[test]
    fn text_decodes_escapes() {
        assert_eq!(value(r" 5\T\6 ").text().as_deref(), Some("5&6"));
        assert!(matches!(value("Östra").text(), Some(Cow::Borrowed("Östra"))));
    }

    #[test]
    fn a_separator_that_does_not_exist_never_cuts() {
        let none = Delimiters { subcomponent: 0, ..Delimiters::USUAL };
        assert_eq!(Value::new("a\0b&c", none).subcomponent(1).raw(), "a\0b&c");
    }
}
