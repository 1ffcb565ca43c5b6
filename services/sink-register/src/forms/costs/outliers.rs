//! Ytterfall: the most expensive contacts of a region's care form, set aside when averages are compared.

use schemas::CareForm;

use super::contact::Contact;

/// Of a hundred contacts, how many are outliers (SKR's KPP 2024, read: 5 % of inpatient, 3 % of outpatient contacts). That they
/// are chosen in a region, without regard to somatic or psychiatric care and to DRG, is ours.
fn percent(care_form: CareForm) -> usize {
    match care_form {
        CareForm::Inpatient => 5,
        CareForm::Outpatient => 3,
        CareForm::Primary | CareForm::Home | CareForm::Unknown => 0,
    }
}

/// Marks them. Of equal totals the contact that sorts first counts as the dearer, so that the same contacts give the same
/// marks; a share that is no whole number is rounded down.
pub(super) fn mark(contacts: &mut [Contact]) {
    for form in [CareForm::Inpatient, CareForm::Outpatient] {
        let mut places: Vec<usize> = (0..contacts.len()).filter(|at| contacts[*at].care_form == form).collect();
        let count = places.len() * percent(form) / 100;
        places.sort_by_key(|at| std::cmp::Reverse(contacts[*at].total_ore));
        for at in places.into_iter().take(count) {
            contacts[at].outlier = true;
        }
    }
}
