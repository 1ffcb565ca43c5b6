//! The definitions behind every figure, for the page and for the API. A changed definition is a new version.

use serde::Serialize;

use crate::age::Limits;
use crate::language::Language;
use crate::status::{FREE_FROM, Kind};
use crate::usual::{WEEKS, WEEKS_MIN};

/// Raised when a definition changes.
pub const VERSION: &str = "4";
/// The day of that version.
pub const DATE: &str = "2026-11-30";

/// One term.
#[derive(Debug, Clone, Serialize)]
pub struct Definition {
    /// What addresses point at.
    pub id: &'static str,
    /// The term.
    pub term: &'static str,
    /// What it means here.
    pub meaning: String,
    /// Where it comes from.
    pub source: &'static str,
}

/// All terms.
pub fn terms(language: Language, limits: &Limits) -> Vec<Definition> {
    let minutes = |period: std::time::Duration| period.as_secs() / 60;
    let (warn, error, lost) = (minutes(limits.warn_after), minutes(limits.error_after), minutes(limits.lost_after));
    let term = |id, term, meaning: &str, source| Definition { id, term, meaning: meaning.to_owned(), source };
    match language {
        Language::Sv => vec![
            term(
                "disponibel",
                "Disponibel vårdplats",
                "Vårdplats i sluten vård med fysisk utformning, utrustning och bemanning som säkerställer patientsäkerhet och arbetsmiljö.",
                "Socialstyrelsens termbank",
            ),
            term(
                "faststalld",
                "Fastställd vårdplats",
                "Vårdplats i sluten vård beslutad av huvudman.",
                "Socialstyrelsens termbank",
            ),
            term(
                "belagda",
                "Belagd",
                "Inskriven patient på avdelningen vid tidpunkten. Patient på permission räknas, för platsen hålls. Besök utan inskrivning räknas inte. Andelen är belagda genom disponibla på samma avdelningar.",
                "Räknas ur in- och utskrivningar",
            ),
            term(
                "lediga",
                "Ledig bemannad plats",
                "Disponibla minus belagda på avdelningen. Den som ligger på en plats som inte är disponibel är belagd, så lediga är de platser som blir kvar när alla har fått en: därför kan en överbelagd avdelning ha lediga platser. I en summa räknas en avdelning aldrig under noll: en full avdelning tar inte av en annans lediga platser.",
                "Räknas här",
            ),
            term(
                "overbelaggning",
                "Överbeläggning",
                "När en inskriven patient vårdas på en vårdplats som inte uppfyller kraven på disponibel vårdplats. Räknas per avdelning: patienterna på platser som enhetskatalogen anger som ej disponibla, och minst de belagda utöver de disponibla. Samma tal står vid lägesordet, i kolumnen, kl. 06.00, i lagret och i uttaget. Är de disponibla okända och ingen ej disponibel plats belagd står ”saknas”. En summa är summan av avdelningarnas tal. En teknisk plats räknas som disponibel och en patient på permission räknas med: det är vår läsning, en offentlig regel har inte hittats. Anges per 100 disponibla vårdplatser. Till och med version 2 räknades bara de ej disponibla platserna så snart någon plats på avdelningen hade känd sort.",
                "Socialstyrelsens termbank; nyckeltalet SKR",
            ),
            term(
                "utlokaliserad",
                "Utlokaliserad patient",
                "Inskriven patient som vårdas på annan vårdenhet än den som har specifik kompetens och medicinskt ansvar för patienten. En patient kan räknas både här och som överbeläggning. Anges per 100 disponibla vårdplatser.",
                "Socialstyrelsens termbank; nyckeltalet SKR",
            ),
            term(
                "stangda",
                "Stängd vårdplats",
                "Plats som avdelningen har uppgett som stängd, med en av fyra orsaker: personal, hygien, material, lokal. En stängd plats ingår inte bland de disponibla, så beläggningen kan se lugnare ut än läget är.",
                "Avdelningens uppgift",
            ),
            term(
                "summa",
                "Summor",
                "Summa genom summa, aldrig medelvärde av andelar. Är nämnaren noll står ”ej tillämpligt”. Täckningen säger hur många avdelningar som ingår. En avdelning ingår när källan är hörd i tid och antalet disponibla är känt.",
                "Räknas här",
            ),
            Definition {
                id: "alder",
                term: "Uppgifternas ålder",
                meaning: format!(
                    "Två klockor. Hört: senaste meddelande från källan; färskt till {warn} minuter, äldre till {error}, gammalt till {lost}, därefter tappat. Gamla och tappade uppgifter räknas inte in. Ändrat: senaste händelse på avdelningen; en lugn avdelning är inte ett fel."
                ),
                source: "Gränserna ställs in",
            },
            term(
                "kl06",
                "Kl. 06.00",
                "Samma räkning som nu, vid klockan 06.00 svensk tid, ur samma händelser. Sena händelser ändrar siffran i efterhand.",
                "SKR:s mättidpunkt",
            ),
            Definition {
                id: "vanligen",
                term: "Vanligen",
                meaning: format!(
                    "Median och mittersta hälften för samma veckodag och timme de senaste {WEEKS} veckorna. Visas när minst {WEEKS_MIN} veckor finns."
                ),
                source: "Räknas ur lagret",
            },
            term(
                "rattad",
                "Rättad",
                "En siffra som visats har ändrats av att en tidigare händelse återtogs eller ändrades. Det gamla värdet står i avdelningens logg.",
                "Räknas här",
            ),
        ],
        Language::En => vec![
            term(
                "disponibel",
                "Staffed bed (disponibel vårdplats)",
                "A bed in inpatient care whose design, equipment and staffing secure patient safety and working conditions.",
                "The National Board of Health and Welfare's term bank",
            ),
            term(
                "faststalld",
                "Decided bed (fastställd vårdplats)",
                "A bed in inpatient care decided on by the responsible authority.",
                "The term bank",
            ),
            term(
                "belagda",
                "Occupied (belagd)",
                "An admitted patient on the ward at the instant. A patient on leave counts, for the bed is kept. Visits without admission do not count. The share is occupied over staffed on the same wards.",
                "Counted from admissions and discharges",
            ),
            term(
                "lediga",
                "Staffed bed free (ledig)",
                "Staffed minus occupied on the ward. Whoever lies in a place that is no staffed bed is occupied, so free beds are those left when everybody has one: an overcrowded ward can have free beds. In a sum a ward never counts below zero: a full ward does not use up another's free beds.",
                "Counted here",
            ),
            term(
                "overbelaggning",
                "Overcrowding (överbeläggning)",
                "When an admitted patient is cared for in a place that does not meet the requirements of a staffed bed. Counted per ward: the patients in places that the unit directory calls not staffed, and at least the occupied beyond the staffed beds. The same number stands with the status word, in the column, at 06:00, in the store and in the extract. Where the staffed beds are unknown and no such place is taken it says “missing”. A total is the sum of the wards' own figures. A technical bed counts as staffed and a patient on leave counts: that is our reading, no public rule was found. Given per 100 staffed beds. Up to version 2 only the places that are not staffed counted as soon as one place of the ward was of a known kind.",
                "The term bank; the indicator is SKR's",
            ),
            term(
                "utlokaliserad",
                "Outlying patient (utlokaliserad)",
                "An admitted patient cared for on another ward than the one with the specific competence and medical responsibility. A patient can count both here and as overcrowding. Given per 100 staffed beds.",
                "The term bank; the indicator is SKR's",
            ),
            term(
                "stangda",
                "Closed bed (stängd)",
                "A place that the ward has declared closed, with one of four reasons: staff, hygiene, equipment, premises. A closed bed is not among the staffed ones, so occupancy can look calmer than it is.",
                "The ward's own statement",
            ),
            term(
                "summa",
                "Totals",
                "Sum over sum, never a mean of shares. When the denominator is zero it says “not applicable”. Coverage tells how many wards are included. A ward is included when its source was heard in time and its staffed beds are known.",
                "Counted here",
            ),
            Definition {
                id: "alder",
                term: "Age of data",
                meaning: format!(
                    "Two clocks. Heard: last message from the source; fresh up to {warn} minutes, ageing up to {error}, stale up to {lost}, then lost. Stale and lost data are left out of totals. Changed: last event on the ward; a quiet ward is not a fault."
                ),
                source: "Limits are configurable",
            },
            term(
                "kl06",
                "At 06:00",
                "The same count as now, at 06:00 Swedish time, from the same events. Late events change the figure afterwards.",
                "SKR's time of measurement",
            ),
            Definition {
                id: "vanligen",
                term: "Usually",
                meaning: format!(
                    "Median and middle half for the same weekday and hour over the last {WEEKS} weeks. Shown when at least {WEEKS_MIN} weeks exist."
                ),
                source: "Counted from the store",
            },
            term(
                "rattad",
                "Corrected",
                "A figure that was shown has been changed because an earlier event was withdrawn or changed. The old value stands in the ward's log.",
                "Counted here",
            ),
        ],
    }
}

