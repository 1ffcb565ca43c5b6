//! Any identifier of a person that this crate can read.

use crate::Refusal;
use crate::canonical::Canonical;
use crate::date::{Birth, Date, Sex};
use crate::personal::{Interim, Personnummer, Samordningsnummer};
use crate::reserve::{NationalReserve, RegionalReserve};
use crate::system::{Reserve, System};

/// A Swedish personal identifier, read and checked.
pub enum Identifier {
    /// A personnummer.
    Personnummer(Personnummer),
    /// A samordningsnummer.
    Samordningsnummer(Samordningsnummer),
    /// A national reserve number.
    NationalReserve(NationalReserve),
    /// A region's reserve number.
    RegionalReserve(RegionalReserve),
    /// An interim number.
    Interim(Interim),
}

/// The kinds, for findings and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Personnummer.
    Personnummer,
    /// Samordningsnummer.
    Samordningsnummer,
    /// National reserve number.
    NationalReserve,
    /// Regional reserve number.
    RegionalReserve,
    /// Interim number.
    Interim,
}

/// How to read identifiers of one message.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Date of the event, which decides the century of a short form.
    pub reference: Date,
    /// Whether the region uses interim numbers.
    pub interim: bool,
    /// Reserve numberings that are recognised even where no system is named: the region's own.
    pub reserves: &'a [Reserve],
    /// The region's own placeholders, beside those that every region has.
    pub placeholders: &'a [String],
}

impl Options<'static> {
    /// No interim numbers, no reserve numbering but those that a message names, no placeholders of a region's own.
    pub const fn at(reference: Date) -> Options<'static> {
        Options { reference, interim: false, reserves: &[], placeholders: &[] }
    }
}

/// How a region reads identifiers, whatever the message. Connector and processor must be given the same.
#[derive(Debug, Clone)]
pub struct RegionRules {
    /// Whether the region uses interim numbers.
    pub interim: bool,
    /// The region's own placeholders, in any notation.
    pub placeholders: Vec<String>,
    /// Reserve numberings that are recognised even where no system is named: the region's own.
    pub reserves: &'static [Reserve],
}

impl RegionRules {
    /// Of the region with this county code.
    pub fn new(region: &str, interim: bool, placeholders: Vec<String>) -> RegionRules {
        RegionRules { interim, placeholders, reserves: Reserve::of_region(region) }
    }

    /// How to read the identifiers of a message of this date.
    pub fn options(&self, reference: Date) -> Options<'_> {
        Options { reference, interim: self.interim, reserves: self.reserves, placeholders: &self.placeholders }
    }
}

/// Is the whole text a number of a person without personnummer: a national reserve number, one of these regional numberings,
/// or an interim number? The guard finds personnummer and samordningsnummer; this is for a text that must be judged by
/// itself, without the patient's own identifiers to compare it with.
pub fn is_reserve_number(text: &str, reserves: &[Reserve]) -> bool {
    let text = text.trim_ascii();
    if !(10..=13).contains(&text.len()) {
        return false;
    }
    let numberings = reserves.iter().map(|reserve| System::Reserve(*reserve)).chain([System::NationalReserve]);
    let options = Options::at(Date::of_epoch_day(20_454));
    numberings.into_iter().any(|system| Identifier::of_system(text, system, &options).is_ok())
        || Interim::parse(text, options.reference).is_ok()
}

impl Identifier {
    /// Reads `text` as the system that was named, else as whatever kind it is: senders file numbers under the wrong
    /// system, and one person's number must give one pseudonym all the same. The error is that of the named system.
    pub fn read(text: &str, system: Option<System>, options: &Options<'_>) -> Result<Identifier, Refusal> {
        let refusal = match system {
            Some(system) => match Identifier::of_system(text, system, options) {
                Ok(identifier) => return Ok(identifier),
                Err(refusal) => Some(refusal),
            },
            None => None,
        };
        Identifier::recognise(text, options).map_err(|found| refusal.unwrap_or(found))
    }

