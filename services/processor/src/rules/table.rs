//! The table itself: code, effect, severity, meaning and remedy of every rule.

use super::{Effect, Entry, Text};
use schemas::Severity;

with_fhir_rules! { rules,
    RecordUnreadable "record-unreadable" Parks Error {
        meaning "Källposten är inte en SourceRecord i Avro.", "The source record is not an Avro SourceRecord.";
        remedy "Kontrollera att bara anslutningstjänsten skriver till källtopicen och att schemaregistret är rätt.",
               "check that only the connector writes to the source topic and that the schema registry is the right one";
    }
    RecordPanicked "record-panicked" Parks Error {
        meaning "Ett fel i bearbetningen avbröt läsningen av källposten två gånger. Den är lagd åt sidan.",
                "A fault of the processor broke off the reading of the source record twice. It was set aside.";
        remedy "Anmäl felet med källpostens koordinater. Spela upp posten igen när felet är rättat.",
               "report the fault with the source record's coordinates; replay the record when it is mended";
    }
    SealMissing "seal-missing" Parks Error {
        meaning "Posten är läsbar i Kafka, och regionens poster ska vara förseglade. Den är inte använd.",
                "The record is readable in Kafka, and the region's records have to be sealed. It was not used.";
        remedy "Ge anslutningstjänsten regionens sealing. Är posten äldre än den: sätt sealing.required = false tills det som fanns har lästs, och spela upp posten igen.",
               "give the connector the region's sealing; for records older than that set sealing.required = false until what was there has been read, and replay the record";
    }
    SealKeyUnknown "seal-key-unknown" Parks Error {
        meaning "Posten är förseglad med en nyckel som konfigurationen inte har.",
                "The record is sealed with a key that the configuration does not have.";
        remedy "Lägg till nyckeln med det id som loggen nämner i regionens sealing.keys, och spela upp posten igen.",
               "add the key with the id that the log names to the region's sealing.keys, and replay the record";
    }
    SealKeyWrong "seal-key-wrong" Parks Error {
        meaning "Postens datanyckel öppnas inte av regionens nyckel med det id:t: nyckeln är en annan, eller posten är ändrad.",
                "The record's data key does not open with the region's key of that id: the key is another, or the record was altered.";
        remedy "Jämför nyckelns fingerprint i `connector check` och `processor check`; ge båda samma nyckel och spela upp posten igen.",
               "compare the key's fingerprint in `connector check` and `processor check`; give both the same key and replay the record";
    }
    SealBroken "seal-broken" Parks Error {
        meaning "Posten är inte det som förseglades för den här platsen: den är ändrad, eller flyttad från en annan topic, partition eller post.",
                "The record is not what was sealed for this place: it was altered, or moved from another topic, partition or record.";
        remedy "Ta reda på vem utom anslutningstjänsten som kan skriva i källtopicen, och låt källan skicka meddelandet igen.",
               "find out who but the connector can write to the source topic, and let the source send the message again";
    }
    IdentityUnreadable "identity-unreadable" Parks Error {
        meaning "Posten är ingen identitet som regionen har bevarat.", "The record is no identity that the region has kept.";
        remedy "Ta reda på vem utom region-register som kan skriva i topicen source.identities.",
               "find out who but region-register can write to the topic source.identities";
    }
    IdentityKeyUnknown "identity-key-unknown" Refuses Error {
        meaning "Identiteten är bevarad under en pseudonym av en nyckel som konfigurationen inte har.",
                "The identity was kept under a pseudonym of a key that the configuration does not have.";
        remedy "Lägg till nyckeln i regionens earlier_keys, och kör region-register rotate igen; det säger vilken nyckel som saknas.",
               "add the key to the region's earlier_keys, and run region-register rotate again; it says which key is missing";
    }
    IdentityOfAnotherKey "identity-of-another-key" Refuses Error {
        meaning "Nyckeln av pseudonymens version ger identiteten en annan pseudonym: nyckeln är en annan än den var.",
                "The key of the pseudonym's version gives the identity another pseudonym: the key is not what it was.";
        remedy "Ge versionen den nyckel som den hade. Byts nyckeln får den nya en ny version.",
               "give the version the key that it had; a new key gets a new version";
    }
    IdentityJoined "identity-joined" Ignores Info {
        meaning "Identiteten har ingen tidigare nyckel att knytas till.", "There is no earlier key to join the identity to.";
        remedy "Inget behövs.", "nothing is needed";
    }
    HeaderMissing "header-missing" Parks Error {
        meaning "Inget MSH-segment: det här är inte ett HL7 v2-meddelande.",
                "No MSH segment: this is not an HL7 v2 message.";
        remedy "Skicka ett meddelande per ram, med MSH och dess avgränsare först.",
               "send one message per frame, beginning with MSH and its separators";
    }
    SeparatorsMissing "separators-missing" Parks Error {
        meaning "MSH slutar innan MSH-2 har sagt vilka avgränsare som gäller.",
                "MSH ends before MSH-2 has said which separators hold.";
        remedy "Skriv avgränsarna efter MSH, som MSH|^~\\&|.",
               "write the separators after MSH, as in MSH|^~\\&|";
    }
    SeparatorsUnusable "separators-unusable" Parks Error {
        meaning "MSH-1 och MSH-2 är inte skilda skiljetecken i ASCII.",
                "MSH-1 and MSH-2 are not distinct ASCII punctuation.";
        remedy "Använd MSH|^~\\&|.",
               "use MSH|^~\\&|";
    }
    SecondHeader "second-header" Parks Error {
        meaning "Två MSH-segment i samma meddelande.", "Two MSH segments in one message.";
        remedy "Skicka varje meddelande i en egen ram.",
               "send each message in a frame of its own";
    }
    SegmentsTooMany "segments-too-many" Parks Error {
        meaning "Meddelandet nämner fler än 1 000 patienter eller sängar (PID, MRG, NPU).",
                "The message names more than 1,000 patients or beds (PID, MRG, NPU).";
        remedy "Dela meddelandet.",
               "split the message";
    }
    MessageTooLong "message-too-long" Parks Error {
        meaning "Meddelandet är längre än vad som läses, också utan sina dokument.",
                "The message is longer than is read, also without its documents.";
        remedy "Utelämna inbäddade dokument ur ADT.",
               "leave embedded documents out of ADT";
    }
    RowUnreadable "row-unreadable" Parks Error {
        meaning "Posten har inte en rubrikrad och en rad med lika många kolumner.",
                "The record does not hold a header line and one row with as many columns.";
        remedy "Skicka rubrikrad och en rad, kolumner åtskilda med semikolon, i UTF-8 eller ISO 8859-1.",
               "send a header line and one row, columns separated by semicolons, in UTF-8 or ISO 8859-1";
    }
    FileTruncated "file-truncated" Parks Error {
        meaning "Filen är avklippt: sista raden slutar före sista kolumnen. Hela filen är utelämnad.",
                "The file is cut off: its last row ends before the last column. The whole file is left out.";
        remedy "Skriv filen färdigt under ett annat namn, byt namn sedan, och lämna den igen.",
               "finish the file under another name, rename it then, and leave it again";
    }
    FileRowUneven "file-row-uneven" Parks Error {
        meaning "En rad har fler eller färre kolumner än rubriken. Hela filen är utelämnad.",
                "A row has more or fewer columns than the header. The whole file is left out.";
        remedy "Rätta raden (citera celler som innehåller avgränsaren) och lämna filen igen.",
               "correct the row (quote cells that hold the separator) and leave the file again";
    }
    FileQuoteOpen "file-quote-open" Parks Error {
        meaning "Ett citattecken öppnas och stängs aldrig. Hela filen är utelämnad.",
                "A quotation mark opens and never closes. The whole file is left out.";
        remedy "Stäng citatet, eller dubblera citattecken inne i celler, och lämna filen igen.",
               "close the quotation, or double quotation marks inside cells, and leave the file again";
    }
    FileHeadless "file-headless" Parks Error {
        meaning "Filen börjar inte med en rubrikrad, eller är tom. Hela filen är utelämnad.",
                "The file does not begin with a header row, or is empty. The whole file is left out.";
        remedy "Skriv kolumnnamnen på första raden och lämna filen igen.",
               "write the column names on the first line and leave the file again";
    }
    FileColumnMissing "file-column-missing" Parks Error {
        meaning "Rubriken saknar en kolumn som flödet måste ha. Hela filen är utelämnad.",
                "The header lacks a column that the feed must have. The whole file is left out.";
        remedy "Lägg till kolumnen, eller kontrollera att filen hör till det här flödet.",
               "add the column, or check that the file belongs to this feed";
    }
    FileNotText "file-not-text" Parks Error {
        meaning "Filen har tecken som dess teckenkodning inte har. Hela filen är utelämnad.",
                "The file has bytes that its encoding does not have. The whole file is left out.";
        remedy "Spara filen som UTF-8 eller ISO 8859-1, som anslutningstjänstens encoding säger.",
               "save the file as UTF-8 or ISO 8859-1, as the connector's encoding says";
    }
    FileRowOversized "file-row-oversized" Parks Error {
        meaning "En rad är längre än limits.message. Hela filen är utelämnad.",
                "A row is longer than limits.message. The whole file is left out.";
        remedy "Stäng ett öppet citat, eller höj limits.message.",
               "close an open quotation, or raise limits.message";
    }
    FileOversized "file-oversized" Parks Error {
        meaning "Filen är större än limits.table_file och har inte lästs.",
                "The file is larger than limits.table_file and was not read.";
        remedy "Dela filen, eller höj limits.table_file.",
               "divide the file, or raise limits.table_file";
    }
    FeedUnmapped "feed-unmapped" Parks Error {
        meaning "Raden hör till ett flöde som inget mappningspaket läser.",
                "The row belongs to a feed that no mapping package reads.";
        remedy "Lägg till flödets paket i regionens packages i processorns konfiguration.",
               "add the feed's package to the region's packages in the processor's configuration";
    }
    ColumnMissing "column-missing" Refuses Error {
        meaning "Raden saknar en kolumn som mappningspaketet kräver.",
                "The row lacks a column that the mapping package requires.";
        remedy "Lägg till kolumnen i filen, eller ändra kolumnnamnet i paketet (`processor mapping explain PAKET`).",
               "add the column to the file, or change its name in the package (`processor mapping explain PACKAGE`)";
    }
    FieldMissing "field-missing" Refuses Error {
        meaning "Ett obligatoriskt fält är tomt.", "A required field is empty.";
        remedy "Fyll i kolumnen; utan den kan raden inte användas.",
               "fill in the column; without it the row cannot be used";
    }
    FieldInvalid "field-invalid" Refuses Error {
        meaning "Ett obligatoriskt fält kan inte läsas.", "A required field cannot be read.";
        remedy "Skriv fältet som paketet säger, eller lägg till koden i paketets codes.",
               "write the field as the package says, or add the code to the package's codes";
    }
    KeyRounded "key-rounded" Refuses Error {
        meaning "Radens eget nummer är avrundat av ett kalkylprogram (1,2E+19): två rader kan ha fått samma, och den ena skulle ersätta den andra.",
                "The row's own number is rounded by a spreadsheet (1.2E+19): two rows may share it, and one would replace the other.";
        remedy "Formatera kolumnen som text innan filen sparas, eller exportera direkt ur källsystemet.",
               "format the column as text before the file is saved, or export straight from the source system";
    }
    PackageRuleBroken "package-rule-broken" Refuses Error {
        meaning "Raden bryter mot en av mappningspaketets egna regler; den parkerade posten nämner vilken.",
                "The row breaks a rule of the mapping package's own; the parked record names it.";
        remedy "`processor mapping explain PAKET` visar regeln och dess åtgärd.",
               "`processor mapping explain PACKAGE` shows the rule and its remedy";
    }
    WaitPeriodMissing "wait-period-missing" Refuses Error {
        meaning "En väntande kontakt utan mätperiod: det går inte att veta vilken månad den räknas i.",
                "A waiting contact without a measuring period: it is not known in which month it counts.";
        remedy "Fyll i mätperioden, månadens sista dag.",
               "fill in the measuring period, the last day of the month";
    }
    CostPeriodMissing "cost-period-missing" Refuses Error {
        meaning "En kostnad utan år och utan datum: det går inte att veta vilket år den räknas i.",
                "A cost without a year and without a date: it is not known in which year it counts.";
        remedy "Fyll i året, eller kontaktens datum.",
               "fill in the year, or the contact's dates";
    }
    ClinicalPeriodMissing "clinical-period-missing" Refuses Error {
        meaning "Koder utan månad och utan datum: det går inte att veta när något hände.",
                "Codes without a month and without a date: it is not known when anything happened.";
        remedy "Fyll i kontaktens in- eller utdatum.",
               "fill in the date on which the contact began or ended";
    }
    CapacityDeleted "capacity-deleted" Refuses Error {
        meaning "En rad om vårdplatser togs bort ur tabellen; det som den sade gäller tills en ny rad säger annat.",
                "A row about beds was deleted from the table; what it said holds until another row says otherwise.";
        remedy "Lägg till en rad med samma enhet och giltig från, med de siffror som ska gälla.",
               "add a row with the same unit and valid-from and with the figures that should hold";
    }
    ChangeUnreadable "change-unreadable" Parks Error {
        meaning "Posten är inte ett Debezium-kuvert: JSON med op, before och after.",
                "The record is not a Debezium envelope: JSON with op, before and after.";
        remedy "Kontrollera att källan skriver JSON eller Avro, och att flödet är rätt.",
               "check that the source writes JSON or Avro, and that the feed is the right one";
    }
    ChangeEncoded "change-encoded" Parks Error {
        meaning "Posten är skriven av en konverterare som har sina scheman i ett schemaregister: Protobuf, JSON Schema, eller Avro som inte stämmer med sitt schema.",
                "The record is written by a converter that keeps its schemas in a schema registry: Protobuf, JSON Schema, or Avro that does not fit its schema.";
        remedy "Låt Debezium skriva Avro eller JSON (value.converter), nämn schemaregistret i registry under [[region.debezium]], och läs om ämnet från början.",
               "have Debezium write Avro or JSON (value.converter), name the schema registry in registry of [[region.debezium]], and read the topic anew from its beginning";
    }
    ChangeFlattened "change-flattened" Parks Error {
        meaning "Posten är en rad utan Debezium-kuvert, som ExtractNewRecordState skriver.",
                "The record is a row without Debezium's envelope, as ExtractNewRecordState writes it.";
        remedy "Nämn ämnet i flattened under [[region.debezium]] och läs om det från början; eller ta bort transformationen.",
               "name the topic in flattened of [[region.debezium]] and read it anew from its beginning; or leave the transform out";
    }
    ChangeCloudEvent "change-cloud-event" Parks Error {
        meaning "Posten är en CloudEvent, som CloudEventsConverter skriver.",
                "The record is a CloudEvent, as CloudEventsConverter writes it.";
        remedy "Sätt value.converter till org.apache.kafka.connect.json.JsonConverter eller en Avro-konverterare.",
               "set value.converter to org.apache.kafka.connect.json.JsonConverter or an Avro converter";
    }
    ChangeStringified "change-stringified" Parks Error {
        meaning "Posten är en ändring som text för människor (Struct{…}), som StringConverter skriver.",
                "The record is a change as text for people (Struct{…}), as StringConverter writes it.";
        remedy "Sätt value.converter till org.apache.kafka.connect.json.JsonConverter eller en Avro-konverterare.",
               "set value.converter to org.apache.kafka.connect.json.JsonConverter or an Avro converter";
    }
    TableTruncated "table-truncated" Refuses Error {
        meaning "Källans tabell tömdes (TRUNCATE), men det står inte vilken, eller så gäller den vårdplatser, vars siffror har en giltighetstid.",
                "The source's table was emptied (TRUNCATE), but it is not said which, or it is of ward capacity, whose figures hold for a time.";
        remedy "Låt källan skriva source.table; för vårdplatser: lägg till rader med de siffror som ska gälla.",
               "have the source write source.table; for ward capacity: add rows with the figures that should hold";
    }
    ColumnUnavailable "column-unavailable" Refuses Error {
        meaning "Databasen sände inte ett oförändrat stort värde som paketet läser, och raden före ändringen finns inte.",
                "The database did not send a large unchanged value that the package reads, and the row before the change is not there.";
        remedy "ALTER TABLE … REPLICA IDENTITY FULL i källan, och läs om tabellen.",
               "ALTER TABLE … REPLICA IDENTITY FULL in the source, and read the table anew";
    }
    ColumnUnreadable "column-unreadable" Refuses Error {
        meaning "Ett värde som paketet läser är skrivet så att bara ett schema förklarar det, eller går inte att skriva ut.",
                "A value that the package reads is written so that only a schema explains it, or cannot be written out.";
        remedy "Låt Debezium skriva sitt schema runt varje ändring; eller sätt decimal.handling.mode till string, och med time.precision.mode=isostring wall_clock under [[region.debezium]].",
               "have Debezium write its schema around every change; or set decimal.handling.mode to string, and with time.precision.mode=isostring wall_clock in [[region.debezium]]";
    }
    DeleteIncomplete "delete-incomplete" Refuses Error {
        meaning "En borttagen rad säger inte vilken uppgift som tas tillbaka: nyckel eller period saknas, eller är inte att lita på.",
                "A deleted row does not say which statement is taken back: key or period is missing, or not to be believed.";
        remedy "ALTER TABLE … REPLICA IDENTITY FULL i källan; ett Debezium-topic nämns då i full under [[region.debezium]]. Där ExtractNewRecordState skriver: delete.tombstone.handling.mode=rewrite, annars säger en borttagning bara sin nyckel.",
               "ALTER TABLE … REPLICA IDENTITY FULL in the source; a Debezium topic is then named in full of [[region.debezium]]. Where ExtractNewRecordState writes: delete.tombstone.handling.mode=rewrite, else a deletion says its key only";
    }
    DeleteUnvouched "delete-unvouched" Refuses Error {
        meaning "Debezium hittar på värden i en borttagen rad när tabellen har förvald replica identity, och ingen säger att den inte har det.",
                "Debezium invents values of a deleted row where its table has the default replica identity, and nobody says that it has not.";
        remedy "Låt anslutningstjänsten i denna utgåva ta över ämnet; den skriver replica_identity i kuvertet.",
               "have the connector of this release take the topic over; it writes replica_identity in the envelope";
    }
    Tombstone "tombstone" Ignores Info {
        meaning "En tom post efter en borttagning (tombstone); borttagningen själv är redan läst.",
                "An empty record after a deletion (tombstone); the deletion itself has been read.";
        remedy "Ingen åtgärd.",
               "nothing to do";
    }
    DatabaseMessage "database-message" Ignores Info {
        meaning "Ett meddelande i databasens logg (op m), inte en ändring av en rad.",
                "A message in the database's log (op m), not a change of a row.";
        remedy "Ingen åtgärd.",
               "nothing to do";
    }
    RegionMismatch "region-mismatch" Refuses Error {
        meaning "Posten säger sig komma från en annan region än topicen.",
                "The record claims another region than its topic.";
        remedy "Rätta region i anslutningstjänstens konfiguration; posten får inte byta region.",
               "correct the region in the connector's configuration; a record may not change region";
    }
    TriggerMissing "trigger-missing" Refuses Error {
        meaning "Varken MSH-9 eller EVN-1 säger vad som hände.",
                "Neither MSH-9 nor EVN-1 says what happened.";
        remedy "Låt sändaren fylla i MSH-9 som ADT^A01.",
               "make the sender fill in MSH-9 as ADT^A01";
    }
    TimeMissing "time-missing" Refuses Error {
        meaning "Ingen läsbar tid i EVN-6, EVN-2 eller MSH-7.",
                "No readable time in EVN-6, EVN-2 or MSH-7.";
        remedy "Låt sändaren fylla i EVN-2 eller MSH-7 som ÅÅÅÅMMDDTTMMSS.",
               "make the sender fill in EVN-2 or MSH-7 as YYYYMMDDHHMMSS";
    }
    EpisodeMissing "episode-missing" Refuses Error {
        meaning "Placeringen saknar besöksnummer (PV1-19.1) och kan inte knytas till ett vårdtillfälle.",
                "The placement has no visit number (PV1-19.1) and cannot be tied to an episode.";
        remedy "Låt sändaren fylla i PV1-19 i in- och överflyttningar.",
               "make the sender fill in PV1-19 in admissions and transfers";
    }
    PatientMissing "patient-missing" Refuses Error {
        meaning "Ingen identitet i PID-3, PID-2 eller PID-4 som pekar ut en patient.",
                "No identifier in PID-3, PID-2 or PID-4 that names a patient.";
        remedy "Låt sändaren fylla i PID-3.",
               "make the sender fill in PID-3";
    }
    MergePriorMissing "merge-prior-missing" Refuses Error {
        meaning "Sammanslagningen säger inte vilken identitet som upphör: MRG-1 är tomt eller pekar inte ut någon.",
                "The merge does not say which identifier ceases: MRG-1 is empty or names nobody.";
        remedy "Låt sändaren fylla i MRG-1.",
               "make the sender fill in MRG-1";
    }
    VisitMoveIncomplete "visit-move-incomplete" Refuses Error {
        meaning "Flytten av besök saknar gammalt (MRG-5) eller nytt (PV1-19) besöksnummer.",
                "The move of a visit lacks the old (MRG-5) or the new (PV1-19) visit number.";
        remedy "Låt sändaren fylla i både MRG-5 och PV1-19.",
               "make the sender fill in both MRG-5 and PV1-19";
    }
    BedStatusIncomplete "bed-status-incomplete" Refuses Error {
        meaning "Sängstatus saknar plats (NPU-1) eller status (NPU-2).",
                "The bed status lacks its place (NPU-1) or its status (NPU-2).";
        remedy "Låt sändaren fylla i NPU-1 och NPU-2.",
               "make the sender fill in NPU-1 and NPU-2";
    }
    CapacityColumnMissing "capacity-column-missing" Refuses Error {
        meaning "Kapacitetsfilen saknar en kolumn som måste finnas.",
                "The capacity file lacks a column that must be there.";
        remedy "Rubrikraden ska ha enhet;giltig_fran och minst en av faststallda;disponibla;stangda.",
               "the header needs enhet;giltig_fran and at least one of faststallda;disponibla;stangda";
    }
    CapacityUnitMissing "capacity-unit-missing" Refuses Error {
        meaning "Raden säger inte vilken enhet den gäller.",
                "The row does not say which unit it is about.";
        remedy "Fyll i kolumnen enhet med samma kod som ADT skickar i PV1-3.1.",
               "fill in the column enhet with the code that ADT sends in PV1-3.1";
    }
    CapacityTimeBad "capacity-time-bad" Refuses Error {
        meaning "Tiden i kolumnen kan inte läsas.",
                "The time in the column cannot be read.";
        remedy "Skriv svensk lokal tid som 2026-01-06T08:00, eller ett datum som 2026-01-06.",
               "write Swedish local time as 2026-01-06T08:00, or a date as 2026-01-06";
    }
    CapacityNumberBad "capacity-number-bad" Refuses Error {
        meaning "Talet i kolumnen kan inte läsas, eller är mindre än 0 eller större än 10 000.",
                "The number in the column cannot be read, or is below 0 or above 10,000.";
        remedy "Skriv ett heltal utan tusentalsavgränsare, eller lämna tomt när talet saknas.",
               "write a whole number without separators, or leave it empty when there is none";
    }
    CapacityEmpty "capacity-empty" Refuses Error {
        meaning "Raden har ingen siffra alls.", "The row has no figure at all.";
        remedy "Fyll i minst en av faststallda, disponibla och stangda; skriv 0 när det är noll.",
               "fill in at least one of faststallda, disponibla and stangda; write 0 for none";
    }
    MessageTypeOther "message-type-other" Ignores Info {
        meaning "Meddelandet är inte ADT.", "The message is not ADT.";
        remedy "Inget. Vill ni slippa trafiken: filtrera hos sändaren.",
               "nothing; filter at the sender to be spared the traffic";
    }
    TriggerWithoutEffect "trigger-without-effect" Ignores Info {
        meaning "En ADT-händelse som inte säger något om vårdtillfällen, sängar eller personer.",
                "An ADT trigger that says nothing of episodes, beds or persons.";
        remedy "Inget. Vill ni slippa trafiken: filtrera hos sändaren.",
               "nothing; filter at the sender to be spared the traffic";
    }
    TriggerUnknown "trigger-unknown" Ignores Warning {
        meaning "En ADT-händelse som HL7 v2.8 inte känner.",
                "An ADT trigger that HL7 v2.8 does not know.";
        remedy "Fråga sändaren vad händelsen betyder; säg till oss om den borde ge en händelse.",
               "ask the sender what it means; tell us if it should become an event";
    }
    EventTypeDiffers "event-type-differs" Notes Info {
        meaning "EVN-1 säger en annan händelse än MSH-9; MSH-9 gäller.",
                "EVN-1 names another trigger than MSH-9; MSH-9 holds.";
        remedy "Låt sändaren fylla i EVN-1 och MSH-9 lika.",
               "make the sender fill in EVN-1 and MSH-9 alike";
    }
    VersionUnsupported "version-unsupported" Notes Info {
        meaning "MSH-12 är inte en version från 2.3 till 2.8.",
                "MSH-12 is not a version from 2.3 to 2.8.";
        remedy "Meddelandet läses som 2.8; kontrollera att fälten hamnar rätt.",
               "the message is read as 2.8; check that its fields land where they should";
    }
    MessageIdMissing "message-id-missing" Notes Warning {
        meaning "MSH-10 är tomt.",
                "MSH-10 is empty.";
        remedy "Låt sändaren sätta ett eget id på varje meddelande.",
               "make the sender give each message an id of its own";
    }
    CharsetContradicted "charset-contradicted" Notes Warning {
        meaning "MSH-18 säger UTF-8 men byten är ISO 8859-1, eller tvärtom; meddelandet läses som vad byten är.",
                "MSH-18 says UTF-8 but the bytes are ISO 8859-1, or the reverse; the message is read as what the bytes are.";
        remedy "Låt sändaren ange den teckenuppsättning som den faktiskt skriver, helst UNICODE UTF-8.",
               "make the sender name the character set it really writes, best UNICODE UTF-8";
    }
    CharsetMixed "charset-mixed" Notes Warning {
        meaning "Meddelandet är UTF-8 men har enstaka byte som inte är det; de läses som ISO 8859-1.",
                "The message is UTF-8 but has single bytes that are not; they are read as ISO 8859-1.";
        remedy "Låt sändaren skriva alla fält i en och samma teckenuppsättning, helst UNICODE UTF-8.",
               "make the sender write all fields in one character set, best UNICODE UTF-8";
    }
    CharsetUnknown "charset-unknown" Notes Warning {
        meaning "MSH-18 anger en teckenuppsättning som inte läses; meddelandet läses som UTF-8 om det är det, annars som ISO 8859-1.",
                "MSH-18 names a character set that is not read; the message is read as UTF-8 if it is that, else as ISO 8859-1.";
        remedy "Låt sändaren skicka UNICODE UTF-8 eller 8859/1.",
               "make the sender send UNICODE UTF-8 or 8859/1";
    }
    MessageShortened "message-shortened" Notes Warning {
        meaning "Meddelandet var längre än limits.message; dokumenten i OBX, NTE, ZDS och långa Z-segment utelämnades, resten lästes.",
                "The message was longer than limits.message; the documents in OBX, NTE, ZDS and long Z segments were left out, the rest was read.";
        remedy "Låt sändaren utelämna inbäddade dokument ur ADT, eller höj limits.message.",
               "make the sender leave embedded documents out of ADT, or raise limits.message";
    }
    ControlCharacter "control-character" Notes Warning {
        meaning "Ett styrtecken, som en radmatning, står i ett fält; i det som förs vidare ersattes det med ett blanksteg.",
                "A control character, such as a line feed, stands in a field; in what is passed on it was replaced by a blank.";
        remedy "Låt sändaren avsluta segment med CR och skriva radbrytningar i fält som \\.br\\.",
               "make the sender end segments with CR and write line breaks inside fields as \\.br\\";
    }
    EscapeDoubtful "escape-doubtful" Notes Warning {
        meaning "Byte skrivna som \\X..\\ är varken UTF-8 eller ISO 8859-1; de läses som UTF-16 eller en bokstavs nummer om de är det, annars förs texten vidare som den skickades.",
                "Bytes written as \\X..\\ are neither UTF-8 nor ISO 8859-1; they are read as UTF-16 or a letter's number if they are that, else the text is passed on as it was sent.";
        remedy "Låt sändaren skriva bokstäverna själva, i den teckenuppsättning som MSH-18 anger.",
               "make the sender write the letters themselves, in the character set that MSH-18 names";
    }
    LineStray "line-stray" Notes Info {
        meaning "Rader som inte är segment; de läses inte.",
                "Lines that are no segments; they are not read.";
        remedy "Kontrollera att sändaren skriver radbrytningar i fält som \\.br\\.",
               "check that the sender writes line breaks inside fields as \\.br\\";
    }
    TextTooLong "text-too-long" Notes Warning {
        meaning "En kod är längre än 200 tecken och ersattes med en nycklad kod.",
                "A code is longer than 200 characters and was replaced by a keyed code.";
        remedy "Kontrollera att fältet inte bär fritext.",
               "check that the field does not carry free text";
    }
    IdentifierInField "identifier-in-field" Notes Error {
        meaning "Fältet ser ut att bära en personidentitet; värdet ersattes med en nycklad kod.",
                "The field seems to carry a personal identifier; its value was replaced by a keyed code.";
        remedy "Låt sändaren skicka personnummer bara i PID, aldrig som besöksnummer, säng eller kod.",
               "make the sender send personal identifiers in PID only, never as visit number, bed or code";
    }
    TimeUnreadable "time-unreadable" Notes Warning {
        meaning "En tid kan inte läsas och används inte.",
                "A time cannot be read and is not used.";
        remedy "Låt sändaren skriva tider som ÅÅÅÅMMDDTTMMSS, med eller utan +0100.",
               "make the sender write times as YYYYMMDDHHMMSS, with or without +0100";
    }
    TimeImpossible "time-impossible" Notes Warning {
        meaning "Tiden ligger före 1900 eller efter 2199, vilket ingen vård gör; den används inte.",
                "The time lies before 1900 or after 2199, where no care does; it is not used.";
        remedy "Låt sändaren lämna fältet tomt när tiden är okänd eller öppen.",
               "make the sender leave the field empty when the time is unknown or open";
    }
    TimeInFuture "time-in-future" Notes Warning {
        meaning "Den registrerade tiden ligger mer än fem minuter efter mottagandet.",
                "The recorded time is more than five minutes after the message was received.";
        remedy "Ställ sändarens klocka, och kontrollera tidszonen.",
               "set the sender's clock, and check its time zone";
    }
    ClockOfUtc "clock-of-utc" Notes Warning {
        meaning "MSH-7 saknar förskjutning och är en eller två timmar gammal i svensk tid men just nu i UTC: sändaren tycks skriva UTC, och meddelandets tider läses då för tidiga. På enstaka meddelanden kan det vara väntan.",
                "MSH-7 has no offset and is an hour or two old by Swedish time, but just now by UTC: the sender seems to write UTC, and the message's times are then read too early. On single messages it may be a wait.";
        remedy "Låt sändaren skriva svensk tid, eller förskjutningen på varje tid (+0000).",
               "make the sender write Swedish time, or each time's offset (+0000)";
    }
    TimeAmbiguous "time-ambiguous" Notes Info {
        meaning "Tiden ligger i höstens dubbla timme utan förskjutning; den första används.",
                "The time lies in the repeated autumn hour without an offset; the first is used.";
        remedy "Låt sändaren skicka tider med +0200 eller +0100.",
               "make the sender send times with +0200 or +0100";
    }
    TimeImprecise "time-imprecise" Notes Warning {
        meaning "Tiden är bara skriven till dag eller timme. Händelsen läggs så sent i den som en annan tid i meddelandet stöder, annars sist (en ankomst först).",
                "The time is written to the day or hour only. The event is put as late in it as another time of the message supports, else at its end (an arrival at its beginning).";
        remedy "Låt sändaren skicka tider med minuter, som ÅÅÅÅMMDDTTMM.",
               "make the sender send times with minutes, as YYYYMMDDHHMM";
    }
    ZoneOfMessage "zone-of-message" Notes Info {
        meaning "Tiden har ingen förskjutning och MSH-7 har en som inte är Sveriges; den gäller då hela meddelandet.",
                "The time has no offset and MSH-7 has one that is not Sweden's; it then holds for the whole message.";
        remedy "Låt sändaren skriva förskjutning på varje tid, eller svensk tid i MSH-7.",
               "make the sender write an offset on every time, or Swedish time in MSH-7";
    }
    TimeNonexistent "time-nonexistent" Notes Warning {
        meaning "Tiden ligger i vårens överhoppade timme; den läses som normaltid.",
                "The time lies in the skipped spring hour; it is read as standard time.";
        remedy "Kontrollera hur sändaren räknar om sommartid.",
               "check how the sender converts to summer time";
    }
    EpisodeAbsent "episode-absent" Notes Info {
        meaning "Händelsen saknar besöksnummer och kan inte knytas till ett vårdtillfälle.",
                "The event has no visit number and cannot be tied to an episode.";
        remedy "Låt sändaren fylla i PV1-19.",
               "make the sender fill in PV1-19";
    }
    PatientUnknown "patient-unknown" Notes Warning {
        meaning "Ingen patientidentitet; vårdtillfället följs bara på sitt besöksnummer.",
                "No patient identifier; the episode is followed by its visit number alone.";
        remedy "Låt sändaren fylla i PID-3, och skicka A40 när identiteten är känd.",
               "make the sender fill in PID-3, and send A40 once the identity is known";
    }
    IdentityInvalid "identity-invalid" Notes Warning {
        meaning "En identitet som ska vara svensk är inte giltig; den pekar inte ut någon och länkar ingen.",
                "An identifier said to be Swedish is not valid; it names nobody and links nobody.";
        remedy "Kontrollera kontrollsiffra och utfärdare i PID-3.",
               "check the check digit and the assigner in PID-3";
    }
    IdentityPlaceholder "identity-placeholder" Notes Warning {
        meaning "Identiteten är en platshållare som många patienter delar, som 000000-0000; den pekar inte ut någon och länkar ingen.",
                "The identifier is a placeholder that many patients share, such as 000000-0000; it names nobody and links nobody.";
        remedy "Låt sändaren lämna fältet tomt när numret är okänt; ange regionens egna platshållare i placeholders.",
               "make the sender leave the field empty when the number is not known; list the region's own placeholders in placeholders";
    }
    IdentityLocal "identity-local" Notes Info {
        meaning "Numret är inget svenskt person-, samordnings- eller reservnummer, eller ett interimsnummer som regionen inte använder; det gäller bara inom källan.",
                "The number is no Swedish personal, coordination or reserve number, or an interim number that the region does not use; it counts within its source only.";
        remedy "Låt källan skicka ett nationellt nummer; sätt interim = true om regionen använder T-nummer.",
               "make the source send a national number; set interim = true if the region uses T-nummer";
    }
    DischargeWithoutEpisode "discharge-without-episode" Notes Info {
        meaning "Utskrivningen saknar besöksnummer; den gäller patientens enda öppna vårdtillfälle.",
                "The discharge has no visit number; it closes the patient's only open episode.";
        remedy "Låt sändaren fylla i PV1-19 även i A03.",
               "make the sender fill in PV1-19 in A03 too";
    }
    CancelWithoutEpisode "cancel-without-episode" Notes Warning {
        meaning "Ångrandet saknar besöksnummer och ångrar ingenting.",
                "The cancellation has no visit number and cancels nothing.";
        remedy "Låt sändaren fylla i PV1-19 i A11, A12, A13 och A23.",
               "make the sender fill in PV1-19 in A11, A12, A13 and A23";
    }
    CancelWithoutTime "cancel-without-time" Notes Info {
        meaning "Ångrandet säger inte vilken tid det gäller (EVN-6) och tar tillbaka det som skickades senast före det.",
                "The cancellation does not say which time it is about (EVN-6) and takes back what was sent last before it.";
        remedy "Låt sändaren fylla i EVN-6 med den ångrade händelsens tid.",
               "make the sender fill in EVN-6 with the time of the event that is cancelled";
    }
    PlaceMissing "place-missing" Notes Warning {
        meaning "Inskrivningen eller överflyttningen säger inte vart (PV1-3).",
                "The admission or transfer does not say where to (PV1-3).";
        remedy "Låt sändaren fylla i PV1-3.",
               "make the sender fill in PV1-3";
    }
    SwapIncomplete "swap-incomplete" Notes Warning {
        meaning "Sängbytet har inte två patienter med besöksnummer; bara den ena flyttas.",
                "The bed swap does not hold two patients with visit numbers; only one is moved.";
        remedy "Låt sändaren skicka två PID/PV1-grupper med PV1-19 i A17.",
               "make the sender send two PID/PV1 groups with PV1-19 in A17";
    }
    GroupUnused "group-unused" Notes Info {
        meaning "Fler patienter i meddelandet än händelsen kan ha; bara den första används.",
                "More patients in the message than its trigger can have; only the first is used.";
        remedy "Låt sändaren skicka ett meddelande per patient.",
               "make the sender send one message per patient";
    }
    MovementNotApplied "movement-not-applied" Notes Warning {
        meaning "En ändrad förflyttning (Z99), eller en gammal (ZBE-5) utan tid, antecknas men flyttar ingen.",
                "A changed movement (Z99), or a past one (ZBE-5) without a time, is recorded but moves nobody.";
        remedy "Låt sändaren ångra med A11, A12 eller A13 och skicka händelsen på nytt.",
               "make the sender cancel with A11, A12 or A13 and send the event anew";
    }
    MovementActionUnknown "movement-action-unknown" Notes Info {
        meaning "ZBE-4 är inte INSERT, UPDATE eller CANCEL.",
                "ZBE-4 is not INSERT, UPDATE or CANCEL.";
        remedy "Låt sändaren följa IHE PAM i ZBE-4.",
               "make the sender follow IHE PAM in ZBE-4";
    }
    UnitUnknown "unit-unknown" Notes Warning {
        meaning "Enheten finns inte i regionens enhetsförteckning; koden används som den är.",
                "The unit is not in the region's unit directory; its code is used as it stands.";
        remedy "Lägg till enheten i mappningsfilen, `[[unit]]` med code.",
               "add the unit to the mapping file, `[[unit]]` with code";
    }
    ClassUnknown "class-unknown" Notes Warning {
        meaning "Patientklassen (PV1-2) är inte en känd kod.",
                "The patient class (PV1-2) is not a known code.";
        remedy "Lägg till koden under `[codes.patient_class]` i mappningsfilen.",
               "add the code under `[codes.patient_class]` in the mapping file";
    }
    SexUnknown "sex-unknown" Notes Info {
        meaning "Kön (PID-8) är inte en känd kod.",
                "The sex (PID-8) is not a known code.";
        remedy "Lägg till koden under `[codes.sex]` i mappningsfilen.",
               "add the code under `[codes.sex]` in the mapping file";
    }
    BedStatusUnknown "bed-status-unknown" Notes Warning {
        meaning "Sängstatus (NPU-2) är inte en känd kod i tabell 0116.",
                "The bed status (NPU-2) is not a known code of table 0116.";
        remedy "Lägg till koden under `[codes.bed_status]` i mappningsfilen.",
               "add the code under `[codes.bed_status]` in the mapping file";
    }
    BirthDateUnreadable "birth-date-unreadable" Notes Info {
        meaning "Födelseår kan inte läsas ur PID-7.",
                "The year of birth cannot be read from PID-7.";
        remedy "Låt sändaren skriva PID-7 som ÅÅÅÅMMDD.",
               "make the sender write PID-7 as YYYYMMDD";
    }
    MunicipalityUnreadable "municipality-unreadable" Notes Info {
        meaning "Län och kommun är inte fyra siffror med ett län som finns.",
                "County and municipality are not four digits with an existing county.";
        remedy "Låt sändaren skicka LKF, fyra eller sex siffror, i det fält som mappningsfilen anger.",
               "make the sender send LKF, four or six digits, in the field that the mapping file names";
    }
    CapacityReasonUnknown "capacity-reason-unknown" Notes Info {
        meaning "Skälet till stängda vårdplatser är inte personal, hygien, material eller lokal.",
                "The reason for closed beds is not personal, hygien, material or lokal.";
        remedy "Använd ett av de fyra skälen; annat räknas som övrigt.",
               "use one of the four reasons; anything else counts as other";
    }
    CapacityReasonMissing "capacity-reason-missing" Notes Info {
        meaning "Stängda vårdplatser utan skäl.",
                "Closed beds without a reason.";
        remedy "Fyll i kolumnen skal.",
               "fill in the column skal";
    }
    CapacityImplausible "capacity-implausible" Notes Warning {
        meaning "Disponibla plus stängda vårdplatser är fler än de fastställda.",
                "Staffed plus closed beds are more than the decided ones.";
        remedy "Kontrollera raden; disponibla ska inte räkna stängda.",
               "check the row; disponibla should not count closed beds";
    }
    TechnicalBedsStated "technical-beds-stated" Notes Warning {
        meaning "En avdelning med bara tekniska platser anger vårdplatser, och regionen räknar inte tekniska platser. Talen används inte: platserna skulle stå som lediga.",
                "A ward of technical beds alone states beds, and the region leaves technical beds out. The numbers are not used: the beds would stand as free.";
        remedy "Ange 0 eller ta bort avdelningens rad; ska platserna räknas: technical_beds = \"counted\" i enhetskatalogen, eller en annan bed_kind för avdelningen.",
               "state 0 or leave the ward's row out; where the beds are to count: technical_beds = \"counted\" in the unit directory, or another bed_kind for the ward";
    }
    BeforeUntold "before-untold" Notes Warning {
        meaning "Raden kom utan Debezium-kuvert (ExtractNewRecordState), och hur den var före ändringen är inte sagt; uppgifter om en annan period eller kontakt tas inte tillbaka.",
                "The row came without Debezium's envelope (ExtractNewRecordState), and what it was before the change is not told; a statement of another period or contact is not taken back.";
        remedy "Ta bort transformationen för ämnet och ur flattened under [[region.debezium]], med REPLICA IDENTITY FULL i källan; kan perioden och kontakten inte ändras räcker det att låta den vara.",
               "leave the transform out for the topic, and the topic out of flattened of [[region.debezium]], with REPLICA IDENTITY FULL in the source; where neither period nor contact can change, let it be";
    }
    BeforeUnvouched "before-unvouched" Notes Warning {
        meaning "Av raden före ändringen är bara nyckeln att lita på; uppgifter om en annan period eller kontakt tas inte tillbaka.",
                "Of the row before the change only its key is to be believed; a statement of another period or contact is not taken back.";
        remedy "ALTER TABLE … REPLICA IDENTITY FULL i källan; ett Debezium-topic nämns då i full under [[region.debezium]].",
               "ALTER TABLE … REPLICA IDENTITY FULL in the source; a Debezium topic is then named in full of [[region.debezium]]";
    }
    ValueMaybeMissing "value-maybe-missing" Notes Warning {
        meaning "Värdet kan stå för inget alls: Debezium skriver kolumnens DEFAULT där värdet är NULL, och 1970-01-01 för 0000-00-00 i en kolumn som är NOT NULL (MySQL, MariaDB). Det används som det står.",
                "The value may stand for none at all: Debezium writes a column's DEFAULT where the value is NULL, and 1970-01-01 for 0000-00-00 in a column that is NOT NULL (MySQL, MariaDB). It is used as it stands.";
        remedy "Sätt value.converter.replace.null.with.default=false i Kafka Connect (Avro: ta bort kolumnens DEFAULT), låt datumkolumnen tillåta NULL, och läs tabellen på nytt.",
               "set value.converter.replace.null.with.default=false in Kafka Connect (Avro: drop the column's DEFAULT), let the date's column be null, and read the table anew";
    }
    DatePlaceholder "date-placeholder" Notes Warning {
        meaning "Ett datum som står för \"öppet\" eller \"okänt\" (9999-12-31, 1900-01-01, 0001-01-01, infinity); det används inte.",
                "A date that stands for \"open\" or \"unknown\" (9999-12-31, 1900-01-01, 0001-01-01, infinity); it is not used.";
        remedy "Lämna fältet tomt när det inte finns något datum; raden är inte med i någon siffra som behöver det.",
               "leave the field empty when there is no date; the row is in no figure that needs it";
    }
    DateImplausible "date-implausible" Notes Warning {
        meaning "Ett datum som ligger för långt bort för att kunna stämma; det används inte.",
                "A date that lies too far away to be right; it is not used.";
        remedy "Rätta årtalet i källan; det som har hänt ligger högst ett år efter mottagandet, det planerade högst tio, en väntan börjar högst fyrtio år före.",
               "correct the year in the source; what has happened lies at most a year after reception, what is planned ten, and a wait begins at most forty years before";
    }
    DateOpenEnd "date-open-end" Notes Info {
        meaning "Ett slutdatum som betyder tills vidare (9999-12-31, eller mer än tio år bort); raden gäller utan slut.",
                "An end that means until further notice (9999-12-31, or more than ten years away); the row holds without an end.";
        remedy "Lämna slutet tomt när det inte finns något.",
               "leave the end empty when there is none";
    }
    AmountAmbiguous "amount-ambiguous" Notes Warning {
        meaning "Ett belopp som 142.500 eller 1,000: tecknet kan vara decimaltecken eller stå mellan tusental; beloppet används inte.",
                "An amount as 142.500 or 1,000: the sign may be a decimal sign or stand between thousands; the amount is not used.";
        remedy "Skriv beloppet utan tusentalstecken eller med två decimaler, eller säg hur belopp skrivs med decimal = \",\" i paketet.",
               "write the amount without a sign between thousands or with two decimals, or say how amounts are written with decimal = \",\" in the package";
    }
    IdRounded "id-rounded" Notes Warning {
        meaning "Ett nummer som ett kalkylprogram har avrundat (1,2E+19): siffrorna är borta, och numret används inte.",
                "A number that a spreadsheet has rounded (1.2E+19): its digits are gone, and the number is not used.";
        remedy "Formatera kolumnen som text innan filen sparas, eller exportera direkt ur källsystemet.",
               "format the column as text before the file is saved, or export straight from the source system";
    }
    FieldUnreadable "field-unreadable" Notes Warning {
        meaning "Ett fält kan inte läsas och lämnas tomt.",
                "A field cannot be read and is left empty.";
        remedy "Skriv fältet som paketet säger (`processor mapping explain PAKET`).",
               "write the field as the package says (`processor mapping explain PACKAGE`)";
    }
    CodeUnknown "code-unknown" Notes Warning {
        meaning "En kod som mappningspaketet, eller kodsystemets fullständiga lista, inte har.",
                "A code that the mapping package, or the complete list of its code system, does not have.";
        remedy "Lägg till koden i paketets codes, hämta en nyare kodlista, eller rätta koden i källan.",
               "add the code to the package's codes, fetch a newer code list, or correct it in the source";
    }
    CodeDiscontinued "code-discontinued" Notes Warning {
        meaning "En kod som inte gällde den dagen enligt kodlistan.",
                "A code that did not hold on that day according to the code list.";
        remedy "Använd den kod som gällde då, eller rätta kodlistans giltighet.",
               "use the code that held then, or correct the validity in the code list";
    }
    CodeHeading "code-heading" Notes Warning {
        meaning "En rubrik i KVÅ (slutar på 000), som inte får rapporteras.",
                "A heading of KVÅ (it ends with 000), which must not be reported.";
        remedy "Använd en kod under rubriken.",
               "use a code below the heading";
    }
    CodeMisplaced "code-misplaced" Notes Warning {
        meaning "En kod ur ett annat kodsystem än kolumnens, till exempel ATC bland diagnoser; den behålls med sitt eget system.",
                "A code of another system than the column's, as ATC among diagnoses; it is kept with its own system.";
        remedy "Skriv koden i kolumnen för sitt kodsystem.",
               "write the code in the column of its system";
    }
    CodeShapeUnknown "code-shape-unknown" Notes Warning {
        meaning "En text som inte ser ut som en kod i något kodsystem; den behålls som den är.",
                "A text that does not look like a code of any system; it is kept as it stands.";
        remedy "Rätta koden i källan.",
               "correct the code in the source";
    }
    CodePlaceholder "code-placeholder" Notes Info {
        meaning "En utfyllnad i stället för en kod, som -1 eller 0000; den säger ingenting.",
                "A filler in place of a code, as -1 or 0000; it says nothing.";
        remedy "Lämna kolumnen tom när det inte finns någon kod.",
               "leave the column empty when there is no code";
    }
    CodeNotKept "code-not-kept" Notes Warning {
        meaning "En text i en kodkolumn som kan vara något annat än en kod; den ersätts med en nyckelkod.",
                "A text in a column of codes that may be anything but a code; it is replaced by a keyed code.";
        remedy "Skriv bara koder i kolumnen; fritext lämnar aldrig regionen.",
               "write nothing but codes in the column; free text never leaves the region";
    }
    CodesTooMany "codes-too-many" Notes Warning {
        meaning "En rad med fler koder än en vårdkontakt kan ha; de sista används inte.",
                "A row with more codes than a contact can have; the last ones are not used.";
        remedy "Kontrollera avgränsaren i paketets code och raden i källan.",
               "check the separator in the package's code and the row in the source";
    }
    CodeOwnerUnknown "code-owner-unknown" Notes Warning {
        meaning "Ett läkemedel för en åtgärd som inte finns på raden.",
                "A drug of a procedure that is not in the row.";
        remedy "Skriv åtgärdens kod på samma rad, eller rätta hänvisningen.",
               "write the procedure's code in the same row, or correct the reference";
    }
    ProcedureDateMissing "procedure-date-missing" Notes Info {
        meaning "En åtgärd utan datum.",
                "A procedure without a date.";
        remedy "Fyll i åtgärdens datum i sin kolumn.",
               "fill in the procedure's date in its column";
    }
    SideUnclear "side-unclear" Notes Info {
        meaning "Det går inte att veta vilken kod som sidan gäller.",
                "It is not known which code the side is of.";
        remedy "Skriv en sida för raden, eller lika många sidor som koder.",
               "write one side for the row, or as many sides as codes";
    }
    ClinicalSubjectMissing "clinical-subject-missing" Notes Warning {
        meaning "Koder utan patientens identitet: de kan inte följas över tid.",
                "Codes without the patient's identifier: they cannot be followed over time.";
        remedy "Fyll i patientens identitet; den pseudonymiseras i regionen.",
               "fill in the patient's identifier; it is pseudonymised in the region";
    }
    PackageRuleNoted "package-rule-noted" Notes Warning {
        meaning "Raden bryter mot en av mappningspaketets egna regler och används ändå; händelsen nämner vilken.",
                "The row breaks a rule of the mapping package's own and is used all the same; the event names it.";
        remedy "`processor mapping explain PAKET` visar regeln och dess åtgärd.",
               "`processor mapping explain PACKAGE` shows the rule and its remedy";
    }
    WaitPeriodDerived "wait-period-derived" Notes Warning {
        meaning "En genomförd kontakt utan mätperiod; månaden för start används.",
                "A completed contact without a measuring period; the month of its start is used.";
        remedy "Fyll i mätperioden, månadens sista dag.",
               "fill in the measuring period, the last day of the month";
    }
    CostPeriodDerived "cost-period-derived" Notes Info {
        meaning "En kostnad utan år; året då kontakten slutade används.",
                "A cost without a year; the year in which the contact ended is used.";
        remedy "Fyll i året.",
               "fill in the year";
    }
    CostTotalMissing "cost-total-missing" Notes Error {
        meaning "En kostnad utan totalbelopp, eller med ett som inte kan läsas.",
                "A cost without a total, or with one that cannot be read.";
        remedy "Fyll i totalkostnaden i kronor; utan den är kontakten inte med i någon summa.",
               "fill in the total in kronor; without it the contact is in no sum";
    }
    CostSumDiffers "cost-sum-differs" Notes Error {
        meaning "Kostnadens delar blir inte totalbeloppet (en krona är tillåten).",
                "The components of the cost do not add up to the total (one krona is allowed).";
        remedy "Kontrollera beräkningen, och att paketets components har alla delar.",
               "check the calculation, and that the package's components hold all parts";
    }
    CostSubjectMissing "cost-subject-missing" Notes Warning {
        meaning "En kostnad utan patientens identitet: den kan inte följas över tid.",
                "A cost without the patient's identifier: it cannot be followed over time.";
        remedy "Fyll i patientens identitet; den pseudonymiseras i regionen.",
               "fill in the patient's identifier; it is pseudonymised in the region";
    }
}
