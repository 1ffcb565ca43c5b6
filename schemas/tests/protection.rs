//! What an event says of protection is what its record says that is kept for good.

use schemas::{Common, Decoder, Protection, Visitor};

use crate::{
    examples::{self, Example},
    value::record_bytes,
};

/// What an example says as it is, and marked with and without its person: `!` before a mark, then its key with pseudonyms cut short.
struct Said<'a> {
    example: &'a Example,
    bytes: &'a [u8],
}

impl<'a> Visitor<'a> for Said<'a> {
    type Output = [Vec<String>; 3];

    fn visit<E: Common<'a>>(self) -> Self::Output {
        let event: E = Decoder::development().decode(self.bytes).expect("an example");
        let (mut marked, mut nameless) = (event.clone(), event.clone());
        marked.envelope_mut().protected_identity = true;
        nameless.envelope_mut().protected_identity = true;
        nameless.envelope_mut().subject_token = None;
        nameless.envelope_mut().subject_aliases.clear();
        [event, marked, nameless].map(|event| Protection::said_by(&event).map(|said| self.line(&said)).collect())
    }
}

impl Said<'_> {
    fn line(&self, said: &Protection<'_>) -> String {
        assert_eq!(Some(said.subject), self.example.kind.subject().map(|subject| subject.name()));
        assert_eq!(said.protected_identity, said.same_as.is_empty(), "it says one of the two");
        let short = |node: &str| node.split_once(".v1.").map_or(node, |(_, token)| &token[..2]).to_owned();
        let key: Vec<String> = said.key().split(' ').map(short).collect();
        format!("{}{}", if said.protected_identity { "!" } else { "" }, key.join(" "))
    }
}

#[test]
fn an_event_says_whom_it_marks_and_which_pseudonyms_are_one_person() {
    let of = |name: &str| {
        let all = examples::all().0;
        let example = all.iter().find(|example| format!("{}.{}", example.kind.name(), example.name) == name);
        let example = example.unwrap_or_else(|| panic!("no example {name}"));
        let bytes = record_bytes(example.kind, example.kind.versions().len() as u32, &example.datum);
        example.kind.subject().expect("a common one").visit(Said { example, bytes: &bytes })
    };
    let check =
        |name: &str, expected: [&[&str]; 3]| assert_eq!(of(name), expected.map(|lines| lines.to_vec()), "{name}");
    check("Encounter.admitted", [&[], &["!jx"], &["!e:SE2321000131-E000000000001/V2601050017"]]);
    check("Encounter.merged", [&["af jx uf xg"], &["!jx", "af jx uf xg"], &[]]);
    check("Person.merged", [&["af ai jx uf"], &["!jx", "af ai jx uf"], &["af ai"]]);
    check("Person.without-identifier", [&[], &[], &[]]);
    check("Clinical.hip-fracture", [&[], &["!AA"], &["!e:SE2321000131-E000000000001/4711001"]]);
    check("Cost.hip-fracture", [&[], &["!AA"], &[]]);
    check("BedCapacity.staffed", [&[], &[], &[]]);
}

#[test]
fn one_person_has_one_key_in_whatever_order_the_pseudonyms_stand() {
    let said = |subject_token, same_as: &[&'static str]| Protection {
        region: "14",
        source_system: "S",
        subject_token: Some(subject_token),
        same_as: same_as.to_vec(),
        episode_id: None,
        protected_identity: same_as.is_empty(),
        subject: "person",
        received_at: schemas::Timestamp(1),
    };
    assert_eq!(said("a", &["b", "c"]).key(), "s:a s:b s:c");
    assert_ne!(said("a", &[]).key(), said("a", &["b"]).key(), "a link does not take a mark's place");
}
