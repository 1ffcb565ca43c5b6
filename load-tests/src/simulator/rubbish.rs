//! Messages that a platform must survive: none of them changes who lies where.

use super::country::{Area, Named, whole_second};
use super::dialect::Dialect;
use super::random::Random;
use super::write::{Times, Visit, Writer};
use super::{Kind, Rubbish, Sent};

use hl7::charset::Charset;

const KINDS: [Rubbish; 7] = [
    Rubbish::Headless,
    Rubbish::WrongCharset,
    Rubbish::EpisodeMissing,
    Rubbish::TimeImpossible,
    Rubbish::CutShort,
    Rubbish::Broken,
    Rubbish::TriggerUnknown,
];

/// A piece of rubbish from one of the area's hospitals.
pub(super) fn make(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Sent {
    let kind = *random.pick(&KINDS);
    let hospital = random.below(area.hospitals.len() as u64) as usize;
    let mut dialect = area.hospitals[hospital].dialect.clone();
    if kind == Rubbish::WrongCharset {
        dialect.charset_name = "UNICODE UTF-8";
        dialect.charset = Charset::Utf8;
    }
    let kept = std::mem::replace(&mut area.hospitals[hospital].dialect, dialect.clone());
    let trigger = match kind {
        Rubbish::CutShort | Rubbish::Broken => "A08",
        Rubbish::TriggerUnknown => "A99",
        _ => "A01",
    };
    write(area, hospital, &dialect, trigger, kind, at, random, writer);
    area.hospitals[hospital].dialect = kept;
    spoil(kind, random, writer.text_mut());
    if kind == Rubbish::WrongCharset {
        dialect.charset = Charset::Latin1;
    }
    let content = writer.finish(&dialect);
    area.sent(Kind::Rubbish(kind), content)
}

/// A message that would be good, of somebody who is not in care.
#[allow(clippy::too_many_arguments, reason = "a spoiled message needs what a good one needs, and how it is spoiled")]
fn write(
    area: &mut Area,
    hospital: usize,
    dialect: &Dialect,
    trigger: &str,
    kind: Rubbish,
    at: i64,
    random: &mut Random,
    writer: &mut Writer,
) {
    let at = whole_second(at);
    let ward = area.wards.iter().position(|ward| ward.hospital == hospital).unwrap_or(0);
    let place = area.location((ward, None));
    let responsible = area.wards[ward].code.clone();
    let number = random.below(1_000_000);
    let visit = if kind == Rubbish::EpisodeMissing { String::new() } else { format!("X{number:06}") };
    let person = area.bystander(random);
    writer.begin(&mut area.hospitals[hospital], trigger, Times { occurred: at, recorded: at, sent: at });
    if let Some(person) = person {
        writer.person(dialect, 1, &person, &Named::Own);
    }
    let visit = Visit {
        class: "E",
        place: &place,
        prior: "",
        responsible: &responsible,
        visit: &visit,
        admitted: at,
        discharged: None,
    };
    writer.visit(dialect, 1, &visit).note("Anteckning från systemet: åäö ÅÄÖ & |");
}

fn spoil(kind: Rubbish, random: &mut Random, text: &mut String) {
    match kind {
        Rubbish::Headless => {
            let after = text.find('\r').map_or(0, |end| end + 1);
            text.replace_range(..after, "");
        }
        Rubbish::TimeImpossible => {
            // Every time of the message is in month 13.
            let sent = text.split('|').nth(6).map(|stamp| stamp[..6].to_owned()).unwrap_or_default();
            *text = text.replace(&sent, &format!("{}13", &sent[..sent.len().min(4)]));
        }
        Rubbish::CutShort => {
            let start = text.find("\rPID|").map_or(text.len(), |at| at + 5);
            let end = text[start..].find('\r').map_or(text.len(), |end| start + end);
            let mut cut = start + (end - start) / 2 + random.below(8) as usize;
            while cut < text.len() && !text.is_char_boundary(cut) {
                cut += 1;
            }
            text.truncate(cut.min(end));
        }
        Rubbish::Broken => text.push_str("NTE|2||en rad\nsom går av\npv1|1|I\r|||\r"),
        Rubbish::WrongCharset | Rubbish::EpisodeMissing | Rubbish::TriggerUnknown => {}
    }
}