/// Terms of published figures.
pub fn published(language: Language) -> Vec<Definition> {
    let term = |id, term, meaning: &str, source| Definition { id, term, meaning: meaning.to_owned(), source };
    let skr = language.say(
        "SKR, utökad uppföljning av specialiserad vård, 2026: läst",
        "SKR, extended follow-up of specialised care, 2026: read",
    );
    let ours = language.say("Vår läsning", "Our reading");
    let here = language.say("Räknas här", "Counted here");
    vec![
        term(
            "vardgaranti",
            language.say("Inom vårdgarantin", "Within the guarantee (vårdgaranti)"),
            language.say(
                "Högst 90 dagar, genom kontakter med vårdgaranti; per steg. Uppfyllelsen mäts med väntande, genomförda står bredvid under eget namn. Patientvald väntan ingår inte i statistiken.",
                "At most 90 days, over contacts under the guarantee; by step. Fulfilment is measured with those waiting, completed contacts stand beside under their own name. Waits chosen by the patient are not in the statistics.",
            ),
            skr,
        ),
        term(
            "steg",
            language.say("Första besök; operation eller åtgärd", "First visit; operation or treatment"),
            language.say(
                "Två steg med var sin klocka: ett besök väntar från att remissen utfärdas eller kontakten söks, en åtgärd från beslutet. Fas 1 och 2 i SKR:s informationsmodell.",
                "Two steps, each with its own clock: a visit waits from when the referral is issued or the contact sought, a treatment from the decision. Phases 1 and 2 of SKR's information model.",
            ),
            skr,
        ),
        term(
            "steg-lasning",
            language.say("Klocka, faser och medicinskt orsakad väntan", "Clock, phases and medically caused waits"),
            language.say(
                "Besökets start är remissens datum, och det angivna beslutet där remissdatum saknas. Fas 3–5 hör till inget steg och läggs åt sidan med antal. Medicinskt orsakad väntan är utanför nämnaren medan den pågår, som pilotregionerna räknar; om dess tid eller hela kontakten ska dras av är inte verifierat.",
                "A visit starts at the referral's date, and at the stated decision where there is none. Phases 3–5 are of no step and set aside with a count. Medically caused waits are outside the denominator while they go on, as the pilot regions count; whether their time or the whole contact is taken off is not verified.",
            ),
            ours,
        ),
        term(
            "uttag-vantetider",
            language.say("Uttaget väntetider, versioner", "The extract of waiting times, versions"),
            language.say(
                "Version 3: första besök och åtgärd var för sig, väntande och genomförda var för sig, utan patientvald väntan; andra faser åt sidan. Version 2 och tidigare: alla faser i en andel, av genomförda, från beslutet, med patientvald väntan i median och intervall; de finns kvar som uttaget waiting-times-pilots. En serie över bytet är inte jämförbar.",
                "Version 3: first visit and treatment apart, waiting and completed apart, without waits chosen by the patient; other phases set aside. Version 2 and before: all phases in one share, of completed contacts, from the decision, with waits chosen by the patient in median and intervals; they remain as the extract waiting-times-pilots. A series over the change is not comparable.",
            ),
            here,
        ),
        term(
            "uttag-vardplatser",
            language.say("Uttaget vårdplatser, versioner", "The extract of beds, versions"),
            language.say(
                "Version 2: överbeläggning är patienter på ej disponibla platser, och minst de belagda utöver de disponibla; tidslinjens anmärkningar står per avdelning och månad. Version 1: bara patienter på ej disponibla platser så snart någon plats på avdelningen hade känd sort; anmärkningarna stod som en summa. En serie över bytet är inte jämförbar.",
                "Version 2: overcrowding is patients in places that are not staffed beds, and at least the occupied beyond the staffed; the timeline's findings stand per ward and month. Version 1: only patients in places that are not staffed as soon as one place of the ward was of a known kind; findings stood as one sum. A series over the change is not comparable.",
            ),
            here,
        ),
        term(
            "anmarkning",
            language.say("Anmärkning", "Finding"),
            language.say(
                "Det som tidslinjens regler lade åt sidan, gissade eller lade märke till när händelser blev vårdtillfällen. En varning betyder att en siffra kan vara fel och står under Uppmärksamma; en upplysning står bara i avdelningens logg. Larm ges från två belagda för mycket av samma person på samma plats, eller tio varningar på en avdelning.",
                "What the rules of the timeline set aside, guessed or noticed when events became stays. A warning means that a figure may be wrong and stands under Needs attention; an information stands in the ward's log only. It is an alarm from two occupied too many of the same person in the same place, or ten warnings on a ward.",
            ),
            here,
        ),
        term(
            "vantande",
            language.say("Väntande", "Waiting (väntande)"),
            language.say(
                "Kontakt som inte har ägt rum vid månadens slut. Väntetiden räknas till månadens sista dag, som pilotregionerna räknar.",
                "A contact that has not taken place at the end of the month. The wait is counted to the month's last day, as the pilot regions count.",
            ),
            ours,
        ),
        term(
            "hoftfraktur",
            language.say("Höftfraktur inom 24 timmar", "Hip fracture within 24 hours"),
            language.say(
                "Patienter från 50 år med höftfraktur som inte är patologisk, opererade högst 24 timmar efter ankomst, genom dem med båda tiderna kända.",
                "Patients of 50 years and over with a hip fracture that is not pathological, operated at most 24 hours after arrival, over those with both times known.",
            ),
            language.say("Rikshöft, årsrapport 2014: läst", "Rikshöft, yearly report 2014: read"),
        ),
        term(
            "hoftfraktur-lasning",
            language.say("Ålder och patologisk fraktur", "Age and pathological fracture"),
            language.say(
                "Åldern är ankomstens år minus födelseåret. Patologisk är en fraktur med M84.4 eller M90.7 bland diagnoserna; M80 och enbart en cancerdiagnos är det inte. Yngre, patologiska och de med okänd ålder läggs åt sidan med antal.",
                "Age is the year of arrival less the year of birth. A fracture with M84.4 or M90.7 among the diagnoses is pathological; M80 and a diagnosis of cancer alone are not. The younger, the pathological and those of unknown age are set aside with a count.",
            ),
            ours,
        ),
        term(
            "uttag-hoftfraktur",
            language.say("Uttaget höftfraktur, versioner", "The extract of hip fractures, versions"),
            language.say(
                "Version 2: från 50 år, utan patologiska frakturer. Version 1: alla. En serie över bytet är inte jämförbar.",
                "Version 2: of 50 years and over, without pathological fractures. Version 1: of everybody. A series over the change is not comparable.",
            ),
            here,
        ),
        term(
            "ytterfall",
            language.say("Ytterfall", "Outlier (ytterfall)"),
            language.say(
                "De 5 % dyraste kontakterna i sluten vård och de 3 % dyraste i öppen vård. SKR märker dem i den nationella KPP-databasen.",
                "The 5% most expensive inpatient contacts and the 3% most expensive outpatient ones. SKR marks them in the national KPP database.",
            ),
            language.say("SKR, KPP 2024: läst", "SKR, KPP 2024: read"),
        ),
        term(
            "ytterfall-lasning",
            language.say("Ytterfall på den här tavlan", "Outliers on this board"),
            language.say(
                "De dyraste inom regionen, sluten och öppen vård var för sig, somatik och psykiatri tillsammans: inte samma kontakter som SKR:s. Om SKR väljer inom DRG är inte känt; här görs det inte.",
                "The dearest of the region, inpatient and outpatient care apart, somatic and psychiatric care together: not the contacts that SKR marks. Whether SKR chooses within a DRG is not known; here it is not done.",
            ),
            ours,
        ),
        term(
            "hopp",
            language.say("Hopp upp, hopp ned", "Jump up, jump down"),
            language.say(
                "En kontrollsumma som ligger långt från medianen av perioderna före.",
                "A control total that lies far from the median of the periods before.",
            ),
            here,
        ),
        term(
            "doljs",
            language.say("Döljs", "Withheld"),
            language.say(
                "En siffra som visas inte för att den tillsammans med summan skulle avslöja en dold siffra.",
                "A figure that is not shown because it and the sum would tell a hidden figure.",
            ),
            here,
        ),
    ]
}