    fn of_system(text: &str, system: System, options: &Options<'_>) -> Result<Identifier, Refusal> {
        match system {
            System::Personnummer => Personnummer::parse(text, options.reference).map(Identifier::Personnummer),
            System::Samordningsnummer => {
                Samordningsnummer::parse(text, options.reference).map(Identifier::Samordningsnummer)
            }
            System::NationalReserve => NationalReserve::parse(text).map(Identifier::NationalReserve),
            System::Reserve(reserve) => RegionalReserve::parse(text, reserve).map(Identifier::RegionalReserve),
        }
    }

    /// The order matters only for the error: no text is of two kinds, but for regional numberings, which are tried last. One
    /// of Örebro or Sörmland may read as an interim number too: it is one only where the region uses those.
    fn recognise(text: &str, options: &Options<'_>) -> Result<Identifier, Refusal> {
        let refusal = match Identifier::of_system(text, System::Personnummer, options) {
            Ok(identifier) => return Ok(identifier),
            Err(refusal) => refusal,
        };
        for system in [System::Samordningsnummer, System::NationalReserve] {
            if let Ok(identifier) = Identifier::of_system(text, system, options) {
                return Ok(identifier);
            }
        }
        let interim = Interim::parse(text, options.reference).ok();
        let refusal = if interim.is_some() { Refusal::InterimDisabled } else { refusal };
        if let Some(interim) = interim.filter(|_| options.interim) {
            return Ok(Identifier::Interim(interim));
        }
        for &reserve in options.reserves {
            if let Ok(number) = RegionalReserve::recognise(text, reserve) {
                return Ok(Identifier::RegionalReserve(number));
            }
        }
        Err(refusal)
    }

    /// Which kind it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Identifier::Personnummer(_) => Kind::Personnummer,
            Identifier::Samordningsnummer(_) => Kind::Samordningsnummer,
            Identifier::NationalReserve(_) => Kind::NationalReserve,
            Identifier::RegionalReserve(_) => Kind::RegionalReserve,
            Identifier::Interim(_) => Kind::Interim,
        }
    }

    /// The system's OID, which goes into the pseudonym; interim numbers have none and say `interim`.
    pub fn system(&self) -> &'static str {
        match self {
            Identifier::Personnummer(_) => System::Personnummer.oid(),
            Identifier::Samordningsnummer(_) => System::Samordningsnummer.oid(),
            Identifier::NationalReserve(_) => System::NationalReserve.oid(),
            Identifier::RegionalReserve(number) => System::Reserve(number.reserve()).oid(),
            Identifier::Interim(_) => "interim",
        }
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        match self {
            Identifier::Personnummer(number) => number.canonical(),
            Identifier::Samordningsnummer(number) => number.canonical(),
            Identifier::NationalReserve(number) => number.canonical(),
            Identifier::RegionalReserve(number) => number.canonical(),
            Identifier::Interim(number) => number.canonical(),
        }
    }

    /// What the number says of the birth date; reserve numbers are not asked.
    pub fn birth(&self) -> Option<Birth> {
        match self {
            Identifier::Personnummer(number) => Some(number.birth()),
            Identifier::Samordningsnummer(number) => Some(number.birth()),
            Identifier::Interim(number) => Some(number.birth()),
            Identifier::NationalReserve(_) | Identifier::RegionalReserve(_) => None,
        }
    }

    /// What the number says of legal sex; reserve numbers are not asked.
    pub fn sex(&self) -> Option<Sex> {
        match self {
            Identifier::Personnummer(number) => Some(number.sex()),
            Identifier::Samordningsnummer(number) => Some(number.sex()),
            Identifier::Interim(number) => Some(number.sex()),
            Identifier::NationalReserve(_) | Identifier::RegionalReserve(_) => None,
        }
    }
}
