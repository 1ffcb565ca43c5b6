//! The structural rule of a code system.

/// What a normalised code looks like.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    forms: Vec<Form>,
    not: Vec<Form>,
    /// Letters that may come first; empty: all.
    first: String,
    heading: Option<String>,
}

/// One place per character: a letter, a digit, or either.
#[derive(Debug)]
pub(super) struct Form(Vec<Place>);

#[derive(Debug, Clone, Copy)]
enum Place {
    Letter,
    Digit,
    Either,
}

impl Form {
    /// `A` a letter, `9` a digit, `*` either; `None` when there is anything else.
    pub(super) fn read(text: &str) -> Option<Form> {
        let places = text.chars().map(|sign| match sign {
            'A' => Some(Place::Letter),
            '9' => Some(Place::Digit),
            '*' => Some(Place::Either),
            _ => None,
        });
        places.collect::<Option<Vec<Place>>>().filter(|places| !places.is_empty()).map(Form)
    }

    fn fits(&self, code: &[u8]) -> bool {
        let fits = |(place, byte): (&Place, &u8)| match place {
            Place::Letter => byte.is_ascii_uppercase(),
            Place::Digit => byte.is_ascii_digit(),
            Place::Either => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        };
        self.0.len() == code.len() && self.0.iter().zip(code).all(fits)
    }
}

impl Shape {
    pub(super) fn new(forms: Vec<Form>, not: Vec<Form>, first: String, heading: Option<String>) -> Shape {
        Shape { forms, not, first, heading }
    }

    /// Whether a code can be one of the system's.
    pub(crate) fn fits(&self, code: &str) -> bool {
        let bytes = code.as_bytes();
        self.forms.iter().any(|form| form.fits(bytes))
            && !self.not.iter().any(|form| form.fits(bytes))
            && (self.first.is_empty() || self.first.as_bytes().contains(&bytes[0]))
    }

    /// Whether a code is a heading.
    pub(super) fn is_heading(&self, code: &str) -> bool {
        self.heading.as_deref().is_some_and(|ending| code.ends_with(ending))
    }

    pub(super) fn has_headings(&self) -> bool {
        self.heading.is_some()
    }
}
