//! Addresses of pages: everything a page shows, theme excepted, is in its address.

use board::Scope;
use board::language::Language;
use board::status::Kind;
use figures::report::address::encode;
use schemas::CareType;

/// What stands for an empty sjukhuskod in an address.
const NO_HOSPITAL: &str = "-";

/// The page of a scope, without its query.
pub(crate) fn page(language: Language, scope: &Scope) -> String {
    let language = language.code();
    match scope {
        Scope::Country => format!("/{language}"),
        Scope::Region(region) => format!("/{language}/region/{}", encode(region)),
        Scope::Hospital(region, code) => {
            let code = if code.is_empty() { NO_HOSPITAL.to_owned() } else { encode(code) };
            format!("/{language}/region/{}/sjukhus/{code}", encode(region))
        }
        Scope::Ward(region, code) => format!("/{language}/region/{}/avdelning/{}", encode(region), encode(code)),
    }
}

/// The sjukhuskod that a part of an address names.
pub(crate) fn hospital_code(segment: &str) -> Box<str> {
    if segment == NO_HOSPITAL { Box::default() } else { segment.into() }
}

/// What a page's query chooses. Unknown names and values count as not given, so that an old bookmark still opens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// Part of a ward's name.
    pub text: String,
    /// Only wards of this care type.
    pub care: Option<CareType>,
    /// Only wards of this medicinskt verksamhetsområde.
    pub mvo: String,
    /// Only wards with this status.
    pub status: Option<Kind>,
    pub order: Order,
    /// How the page is laid out.
    pub view: View,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Order {
    #[default]
    Need,
    Free,
    Name,
}

/// How a page is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// For a desk and a phone.
    #[default]
    Desk,
    Wall,
}

/// Longest search text that is read; the rest is cut.
const TEXT_MAX: usize = 60;

impl Query {
    /// Reads the pairs of an address.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut query = Self::default();
        for (name, value) in pairs {
            let value = value.trim();
            match name {
                "q" => query.text = value.chars().take(TEXT_MAX).collect(),
                "vard" => {
                    query.care = match value {
                        "somatik" => Some(CareType::Somatic),
                        "psykiatri" => Some(CareType::Psychiatric),
                        _ => None,
                    }
                }
                "mvo" => query.mvo = value.chars().filter(char::is_ascii_alphanumeric).take(8).collect(),
                "lage" => query.status = Kind::ALL.into_iter().find(|kind| kind.code() == value),
                "ordning" => {
                    query.order = match value {
                        "lediga" => Order::Free,
                        "namn" => Order::Name,
                        _ => Order::Need,
                    }
                }
                "vy" => query.view = if value == "vagg" { View::Wall } else { View::Desk },
                _ => {}
            }
        }
        query
    }

    /// The query as text, with its question mark; empty when everything is as usual. One choice has one spelling.
    pub fn text(&self) -> String {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(format!("q={}", encode(&self.text)));
        }
        if let Some(care) = self.care.and_then(care_code) {
            pairs.push(format!("vard={care}"));
        }
        if !self.mvo.is_empty() {
            pairs.push(format!("mvo={}", self.mvo));
        }
        if let Some(status) = self.status {
            pairs.push(format!("lage={}", status.code()));
        }
        match self.order {
            Order::Need => {}
            Order::Free => pairs.push("ordning=lediga".into()),
            Order::Name => pairs.push("ordning=namn".into()),
        }
        if self.view == View::Wall {
            pairs.push("vy=vagg".into());
        }
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The same in another layout.
    pub fn with_view(&self, view: View) -> Self {
        Self { view, ..self.clone() }
    }

    /// Whether it leaves wards out.
    pub fn filters(&self) -> bool {
        !self.text.is_empty() || self.care.is_some() || !self.mvo.is_empty() || self.status.is_some()
    }
}

/// A care type's name in addresses.
pub(crate) const fn care_code(care: CareType) -> Option<&'static str> {
    match care {
        CareType::Somatic => Some("somatik"),
        CareType::Psychiatric => Some("psykiatri"),
        CareType::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_own_text() {
        let query = Query {
            text: "Med å&1".into(),
            care: Some(CareType::Psychiatric),
            mvo: "101".into(),
            status: Some(Kind::FaLediga),
            order: Order::Name,
            view: View::Wall,
        };
        assert_eq!(query.text(), "?q=Med%20%C3%A5%261&vard=psykiatri&mvo=101&lage=fa-lediga&ordning=namn&vy=vagg");
        let pairs = [
            ("q", "Med å&1"),
            ("vard", "psykiatri"),
            ("mvo", "101"),
            ("lage", "fa-lediga"),
            ("ordning", "namn"),
            ("vy", "vagg"),
        ];
        assert_eq!(Query::read(pairs), query);
    }

    #[test]
    fn what_is_not_understood_counts_as_not_given() {
        let query = Query::read([("lage", "purple"), ("vy", "ceiling"), ("mvo", "<script>"), ("x", "y")]);
        assert_eq!(query, Query { mvo: "script".into(), ..Query::default() });
        assert_eq!(Query::read([]).text(), "");
    }

    #[test]
    fn addresses_encode_their_parts() {
        let ward = Scope::Ward("14".into(), "Avd 1/Ö".into());
        assert_eq!(page(Language::Sv, &ward), "/sv/region/14/avdelning/Avd%201%2F%C3%96");
        assert_eq!(page(Language::En, &Scope::Hospital("14".into(), "".into())), "/en/region/14/sjukhus/-");
    }
}
