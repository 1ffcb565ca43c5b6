//! What a reader has to know and no event says: what a medicinskt verksamhetsområde is called, and where a hospital lies.
//!
//! Two tables come with the crate, and a configuration adds to them or puts its own in their place. What is in neither is
//! not known, and is said to be so.
//!
//! * `specialities.csv`: codes of Socialstyrelsen's list of medicinska verksamhetsområden that a ward can have, as far as they are sure:
//!   each was seen again in the table `klinik` of the R package `decoder` 1.2.2, which is taken from that list. Names are shortened
//!   (*Kirurgi* for *Kirurgisk vård*), English is our translation.
//! * `hospitals.csv`: positions from Eurostat's *Healthcare services in Europe* (GISCO, country file SE, published
//!   2020-04-16), reuse with attribution. Only hospitals whose sjukhuskod is known and whose position is theirs alone: the
//!   source places many others in the middle of their region.

use std::collections::BTreeMap;

use crate::language::Language;
use crate::ward::Ward;

const SPECIALITIES: &str = include_str!("specialities.csv");
const HOSPITALS: &str = include_str!("hospitals.csv");
const SPECIALITY_COLUMNS: &str = "code;sv;en";
const HOSPITAL_COLUMNS: &str = "lanskod;sjukhuskod;sjukhus;latitud;longitud";
/// Mean radius of the earth.
const EARTH_METRES: f64 = 6_371_000.0;

/// Names and places.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    specialities: BTreeMap<Box<str>, [Box<str>; 2]>,
    hospitals: BTreeMap<(Box<str>, Box<str>), Place>,
}

/// A point on the earth, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

/// Why a table is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    line: usize,
    what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.what)
    }
}

impl Default for Guide {
    /// The tables that come with the crate.
    fn default() -> Self {
        let mut guide = Self { specialities: BTreeMap::new(), hospitals: BTreeMap::new() };
        guide.add_specialities(SPECIALITIES).expect("our table is read by a test");
        guide.add_hospitals(HOSPITALS).expect("our table is read by a test");
        guide
    }
}

impl Guide {
    /// Adds names of specialities: lines `code;sv;en` under a head.
    pub fn add_specialities(&mut self, text: &str) -> Result<(), Wrong> {
        for row in rows(text, SPECIALITY_COLUMNS) {
            let (line, [code, sv, en]) = row?;
            if code.is_empty() || sv.is_empty() || en.is_empty() {
                return Err(wrong(line, "code and both names must be there"));
            }
            self.specialities.insert(code.into(), [sv.into(), en.into()]);
        }
        Ok(())
    }

    /// Adds places of hospitals: lines `lanskod;sjukhuskod;sjukhus;latitud;longitud` under a head, in degrees with a point.
    pub fn add_hospitals(&mut self, text: &str) -> Result<(), Wrong> {
        for row in rows(text, HOSPITAL_COLUMNS) {
            let (line, [region, code, _, latitude, longitude]) = row?;
            if region.parse::<topics::Region>().is_err() || code.is_empty() {
                return Err(wrong(line, "begins with a lanskod and a sjukhuskod"));
            }
            let degrees = |text: &str| text.parse::<f64>().ok();
            let place = match (degrees(latitude), degrees(longitude)) {
                (Some(latitude), Some(longitude)) => Place { latitude, longitude },
                _ => return Err(wrong(line, "latitude and longitude are degrees, as 57.68;11.96")),
            };
            // Columns that have changed places would give distances that look right.
            if !(55.0..=70.0).contains(&place.latitude) || !(10.0..=25.0).contains(&place.longitude) {
                return Err(wrong(line, "lies outside Sweden"));
            }
            self.hospitals.insert((region.into(), code.into()), place);
        }
        Ok(())
    }

    /// What a speciality is called; its code where no name is known.
    pub fn speciality<'a>(&'a self, language: Language, code: &'a str) -> &'a str {
        match (self.specialities.get(code), language) {
            (Some([sv, _]), Language::Sv) => sv,
            (Some([_, en]), Language::En) => en,
            (None, _) => code,
        }
    }

