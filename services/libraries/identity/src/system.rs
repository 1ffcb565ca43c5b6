//! Which numbering an identifier belongs to. The same characters in two systems are two persons.

/// A numbering of persons that this crate can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Personnummer.
    Personnummer,
    /// Samordningsnummer.
    Samordningsnummer,
    /// National reserve number (NRID).
    NationalReserve,
    /// A region's own reserve numbers.
    Reserve(Reserve),
}

/// The regional reserve numberings whose shapes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reserve {
    /// Region Stockholm: `99yyyyNNNNNC`, the year of issue.
    Stockholm,
    /// Västra Götalandsregionen: `yyyymmddGggC`, G one of K, M, X.
    VastraGotaland,
    /// Region Värmland: `yyyymmddSBNC`, B one of F, U, X, P, L.
    Varmland,
    /// Inera: `yyyymmxxNNNC`, day 32 to 59.
    Inera,
    /// Region Örebro län: eight digits that need not be a date, T, letter or digit, digit, letter or digit.
    Orebro,
    /// Region Skåne: short date and four characters of which one is a letter at least; ten characters. Not confirmed: one
    /// vendor's description.
    Skane,
    /// Region Blekinge: date, two letters, digit, letter or digit. The format is not published: a reading of one example.
    Blekinge,
    /// Region Västernorrland: date, three digits, letter. The format is not published: a reading of one example.
    Vasternorrland,
    /// Region Sörmland: date, two letters, digit, letter or digit. The format is not published: a reading of one example.
    Sormland,
    /// Region Sörmland, the older series: date, letter, three digits. The format is not published: a reading of one example.
    SormlandOlder,
}

impl Reserve {
    /// Every one.
    pub const ALL: [Reserve; 10] = [
        Reserve::Stockholm,
        Reserve::VastraGotaland,
        Reserve::Varmland,
        Reserve::Inera,
        Reserve::Orebro,
        Reserve::Skane,
        Reserve::Blekinge,
        Reserve::Vasternorrland,
        Reserve::Sormland,
        Reserve::SormlandOlder,
    ];

    /// The reserve numberings of the region with this county code, recognised there even where no system is named.
    pub fn of_region(region: &str) -> &'static [Reserve] {
        match region {
            "01" => &[Reserve::Stockholm],
            "04" => &[Reserve::Sormland, Reserve::SormlandOlder],
            "10" => &[Reserve::Blekinge],
            "12" => &[Reserve::Skane],
            "14" => &[Reserve::VastraGotaland],
            "17" => &[Reserve::Varmland],
            "18" => &[Reserve::Orebro],
            "22" => &[Reserve::Vasternorrland],
            _ => &[],
        }
    }
}

/// OID and the older HL7 Sweden address of each system. The addresses' domain is dead; they are compared as text.
const NAMES: [(System, &str, &str); 13] = [
    (System::Personnummer, "1.2.752.129.2.1.3.1", "personnummer"),
    (System::Samordningsnummer, "1.2.752.129.2.1.3.3", "samordningsnummer"),
    (System::NationalReserve, "1.2.752.74.9.1", "nationelltReservnummer"),
    (System::Reserve(Reserve::Stockholm), "1.2.752.97.3.1.3", ""),
    (System::Reserve(Reserve::VastraGotaland), "1.2.752.113.11.0.2.1.1.1", ""),
    (System::Reserve(Reserve::Varmland), "1.2.752.74.9.2", ""),
    (System::Reserve(Reserve::Inera), "1.2.752.129.2.1.3.2", ""),
    (System::Reserve(Reserve::Orebro), "1.2.752.74.9.3", ""),
    (System::Reserve(Reserve::Skane), "1.2.752.219.1.10.10.1", ""),
    (System::Reserve(Reserve::Blekinge), "1.2.752.74.9.5", ""),
    (System::Reserve(Reserve::Vasternorrland), "1.2.752.269.1.1", ""),
    (System::Reserve(Reserve::Sormland), "1.2.752.266.1.1.1", ""),
    (System::Reserve(Reserve::SormlandOlder), "1.2.752.266.1.1.2", ""),
];

const ADDRESS_PREFIX: &str = "http://electronichealth.se/identifier/";

impl System {
    /// The system that an assigner names by OID (with or without `urn:oid:`) or by HL7 Sweden's address.
    pub fn named(assigner: &str) -> Option<System> {
        let assigner = assigner.trim_ascii();
        let oid = assigner.strip_prefix("urn:oid:").unwrap_or(assigner);
        let address = assigner.strip_prefix(ADDRESS_PREFIX);
        let found = NAMES.iter().find(|(_, known, name)| oid == *known || (!name.is_empty() && address == Some(*name)));
        found.map(|(system, _, _)| *system)
    }

    /// The OID, which goes into the pseudonym.
    pub fn oid(self) -> &'static str {
        // Every system stands in the table once; the test below holds that.
        NAMES.iter().find(|(system, _, _)| *system == self).map_or("", |(_, oid, _)| oid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_an_oid_and_is_found_by_it() {
        let reserves = Reserve::ALL.map(System::Reserve);
        let national = [System::Personnummer, System::Samordningsnummer, System::NationalReserve];
        for system in national.into_iter().chain(reserves) {
            assert!(!system.oid().is_empty());
            assert_eq!(System::named(system.oid()), Some(system));
            assert_eq!(System::named(&format!("urn:oid:{}", system.oid())), Some(system));
        }
        assert_eq!(System::named("http://electronichealth.se/identifier/personnummer"), Some(System::Personnummer));
        assert_eq!(System::named("http://electronichealth.se/identifier/"), None);
        assert_eq!(System::named("SIMULATOR MRN"), None);
        assert_eq!(System::named(""), None);
    }
}
