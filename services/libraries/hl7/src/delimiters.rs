//! The separators that a message declares in MSH-1 and MSH-2.

use crate::error::Error;

/// The five separators of one message. All are ASCII, so a cut at one is always a character boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields, MSH-1.
    pub field: u8,
    /// Between components, first character of MSH-2.
    pub component: u8,
    /// Between repetitions, second character of MSH-2.
    pub repetition: u8,
    /// Around escape sequences, third character of MSH-2.
    pub escape: u8,
    /// Between subcomponents, fourth character of MSH-2.
    pub subcomponent: u8,
}

impl Delimiters {
    /// The separators nearly every sender uses.
    pub const USUAL: Delimiters =
        Delimiters { field: b'|', component: b'^', repetition: b'~', escape: b'\\', subcomponent: b'&' };

    /// Reads MSH-1 and MSH-2 of a line that begins with `MSH` (or FHS, BHS).
    ///
    /// A sender may leave out the last ones of MSH-2; the usual ones then hold, unless the sender took one of them for
    /// another purpose, in which case that separator does not exist (it becomes 0, which no field holds).
    pub(crate) fn of_header(line: &[u8]) -> Result<Delimiters, Error> {
        let field = *line.get(3).ok_or(Error::SeparatorsMissing)?;
        if !field.is_ascii_punctuation() {
            return Err(Error::SeparatorsUnusable);
        }
        let rest = &line[4..];
        let end = memchr::memchr(field, rest).unwrap_or(rest.len());
        let declared = &rest[..end];
        if declared.is_empty() {
            return Err(Error::SeparatorsMissing);
        }
        if declared.iter().any(|byte| !byte.is_ascii_punctuation()) {
            return Err(Error::SeparatorsUnusable);
        }
        let usual = [b'^', b'~', b'\\', b'&'];
        let mut chosen = [0_u8; 4];
        for (position, slot) in chosen.iter_mut().enumerate() {
            *slot = match declared.get(position) {
                Some(&byte) => byte,
                None if field == usual[position] || declared.contains(&usual[position]) => 0,
                None => usual[position],
            };
        }
        let [component, repetition, escape, subcomponent] = chosen;
        let all = [field, component, repetition, escape, subcomponent];
        let repeated = (0..all.len()).any(|at| all[at] != 0 && all[at + 1..].contains(&all[at]));
        if repeated {
            return Err(Error::SeparatorsUnusable);
        }
        Ok(Delimiters { field, component, repetition, escape, subcomponent })
    }

    /// The same separators, of those within a field only the ones that occur: what does not occur is 0, which no field holds. All
    /// of them where a sequence may stand for one that occurs nowhere else.
    pub(crate) fn occurring(self, bytes: &[u8]) -> Delimiters {
        let occurring = |byte: u8| if memchr::memchr(byte, bytes).is_some() { byte } else { 0 };
        if occurring(self.escape) != 0 {
            return self;
        }
        Delimiters {
            field: self.field,
            component: occurring(self.component),
            repetition: occurring(self.repetition),
            escape: 0,
            subcomponent: occurring(self.subcomponent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: Result<Delimiters, Error>) {
        assert_eq!(Delimiters::of_header(line.as_bytes()), want, "{line}");
    }

    #[test]
    fn separators_come_from_the_header() {
        check(r"MSH|^~\&|A", Ok(Delimiters::USUAL));
        check(r"MSH|^~\&#|A", Ok(Delimiters::USUAL));
        check(r"MSH|^~\&", Ok(Delimiters::USUAL));
        check("MSH|^|A", Ok(Delimiters::USUAL));
        let other = Delimiters { field: b'$', component: b'%', repetition: b'*', escape: b'/', subcomponent: b'@' };
        check("MSH$%*/@$A", Ok(other));
    }

    #[test]
    fn a_missing_separator_that_is_taken_does_not_exist() {
        check("MSH|&|A", Ok(Delimiters { component: b'&', subcomponent: 0, ..Delimiters::USUAL }));
    }

    #[test]
    fn what_does_not_occur_is_not_looked_for() {
        let occurring = |text: &str| Delimiters::USUAL.occurring(text.as_bytes());
        let none = Delimiters { field: b'|', component: 0, repetition: 0, escape: 0, subcomponent: 0 };
        assert_eq!(occurring("PID|1||7"), none);
        assert_eq!(occurring("PID|1||7&8"), Delimiters { subcomponent: b'&', ..none });
        // `\S\` stands for a component's separator.
        assert_eq!(occurring(r"PID|1||7\S\8"), Delimiters::USUAL);
    }

    #[test]
    fn unusable_separators_are_refused() {
        check("MSH", Err(Error::SeparatorsMissing));
        check("MSH|", Err(Error::SeparatorsMissing));
        check("MSH||A", Err(Error::SeparatorsMissing));
        check(r"MSHX^~\&X", Err(Error::SeparatorsUnusable));
        check(r"MSH|^^\&|", Err(Error::SeparatorsUnusable));
        check("MSH|å~|", Err(Error::SeparatorsUnusable));
        check("MSH|A1|", Err(Error::SeparatorsUnusable));
    }
}
