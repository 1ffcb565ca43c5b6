//! The definitions behind every figure, for the page and for the API. A changed definition is a new version.

use schemas::TechnicalBeds;
use serde::Serialize;

use crate::board::Board;
use crate::language::Language;
use crate::status::{FREE_FROM, Kind};
use crate::usual::{WEEKS, WEEKS_MIN};

/// Raised when a definition changes.
pub const VERSION: &str = "5";
/// The day of that version.
pub const DATE: &str = "2026-12-01";

/// Whose words a meaning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The source's own sentence, as it was read there; in English our translation of it.
    Read,
    /// Our reading: nobody else's sentence, whatever it is made from.
    Ours,
}

/// Who says a meaning.
#[derive(Debug, Clone, Copy)]
struct Source {
    name: &'static str,
    /// The year in which it was read there, or decided here.
    year: u16,
    basis: Basis,
}

/// One term.
#[derive(Debug, Clone, Serialize)]
pub struct Definition {
    /// What addresses point at.
    pub id: &'static str,
    /// The term.
    pub term: &'static str,
    /// What it means: the source's sentence and nothing else where it was read, else ours.
    pub meaning: String,
    /// Who says so; of ours, what it is made from.
    pub source: &'static str,
    /// The year in which it was read there, or decided here.
    pub year: u16,
    /// Whose words the meaning is.
    pub basis: Basis,
    /// What we add to a source's sentence, in our words: how it is counted here. Empty where nothing is added.
    pub reading: String,
}

impl Definition {
    fn new(id: &'static str, term: &'static str, meaning: impl Into<String>, source: Source) -> Self {
        let Source { name, year, basis } = source;
        Self { id, term, meaning: meaning.into(), source: name, year, basis, reading: String::new() }
    }

    fn counted(self, reading: impl Into<String>) -> Self {
        Self { reading: reading.into(), ..self }
    }

    /// The source and its year, and whether the words are its own.
    #[must_use]
    pub fn cited(&self, language: Language) -> String {
        let Self { source, year, basis, .. } = self;
        match (language, basis) {
            (Language::Sv, Basis::Read) => format!("{source}, läst {year}"),
            (Language::Sv, Basis::Ours) => format!("Vår läsning, {year}. {source}"),
            (Language::En, Basis::Read) => format!("{source}, read {year}, our translation"),
            (Language::En, Basis::Ours) => format!("Our reading, {year}. {source}"),
        }
    }

    /// What we add, with the word that says whose it is; nothing where nothing is added.
    #[must_use]
    pub fn added(&self, language: Language) -> Option<String> {
        let word = language.say("Vår läsning", "Our reading");
        (!self.reading.is_empty()).then(|| format!("{word}: {}", self.reading))
    }
}

