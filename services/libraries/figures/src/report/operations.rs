//! The page of operations: what is late, what is parked, what to do, and whether the fates add up.

mod state;

use std::fmt::Write as _;

pub use state::{Delivery, Feed, State};

use board::format;

use super::kit::{self, Shape};
use super::sheet::{self, Cell, Sheet};
use super::{Block, Page, Report, Sight};
use crate::escape::escape;
use crate::published::Reading;

/// Records that may wait before a feed is called late.
const LATE_FROM: i64 = 1_000;
/// Seconds that the store may be silent before a region with waiting records is called late.
const SILENT_FROM: i64 = 15 * 60;

/// A thing that somebody has to look at, with the runbook's section on the same page.
struct Line {
    what: String,
    runbook: &'static str,
}

pub(super) fn report(sight: &Sight<'_>) -> Report {
    let state = sight.operations;
    let blocks = vec![
        attention(sight, &lines(sight, state)),
        fates(sight, state),
        parked(sight, state),
        store(sight, state),
        not_here(sight),
        runbook(sight),
    ];
    let asked = state.kafka.map(|(at, _)| format::date_time(at)).unwrap_or_default();
    let subheading = if asked.is_empty() { String::new() } else { format!("{} {asked}", sight.say("läget", "as of")) };
    Report { heading: Page::Operations.name(sight.language).to_owned(), subheading, blocks, parcels: Vec::new() }
}

fn lines(sight: &Sight<'_>, state: &State) -> Vec<Line> {
    let number = |value: i64| format::number(sight.language, value);
    let mut lines = Vec::new();
    if let Some((at, false)) = state.kafka {
        let what = format!("{} {}", sight.say("Kafka svarade inte", "Kafka did not answer at"), format::date_time(at));
        lines.push(Line { what, runbook: "kafka" });
    }
    if let Some((at, false)) = state.store {
        let what =
            format!("{} {}", sight.say("Lagret svarade inte", "The store did not answer at"), format::date_time(at));
        lines.push(Line { what, runbook: "lager" });
    }
    if let Reading::Failed(at) = sight.library.reading {
        let what = format!(
            "{} {}",
            sight.say("Publicerade siffror kunde inte läsas", "Published figures could not be read at"),
            format::date_time(at)
        );
        lines.push(Line { what, runbook: "lager" });
    }
    for feed in state.feeds.iter().flatten() {
        if feed.waiting >= LATE_FROM {
            let what = format!(
                "{}: {} {}",
                feed.topic,
                number(feed.waiting),
                sight.say("meddelanden väntar", "messages are waiting")
            );
            lines.push(Line { what, runbook: "sent" });
        }
        if feed.is_unreadable || feed.missing() != 0 {
            let what = format!("{}: {}", feed.topic, sight.say("ödena går inte ihop", "the fates do not add up"));
            lines.push(Line { what, runbook: "oden" });
        }
    }
    for (topic, count) in state.parked.iter().filter(|(_, count)| **count > 0) {
        let what =
            format!("{topic}: {} {}", number(*count), sight.say("parkerade eller avvisade", "parked or refused"));
        lines.push(Line { what, runbook: "parkerat" });
    }
    for delivery in state.deliveries.iter().flatten() {
        if delivery.rejected > 0 {
            let what = format!(
                "{}: {} {}",
                delivery.region,
                number(delivery.rejected),
                sight.say("händelser kunde inte lagras", "events could not be stored")
            );
            lines.push(Line { what, runbook: "avvisat" });
        }
        let silent = delivery.updated_at.is_some_and(|at| sight.now.0.saturating_sub(at.0) / 1_000_000 > SILENT_FROM);
        if delivery.unprojected > 0 && silent {
            let what =
                format!("{}: {}", delivery.region, sight.say("lagret räknar inte om", "the store does not project"));
            lines.push(Line { what, runbook: "lager" });
        }
    }
    lines
}

fn attention(sight: &Sight<'_>, lines: &[Line]) -> Block {
    let mut list = String::new();
    for line in lines {
        let _ = write!(
            list,
            "<li>{} <b>{}</b> – <a href=\"#atgard-{}\">{}</a></li>",
            kit::shape(Shape::Square),
            escape(&line.what),
            line.runbook,
            sight.say("vad du gör", "what to do")
        );
    }
    let asked = sight.operations.kafka.is_some();
    let body = match (lines.is_empty(), asked) {
        (false, _) => format!("<ul>{list}</ul>"),
        (true, true) => format!(
            "<p>{}</p>",
            sight.say("Inget är sent, parkerat eller avvisat.", "Nothing is late, parked or rejected.")
        ),
        (true, false) => format!(
            "<p>{}</p>",
            sight.say("Läget är inte hämtat än; ladda om om en minut.", "Not asked yet; reload in a minute.")
        ),
    };
    Block::Markup(format!(
        "<section class=\"card flags\" id=\"att-gora\"><h2>{}</h2>{body}</section>",
        sight.say("Att göra", "To do")
    ))
}

