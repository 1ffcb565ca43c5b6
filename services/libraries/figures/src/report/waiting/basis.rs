//! What a reader of the page has to know beside its figures: the steps of the guarantee, who is in none of the figures, and how
//! it is counted.

use std::sync::Arc;

use topics::Region;

use super::super::sheet::{self, Absent, Cell, Sheet};
use super::super::{Block, Sight, kit};
use super::figures::Step;
use super::series::{self, Series};
use super::{Measures, STATUSES};
use crate::published::Parcel;

/// The four steps of the guarantee, with what is published of each.
pub(super) fn steps(sight: &Sight<'_>, measures: &Measures) -> Block {
    let columns = vec![
        sheet::words("step", sight.say("Steg i vårdgarantin", "Step of the guarantee")),
        sheet::number("limit", sight.say("Gräns", "Limit"), sight.say("dagar", "days")),
        sheet::number("waiting_share", sight.say("Väntande inom gränsen", "Waiting within it"), "%"),
        sheet::number("completed_share", sight.say("Genomförda inom gränsen", "Completed within it"), "%"),
    ];
    let mut table =
        Sheet::new("steg", sight.say("Vårdgarantins fyra steg", "The four steps of the guarantee"), columns, "");
    table.lead = sight
        .say(
            "Uttaget waiting-times gäller specialistvårdens två steg. Där mäts uppfyllelsen med väntande; genomförda är primärvårdens mått. Primärvårdens steg är inte publicerade.",
            "The extract waiting-times is about the two steps of specialised care. There fulfilment is measured with those waiting; completed contacts are primary care's measure. Primary care's steps are not published.",
        )
        .to_owned();
    let missing = || Cell::Absent(Absent::Missing);
    for (name, days) in [
        (sight.say("Kontakt med primärvården", "Contact with primary care"), 0),
        (sight.say("Medicinsk bedömning i primärvården", "Medical assessment in primary care"), 3),
    ] {
        table.rows.push(vec![Cell::text(name), Cell::Whole(days), missing(), missing()]);
    }
    let last = |status, step| {
        let month = measures.now(status, step);
        let series = Series::of(sight, std::slice::from_ref(month), &sight.address.place);
        series.last().map_or_else(missing, series::share)
    };
    for (step, name) in [
        (Step::FirstVisit, sight.say("Första besök i specialistvården", "First visit in specialised care")),
        (Step::Treatment, sight.say("Operation eller åtgärd", "Operation or treatment")),
    ] {
        let shares = STATUSES.map(|status| last(status, step));
        table.rows.push([Cell::text(name), Cell::Whole(90)].into_iter().chain(shares).collect());
    }
    Block::Sheet(table)
}