/// All terms.
pub fn terms(language: Language, board: &Board) -> Vec<Definition> {
    let minutes = |period: std::time::Duration| period.as_secs() / 60;
    let limits = &board.limits;
    let (warn, error, lost) = (minutes(limits.warn_after), minutes(limits.error_after), minutes(limits.lost_after));
    let term = Definition::new;
    let ours = |sv, en| Source { name: language.say(sv, en), year: 2026, basis: Basis::Ours };
    let bank = Source {
        name: language.say("Socialstyrelsens termbank", "The National Board of Health and Welfare's term bank"),
        year: 2026,
        basis: Basis::Read,
    };
    let here = ours("Räknas här.", "Counted here.");
    match language {
        Language::Sv => vec![
            term(
                "disponibel",
                "Disponibel vårdplats",
                "Vårdplats i sluten vård med fysisk utformning, utrustning och bemanning som säkerställer patientsäkerhet och arbetsmiljö.",
                bank,
            )
            .counted("Antalet är det som avdelningen uppger."),
            term("faststalld", "Fastställd vårdplats", "Vårdplats i sluten vård beslutad av huvudman.", bank)
                .counted("Antalet är det som avdelningen uppger; om tekniska platser ingår står under Teknisk vårdplats."),
            term("teknisk", "Teknisk vårdplats", "Disponibel vårdplats på vårdenhet med särskilda resurser.", bank)
                .counted(format!(
                    "Som intensivvård, förlossning och uppvakning. Regioner räknar olika (utanför i Stockholm 2016 och Norrbotten 2017), och varje region säger hur i sin enhetskatalog. Ingår: platsen är disponibel och patienten där belagd. Utanför: platsen är inte bland de fastställda och disponibla, och patienten räknas varken som belagd, överbeläggning eller utlokaliserad. Inte sagt: patienten räknas. Nu: {}.",
                    technical_beds(language, board)
                )),
            term(
                "belagda",
                "Belagd",
                "Inskriven patient på avdelningen vid tidpunkten. Patient på permission räknas, för platsen hålls. Besök utan inskrivning, som dagvård, räknas inte. Ett nyfött barn hos modern räknas när barnet har ett eget inskrivet vårdtillfälle, och en patient på patienthotell när källan har skrivit in patienten i sluten vård på en avdelning: en offentlig regel om permission, nyfödda, patienthotell och dagvård har inte hittats. Andelen är belagda genom disponibla på samma avdelningar.",
                ours("Räknas ur in- och utskrivningar.", ""),
            ),
            term(
                "lediga",
                "Ledig bemannad plats",
                "Disponibla minus belagda på avdelningen. Den som ligger på en plats som inte är disponibel är belagd, så lediga är de platser som blir kvar när alla har fått en: därför kan en överbelagd avdelning ha lediga platser. I en summa räknas en avdelning aldrig under noll: en full avdelning tar inte av en annans lediga platser.",
                here,
            ),
            term(
                "overbelaggning",
                "Överbeläggning",
                "Händelse när en inskriven patient vårdas på en vårdplats som inte uppfyller kraven på disponibel vårdplats.",
                bank,
            )
            .counted("Räknas per avdelning: patienterna på platser som enhetskatalogen anger som ej disponibla, och minst de belagda utöver de disponibla, också när ingen plats har känd sort. Samma tal står vid lägesordet, i kolumnen, kl. 06.00, i lagret och i uttaget. Är de disponibla okända och ingen ej disponibel plats belagd står ”saknas”. En summa är summan av avdelningarnas tal. En patient på permission räknas med. Anges per 100 disponibla vårdplatser, som SKR:s nyckeltal. Till och med version 2 räknades bara de ej disponibla platserna så snart någon plats på avdelningen hade känd sort."),
            term(
                "utlokaliserad",
                "Utlokaliserad patient",
                "Inskriven patient som vårdas på annan vårdenhet än den som har specifik kompetens och medicinskt ansvar för patienten.",
                bank,
            )
            .counted("En patient kan räknas både här och som överbeläggning: en offentlig regel om det har inte hittats. Anges per 100 disponibla vårdplatser, som SKR:s nyckeltal."),
            term(
                "stangda",
                "Stängd vårdplats",
                "Plats som avdelningen har uppgett som stängd, med en av fyra orsaker: personal, hygien, material, lokal. En stängd plats ingår inte bland de disponibla, så beläggningen kan se lugnare ut än läget är.",
                ours("Avdelningens uppgift.", ""),
            ),
            term(
                "summa",
                "Summor",
                "Summa genom summa, aldrig medelvärde av andelar. Är nämnaren noll står ”ej tillämpligt”. Täckningen säger hur många avdelningar som ingår. En avdelning ingår när källan är hörd i tid och antalet disponibla är känt. En enhet utan vårdplatser, som en akutmottagning, räknas varken i täljare eller nämnare.",
                here,
            ),
            Definition::new(
                "alder",
                "Uppgifternas ålder",
                format!(
                    "Två klockor. Senast hörd: senaste meddelande från källan; färskt till {warn} minuter, äldre till {error}, gammalt till {lost}, därefter tappat. Gamla och tappade uppgifter räknas inte in. Ändrat: senaste händelse på avdelningen; en lugn avdelning är inte ett fel."
                ),
                ours("Gränserna ställs in.", ""),
            ),
            term(
                "kl06",
                "Kl. 06.00",
                "Samma räkning som nu, vid klockan 06.00 svensk tid, som är SKR:s mättidpunkt, ur samma händelser. Sena händelser ändrar siffran i efterhand.",
                here,
            ),
            Definition::new(
                "vanligen",
                "Vanligen",
                format!(
                    "Median och mittersta hälften för samma veckodag och timme de senaste {WEEKS} veckorna. Visas när minst {WEEKS_MIN} veckor finns."
                ),
                ours("Räknas ur lagret.", ""),
            ),
            term(
                "rattad",
                "Rättad",
                "En siffra som visats har ändrats av att en tidigare händelse återtogs eller ändrades. Märket står i fyra timmar, och bara där antalet blev ett annat; en händelse som bara kom sent rättar inget. Det gamla värdet står i avdelningens logg.",
                here,
            ),
        ],
        Language::En => vec![
            term(
                "disponibel",
                "Staffed bed (disponibel vårdplats)",
                "A bed in inpatient care whose design, equipment and staffing secure patient safety and working conditions.",
                bank,
            )
            .counted("The number is what the ward states."),
            term(
                "faststalld",
                "Decided bed (fastställd vårdplats)",
                "A bed in inpatient care decided on by the responsible authority.",
                bank,
            )
            .counted("The number is what the ward states; whether technical beds are among them stands under Technical bed."),
            term(
                "teknisk",
                "Technical bed (teknisk vårdplats)",
                "A staffed bed on a ward with special resources.",
                bank,
            )
            .counted(format!(
                "Such as intensive care, delivery and recovery. Regions count differently (left out in Stockholm 2016 and Norrbotten 2017), and each says how in its unit directory. Counted: the bed is staffed and the patient in it occupied. Left out: the bed is not among the decided and staffed ones, and the patient counts neither as occupied nor as overcrowding nor as outlying. Not said: the patient counts. Now: {}.",
                technical_beds(language, board)
            )),
            term(
                "belagda",
                "Occupied (belagd)",
                "An admitted patient on the ward at the instant. A patient on leave counts, for the bed is kept. Visits without admission, such as day care, do not count. A newborn with its mother counts when the child has an admission of its own, and a patient in a patient hotel when the source has admitted the patient to inpatient care on a ward: no public rule on leave, newborns, patient hotels and day care was found. The share is occupied over staffed on the same wards.",
                ours("", "Counted from admissions and discharges."),
            ),
            term(
                "lediga",
                "Staffed bed free (ledig)",
                "Staffed minus occupied on the ward. Whoever lies in a place that is no staffed bed is occupied, so free beds are those left when everybody has one: an overcrowded ward can have free beds. In a sum a ward never counts below zero: a full ward does not use up another's free beds.",
                here,
            ),
            term(
                "overbelaggning",
                "Overcrowding (överbeläggning)",
                "The event that an admitted patient is cared for in a place that does not meet the requirements of a staffed bed.",
                bank,
            )
            .counted("Counted per ward: the patients in places that the unit directory calls not staffed, and at least the occupied beyond the staffed beds, also where the kind of no place is known. The same number stands with the status word, in the column, at 06:00, in the store and in the extract. Where the staffed beds are unknown and no such place is taken it says “missing”. A total is the sum of the wards' own figures. A patient on leave counts. Given per 100 staffed beds, as SKR's indicator. Up to version 2 only the places that are not staffed counted as soon as one place of the ward was of a known kind."),
            term(
                "utlokaliserad",
                "Outlying patient (utlokaliserad)",
                "An admitted patient cared for on another ward than the one with the specific competence and medical responsibility.",
                bank,
            )
            .counted("A patient can count both here and as overcrowding: no public rule on that was found. Given per 100 staffed beds, as SKR's indicator."),
            term(
                "stangda",
                "Closed bed (stängd)",
                "A place that the ward has declared closed, with one of four reasons: staff, hygiene, equipment, premises. A closed bed is not among the staffed ones, so occupancy can look calmer than it is.",
                ours("", "The ward's own statement."),
            ),
            term(
                "summa",
                "Totals",
                "Sum over sum, never a mean of shares. When the denominator is zero it says “not applicable”. Coverage tells how many wards are included. A ward is included when its source was heard in time and its staffed beds are known. A unit without beds, as an emergency department, counts neither in numerator nor denominator.",
                here,
            ),
            Definition::new(
                "alder",
                "Age of data",
                format!(
                    "Two clocks. Heard: last message from the source; fresh up to {warn} minutes, ageing up to {error}, stale up to {lost}, then lost. Stale and lost data are left out of totals. Changed: last event on the ward; a quiet ward is not a fault."
                ),
                ours("", "Limits are configurable."),
            ),
            term(
                "kl06",
                "At 06:00",
                "The same count as now, at 06:00 Swedish time, which is when SKR measures, from the same events. Late events change the figure afterwards.",
                here,
            ),
            Definition::new(
                "vanligen",
                "Usually",
                format!(
                    "Median and middle half for the same weekday and hour over the last {WEEKS} weeks. Shown when at least {WEEKS_MIN} weeks exist."
                ),
                ours("", "Counted from the store."),
            ),
            term(
                "rattad",
                "Corrected",
                "A figure that was shown has been changed because an earlier event was withdrawn or changed. The mark stands for four hours, and only where the number became another; an event that only came late corrects nothing. The old value stands in the ward's log.",
                here,
            ),
        ],
    }
}