fn fates(sight: &Sight<'_>, state: &State) -> Block {
    let records = sight.say("meddelanden", "messages");
    let columns = vec![
        sheet::words("topic", sight.say("Källa", "Source")),
        sheet::number("consumed", sight.say("Lästa", "Consumed"), records),
        sheet::number("mapped", sight.say("Mappade", "Mapped"), records),
        sheet::number("ignored", sight.say("Ignorerade", "Ignored"), records),
        sheet::number("refused", sight.say("Avvisade", "Refused"), records),
        sheet::number("parked", sight.say("Parkerade", "Parked"), records),
        sheet::number("gone", sight.say("Borta", "Gone"), records),
        sheet::words("adds_up", sight.say("Går ihop", "Adds up")),
        sheet::number("waiting", sight.say("Väntar", "Waiting"), records),
        sheet::number("events", sight.say("Händelser", "Events"), sight.say("antal", "count")),
    ];
    let none = if state.feeds.is_some() {
        sight.say("Det finns inga källämnen.", "There are no source topics.")
    } else {
        sight.say("Kafka har inte svarat än.", "Kafka has not answered yet.")
    };
    let mut table =
        Sheet::new("oden", sight.say("Varje meddelande har ett öde", "Each message has one fate"), columns, none);
    table.lead = sight
        .say(
            "Lästa = mappade + ignorerade + avvisade + parkerade + borta, ur det som processorn har bekräftat i Kafka. Borta är det som försvann innan det lästes, och det vars öden Kafka har glömt.",
            "Consumed = mapped + ignored + refused + parked + gone, from what the processor has committed in Kafka. Gone is what vanished before it was read, and that whose fates Kafka has forgotten.",
        )
        .to_owned();
    for feed in state.feeds.iter().flatten() {
        let count = |value: u64| Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX));
        let missing = feed.missing();
        let adds_up = if feed.is_unreadable {
            (Shape::Square, "worse-word", sight.language.words().unreadable.to_owned())
        } else if missing == 0 {
            (Shape::Filled, "quiet-word", sight.say("ja", "yes").to_owned())
        } else {
            let word = format!("{} {}", sight.say("nej,", "no,"), format::signed(sight.language, missing));
            (Shape::Square, "worse-word", word)
        };
        table.rows.push(vec![
            Cell::text(&*feed.topic),
            Cell::Whole(feed.passed),
            count(feed.fates.mapped),
            count(feed.fates.ignored),
            count(feed.fates.refused),
            count(feed.fates.parked),
            count(feed.fates.gone + feed.fates.forgotten),
            Cell::State { shape: kit::shape(adds_up.0), class: adds_up.1, word: adds_up.2 },
            Cell::Whole(feed.waiting),
            count(feed.fates.events),
        ]);
    }
    Block::Sheet(table)
}

fn parked(sight: &Sight<'_>, state: &State) -> Block {
    let columns = vec![
        sheet::words("topic", sight.say("Ämne", "Topic")),
        sheet::number("records", sight.say("Ligger kvar", "Held"), sight.say("poster", "records")),
        sheet::words("runbook", sight.say("Vad du gör", "What to do")),
    ];
    let none = sight.say("Inga ämnen för parkerat är kända än.", "No topics of parked records are known yet.");
    let mut table = Sheet::new("parkerat", sight.say("Parkerat och avvisat", "Parked and refused"), columns, none);
    for (topic, count) in &state.parked {
        let href = "#atgard-parkerat".to_owned();
        let link = Cell::Link { text: sight.say("se åtgärden", "see the remedy").to_owned(), href };
        table.rows.push(vec![Cell::text(&**topic), Cell::Whole(*count), link]);
    }
    Block::Sheet(table)
}