/// When a ward has a status word.
pub fn status(language: Language, kind: Kind) -> String {
    let few = FREE_FROM - 1;
    match (language, kind) {
        (Language::Sv, Kind::Lediga) => format!("{FREE_FROM} eller fler bemannade platser är lediga"),
        (Language::Sv, Kind::FaLediga) => format!("1–{few} bemannade platser är lediga"),
        (Language::Sv, Kind::Full) => "ingen bemannad plats är ledig".into(),
        (Language::Sv, Kind::Overbelagd) => "patienter utöver de disponibla platserna, eller på platser som inte är disponibla; siffran är antalet överbeläggningar".into(),
        (Language::Sv, Kind::TarInteEmot) => "avdelningen har sagt det; orsak och sluttid står i text".into(),
        (Language::Sv, Kind::Okant) => "det finns ingen användbar uppgift".into(),
        (Language::En, Kind::Lediga) => format!("{FREE_FROM} or more staffed beds are free"),
        (Language::En, Kind::FaLediga) => format!("1–{few} staffed beds are free"),
        (Language::En, Kind::Full) => "no staffed bed is free".into(),
        (Language::En, Kind::Overbelagd) => "patients beyond the staffed beds, or in places that are none; the figure is the number of överbeläggningar".into(),
        (Language::En, Kind::TarInteEmot) => "the ward has said so; reason and end are in the text".into(),
        (Language::En, Kind::Okant) => "there is no usable data".into(),
    }
}

