//! Where a long Swedish name may break: at the joints of its compounds, marked by soft hyphens.
//!
//! Browsers break Swedish words by a dictionary that many installations lack; then a name is cut in the middle of a
//! syllable or not at all. Names of wards are made of few parts, so a small table does.

use std::borrow::Cow;

const SOFT_HYPHEN: char = '\u{ad}';
/// Shorter beginnings are not parted from what follows.
const BEFORE_MIN: usize = 2;

/// Parts that begin a new element of a compound, in small letters.
const JOINTS: [&str; 23] = [
    "avdelning",
    "beläggning",
    "beroende",
    "centrum",
    "enhet",
    "förlossning",
    "geriatrik",
    "kardiologi",
    "kirurgi",
    "klinik",
    "lasarett",
    "lokalisera",
    "medicin",
    "mottagning",
    "neurologi",
    "onkologi",
    "ortopedi",
    "psykiatri",
    "rehabilitering",
    "sjukhus",
    "sjukvård",
    "universitet",
    "vård",
];

/// The name with a soft hyphen before each joint.
pub fn soft(name: &str) -> Cow<'_, str> {
    let small = name.to_lowercase();
    // Letters whose small form has another length would shift what follows.
    if small.len() != name.len() {
        return Cow::Borrowed(name);
    }
    let mut joints: Vec<usize> = JOINTS
        .iter()
        .flat_map(|joint| small.match_indices(joint).map(|(at, _)| at))
        .filter(|at| {
            let before = small[..*at].chars().rev().take(BEFORE_MIN);
            before.clone().count() == BEFORE_MIN && before.clone().all(char::is_alphabetic)
        })
        .collect();
    // `sjukvård` breaks before `sjuk`, not within.
    joints.retain(|at| !(small[*at..].starts_with("vård") && small[..*at].ends_with("sjuk")));
    joints.sort_unstable();
    joints.dedup();
    let mut text = String::with_capacity(name.len() + 2 * joints.len());
    let mut from = 0;
    for at in &joints {
        text.push_str(&name[from..*at]);
        text.push(SOFT_HYPHEN);
        from = *at;
    }
    if joints.is_empty() {
        return Cow::Borrowed(name);
    }
    text.push_str(&name[from..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_at_their_joints_alone() {
        for (name, expected) in [
            ("Akutvårdsavdelning 19", "Akut|vårds|avdelning 19"),
            ("Intensivvårdsavdelning", "Intensiv|vårds|avdelning"),
            ("Öppenvårdsmottagning", "Öppen|vårds|mottagning"),
            ("Ögonsjukvård", "Ögon|sjukvård"),
            ("Norrlands universitetssjukhus", "Norrlands universitets|sjukhus"),
            ("Beroendevård 21", "Beroende|vård 21"),
            ("Medicin 41", "Medicin 41"),
            ("Vårdavdelning", "Vård|avdelning"),
            ("IVA", "IVA"),
            ("Överbeläggningar", "Över|beläggningar"),
            ("Utlokaliserade", "Ut|lokaliserade"),
            ("Kirurgisk akutvårdsavdelning", "Kirurgisk akut|vårds|avdelning"),
        ] {
            assert_eq!(soft(name).replace(SOFT_HYPHEN, "|"), expected);
        }
    }
}