/// How many statements are in none of the figures though nothing is wrong with them, and whose clock starts elsewhere.
///
/// With all other counts of a region and what came, they would tell a count that is hidden; so they are withheld then.
pub(super) fn outside(sight: &Sight<'_>, parcels: &[Arc<Parcel>], measures: &Measures) -> Block {
    let mut hidden: Vec<Region> = STATUSES
        .into_iter()
        .flat_map(|status| Step::ALL.map(|step| measures.now(status, step)))
        .flat_map(|month| month.areas.iter().filter(|area| !area.counts.is_open()))
        .map(|area| area.region)
        .collect();
    hidden.sort_unstable();
    hidden.dedup();
    // The country's count less the other regions' is that of one region; of two it is only their sum, which is shown anyway.
    let is_hidden = sight.address.place.region().map_or(hidden.len() == 1, |region| hidden.contains(&region));
    let columns = vec![
        sheet::words("what", sight.say("Vad", "What")),
        sheet::number("statements", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::words("effect", sight.say("Följd", "Effect")),
    ];
    let title = sight.say("Utanför siffrorna", "Outside the figures");
    let mut table = Sheet::new("utanfor", title, columns, "");
    table.lead = sight
        .say("Av regionen som helhet, väntande och genomförda.", "Of the region as a whole, waiting and completed.")
        .to_owned();
    let aside = sight.say("läggs åt sidan", "set aside");
    for (total, what, effect) in [
        ("patient_chosen", sight.say("Patientvald väntan (PvV)", "Waits chosen by the patient (PvV)"), aside),
        (
            "phase_other",
            sight.say("Undersökning, återbesök, akut (fas 3–5)", "Examination, return visit, emergency (phases 3–5)"),
            aside,
        ),
        ("phase_unknown", sight.say("Utan känd fas", "Without a known phase"), aside),
        (
            "first_visit_without_referral",
            sight.say("Första besök utan remissdatum", "First visits without a date of referral"),
            sight.say("klockan går från angivet beslut", "the clock starts at the stated decision"),
        ),
    ] {
        let counts: Vec<i64> = parcels.iter().filter_map(|parcel| parcel.total(total)).collect();
        let count = (!counts.is_empty()).then(|| counts.iter().sum());
        let is_of_the_sum = matches!(total, "patient_chosen" | "phase_other");
        let cell = if is_hidden && is_of_the_sum { Cell::Absent(Absent::Withheld) } else { Cell::or_missing(count) };
        table.rows.push(vec![Cell::text(what), cell, Cell::text(effect)]);
    }
    Block::Sheet(table)
}

/// How it is counted, and of each rule whether it was read somewhere or is ours.
pub(super) fn method(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Läst hos SKR (2026): första besök och operation eller åtgärd redovisas var för sig. Uppfyllelsen i specialistvården mäts med väntande; genomförda står bredvid under eget namn. Patientvald väntan (PvV) ingår inte i statistiken. Högst 90 dagar är inom vårdgarantin.",
            "Read at SKR (2026): first visit and operation or treatment are shown apart. Fulfilment in specialised care is measured with those waiting; completed contacts stand beside under their own name. Waits chosen by the patient (PvV) are not in the statistics. At most 90 days is within the guarantee.",
        ),
        sight.say(
            "Läst hos SKR (2026): klockan för ett besök går från att remissen utfärdas eller kontakten söks, för en åtgärd från beslutet. Vår läsning: besökets start är remissens datum, och det angivna beslutet där remissdatum saknas.",
            "Read at SKR (2026): the clock of a visit starts when the referral is issued or the contact sought, that of a treatment at the decision. Our reading: a visit starts at the referral's date, and at the stated decision where there is none.",
        ),
        sight.say(
            "Pilotregionernas läsning: hela kalenderdagar; för väntande till månadens sista dag. Medicinskt orsakad väntan (MoV) är utanför vårdgarantins nämnare medan den pågår och räknas när den är avslutad; om tiden eller hela kontakten ska dras av är inte verifierat. Samverkansorsakad väntan (SoV) räknas.",
            "The pilot regions' reading: whole calendar days; for those waiting, to the last day of the month. Medically caused waits (MoV) are outside the guarantee's denominator while they go on and count once they have ended; whether their time or the whole contact is taken off is not verified. Waits from co-operation (SoV) count.",
        ),
        sight.say(
            "Vår läsning: fas 3–5 hör till inget steg och läggs åt sidan. Median och intervall är över alla kontakter i steget, med eller utan vårdgaranti. Till och med version 2 av uttaget räknades alla faser i en andel, genomförda först, med patientvald väntan i median och intervall; de siffrorna finns kvar i uttaget waiting-times-pilots.",
            "Our reading: phases 3–5 are of no step and set aside. Median and intervals are over all contacts of the step, under the guarantee or not. Up to version 2 of the extract all phases were in one share, completed first, with waits chosen by the patient in median and intervals; those figures remain in the extract waiting-times-pilots.",
        ),
        sight.say(
            "Andelen är kontakter inom gränsen genom kontakter med vårdgaranti. Andelar räknas som summa delat med summa, över det som är publicerat. Under varje andel står Wilsons 95 % intervall (1927). Medianer går inte att lägga ihop och visas bara per sjukhus.",
            "The share is contacts within the limit over contacts under the guarantee. Shares are sums over sums of what is published. Under each share stands Wilson's 95% interval (1927). Medians cannot be added and are shown per hospital only.",
        ),
    ];
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.push(format!(
        "{} {} {}",
        sight.say("Färre än", "Fewer than"),
        sight.manner.contacts_min,
        sight.say(
            "kontakter visar inget mått. ”Döljs” står där en siffra annars skulle avslöja en annan.",
            "contacts show no statistic. “Withheld” stands where a figure would otherwise tell another."
        )
    ));
    kit::prose("avvikelser", sight.say("Så räknas det", "How it is counted"), &texts)
}
