//! The page about the dashboard: definitions, method, sources, accessibility with a way to complain, and what has changed.

use std::fmt::Write as _;

use board::definitions;
use board::language::Language;

use super::sheet::{self, Cell, Sheet};
use super::{Block, Page, Report, Sight, kit};
use crate::escape::escape;

/// Definitions that have changed: version, day, what changed, in both languages.
const CHANGES: [(&str, &str, &str, &str); 5] = [
    (
        "5",
        "2026-12-01",
        "En enhet utan vårdplatser, som en akutmottagning, är ”ej tillämpligt” och räknas inte i täckningen. ”Rättad” står i fyra timmar, och bara där antalet blev ett annat.",
        "A unit without beds, as an emergency department, is “not applicable” and does not count in the coverage. “Corrected” stands for four hours, and only where the number became another.",
    ),
    (
        "4",
        "2026-11-30",
        "Varje definition säger var och när den är läst, eller att den är vår läsning; en mening under någon annans namn är den källans egen. Vår läsning av nyfödda, permission, patienthotell och dagvård står under Belagd. En region säger om dess tekniska platser ingår eller är utanför; tavlan, API:et, lagret och uttaget följer det. Uttaget vårdplatser får version 3. Väntetider per steg: första besök och åtgärd var för sig, väntande först och genomförda bredvid, utan patientvald väntan. Uttaget väntetider får version 3; pilotregionernas siffror blir ett eget uttag. Höftfrakturer från 50 år och utan patologiska, som Rikshöft redovisar: uttaget får version 2. Ytterfall: det står nu vad som är SKR:s och vad som är vår läsning; siffrorna är oförändrade.",
        "Every definition says where and when it was read, or that it is our reading; a sentence under somebody else's name is that source's own. Our reading of newborns, leave, patient hotels and day care stands under Occupied. A region says whether its technical beds are counted or left out; board, API, store and extract follow it. The extract of beds becomes version 3. Waiting times by step: first visit and treatment apart, waiting first and completed beside, without waits chosen by the patient. The extract of waiting times becomes version 3; the pilot regions' figures become an extract of their own. Hip fractures of 50 years and over without pathological ones, as Rikshöft reports: that extract becomes version 2. Outliers: it now says what is SKR's and what is our reading; the figures are unchanged.",
    ),
    (
        "3",
        "2026-11-28",
        "Överbeläggning är en siffra överallt: patienter på ej disponibla platser, och minst de belagda utöver de disponibla. Lägesordet följer den. Uttaget vårdplatser får version 2. Anmärkningar ur tidslinjen visas. Fastställd vårdplats har termbankens ordalydelse.",
        "Overcrowding is one figure everywhere: patients in places that are not staffed beds, and at least the occupied beyond the staffed. The status word follows it. The extract of beds becomes version 2. Findings of the timeline are shown. A decided bed has the term bank's wording.",
    ),
    (
        "2",
        "2026-11-25",
        "Publicerade siffror: väntetider, kostnad, vårdförlopp och datakvalitet. Ordet ”döljs”.",
        "Published figures: waiting times, cost, pathway and data quality. The word “withheld”.",
    ),
    ("1", "2026-11-22", "Vårdplatser: de första definitionerna.", "Beds: the first definitions."),
];

pub(super) fn report(sight: &Sight<'_>) -> Report {
    let blocks = vec![
        purpose(sight),
        terms(sight),
        kit::prose("metod", sight.say("Metod", "Method"), &method(sight)),
        kit::prose("kallor", sight.say("Källor", "Sources"), &sources(sight)),
        accessibility(sight),
        changes(sight),
    ];
    let subheading = format!(
        "{} {}, {}",
        sight.say("definitioner version", "definitions version"),
        definitions::VERSION,
        definitions::DATE
    );
    Report { heading: Page::About.name(sight.language).to_owned(), subheading, blocks, parcels: Vec::new() }
}

fn purpose(sight: &Sight<'_>) -> Block {
    let text = sight.say(
        "Vårdström visar lägen och uppföljning ur regionernas egna händelser. Tavlan visar vårdplatser nu; de andra sidorna visar siffror som regionerna har publicerat för en stängd period.",
        "Vårdström shows states and follow-up from the regions' own events. The board shows beds now; the other pages show figures that the regions have published for a closed period.",
    );
    Block::Markup(format!("<p class=\"lead\">{text}</p>"))
}

fn terms(sight: &Sight<'_>) -> Block {
    let columns = vec![
        sheet::words("term", sight.say("Begrepp", "Term")),
        sheet::words("meaning", sight.say("Betydelse", "Meaning")),
        sheet::words("source", sight.say("Källa", "Source")),
    ];
    let mut table = Sheet::new("definitioner", sight.say("Definitioner", "Definitions"), columns, "");
    for term in
        definitions::terms(sight.language, sight.board).into_iter().chain(definitions::published(sight.language))
    {
        let cited = term.cited(sight.language);
        let meaning = match term.added(sight.language) {
            Some(added) => format!("{} {added}", term.meaning),
            None => term.meaning,
        };
        table.rows.push(vec![Cell::text(term.term), Cell::text(meaning), Cell::text(cited)]);
    }
    Block::Sheet(table)
}

