//! Whom a record names is joined to the pseudonyms that earlier keys of the region give the same identifiers.
//!
//! One Encounter event for each identifier and earlier key, which says that two pseudonyms are of one identifier
//! ([`Encounter::REKEYED`]); behind the processor the earliest is the person's name. It is an event of its own, and no alias in each
//! event, because aliases are other identifiers of the person: with a second pseudonym of each a person would soon stand beside more than
//! a person has. It stands behind the record's events, so that their places and ids are what they are without.

use identity::{Kept, Purpose, Token};
use schemas::{
    BedKind, CareType, Correction, CorrectionKind, Encounter, Envelope, EventIds, Origin, PatientClass, SCHEMA_VERSION,
    SourceRecord, Timestamp, content_hash,
};

use super::region::Region;
use super::sink::Sink;

/// Hands on what is not told yet. `ordinal` is that of the first event.
pub(super) fn tell<S: Sink>(
    region: &Region,
    source: &SourceRecord<'_>,
    origin: Origin<'_>,
    mut ordinal: u32,
    named: Vec<(Token, Kept)>,
    sink: &mut S,
) {
    for (token, kept) in named {
        if sink.has_told(&token) {
            continue;
        }
        ordinal += join(region, source, origin, ordinal, &token, &kept, sink);
        sink.identity(source, &token, &kept);
    }
}

/// Joins a pseudonym to those by the earlier keys; says how many events that are.
pub(super) fn join<S: Sink>(
    region: &Region,
    source: &SourceRecord<'_>,
    origin: Origin<'_>,
    first: u32,
    token: &Token,
    kept: &Kept,
    sink: &mut S,
) -> u32 {
    let mut ordinal = first;
    for earlier in &region.earlier {
        let former = earlier.of_kept(Purpose::Care, kept);
        let origin = Origin { ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX), ..origin };
        link(source, origin, [token.as_str(), former.as_str()], region.pseudonymiser.key_id(), sink);
        ordinal += 1;
    }
    ordinal - first
}

/// Whoever says that two pseudonyms are of one identifier, and however often, says the same event.
fn link<S: Sink>(source: &SourceRecord<'_>, origin: Origin<'_>, tokens: [&str; 2], key_id: &str, sink: &mut S) {
    let [token, former] = tokens;
    let content_hash = content_hash(tokens.join(" ").as_bytes());
    let event_id = EventIds::new(source.region, Encounter::REKEYED, &content_hash).of(0).to_string();
    let envelope = Envelope {
        event_id: &event_id,
        event_type: "person.rekeyed",
        schema_version: SCHEMA_VERSION,
        region: source.region,
        source_system: source.source_system,
        source_message_id: "",
        origin,
        // No time: it holds for all of the person's, and no figure is of its day.
        occurred_at: Timestamp(0),
        occurred_text: "",
        recorded_at: None,
        recorded_text: None,
        ingested_at: source.received_at,
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: Some(token),
        subject_aliases: Vec::new(),
        key_id: Some(key_id),
        protected_identity: false,
        quality: Vec::new(),
        extensions: Default::default(),
    };
    sink.event(&Encounter {
        envelope,
        trigger: Encounter::REKEYED,
        sent_at: None,
        content_hash,
        occurred_given: false,
        episode_id: None,
        movement_id: None,
        movement_action: None,
        patient_class_code: None,
        patient_class: PatientClass::Unknown,
        place: None,
        prior_place: None,
        unit_hsa_id: None,
        unit_name: None,
        hospital_code: None,
        hospital_name: None,
        mvo: None,
        care_type: CareType::Unknown,
        responsible_unit: None,
        bed_kind: BedKind::Unknown,
        admit_source: None,
        discharge_disposition: None,
        admitted_at: None,
        discharged_at: None,
        prior_subject_tokens: vec![former],
        prior_episode_id: None,
        episode_authority: None,
        prior_episode_authority: None,
        sending_facility: None,
        sequence: None,
        occurred_earliest: None,
        occurred_latest: None,
    });
}