fn store(sight: &Sight<'_>, state: &State) -> Block {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::number("stored", sight.say("Lästa", "Read"), sight.say("händelser", "events")),
        sheet::number("duplicates", sight.say("Dubbletter", "Duplicates"), sight.say("händelser", "events")),
        sheet::number("rejected", sight.say("Avvisade", "Rejected"), sight.say("händelser", "events")),
        sheet::number("unprojected", sight.say("Ej omräknade", "Not projected"), sight.say("satser", "batches")),
        sheet::number(
            "minutes",
            sight.say("Senast skrivet", "Last written"),
            sight.say("minuter sedan", "minutes ago"),
        ),
    ];
    let none = match (&state.deliveries, sight.library.reading) {
        (None, Reading::NoStore) => sight.say("Inget lager är anslutet.", "No store is connected."),
        (None, _) => sight.say("Lagret har inte svarat än.", "The store has not answered yet."),
        (Some(_), _) => sight.say("Lagret har inte läst något än.", "The store has read nothing yet."),
    };
    let mut table = Sheet::new("lagret", sight.say("Lagret", "The store"), columns, none);
    for delivery in state.deliveries.iter().flatten() {
        let name = board::region_name(&delivery.region);
        table.rows.push(vec![
            Cell::text(if name.is_empty() { &*delivery.region } else { name }),
            Cell::Whole(delivery.next_offsets),
            Cell::Whole(delivery.duplicates),
            Cell::Whole(delivery.rejected),
            Cell::Whole(delivery.unprojected),
            Cell::or_missing(delivery.updated_at.map(|at| sight.now.0.saturating_sub(at.0).max(0) / 60_000_000)),
        ]);
    }
    Block::Sheet(table)
}

fn not_here(sight: &Sight<'_>) -> Block {
    kit::prose(
        "saknas",
        sight.say("Finns inte här", "Not here"),
        &[sight
            .say(
                "Disk, nycklar och certifikat mäts inte av tavlan; de finns i larm och i Grafana. Eftersläpning anges i meddelanden, inte i minuter.",
                "Disk, keys and certificates are not measured by the dashboard; they are in alerts and in Grafana. Lag is given in messages, not in minutes.",
            )
            .to_owned()],
    )
}

/// What to do, one section per kind of line.
fn runbook(sight: &Sight<'_>) -> Block {
    let entries = [
        ("sent", sight.say("Meddelanden väntar", "Messages are waiting"), sight.say("Är processorn igång? Se dess /readyz och logg. Växer talet trots att den går: ge den en kärna till eller en instans till.", "Is the processor running? See its /readyz and log. If the number grows although it runs: give it another core or instance.")),
        ("parkerat", sight.say("Parkerat eller avvisat", "Parked or refused"), sight.say("Varje post har källans koordinater, regel och åtgärd. Läs ämnet, rätta källan eller paketet och spela om. Se processor/README.", "Each record has the source's coordinates, rule and remedy. Read the topic, correct the source or the package and replay. See processor/README.")),
        ("oden", sight.say("Ödena går inte ihop", "The fates do not add up"), sight.say("Något annat än processorn har flyttat gruppens positioner, eller positionerna är från en äldre version. Ta reda på vem innan något spelas om.", "Something else than the processor has moved the group's positions, or they are of an older version. Find out who before anything is replayed.")),
        ("avvisat", sight.say("Händelser kunde inte lagras", "Events could not be stored"), sight.say("Se delivery.rejected: ämne, position och skäl. Se sink-store/README.", "See delivery.rejected: topic, position and reason. See sink-store/README.")),
        ("lager", sight.say("Lagret svarar inte", "The store does not answer"), sight.say("Är PostgreSQL igång, har sink-store migrate körts, och får rollen bli vardstrom_reader?", "Is PostgreSQL up, has sink-store migrate run, and may the role become vardstrom_reader?")),
        ("kafka", sight.say("Kafka svarar inte", "Kafka does not answer"), sight.say("Är mäklaren igång och får tavlans användare beskriva gruppen processor?", "Is the broker up, and may the dashboard's user describe the group processor?")),
    ];
    let mut markup = format!(
        "<section class=\"card prose\" id=\"atgarder\"><h2>{}</h2><dl class=\"terms\">",
        sight.say("Vad du gör", "What to do")
    );
    for (id, title, text) in entries {
        let _ = write!(markup, "<div id=\"atgard-{id}\"><dt>{title}</dt><dd>{text}</dd></div>");
    }
    markup.push_str("</dl></section>");
    Block::Markup(markup)
}

#[cfg(test)]
mod tests {
    use runtime::fate::FateCounts;

    use super::Feed;

    #[test]
    fn a_message_without_a_fate_is_found() {
        let fates = FateCounts { mapped: 5, ignored: 2, refused: 1, events: 7, gone: 1, ..FateCounts::default() };
        let feed = |passed| Feed { topic: String::new(), fates, passed, waiting: 0, is_unreadable: false };
        assert_eq!((feed(9).missing(), feed(10).missing()), (0, 1));
    }
}
