//! The addresses of pages of published figures; they hold everything that a page shows.

use board::language::Language;
use schemas::Timestamp;
use topics::Region;

use crate::period::Period;
use crate::published::{Extract, Library};

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// Waiting times.
    Waiting,
    /// The hip-fracture pathway.
    Pathway,
    /// Costs.
    Costs,
    /// Data quality.
    Quality,
    /// Operations.
    Operations,
    /// About.
    About,
}

impl Page {
    /// In the order of the menu.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Pathway, Self::Costs, Self::Quality, Self::Operations, Self::About];

    /// The part of the address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Waiting => "vantetider",
            Self::Pathway => "vardforlopp",
            Self::Costs => "kostnad",
            Self::Quality => "datakvalitet",
            Self::Operations => "drift",
            Self::About => "om",
        }
    }

    /// The part of the API's address.
    pub const fn api(self) -> &'static str {
        match self {
            Self::Waiting => "waiting-times",
            Self::Pathway => "hip-fracture",
            Self::Costs => "costs",
            Self::Quality => "quality",
            Self::Operations => "operations",
            Self::About => "about",
        }
    }

    /// The page's name.
    pub const fn name(self, language: Language) -> &'static str {
        match self {
            Self::Waiting => language.say("Väntetider", "Waiting times (väntetider)"),
            Self::Pathway => language.say("Vårdförlopp höftfraktur", "Hip-fracture pathway (vårdförlopp)"),
            Self::Costs => language.say("Kostnad", "Cost (kostnad)"),
            Self::Quality => language.say("Datakvalitet", "Data quality (datakvalitet)"),
            Self::Operations => language.say("Drift", "Operations (drift)"),
            Self::About => language.say("Om", "About"),
        }
    }

    /// The page's name in the menu.
    pub const fn short(self, language: Language) -> &'static str {
        match self {
            Self::Waiting => language.say("Väntetider", "Waiting times"),
            Self::Pathway => language.say("Vårdförlopp", "Pathway"),
            Self::Costs => language.say("Kostnad", "Cost"),
            Self::Quality => language.say("Datakvalitet", "Data quality"),
            Self::Operations => language.say("Drift", "Operations"),
            Self::About => language.say("Om", "About"),
        }
    }

    /// Whether it has pages of regions.
    pub const fn has_regions(self) -> bool {
        matches!(self, Self::Waiting | Self::Pathway | Self::Costs | Self::Quality)
    }
}

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// Everybody's.
    Country,
    /// A region's.
    Region(Region),
    /// A hospital's, by sjukhuskod.
    Hospital(Region, Box<str>),
}

impl Place {
    /// Its region.
    pub const fn region(&self) -> Option<Region> {
        match self {
            Self::Country => None,
            Self::Region(region) | Self::Hospital(region, _) => Some(*region),
        }
    }
}

/// The order of rows. Regions and hospitals are never ranked unless somebody asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// By länskod or sjukhuskod.
    #[default]
    Code,
    /// By name, å ä ö last.
    Name,
    /// Greatest number first.
    Number,
    /// Lowest share, or greatest cost, first.
    Share,
}

impl Sort {
    const ALL: [Self; 4] = [Self::Code, Self::Name, Self::Number, Self::Share];

    const fn segment(self) -> &'static str {
        match self {
            Self::Code => "kod",
            Self::Name => "namn",
            Self::Number => "antal",
            Self::Share => "andel",
        }
    }
}

/// A page of published figures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Which page.
    pub kind: Page,
    /// Whose figures.
    pub place: Place,
    /// Of which period; the newest when it is not said.
    pub period: Option<Period>,
    pub(crate) sort: Sort,
    /// The table that is not shown from its first row, and from which.
    pub(crate) from: Option<(Box<str>, usize)>,
}

impl Address {
    /// A page of the country.
    pub const fn of(kind: Page) -> Self {
        Self { kind, place: Place::Country, period: None, sort: Sort::Code, from: None }
    }

