//! Where else a patient can lie: wards with a free bed, the nearest first.
//!
//! Only wards of the same region, which is what a reader of the ward may see. Distance is as the crow flies between
//! hospitals; where one of the two places is not known there is none, and nothing is guessed in its stead.

use crate::board::{Board, Scope};
use crate::collate;
use crate::guide::Guide;
use crate::ward::Ward;

/// Most that are shown.
pub const SHOWN_MAX: usize = 5;

/// A ward that can take a patient.
pub struct Alternative<'a> {
    /// Which.
    pub ward: &'a Ward,
    /// Its staffed free beds.
    pub free: u32,
    /// How far its hospital is; `None` when a place is not known.
    pub metres: Option<u32>,
}

/// Wards that can take a patient in place of one.
pub struct Nearest<'a> {
    /// The nearest first, at most [`SHOWN_MAX`].
    pub alternatives: Vec<Alternative<'a>>,
    /// They are of the same speciality; otherwise of the same care type only.
    pub same_speciality: bool,
    /// Hospitals with an alternative, and the ward's own, whose place is not known.
    pub unplaced: Vec<&'a str>,
}

/// The alternatives to a ward.
pub fn nearest<'a>(board: &'a Board, guide: &Guide, ward: &'a Ward) -> Nearest<'a> {
    let here = guide.place(ward);
    let of_region = |other: &&Ward| other.region == ward.region && other.code != ward.code;
    let mut alternatives: Vec<Alternative<'a>> = board
        .wards(&Scope::Country)
        .filter(of_region)
        .filter(|other| other.freshness.counts() && other.care_type == ward.care_type)
        .filter_map(|other| {
            let free = other.can_take().filter(|free| *free > 0)?;
            let metres = match (here, guide.place(other)) {
                _ if other.hospital_code == ward.hospital_code => Some(0),
                (Some(here), Some(there)) => Some(here.metres_to(there)),
                _ => None,
            };
            Some(Alternative { ward: other, free, metres })
        })
        .collect();
    let same_speciality = ward.mvo.is_some() && alternatives.iter().any(|other| other.ward.mvo == ward.mvo);
    if same_speciality {
        alternatives.retain(|other| other.ward.mvo == ward.mvo);
    }
    let mut unplaced: Vec<&str> = alternatives
        .iter()
        .map(|other| other.ward)
        .chain([ward])
        .filter(|ward| guide.place(ward).is_none())
        .map(|ward| &*ward.hospital_name)
        .collect();
    unplaced.sort_by(|one, other| collate::compare(one, other));
    unplaced.dedup();
    let order = |other: &Alternative<'_>| (other.metres.unwrap_or(u32::MAX), std::cmp::Reverse(other.free));
    alternatives.sort_by(|one, other| {
        order(one).cmp(&order(other)).then_with(|| collate::compare(&one.ward.name, &other.ward.name))
    });
    alternatives.truncate(SHOWN_MAX);
    Nearest { alternatives, same_speciality, unplaced }
}
