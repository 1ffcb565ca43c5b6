//! The rules of FHIR resources: the end of the one table, in a file of its own.

/// Gives a macro the rules that it is given, and after them those of FHIR resources.
macro_rules! with_fhir_rules {
    ($rules:ident, $($before:tt)*) => {
        $rules! {
            $($before)*
    FhirUnreadable "fhir-unreadable" Parks Error {
        meaning "Posten är inte en FHIR R4-resurs i JSON, eller är större än vad som läses.",
                "The record is not a FHIR R4 resource in JSON, or is larger than is read.";
        remedy "Skicka R4 i JSON (UTF-8), högst 1 MiB per resurs och högst 1 000 element per lista.",
               "send R4 in JSON (UTF-8), at most 1 MiB per resource and 1,000 elements per list";
    }
    FhirIdMissing "fhir-id-missing" Refuses Error {
        meaning "Resursen saknar id och kan inte skiljas från andra.",
                "The resource has no id and cannot be told from others.";
        remedy "Skicka resurser som servern har sparat.",
               "send resources that the server has stored";
    }
    FhirIdentifierMissing "fhir-identifier-missing" Refuses Error {
        meaning "Patienten saknar identifier: ingen pseudonym kan göras.",
                "The Patient has no identifier: no pseudonym can be made.";
        remedy "Låt källan skicka Patient.identifier med system och value.",
               "make the source send Patient.identifier with system and value";
    }
    FhirDeleteIncomplete "fhir-delete-incomplete" Refuses Warning {
        meaning "En borttagen remiss eller bokning: borttagningen säger inte vilken månad väntan räknades till.",
                "A deleted referral or appointment: the deletion does not say which month the wait counted for.";
        remedy "Låt källan sätta status entered-in-error i stället för att ta bort.",
               "make the source set status entered-in-error instead of deleting";
    }
    FhirResourceUnknown "fhir-resource-unknown" Ignores Info {
        meaning "En resurstyp som inte blir någon händelse.",
                "A type of resource that becomes no event.";
        remedy "Inget behöver göras; hämta hellre bara de typer som läses.",
               "nothing needs to be done; better fetch only the types that are read";
    }
    FhirNothingToSay "fhir-nothing-to-say" Ignores Info {
        meaning "Resursen säger inget som räknas: ingen säng med status, ett utkast, något som förbereds.",
                "The resource says nothing that counts: no bed with a status, a draft, something prepared.";
        remedy "Inget behöver göras.",
               "nothing needs to be done";
    }
    FhirCodeUnknown "fhir-code-unknown" Notes Warning {
        meaning "En kod i FHIR-resursen är okänd eller har inte den form som dess kodverk kräver.",
                "A code in the FHIR resource is not known, or has not the shape that its code system demands.";
        remedy "Lägg till lokala koder under `[codes]` i mappningsfilen, eller rätta koden i källan.",
               "add local codes under `[codes]` in the mapping file, or correct the code in the source";
    }
    FhirCodeMissing "fhir-code-missing" Notes Error {
        meaning "En diagnos eller åtgärd utan kod; fritext läses inte.",
                "A diagnosis or procedure without a code; free text is not read.";
        remedy "Låt källan skicka code.coding med ICD-10-SE eller KVÅ.",
               "make the source send code.coding with ICD-10-SE or KVÅ";
    }
    FhirPatientMissing "fhir-patient-missing" Notes Error {
        meaning "Resursens patient finns inte i posten eller saknar identitet: händelsen får ingen pseudonym.",
                "The resource's patient is not in the record or has no identifier: the event has no pseudonym.";
        remedy "Ge anslutningstjänsten rätt att läsa Patient, eller skicka subject.identifier.",
               "let the connector read Patient, or send subject.identifier";
    }
    FhirEncounterMissing "fhir-encounter-missing" Notes Warning {
        meaning "Vårdkontakten som resursen hör till finns inte i posten: vårdform, enhet och tider saknas.",
                "The resource's encounter is not in the record: care form, unit and times are missing.";
        remedy "Ge anslutningstjänsten rätt att läsa Encounter.",
               "let the connector read Encounter";
    }
    FhirParentUnknown "fhir-parent-unknown" Notes Warning {
        meaning "Vårdkontakten är en del (partOf) av en annan som inte finns i posten: de hålls ihop bara genom dess id eller nummer.",
                "The encounter is a part (partOf) of another that is not in the record: its id or number alone ties them together.";
        remedy "Ge anslutningstjänsten rätt att läsa Encounter, och låt partOf ange kontakten med dess adress.",
               "let the connector read Encounter, and make partOf name the encounter by its address";
    }
    FhirReferenceUnresolved "fhir-reference-unresolved" Notes Warning {
        meaning "En referens (urn:uuid, sökfråga eller innesluten resurs) till något som inte finns i posten: bara dess id eller nummer används.",
                "A reference (urn:uuid, a query, a contained resource) to what is not in the record: only its id or number is used.";
        remedy "Skicka referenser som Location/id, eller det som de avser i samma Bundle eller fil.",
               "send references as Location/id, or what they mean in the same Bundle or file";
    }
    FhirStatusOfR5 "fhir-status-other-release" Notes Info {
        meaning "Vårdkontaktens status är en av R5:s: den läses som sin motsvarighet i R4.",
                "The encounter's status is one of R5's: it is read as what R4 has for it.";
        remedy "Inget behöver göras; posterna läses annars som R4.",
               "nothing needs to be done; records are read as R4 otherwise";
    }
    FhirPlaceCoarse "fhir-place-coarse" Notes Warning {
        meaning "Bara sjukhus eller byggnad anges som plats: patienten syns inte på någon enhet.",
                "No more than a hospital or a building is given as place: the patient is seen on no unit.";
        remedy "Låt källan ange avdelning eller säng, eller ta upp platsen som enhet i mappningsfilen.",
               "make the source send the ward or bed, or list the place as a unit in the mapping file";
    }
    FhirPlacesContradict "fhir-places-contradict" Notes Warning {
        meaning "Flera platser gäller samtidigt och kan inte alla vara rätt: den sist angivna används.",
                "Several places hold at the same time and cannot all be right: the last one listed is used.";
        remedy "Låt källan avsluta den plats som patienten har lämnat (status completed, period.end).",
               "make the source end the place that the patient has left (status completed, period.end)";
    }
    FhirLinkUnresolved "fhir-link-unresolved" Notes Warning {
        meaning "En länkad Patient saknar identitet i posten: länken blir ingen länk.",
                "A linked Patient has no identifier in the record: the link becomes none.";
        remedy "Låt källan skicka link.other.identifier.",
               "make the source send link.other.identifier";
    }
    FhirTimeImprecise "fhir-time-imprecise" Notes Warning {
        meaning "Dag, månad eller år där en tidpunkt behövs: en dag räknas från sin början, annat används inte.",
                "A day, month or year where a time is needed: a day counts from its beginning, others are not used.";
        remedy "Låt källan skicka klockslag med tidszon.",
               "make the source send the time of day with an offset";
    }
    FhirEndMissing "fhir-end-missing" Notes Warning {
        meaning "En avslutad vårdkontakt utan sluttid; sista platsens slut används, annars när versionen skrevs.",
                "A finished encounter without an end; the last place's end is used, else when the version was written.";
        remedy "Låt källan fylla i period.end.",
               "make the source fill in period.end";
    }
    FhirEndAhead "fhir-end-ahead" Notes Info {
        meaning "En pågående vårdkontakt med en sluttid i framtiden: den är en plan och skriver inte ut någon.",
                "An encounter in progress whose end has not passed: it is a plan and discharges nobody.";
        remedy "Skicka planerad utskrivning på annat sätt, eller ingen alls.",
               "send a planned discharge otherwise, or not at all";
    }
    FhirPlaceMissing "fhir-place-missing" Notes Warning {
        meaning "En vårdkontakt utan plats: patienten syns inte på någon enhet.",
                "An encounter without a place: the patient is seen on no unit.";
        remedy "Låt källan skicka Encounter.location.",
               "make the source send Encounter.location";
    }
    FhirPlaceWithoutTime "fhir-place-without-time" Notes Warning {
        meaning "En plats utan starttid: en som gäller räknas från kontaktens början eller förra platsens slut, övriga används inte.",
                "A place without a start: one that holds counts from the encounter's start or the last place's end, others are not used.";
        remedy "Låt källan skicka Encounter.location.period.",
               "make the source send Encounter.location.period";
    }
    FhirPeriodDerived "fhir-period-derived" Notes Info {
        meaning "Varken kontaktens slut eller tidpunkt för koden är känd: månaden då versionen skrevs används.",
                "Neither the end of the contact nor the time of the code is known: the month of the version is used.";
        remedy "Låt källan skicka recordedDate eller performed.",
               "make the source send recordedDate or performed";
    }
    FhirDecisionMissing "fhir-decision-missing" Notes Warning {
        meaning "En väntan utan beslutsdatum (remissens authoredOn): väntetiden kan inte räknas.",
                "A wait without a decision date (the referral's authoredOn): the wait cannot be counted.";
        remedy "Låt källan skicka ServiceRequest.authoredOn, och Appointment.basedOn.",
               "make the source send ServiceRequest.authoredOn, and Appointment.basedOn";
    }
    FhirStartMissing "fhir-start-missing" Notes Warning {
        meaning "En genomförd kontakt utan starttid: den räknas i ingen väntetid.",
                "A completed contact without a start: it counts in no waiting time.";
        remedy "Låt källan skicka Appointment.start; en avslutad remiss har ingen egen.",
               "make the source send Appointment.start; a completed referral has none of its own";
    }
        }
    };
}
