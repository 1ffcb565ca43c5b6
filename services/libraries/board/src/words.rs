//! Every word on screen, in Swedish and English, side by side.
//!
//! A word that lacks a translation does not compile. English carries the Swedish term in brackets where the page
//! first uses it, because the Swedish term is the official one.

use schemas::{CareType, ClosedReason};

use crate::format;
use crate::language::Language;

impl Language {
    /// The words of this language.
    pub const fn words(self) -> &'static Words {
        match self {
            Self::Sv => &SV,
            Self::En => &EN,
        }
    }
}

macro_rules! words {
    ($($name:ident: $sv:literal, $en:literal;)*) => {
        /// One language's words; a field's name says where it is used.
        #[allow(missing_docs)]
        pub struct Words { $(pub $name: &'static str,)* }
        static SV: Words = Words { $($name: $sv,)* };
        static EN: Words = Words { $($name: $en,)* };
        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $sv, $en),)*];
    };
}

words! {
    product: "Vårdström", "Vårdström";
    board: "Vårdplatser", "Beds (vårdplatser)";
    country: "Sverige", "Sweden";
    region: "Region", "Region";
    hospital: "Sjukhus", "Hospital";
    ward: "Avdelning", "Ward";
    attention: "Uppmärksamma", "Needs attention";
    definitions: "Definitioner", "Definitions";
    skip: "Hoppa till innehållet", "Skip to content";
    skip_table: "Hoppa till tabellen", "Skip to the table";
    you_are_here: "Du är här", "You are here";
    main_menu: "Huvudmeny", "Main menu";
    menu: "Meny", "Menu";
    view_menu: "Visning", "View";
    live: "live", "live";
    not_live: "står still", "standing still";
    paused: "pausad", "paused";
    every_second: "Varje sekund", "Every second";
    every_half_minute: "Var 30:e sekund", "Every 30 seconds";
    manual: "Pausa", "Pause";
    update_now: "Uppdatera nu", "Update now";
    updates: "Uppdatering", "Updates";
    paused_since: "Pausad. Siffrorna uppdateras inte sedan", "Paused. The figures have not been updated since";
    wall: "Vägg", "Wall";
    free_short: "lediga", "free";
    wall_continued: "forts.", "cont.";
    wall_leave: "Lämna väggläget", "Leave wall mode";
    print: "Skriv ut", "Print";
    theme: "Tema", "Theme";
    theme_auto: "Som systemet", "As the system";
    theme_light: "Ljust", "Light";
    theme_dark: "Mörkt", "Dark";
    choose: "Välj", "Choose";
    settings: "Inställningar", "Settings";
    shortcuts: "Tangenter: / sök · p pausa · ? hjälp", "Keys: / search · p pause · ? help";
    shortcuts_use: "Använd enkla tangenter", "Use single keys";
    announce_use: "Läs upp ändringar", "Announce changes";
    shortcuts_help: "Tryck / för att söka, p för att pausa och ? för den här hjälpen. Du kan stänga av tangenterna.", "Press / to search, p to pause and ? for this help. You can switch the keys off.";
    changed_wards: "avdelningar ändrade", "wards changed";
    changed_ward: "avdelning ändrad", "ward changed";
    disconnected: "Anslutningen bröts", "The connection was lost at";
    disconnected_then: "Siffrorna uppdateras inte.", "The figures are not being updated.";
    stopped: "Uppgifterna har stannat", "Data have stopped";
    stopped_for: "för", "for";
    stopped_nothing: "inget nytt", "nothing new";
    stopped_last: "Senaste händelse", "Last event";
    stopped_then: "Vad som har hänt därefter är inte känt.", "What has happened after that is not known.";
    store_away: "Lagret svarar inte", "The store has not answered";
    store_away_board: "Tavlan följer händelserna som vanligt. Vad som är vanligt den här timmen och publicerade siffror förnyas inte.", "The board follows events as usual. What is usual at this hour and published figures are not renewed.";
    store_away_report: "Siffrorna är som de senast lästes. Vad som har publicerats därefter är inte känt.", "Figures are as they were last read. What has been published since is not known.";
    no_script: "Sidan uppdateras inte av sig själv utan skript. Ladda om för nya siffror.", "Without script the page does not update itself. Reload for new figures.";
    reload: "Ladda om", "Reload";
    not_ready: "Tavlan läser in läget. Siffrorna är inte fullständiga än.", "The board is loading. The figures are not complete yet.";

    loading: "läser in", "loading";
    loading_title: "Läser in", "Loading";
    loading_more: "Tavlan läser in regionens uppgifter och vet inte än vilka avdelningar som finns. Det brukar ta några sekunder.", "The board is loading the region's data and does not know yet which wards there are. That usually takes some seconds.";
    loading_regions: "Läser in", "Loading";

    free_staffed: "Lediga bemannade", "Staffed beds free (lediga)";
    occupied_of: "Belagda/disponibla", "Occupied/staffed (belagda/disponibla)";
    overbelaggningar: "Överbeläggningar", "Overcrowding (överbeläggningar)";
    utlokaliserade: "Utlokaliserade", "Outlying (utlokaliserade)";
    closed_beds: "Stängda", "Closed (stängda)";
    per_100: "per 100 disponibla", "per 100 staffed";
    usually: "vanligen", "usually";
    usually_unknown: "vanligt värde: för kort historik", "usual value: too little history";
    coverage: "Täckning", "Coverage";
    of: "av", "of";
    wards_short: "avdelningar", "wards";
    ward_short: "avdelning", "ward";
    left_out: "utelämnade", "left out";
    left_out_stale: "med för gamla uppgifter", "with data too old";
    not_counted_stale: "räknas inte med: för gamla uppgifter", "not counted: data too old";
    left_out_missing: "utan uppgift om vårdplatser", "without bed numbers";
    technical_left_out: "i tekniska platser, räknas inte", "in technical beds, not counted";
    without_beds: "enheter utan vårdplatser räknas inte", "units without beds are not counted";
    without_a_bed: "inskrivna där", "admitted there";
    patients_outside: "patienter på avdelningar utanför summan", "patients on wards outside the total";
    at_six: "Kl. 06.00", "At 06:00";
    at_six_cutoff: "gräns", "cut-off";
    at_six_none: "ingen uppgift", "no data";
    valid: "Läge", "As of";
    faststallda: "Fastställda", "Decided (fastställda)";
    disponibla: "Disponibla", "Staffed (disponibla)";
    stangda: "Stängda", "Closed (stängda)";
    last_24h: "24 timmar", "24 hours";
    last_7d: "7 dygn", "7 days";
    now: "Nu", "Now";
    lowest: "lägst", "lowest";
    highest: "högst", "highest";
    now_low: "nu", "now";
    no_history: "ingen historik", "no history";

    find: "Hitta plats", "Find a bed";
    find_text: "Sök avdelning", "Search ward";
    care_type: "Vårdtyp", "Care type";
    all: "Alla", "All";
    specialty: "Verksamhetsområde", "Speciality (MVO)";
    status: "Läge", "Status";
    order: "Ordning", "Order";
    order_need: "Störst behov först", "Greatest need first";
    order_free: "Flest lediga först", "Most free beds first";
    order_name: "A–Ö", "A–Z";
    show: "Visa", "Show";
    clear: "Rensa filter", "Clear filter";
    at_least_one: "Minst 1 ledig", "At least 1 free";
    more_choices: "Fler val", "More choices";
    reorder: "Sortera om", "Re-sort";
    none_match: "Ingen avdelning passar filtret.", "No ward matches the filter.";
    none_yet: "Inga avdelningar har hörts av än.", "No ward has been heard from yet.";

    lately: "Senaste timmen", "The last hour";
    lately_ask: "Vad ändrades senaste timmen?", "What changed in the last hour?";
    lately_back: "Läget nu", "The situation now";
    lately_lead: "Rörelser som ägde rum den senaste timmen, och rättelser och besked som kom. Avdelningar utan ändring står inte med.", "Movements of the last hour, and corrections and declarations that came. Wards without a change are left out.";
    lately_none: "Inget har ändrats den senaste timmen.", "Nothing has changed in the last hour.";
    lately_caption: "Ändringar den senaste timmen, antal patienter", "Changes in the last hour, numbers of patients";
    col_admitted: "Inskrivna", "Admitted";
    col_discharged: "Utskrivna", "Discharged";
    col_came: "Hit", "Came";
    col_came_from: "från annan avdelning", "from another ward";
    col_went: "Härifrån", "Went";
    col_went_to: "till annan avdelning", "to another ward";
    col_corrected: "Rättelser", "Corrections";
    col_beds_changed: "Disponibla", "Staffed";
    unchanged: "oförändrat", "unchanged";
    all_together: "Alla", "All";

    nearest: "Närmaste alternativ", "Nearest alternatives";
    nearest_speciality: "Avdelningar i regionen med samma verksamhetsområde och minst en ledig plats. Avstånd fågelvägen mellan sjukhusen.", "Wards of the region with the same speciality and at least one free bed. Distance by air between the hospitals.";
    nearest_care: "Ingen avdelning med samma verksamhetsområde har en ledig plats som är känd. Här står avdelningar med samma vårdtyp. Avstånd fågelvägen mellan sjukhusen.", "No ward of the same speciality has a free bed that is known. These are wards of the same care type. Distance by air between the hospitals.";
    nearest_none: "Ingen annan avdelning i regionen med samma vårdtyp har en ledig plats som är känd.", "No other ward of the region with the same care type has a free bed that is known.";
    nearest_unplaced: "Koordinater saknas för", "Coordinates are missing for";
    distance: "Avstånd", "Distance";
    distance_missing: "avstånd saknas", "distance missing";
    same_hospital: "samma sjukhus", "same hospital";

    col_free: "Lediga", "Free";
    col_occupied: "Belagda", "Occupied";
    col_over: "Över", "Over";
    col_out: "Utlok.", "Outlying";
    col_closed: "Stängda", "Closed";
    col_24h: "24 h", "24 h";
    col_heard: "Senast hörd", "Last heard";
    col_changed: "Ändrat", "Changed";
    col_phone: "Telefon", "Phone";
    col_wards: "Avdelningar", "Wards";
    col_share: "Beläggning", "Occupancy";
    col_over_100: "Över per 100", "Over per 100";
    col_out_100: "Utlok. per 100", "Outlying per 100";
    col_statuses: "Lägen", "Statuses";
    beds_unit: "platser", "beds";
    patients_unit: "patienter", "patients";
    call: "Ring", "Call";
    corrected: "rättad", "corrected";
    last_known: "senast", "last";
    missing_since: "saknas sedan", "missing since";
    table_of: "Tabell", "Table";
    board_caption_country: "Läget per region, antal vårdplatser och patienter", "Situation per region, numbers of beds and patients";
    board_caption_region: "Läget per sjukhus, antal vårdplatser och patienter", "Situation per hospital, numbers of beds and patients";
    board_caption_wards: "Läget per avdelning, antal vårdplatser och patienter", "Situation per ward, numbers of beds and patients";
    csv: "Hämta som CSV", "Download as CSV";
    api: "Öppna som JSON", "Open as JSON";
    all_wards: "Alla avdelningar", "All wards";
    hospitals: "Sjukhus", "Hospitals";
    hospital_unknown: "Sjukhus saknas", "No hospital given";

    free: "Lediga", "Free";
    few: "Få lediga", "Few free";
    full: "Full", "Full";
    over: "Överbelagd", "Overcrowded";
    not_receiving: "Tar inte emot", "Not receiving";
    unknown_status: "Okänt", "Unknown";

    missing: "saknas", "missing";
    unreadable: "okänt", "unknown";
    not_applicable: "ej tillämpligt", "not applicable";
    fewer_than: "färre än", "fewer than";
    withheld: "döljs", "withheld";

    personal: "personal", "staff";
    hygien: "hygien", "hygiene";
    material: "material", "equipment";
    lokal: "lokal", "premises";
    other_reason: "annan orsak", "other reason";
    reason: "Orsak", "Reason";
    until: "till", "until";
    until_unknown: "tills vidare", "until further notice";

    somatic: "Somatisk", "Somatic";
    psychiatric: "Psykiatrisk", "Psychiatric";
    care_unknown: "Okänd vårdtyp", "Care type unknown";

    capacity_line: "disponibla", "staffed";
    patients_line: "belagda", "occupied";
    chart_24h: "Belagda vårdplatser, 24 timmar", "Occupied beds, 24 hours";
    chart_7d: "Belagda vårdplatser, 7 dygn", "Occupied beds, 7 days";
    chart_table: "Siffrorna bakom kurvorna", "The numbers behind the curves";
    col_time: "Tid", "Time";
    usual_title: "Vanligt denna veckodag och timme", "Usual for this weekday and hour";
    usual_middle: "mittersta hälften", "middle half";
    usual_weeks: "åtta veckor", "eight weeks";
    planned: "Planerade utskrivningar", "Planned discharges";
    planned_missing: "saknas: källorna skickar dem inte än", "missing: the sources do not send them yet";
    log: "Besked, rättelser och anmärkningar", "Declarations, corrections and findings";
    log_none: "Inget besked, ingen rättelse och ingen anmärkning de senaste sju dygnen.", "No declaration, no correction and no finding in the last seven days.";
    log_when: "Kom", "Received";
    log_valid: "Gäller", "Valid";
    log_what: "Vad", "What";
    log_before: "Före", "Before";
    log_after: "Efter", "After";
    log_capacity: "Nytt besked om vårdplatser", "New declaration of beds";
    log_cancel: "Rättelse: en tidigare händelse återtogs", "Correction: an earlier event was withdrawn";
    log_replace: "Rättelse: en tidigare händelse ändrades", "Correction: an earlier event was changed";
    log_late: "Sen uppgift: händelsen var äldre", "Late report: the event was older";
    log_found: "Anmärkning", "Finding";
    sources: "Källor", "Sources";
    source_system: "Källsystem", "Source system";
    heard: "Senast hörd", "Last heard";
    changed: "Ändrat", "Changed";
    heard_means: "Senaste meddelande från källan.", "Last message from the source.";
    changed_means: "Senaste händelse på avdelningen. En lugn avdelning är inte ett fel.", "Last event on the ward. A quiet ward is not a fault.";
    fresh: "färskt", "fresh";
    ageing: "äldre", "ageing";
    stale: "gammalt", "stale";
    lost: "tappat", "lost";
    beds: "Vårdplatser", "Beds";
    capacity_since: "Gäller från", "Valid from";

    attention_lead: "En rad per orsak: vad som är nytt, sedan när och vem som kan göra något.", "One line per cause: what is new, since when and who can act.";
    attention_none: "Inget att uppmärksamma just nu.", "Nothing needs attention right now.";
    attention_all: "Visa alla", "Show all";
    attention_filtered: "Bara det som filtret visar.", "Only what the filter shows.";
    attention_more: "till", "more";
    attention_what: "Vad", "What";
    attention_since: "Sedan", "Since";
    attention_who: "Vem kan göra något", "Who can act";
    attention_ends: "Upphör när", "Ends when";
    attention_where: "Var", "Where";
    missing_title: "Saknas", "Missing";
    missing_none: "Inget saknas: alla avdelningar har färska uppgifter.", "Nothing is missing: all wards have fresh data.";
    sources_short: "källor", "sources";
    source_short: "källa", "source";

    rule_stopped: "Uppgifterna har stannat", "Data have stopped";
    rule_stopped_ends: "nya uppgifter kan läsas igen", "new data can be read again";
    rule_stopped_who: "Plattformens drift. Ring avdelningarna så länge", "The platform's operators. Call the wards meanwhile";
    rule_source_silent: "Källan har tystnat", "The source has gone silent";
    rule_source_silent_ends: "ett meddelande kommer från källan", "a message arrives from the source";
    rule_source_silent_who: "Regionens integrationsansvariga", "The region's integration engineers";
    rule_over: "Överbelagda avdelningar", "Overcrowded wards";
    rule_over_ends: "ingen avdelning på sjukhuset är överbelagd", "no ward at the hospital is overcrowded";
    rule_over_who: "Sjukhusets vårdplatskoordinator", "The hospital's bed coordinator";
    rule_no_beds: "Inga lediga bemannade platser", "No staffed beds free";
    rule_no_beds_ends: "minst en bemannad plats är ledig", "at least one staffed bed is free";
    rule_no_beds_who: "Regionens vårdplatskoordinator", "The region's bed coordinator";
    rule_no_capacity: "Uppgift om vårdplatser saknas", "Bed numbers are missing";
    rule_no_capacity_ends: "avdelningarna har lämnat uppgift", "the wards have declared their beds";
    rule_no_capacity_who: "Avdelningschef eller kapacitetsfilens ägare", "Ward manager or owner of the capacity file";
    rule_not_receiving: "Tar inte emot", "Not receiving";
    rule_not_receiving_ends: "avdelningen tar emot igen", "the ward receives again";
    rule_not_receiving_who: "Avdelningen", "The ward";

    rule_timeline_alarm: "Larm: avdelningens siffror är fel", "Alarm: the ward's figures are wrong";
    rule_timeline_alarm_ends: "källan har rättat, eller sju dygn efter det senaste när vårdtillfället inte längre ligger på avdelningen", "the source has corrected, or seven days after the last one once the visit is no longer on the ward";
    rule_timeline_alarm_who: "Regionens integrationsansvariga och källsystemets förvaltning, nu", "The region's integration engineers and the source system's maintainers, now";
    rule_timeline_warning: "Anmärkningar på händelser: siffran kan vara fel", "Findings on events: a figure may be wrong";
    rule_timeline_warning_ends: "källan har rättat, eller sju dygn efter det senaste när vårdtillfället inte längre ligger på avdelningen", "the source has corrected, or seven days after the last one once the visit is no longer on the ward";
    rule_timeline_warning_who: "Källsystemets förvaltning", "The source system's maintainers";
    rule_ward_code_shared: "Flera inrättningar delar avdelningens kod och räknas som en", "Several facilities share the ward's code and are counted as one";
    rule_ward_code_shared_ends: "enhetskatalogen listar koden per inrättning, eller bara en hörs i sju dygn", "the unit directory lists the code by facility, or only one is heard for seven days";
    rule_ward_code_shared_who: "Ägaren av regionens enhetskatalog", "The owner of the region's unit directory";
    finding_short: "anmärkning", "finding";
    findings_short: "anmärkningar", "findings";
    counted_again: "räknade flera gånger", "counted more than once";
    facilities: "inrättningar (PV1-3.4)", "facilities (PV1-3.4)";

    about: "Om siffrorna", "About the figures";
    about_short: "Bemannade platser gäller. Gamla uppgifter räknas inte in. Andelar räknas som summa delat med summa.", "Staffed beds count. Old data are left out. Shares are sum divided by sum.";
    about_published: "Publicerade siffror ur regionernas uttag. Det som saknas är aldrig noll. Andelar räknas som summa delat med summa.", "Published figures from the regions' extracts. What is missing is never zero. Shares are sum divided by sum.";
    version: "Version", "Version";
    build: "bygge", "build";
    accessibility: "Tillgänglighet", "Accessibility";
    printed: "utskrivet", "printed";
    page_not_found: "Sidan finns inte", "The page does not exist";
    page_not_found_more: "Adressen pekar på en region, ett sjukhus eller en avdelning som tavlan inte har hört av.", "The address names a region, hospital or ward that the board has not heard from.";
    to_country: "Till Sverige", "To Sweden";
    term: "Begrepp", "Term";
    meaning: "Betydelse", "Meaning";
    source: "Källa", "Source";
    words_for_missing: "Ord för det som saknas", "Words for what is missing";
    status_words: "Lägesord", "Status words";
    shape: "Form", "Shape";
    when: "När", "When";
    definitions_lead: "Varje siffra på tavlan följer dessa definitioner.", "Every figure on the board follows these definitions.";
}