    /// Reads what a page's query chooses; what is not understood counts as not given.
    pub fn read<'a>(kind: Page, place: Place, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut address = Self { place, ..Self::of(kind) };
        for (name, value) in pairs {
            match name {
                "period" => address.period = value.trim().parse().ok(),
                "fran" => {
                    let from = value.rsplit_once(':').map(|(table, row)| (table.into(), row.parse().unwrap_or(0)));
                    address.from = from.filter(|(_, row)| *row > 0);
                }
                "ordning" => {
                    address.sort = Sort::ALL.into_iter().find(|sort| sort.segment() == value).unwrap_or_default();
                }
                _ => {}
            }
        }
        address
    }

    /// The same with the period that its page shows, so that its links, files and API addresses go on meaning that one when a
    /// newer has been published.
    #[must_use]
    pub fn settled(&self, library: &Library, now: Timestamp) -> Self {
        let period = match self.kind {
            Page::Waiting => library.period(Extract::WaitingTimes, self.period.filter(|period| period.is_month())),
            Page::Pathway => library.period(Extract::HipFracture, self.period),
            Page::Costs => library.period(Extract::Kpp, self.period.map(Period::year)),
            Page::Quality => library.month(self.period, now),
            Page::Operations | Page::About => None,
        };
        Self { period, ..self.clone() }
    }

    fn query(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(period) = self.period {
            pairs.push(format!("period={period}"));
        }
        if self.sort != Sort::Code {
            pairs.push(format!("ordning={}", self.sort.segment()));
        }
        if let Some((table, row)) = &self.from {
            pairs.push(format!("fran={}:{row}", encode(table)));
        }
        query(&pairs)
    }

    /// The page's address.
    pub fn text(&self, language: Language) -> String {
        format!("{}{}", self.path(language), self.query())
    }

    /// The page's address without its query.
    pub fn path(&self, language: Language) -> String {
        let page = format!("/{}/{}", language.code(), self.kind.segment());
        match &self.place {
            Place::Country => page,
            Place::Region(region) => format!("{page}/region/{}", region.code()),
            Place::Hospital(region, code) => format!("{page}/region/{}/sjukhus/{}", region.code(), encode(code)),
        }
    }

    /// The API's address of the same figures.
    pub fn api(&self) -> String {
        let mut pairs = self.whose();
        pairs.extend(self.period.map(|period| format!("period={period}")));
        format!("/api/v1/{}{}", self.kind.api(), query(&pairs))
    }

    /// The API's address of a table over every period, as JSON or as a file of a format.
    pub fn dataset(&self, table: &str, format: Option<&str>) -> String {
        let mut pairs = self.whose();
        pairs.extend(format.map(|format| format!("format={format}")));
        format!("/api/v1/datasets/{}/{table}{}", self.kind.api(), query(&pairs))
    }

    /// Whose figures, in the API's words.
    fn whose(&self) -> Vec<String> {
        let mut pairs = Vec::new();
        match &self.place {
            Place::Country => {}
            Place::Region(region) => pairs.push(format!("region={}", region.code())),
            Place::Hospital(region, code) => {
                pairs.push(format!("region={}&hospital={}", region.code(), encode(code)));
            }
        }
        pairs
    }

    /// The same page of another place.
    #[must_use]
    pub fn at(&self, place: Place) -> Self {
        Self { place, from: None, ..self.clone() }
    }

    /// The same page in another order.
    #[must_use]
    pub(crate) fn sorted(&self, sort: Sort) -> Self {
        Self { sort, from: None, ..self.clone() }
    }

    /// The same page of a period.
    #[must_use]
    pub fn of_period(&self, period: Period) -> Self {
        Self { period: Some(period), from: None, ..self.clone() }
    }

    /// The same page with a table from this row on, or with every table from its first.
    #[must_use]
    pub(crate) fn turned(&self, from: Option<(&str, usize)>) -> Self {
        Self { from: from.filter(|(_, row)| *row > 0).map(|(table, row)| (table.into(), row)), ..self.clone() }
    }
}

fn query(pairs: &[String]) -> String {
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-encodes everything but unreserved characters.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_own_text() {
        let place = Place::Hospital("14".parse().unwrap(), "H 1".into());
        let address = Address::read(Page::Waiting, place, [("period", "2026-02"), ("ordning", "andel")]);
        assert_eq!(address.text(Language::Sv), "/sv/vantetider/region/14/sjukhus/H%201?period=2026-02&ordning=andel");
        assert_eq!(address.api(), "/api/v1/waiting-times?region=14&hospital=H%201&period=2026-02");
        let file = "/api/v1/datasets/waiting-times/steg?region=14&hospital=H%201&format=csv";
        assert_eq!(address.dataset("steg", Some("csv")), file);
        let later = Address::read(Page::Costs, Place::Country, [("fran", "drg:200")]);
        assert_eq!(later.text(Language::Sv), "/sv/kostnad?fran=drg:200");
        assert_eq!(later.turned(None).text(Language::Sv), "/sv/kostnad");
    }

    #[test]
    fn what_is_not_understood_counts_as_not_given() {
        let address = Address::read(
            Page::Costs,
            Place::Country,
            [("period", "now"), ("ordning", "best"), ("fran", "drg:x"), ("x", "y")],
        );
        assert_eq!(address, Address::of(Page::Costs));
    }
}