fn method(sight: &Sight<'_>) -> Vec<String> {
    let rules = &sight.manner.rules;
    match sight.language {
        Language::Sv => vec![
            "Samma siffra överallt: sidor, CSV och API skrivs ur samma tabell. Andelar räknas som summa delat med summa, av publicerade täljare och nämnare. Det som saknas är ett ord, aldrig noll.".into(),
            format!("Serier bedöms med gränser för vanlig variation: medianen ± 2,66 gånger medelskillnaden mellan grannmånader. En månad avviker när den ligger utanför gränserna, när {} i rad ligger på samma sida eller när {} i rad stiger eller faller. Gränser dras när minst {} månader finns. Ett brott börjar en ny serie.", rules.one_side, rules.trend, rules.points_min),
            format!("Färre än {} kontakter visar inget mått där enheter jämförs. Är bara en enhet i en grupp dold döljs en till, så att summan inte avslöjar den.", sight.manner.contacts_min),
            "Regioner och sjukhus står i kodordning. Rangordning visas bara när någon ber om den i adressen.".into(),
        ],
        Language::En => vec![
            "The same figure everywhere: pages, CSV and API are written from one table. Shares are made of published numerators and denominators, totals are sum over sum. What is missing is a word, never zero.".into(),
            format!("Series are judged by limits of ordinary variation: the median ± 2.66 times the mean difference between neighbouring months. A month stands out when it is outside the limits, when {} in a row are on one side, or when {} in a row rise or fall. Limits are drawn from {} months on. A break begins a new series.", rules.one_side, rules.trend, rules.points_min),
            format!("Fewer than {} contacts show no statistic where units are compared. If only one unit of a group is hidden another goes with it, so that the sum does not tell it.", sight.manner.contacts_min),
            "Regions and hospitals stand in order of their codes. A ranking is shown only when the address asks for it.".into(),
        ],
    }
}

fn sources(sight: &Sight<'_>) -> Vec<String> {
    [
        sight.say(
            "Vårdplatser: in- och utskrivningar och avdelningarnas uppgifter, i realtid.",
            "Beds: admissions, discharges and the wards' statements, in real time.",
        ),
        sight.say(
            "Väntetider: regionernas uppgifter om genomförda och väntande kontakter enligt SKR:s informationsmodell, per månad och steg. Reglerna: SKR:s sidor om utökad uppföljning av specialiserad vård, lästa 2026.",
            "Waiting times: the regions' statements of completed and waiting contacts by SKR's information model, per month and step. The rules: SKR's pages on the extended follow-up of specialised care, read in 2026.",
        ),
        sight.say(
            "Kostnad: kostnad per patient (KPP), per år. Vårdförlopp: regionernas händelser om höftfrakturer.",
            "Cost: cost per patient (KPP), per year. Pathway: the regions' events of hip fractures.",
        ),
    ]
    .map(str::to_owned)
    .to_vec()
}

fn accessibility(sight: &Sight<'_>) -> Block {
    let mut markup = format!(
        "<section class=\"card prose\" id=\"tillganglighet\"><h2>{}</h2>",
        sight.say("Tillgänglighetsredogörelse", "Accessibility statement")
    );
    for text in definitions::accessibility(sight.language) {
        let _ = write!(markup, "<p>{text}</p>");
    }
    let _ = write!(
        markup,
        "<p>{}</p><p>{} ",
        sight.say(
            "Kända brister: diagram skalas inte om på smala skärmar utan rullas i sidled; samma tal står i tabellen under.",
            "Known shortcomings: charts are not laid out anew on narrow screens but scroll sideways; the same numbers stand in the table below.",
        ),
        sight.say("Brister och klagomål anmäls till", "Report shortcomings and complaints to"),
    );
    match sight.manner.contact.as_deref() {
        Some(contact) => {
            let href = if contact.starts_with("https://") { contact.to_owned() } else { format!("mailto:{contact}") };
            let _ = write!(markup, "<a href=\"{}\">{}</a>.", escape(&href), escape(contact));
        }
        None => {
            let _ = write!(markup, "<b>{}</b>.", sight.say("(ingen kontakt är angiven)", "(no contact is given)"));
        }
    }
    let _ = write!(
        markup,
        " {}</p></section>",
        sight.say(
            "Blir du inte nöjd med svaret kan du anmäla till Myndigheten för digital förvaltning (Digg), som har tillsyn.",
            "If the answer does not satisfy you, you can turn to the Agency for Digital Government (Digg), the supervisory authority."
        )
    );
    Block::Markup(markup)
}

fn changes(sight: &Sight<'_>) -> Block {
    let columns = vec![
        sheet::words("version", sight.say("Version", "Version")),
        sheet::words("date", sight.say("Datum", "Date")),
        sheet::words("change", sight.say("Ändring", "Change")),
    ];
    let mut table =
        Sheet::new("andringar", sight.say("Ändringar av definitioner", "Changes of definitions"), columns, "");
    for (version, date, sv, en) in CHANGES {
        table.rows.push(vec![Cell::text(version), Cell::text(date), Cell::text(sight.say(sv, en))]);
    }
    Block::Sheet(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_change_is_of_the_present_version() {
        assert_eq!((CHANGES[0].0, CHANGES[0].1), (definitions::VERSION, definitions::DATE));
    }
}