/// The words that stand where a number is missing.
pub fn words(language: Language) -> Vec<(&'static str, &'static str)> {
    let w = language.words();
    match language {
        Language::Sv => vec![
            (w.missing, "inget har kommit"),
            (w.loading, "regionens uppgifter läses in; siffran är inte känd än"),
            (w.unreadable, "något har kommit men säger inte siffran"),
            (w.not_applicable, "siffran har ingen mening här, till exempel en andel av noll"),
            ("färre än 5", "siffran döljs för att få personer ligger bakom den; gränsen kan skilja mellan regioner"),
            (w.withheld, "siffran döljs för att den annars skulle avslöja en annan dold siffra"),
            ("0", "noll, räknat"),
        ],
        Language::En => vec![
            (w.missing, "nothing was received"),
            (w.loading, "the region's data are being read; the figure is not known yet"),
            (w.unreadable, "something was received that does not tell the figure"),
            (w.not_applicable, "the figure has no meaning here, such as a share of zero"),
            (
                "fewer than 5",
                "the figure is hidden because few persons are behind it; the limit may differ between regions",
            ),
            (w.withheld, "the figure is hidden because it would tell another hidden figure"),
            ("0", "zero, counted"),
        ],
    }
}

/// The statement on accessibility.
pub fn accessibility(language: Language) -> Vec<&'static str> {
    match language {
        Language::Sv => vec![
            "Tavlan följer WCAG 2.2 på nivå AA. Den går att använda med tangentbord, skärmläsare, 200 % text, i utskrift och utan skript. Rörelse går att pausa. Allt som en kurva visar står också i en tabell.",
            "Inte prövat än: med fem vårdplatskoordinatorer och tio uppgifter. Brister anmäls till regionens kontaktväg för tavlan.",
        ],
        Language::En => vec![
            "The board follows WCAG 2.2 level AA. It works by keyboard, with a screen reader, at 200 % text, in print and without script. Changes can be paused. Whatever a curve shows also stands in a table.",
            "Not tried yet: with five bed coordinators and ten tasks. Report shortcomings to the region's contact for the board.",
        ],
    }
}