impl Words {
    /// Under the head of occupied beds: of how many.
    pub const fn of_disponibla(&self, language: Language) -> &'static str {
        match language {
            Language::Sv => "av disponibla",
            Language::En => "of staffed",
        }
    }

    /// `1 avdelning`, `3 avdelningar`.
    pub fn wards_counted(&self, language: Language, count: u32) -> String {
        let word = if count == 1 { self.ward_short } else { self.wards_short };
        format!("{} {word}", format::number(language, count.into()))
    }

    /// After a rate in a table.
    pub const fn per_100_short(&self, language: Language) -> &'static str {
        match language {
            Language::Sv => "per 100",
            Language::En => "per 100",
        }
    }

    /// After a coverage in a table: `41 av 44 avd.`
    pub const fn wards_abbreviated(&self, language: Language) -> &'static str {
        match language {
            Language::Sv => "avd.",
            Language::En => "wards",
        }
    }

    /// The word for a care type.
    pub const fn care(&self, care: CareType) -> &'static str {
        match care {
            CareType::Somatic => self.somatic,
            CareType::Psychiatric => self.psychiatric,
            CareType::Unknown => self.care_unknown,
        }
    }

    /// The word for why beds are closed.
    pub const fn closed_reason(&self, reason: ClosedReason) -> &'static str {
        match reason {
            ClosedReason::Personal => self.personal,
            ClosedReason::Hygien => self.hygien,
            ClosedReason::Material => self.material,
            ClosedReason::Lokal => self.lokal,
            ClosedReason::Other => self.other_reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_empty_and_prose_is_translated() {
        for (name, sv, en) in PAIRS {
            assert!(!sv.trim().is_empty() && !en.trim().is_empty(), "{name} is empty");
            let sentence = sv.split(' ').count() > 2;
            assert!(!sentence || sv != en, "{name} is not translated");
        }
    }

    #[test]
    fn the_five_words_for_what_is_not_a_number_differ() {
        for language in Language::ALL {
            let w = language.words();
            let mut all = [w.missing, w.unreadable, w.not_applicable, w.fewer_than, "0"];
            all.sort_unstable();
            assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