    /// Whether a ward's speciality is called so, or its code is, in either language; `part` in small letters.
    pub fn is_called(&self, ward: &Ward, part: &str) -> bool {
        let Some(code) = ward.mvo.as_deref() else { return false };
        let named = self
            .specialities
            .get(code)
            .is_some_and(|names| names.iter().any(|name| name.to_lowercase().contains(part)));
        named || code == part
    }

    /// Where a ward's hospital lies.
    pub fn place(&self, ward: &Ward) -> Option<Place> {
        self.hospitals.get(&(ward.region.clone(), ward.hospital_code.clone())).copied()
    }
}

impl Place {
    /// As the crow flies, in whole metres.
    pub fn metres_to(self, other: Self) -> u32 {
        let (one, two) = (self.latitude.to_radians(), other.latitude.to_radians());
        let down = ((two - one) / 2.0).sin().powi(2);
        let across = ((other.longitude - self.longitude).to_radians() / 2.0).sin().powi(2);
        (2.0 * EARTH_METRES * (down + one.cos() * two.cos() * across).sqrt().asin()).round() as u32
    }
}

fn wrong(line: usize, what: impl Into<String>) -> Wrong {
    Wrong { line, what: what.into() }
}

/// The lines under the head, each with its number; a head of other names is the first of them and wrong.
fn rows<'a, const N: usize>(
    text: &'a str,
    columns: &'static str,
) -> impl Iterator<Item = Result<(usize, [&'a str; N]), Wrong>> {
    let text = text.trim_start_matches('\u{feff}');
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty()).filter_map(move |(number, line)| match number {
        1 => (line != columns).then(|| Err(wrong(1, format!("the head is {columns}")))),
        _ => {
            let cells: Vec<&str> = line.split(';').map(str::trim).collect();
            Some(cells.try_into().map(|cells| (number, cells)).map_err(|_| wrong(number, format!("has {N} columns"))))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_the_list_that_events_are_checked_against() {
        let guide = Guide::default();
        let list = include_str!("../../../processor/codelists/mvo.csv");
        let listed: Vec<(&str, &str)> =
            list.lines().skip(1).filter_map(|line| Some((line.split(';').next()?, line.split(';').nth(1)?))).collect();
        assert!(!listed.is_empty());
        for (code, name) in listed {
            assert_eq!(guide.speciality(Language::Sv, code), name, "{code}");
        }
        assert!(
            guide.specialities.keys().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()))
        );
        assert_eq!(
            (
                guide.speciality(Language::En, "241"),
                guide.speciality(Language::Sv, "931"),
                guide.speciality(Language::Sv, "999")
            ),
            ("Geriatrics", "Barn- och ungdomspsykiatri", "999")
        );
    }

    #[test]
    fn distances_are_those_between_towns() {
        let guide = Guide::default();
        let at = |region: &str, code: &str| guide.hospitals[&(Box::from(region), Box::from(code))];
        let (lund, umea) = (at("12", "41001"), at("24", "64001"));
        // Lund to Umeå is about 980 km by air.
        assert!((960_000..1_000_000).contains(&lund.metres_to(umea)), "{}", lund.metres_to(umea));
        assert_eq!((lund.metres_to(lund), lund.metres_to(umea)), (0, umea.metres_to(lund)));
    }

    #[test]
    fn a_table_is_read_as_a_whole_or_refused_with_its_line() {
        for (line, expected) in [
            ("14;1;Öst;57.7", "line 2: has 5 columns"),
            ("99;1;Öst;57.7;12.0", "line 2: begins with a lanskod and a sjukhuskod"),
            ("14;1;Öst;57,7;12.0", "line 2: latitude and longitude are degrees, as 57.68;11.96"),
            ("14;1;Öst;12.0;57.7", "line 2: lies outside Sweden"),
        ] {
            let read = Guide::default().add_hospitals(&format!("{HOSPITAL_COLUMNS}\n{line}\n"));
            assert_eq!(read.unwrap_err().to_string(), expected);
        }
        assert!(Guide::default().add_specialities("kod;namn\n").unwrap_err().to_string().starts_with("line 1"));
        let mut guide = Guide::default();
        guide.add_specialities("code;sv;en\n121;Infektion;Infections\n122;Eget;Own\n").unwrap();
        let names = ["121", "122"].map(|code| guide.speciality(Language::En, code));
        assert_eq!(names, ["Infections", "Own"], "one in the place of ours, one beside them");
    }
}
