//! Addresses of pages: everything a page shows, theme excepted, is in its address.

use board::Scope;
use board::language::Language;
use board::status::Kind;
use board::ward::Ward;
use figures::report::address::encode;
use schemas::CareType;
use topics::Region;

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

/// The page of what needs attention within a scope and a query.
pub(crate) fn attention(language: Language, scope: &Scope, query: &Query) -> String {
    let mut pairs = Vec::new();
    if let Some(region) = scope.region() {
        pairs.push(format!("region={}", encode(region)));
    }
    if let Scope::Hospital(_, code) = scope {
        pairs.push(format!("sjukhus={}", if code.is_empty() { NO_HOSPITAL.to_owned() } else { encode(code) }));
    }
    let chosen = Query { order: Order::Need, view: View::Desk, ..query.clone() }.text();
    pairs.extend(chosen.strip_prefix('?').map(str::to_owned));
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    format!("/{}/uppmarksamma{query}", language.code())
}

/// The scope that such a page's query names; what is no region counts as not given.
pub(crate) fn attention_scope(region: Option<&str>, hospital: Option<&str>) -> Scope {
    match (region.filter(|region| region.parse::<Region>().is_ok()), hospital) {
        (None, _) => Scope::Country,
        (Some(region), None) => Scope::Region(region.into()),
        (Some(region), Some(code)) => Scope::Hospital(region.into(), hospital_code(code)),
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
    /// Only wards in this situation.
    pub situation: Option<Situation>,
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

/// What a ward has to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Situation {
    /// At least one staffed bed is free and patients are received.
    AtLeastOne,
    /// It has this status word.
    Is(Kind),
}

impl Situation {
    /// All, in the order they are offered.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::AtLeastOne).chain(Kind::ALL.into_iter().map(Self::Is))
    }

    /// The name in addresses.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::AtLeastOne => "minst-1",
            Self::Is(kind) => kind.code(),
        }
    }

    /// Whether a ward is in it.
    pub(crate) fn holds(self, ward: &Ward) -> bool {
        match self {
            Self::AtLeastOne => ward.can_take() > Some(0),
            Self::Is(kind) => ward.status.kind() == kind,
        }
    }
}

/// How a page is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// For a desk and a phone.
    #[default]
    Desk,
    Wall,
    /// What changed in the last hour.
    Lately,
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
                "lage" => query.situation = Situation::all().find(|situation| situation.code() == value),
                "ordning" => {
                    query.order = match value {
                        "lediga" => Order::Free,
                        "namn" => Order::Name,
                        _ => Order::Need,
                    }
                }
                "vy" => {
                    query.view = match value {
                        "vagg" => View::Wall,
                        "timme" => View::Lately,
                        _ => View::Desk,
                    }
                }
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
        if let Some(situation) = self.situation {
            pairs.push(format!("lage={}", situation.code()));
        }
        match self.order {
            Order::Need => {}
            Order::Free => pairs.push("ordning=lediga".into()),
            Order::Name => pairs.push("ordning=namn".into()),
        }
        match self.view {
            View::Desk => {}
            View::Wall => pairs.push("vy=vagg".into()),
            View::Lately => pairs.push("vy=timme".into()),
        }
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The same in another layout.
    pub fn with_view(&self, view: View) -> Self {
        Self { view, ..self.clone() }
    }

    /// Whether it leaves wards out.
    pub fn filters(&self) -> bool {
        self.names_single_wards() || self.care.is_some() || !self.mvo.is_empty()
    }

    /// Whether it leaves wards out by their names or their situation: what is left of a hospital says nothing of it then.
    pub fn names_single_wards(&self) -> bool {
        !self.text.is_empty() || self.situation.is_some()
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
            situation: Some(Situation::Is(Kind::FaLediga)),
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
        for spelt in ["?lage=minst-1", "?lage=ej-tillampligt", "?vy=timme"] {
            let (name, value) = spelt[1..].split_once('=').unwrap();
            assert_eq!(Query::read([(name, value)]).text(), spelt);
        }
    }

    #[test]
    fn addresses_encode_their_parts() {
        let ward = Scope::Ward("14".into(), "Avd 1/Ö".into());
        assert_eq!(page(Language::Sv, &ward), "/sv/region/14/avdelning/Avd%201%2F%C3%96");
        let unnamed = Scope::Hospital("14".into(), "".into());
        assert_eq!(page(Language::En, &unnamed), "/en/region/14/sjukhus/-");
        let query = Query { mvo: "241".into(), order: Order::Name, ..Query::default() };
        let there = attention(Language::Sv, &unnamed, &query);
        assert_eq!(there, "/sv/uppmarksamma?region=14&sjukhus=-&mvo=241");
        assert_eq!(attention(Language::Sv, &Scope::Country, &Query::default()), "/sv/uppmarksamma");
        assert_eq!(attention_scope(Some("14"), Some("-")), unnamed);
        assert_eq!(attention_scope(Some("99"), Some("-")), Scope::Country);
    }
}