/// What each region on the board does with technical beds, in a line; regions in the order of their codes.
fn technical_beds(language: Language, board: &Board) -> String {
    let mut regions: Vec<&str> = board.wards.keys().map(|(region, _)| &**region).collect();
    regions.extend(board.technical_beds.keys().map(|region| &**region));
    regions.sort_unstable();
    regions.dedup();
    let said = |region: &str| match board.technical_beds.get(region) {
        Some(TechnicalBeds::Counted) => language.say("ingår", "counted"),
        Some(TechnicalBeds::LeftOut) => language.say("utanför", "left out"),
        None => language.say("inte sagt", "not said"),
    };
    if regions.is_empty() {
        return language.say("ingen region har hörts", "no region has been heard").to_owned();
    }
    regions.iter().map(|region| format!("{region} {}", said(region))).collect::<Vec<_>>().join(", ")
}

/// Terms of published figures.
pub fn published(language: Language) -> Vec<Definition> {
    let term = Definition::new;
    let ours = |sv, en| Source { name: language.say(sv, en), year: 2026, basis: Basis::Ours };
    let (skr, here) = (
        ours(
            "Efter SKR:s utökade uppföljning av specialiserad vård och informationsmodell.",
            "After SKR's extended follow-up of specialised care and information model.",
        ),
        ours("Räknas här.", "Counted here."),
    );
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
            here,
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
                "Version 3: där regionen har sagt att tekniska platser är utanför räknas patienterna där inte; kvalitetsfilen säger vad regionen har sagt och hur många de är. Version 2: överbeläggning är patienter på ej disponibla platser, och minst de belagda utöver de disponibla; tidslinjens anmärkningar står per avdelning och månad. Version 1: bara patienter på ej disponibla platser så snart någon plats på avdelningen hade känd sort; anmärkningarna stod som en summa. En serie över bytet är inte jämförbar.",
                "Version 3: where the region has said that technical beds are left out, patients in them do not count; the quality file says what the region has said and how many they are. Version 2: overcrowding is patients in places that are not staffed beds, and at least the occupied beyond the staffed; the timeline's findings stand per ward and month. Version 1: only patients in places that are not staffed as soon as one place of the ward was of a known kind; findings stood as one sum. A series over the change is not comparable.",
            ),
            here,
        ),
        term(
            "uttag-par",
            language.say("Uttaget till patientregistret (PAR), versioner", "The extract to the patient register (PAR), versions"),
            language.say(
                "Version 2: de som skrevs ut i de tre månaderna, och de som var inskrivna när månaderna tog slut, de senare utan utskrivning. Version 1: bara de som skrevs ut. En serie över bytet är inte jämförbar. Att registret vill ha båda är läst i HSLF-FS 2016:91 bilaga 1 och på registrets sida; att en senare utskrivning inte står med är vår läsning.",
                "Version 2: those who were discharged in the three months, and those who were admitted when the months ended, the latter without a discharge. Version 1: only those who were discharged. A series over the change is not comparable. That the register wants both was read in HSLF-FS 2016:91 annex 1 and on the register's page; that a later discharge is not in it is our reading.",
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
            here,
        ),
        term(
            "hoftfraktur",
            language.say("Höftfraktur inom 24 timmar", "Hip fracture within 24 hours"),
            language.say(
                "Patienter från 50 år med höftfraktur som inte är patologisk, opererade högst 24 timmar efter ankomst, genom dem med båda tiderna kända.",
                "Patients of 50 years and over with a hip fracture that is not pathological, operated at most 24 hours after arrival, over those with both times known.",
            ),
            ours("Efter Rikshöfts årsrapport 2014.", "After Rikshöft's yearly report of 2014."),
        ),
        term(
            "hoftfraktur-lasning",
            language.say("Ålder och patologisk fraktur", "Age and pathological fracture"),
            language.say(
                "Åldern är ankomstens år minus födelseåret. Patologisk är en fraktur med M84.4 eller M90.7 bland diagnoserna; M80 och enbart en cancerdiagnos är det inte. Yngre, patologiska och de med okänd ålder läggs åt sidan med antal.",
                "Age is the year of arrival less the year of birth. A fracture with M84.4 or M90.7 among the diagnoses is pathological; M80 and a diagnosis of cancer alone are not. The younger, the pathological and those of unknown age are set aside with a count.",
            ),
            here,
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
            ours("Efter SKR:s KPP, 2024.", "After SKR's KPP of 2024."),
        ),
        term(
            "ytterfall-lasning",
            language.say("Ytterfall på den här tavlan", "Outliers on this board"),
            language.say(
                "De dyraste inom regionen, sluten och öppen vård var för sig, somatik och psykiatri tillsammans: inte samma kontakter som SKR:s. Om SKR väljer inom DRG är inte känt; här görs det inte.",
                "The dearest of the region, inpatient and outpatient care apart, somatic and psychiatric care together: not the contacts that SKR marks. Whether SKR chooses within a DRG is not known; here it is not done.",
            ),
            here,
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
        (Language::Sv, Kind::UtanPlatser) => "enheten har inga vårdplatser: den har sagt det, eller så har den aldrig uppgett några, ingen har legat i en säng där och de flesta som kom skrevs inte in".into(),
        (Language::En, Kind::UtanPlatser) => "the unit has no beds: it has said so, or it has never declared any, nobody lay in a bed there and most who came were not admitted".into(),
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

#[cfg(test)]
mod tests {
    use schemas::Timestamp;

    use super::*;
    use crate::age::Limits;

    /// Sentences that stand under somebody else's name, as they were read there in November 2026, word for word but for the
    /// capital that begins them. Whatever is not here is ours.
    const READ: [(&str, &str, &str); 5] = [
        (
            "disponibel",
            "Socialstyrelsens termbank",
            "vårdplats i sluten vård med fysisk utformning, utrustning och bemanning som säkerställer patientsäkerhet och arbetsmiljö",
        ),
        ("faststalld", "Socialstyrelsens termbank", "vårdplats i sluten vård beslutad av huvudman"),
        ("teknisk", "Socialstyrelsens termbank", "disponibel vårdplats på vårdenhet med särskilda resurser"),
        (
            "overbelaggning",
            "Socialstyrelsens termbank",
            "händelse när en inskriven patient vårdas på en vårdplats som inte uppfyller kraven på disponibel vårdplats",
        ),
        (
            "utlokaliserad",
            "Socialstyrelsens termbank",
            "inskriven patient som vårdas på annan vårdenhet än den som har specifik kompetens och medicinskt ansvar för patienten",
        ),
    ];

    /// Every definition that is ours, with the year of its wording.
    const OURS: [(&str, u16); 23] = [
        ("belagda", 2026),
        ("lediga", 2026),
        ("stangda", 2026),
        ("summa", 2026),
        ("alder", 2026),
        ("kl06", 2026),
        ("vanligen", 2026),
        ("rattad", 2026),
        ("vardgaranti", 2026),
        ("steg", 2026),
        ("steg-lasning", 2026),
        ("uttag-vantetider", 2026),
        ("hoftfraktur", 2026),
        ("hoftfraktur-lasning", 2026),
        ("uttag-hoftfraktur", 2026),
        ("uttag-vardplatser", 2026),
        ("uttag-par", 2026),
        ("anmarkning", 2026),
        ("vantande", 2026),
        ("ytterfall", 2026),
        ("ytterfall-lasning", 2026),
        ("hopp", 2026),
        ("doljs", 2026),
    ];

    fn board() -> Board {
        Board::empty(Timestamp(0), Limits::default())
    }

    fn all(language: Language) -> Vec<Definition> {
        terms(language, &board()).into_iter().chain(published(language)).collect()
    }

    #[test]
    fn every_definition_has_its_source_its_year_and_whose_words_it_is() {
        let mut known: Vec<(&str, Basis, u16)> = READ.iter().map(|(id, ..)| (*id, Basis::Read, 2026)).collect();
        known.extend(OURS.iter().map(|(id, year)| (*id, Basis::Ours, *year)));
        known.sort_by_key(|(id, ..)| *id);
        for language in Language::ALL {
            let mut found: Vec<_> = all(language).iter().map(|term| (term.id, term.basis, term.year)).collect();
            found.sort_by_key(|(id, ..)| *id);
            assert_eq!(found, known, "{language:?}");
            for term in all(language) {
                assert!(!term.source.trim().is_empty() && !term.meaning.is_empty(), "{}", term.id);
                let (cited, word) = (term.cited(language), language.say("Vår läsning", "Our reading"));
                assert_eq!(cited.contains(word), term.basis == Basis::Ours, "{cited}");
                assert!(cited.contains(&term.year.to_string()), "{cited}");
                assert!(term.added(language).is_none_or(|added| added.starts_with(word)), "{}", term.id);
            }
        }
    }

    #[test]
    fn no_sentence_of_ours_stands_under_somebody_else_s_name() {
        for term in all(Language::Sv).iter().filter(|term| term.basis == Basis::Read) {
            let (_, source, sentence) = READ.iter().find(|(id, ..)| *id == term.id).expect("it is listed");
            let mut letters = sentence.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            assert_eq!(term.meaning, format!("{first}{}.", letters.as_str()), "{}", term.id);
            assert_eq!(term.source, *source);
        }
        // The English ones are ours to translate, one sentence for one.
        for term in all(Language::En).iter().filter(|term| term.basis == Basis::Read) {
            assert!(term.cited(Language::En).ends_with("our translation"), "{}", term.id);
            assert_eq!(term.meaning.matches(". ").count(), 0, "{}", term.id);
        }
    }
}
