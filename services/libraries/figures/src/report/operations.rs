//! The page of operations: what is late, what is parked, what to do, and whether the fates add up.

mod rules;
mod state;

use std::fmt::Write as _;

pub use state::{Delivery, Feed, State};

use board::format;

use super::kit::{self, Shape};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Report, Sight};
use crate::escape::escape;
use crate::published::Reading;

/// Records that may wait before a feed is called late, and for how many minutes the oldest of them may.
const LATE_FROM: i64 = 1_000;
const LATE_FROM_MINUTES: i64 = 5;
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
        broken(sight, state),
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
    if let Some(since) = sight.board.store_away {
        let what = sight.language.words().store_away;
        let what = format!("{what} {}", format::since(sight.language, sight.now, since));
        lines.push(Line { what, runbook: "lager" });
    } else if let Some((at, false)) = state.store {
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
        let minutes = feed.minutes(sight.now);
        if feed.waiting >= LATE_FROM || minutes.is_some_and(|minutes| minutes >= LATE_FROM_MINUTES) {
            let oldest = minutes.map_or_else(
                || sight.language.words().unreadable.to_owned(),
                |minutes| format!("{}{}min", number(minutes), format::NBSP),
            );
            let what = format!(
                "{}: {} {} {oldest}",
                feed.topic,
                number(feed.waiting),
                sight.say("meddelanden väntar, det äldsta sedan", "messages are waiting, the oldest for")
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
        sheet::number("oldest_minutes", sight.say("Äldsta", "Oldest"), sight.say("minuter", "minutes")),
        sheet::number("events", sight.say("Händelser", "Events"), sight.say("antal", "count")),
    ];
    let none = if state.feeds.is_some() {
        sight.say("Ingen källa har skickat något än.", "No source has sent anything yet.")
    } else {
        sight.say("Kafka har inte svarat än.", "Kafka has not answered yet.")
    };
    let mut table =
        Sheet::new("oden", sight.say("Varje meddelande har ett öde", "Each message has one fate"), columns, none);
    table.lead = sight
        .say(
            "Lästa = mappade + ignorerade + avvisade + parkerade + borta, ur det som processorn har bekräftat i Kafka. Borta är det som försvann innan det lästes, och det vars öden Kafka har glömt. En källa som aldrig har skickat något är ingen rad.",
            "Consumed = mapped + ignored + refused + parked + gone, from what the processor has committed in Kafka. Gone is what vanished before it was read, and that whose fates Kafka has forgotten. A source that has never sent anything is no row.",
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
            feed.minutes(sight.now).map_or(Cell::Absent(Absent::Unknown), Cell::Whole),
            count(feed.fates.events),
        ]);
    }
    Block::Sheet(table)
}

/// What was refused and parked of each source topic, by rule.
fn broken(sight: &Sight<'_>, state: &State) -> Block {
    let columns = vec![
        sheet::words("topic", sight.say("Källa", "Source")),
        sheet::words("rule", sight.say("Regel", "Rule")),
        sheet::words("cause", sight.say("Orsak", "Cause")),
        sheet::number(
            "records",
            sight.say("Avvisade eller parkerade", "Refused or parked"),
            sight.say("meddelanden", "messages"),
        ),
        sheet::words("grown", sight.say("Ökade senast", "Last grew")),
        sheet::words("remedy", sight.say("Det här hjälper", "What helps")),
        sheet::words("command", sight.say("Kommando", "Command")),
    ];
    let none = if state.feeds.is_some() {
        sight.say("Inget är avvisat eller parkerat.", "Nothing is refused or parked.")
    } else {
        sight.say("Kafka har inte svarat än.", "Kafka has not answered yet.")
    };
    let caption = sight.say("Avvisat och parkerat, efter regel", "Refused and parked, by rule");
    let mut table = Sheet::new("regler", caption, columns, none);
    table.lead = sight
        .say(
            "Antalen gäller sedan processorns grupp började läsa källan och minskar inte när något har rättats: se när de senast ökade.",
            "Counts are since the processor's group began to read the source, and do not fall when something is mended: see when they last grew.",
        )
        .to_owned();
    for feed in state.feeds.iter().flatten() {
        for (rule, records) in feed.rejections() {
            table.rows.push(group(sight, state, feed, rule, records));
        }
    }
    Block::Sheet(table)
}

/// With a capital: the processor's own remedies follow a colon in English.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn group(sight: &Sight<'_>, state: &State, feed: &Feed, rule: &str, records: u64) -> Vec<Cell> {
    let unknown = || sight.language.words().unreadable;
    let (cause, remedy, command) = match (rule, rules::known(rule, sight.language)) {
        ("", _) => (
            sight.say("Räknat innan reglerna räknades.", "Counted before rules were."),
            sight.say(
                "Läs källans parkeringsämne: varje post har regel och åtgärd.",
                "Read the source's parked topic: each record has rule and remedy.",
            ),
            "processor rules".to_owned(),
        ),
        (_, Some((meaning, remedy))) => (meaning, remedy, format!("processor explain {rule}")),
        (_, None) => (
            sight.say("En regel i regionens mappningspaket.", "A rule of the region's mapping package."),
            sight.say(
                "Se regeln i paketet; posten i parkeringsämnet har åtgärden.",
                "See the rule in the package; the parked record has the remedy.",
            ),
            "processor mapping list".to_owned(),
        ),
    };
    let grown = match (state.grown.get(&(feed.topic.clone(), rule.into())), state.watched) {
        (Some(at), _) => Cell::Time(*at),
        (None, Some(since)) => {
            Cell::text(format!("{} {}", sight.say("inte sedan", "not since"), format::date_time(since)))
        }
        (None, None) => Cell::text(unknown()),
    };
    vec![
        Cell::text(&*feed.topic),
        Cell::text(if rule.is_empty() { unknown() } else { rule }),
        Cell::text(cause),
        Cell::Whole(i64::try_from(records).unwrap_or(i64::MAX)),
        grown,
        Cell::text(sentence(remedy)),
        Cell::text(command),
    ]
}

fn parked(sight: &Sight<'_>, state: &State) -> Block {
    let columns = vec![
        sheet::words("topic", sight.say("Ämne", "Topic")),
        sheet::number("records", sight.say("Ligger kvar", "Held"), sight.say("poster", "records")),
        sheet::words("runbook", sight.say("Vad du gör", "What to do")),
    ];
    let none = if state.feeds.is_some() {
        sight.say("Inget ligger kvar.", "Nothing is held.")
    } else {
        sight.say("Kafka har inte svarat än.", "Kafka has not answered yet.")
    };
    let mut table = Sheet::new("parkerat", sight.say("Ligger kvar i Kafka", "Held in Kafka"), columns, none);
    for (topic, count) in state.parked.iter().filter(|(_, count)| **count > 0) {
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
                "Disk, nycklar och certifikat mäts inte av tavlan; de finns i larm och i Grafana.",
                "Disk, keys and certificates are not measured by the dashboard; they are in alerts and in Grafana.",
            )
            .to_owned()],
    )
}

/// What to do, one section per kind of line.
fn runbook(sight: &Sight<'_>) -> Block {
    let entries = [
        ("sent", sight.say("Meddelanden väntar", "Messages are waiting"), sight.say("Är processorn igång? Se dess /readyz och logg. Växer talet trots att den går: ge den en kärna till eller en instans till. Har Kafka hunnit ta bort något olästs:", "Is the processor running? See its /readyz and log. If the number grows although it runs: give it another core or instance. Where Kafka has removed what was not read:"), "processor gap --config processor.toml"),
        ("parkerat", sight.say("Parkerat eller avvisat", "Parked or refused"), sight.say("Tabellen efter regel säger orsak och vad som hjälper. Varje post har källans koordinater, regel och åtgärd: rätta källan eller paketet, pröva med en fil och låt källan skicka igen.", "The table by rule says the cause and what helps. Each record has the source's coordinates, rule and remedy: correct the source or the package, try it with a file and have the source send again."), "processor dry-run --region NN messages.hl7"),
        ("oden", sight.say("Ödena går inte ihop", "The fates do not add up"), sight.say("Något annat än processorn har flyttat gruppens positioner, eller positionerna är från en äldre version. Ta reda på vem innan något spelas om.", "Something else than the processor has moved the group's positions, or they are of an older version. Find out who before anything is replayed."), "topics acl check --config admin.toml"),
        ("avvisat", sight.say("Händelser kunde inte lagras", "Events could not be stored"), sight.say("Tabellen har ämne, position och skäl; vad som hjälper mot varje skäl står i lagrets README.", "The table has topic, position and reason; what helps against each is in the store's README."), "SELECT * FROM delivery.rejected"),
        ("lager", sight.say("Lagret svarar inte", "The store does not answer"), sight.say("Är PostgreSQL igång, får rollen bli vardstrom_reader, och är databasen på programmets version?", "Is PostgreSQL up, may the role become vardstrom_reader, and is the database at the program's version?"), "sink-store migrate --database-url postgres://…"),
        ("kafka", sight.say("Kafka svarar inte", "Kafka does not answer"), sight.say("Är mäklaren igång och får tavlans användare beskriva processorns grupper och källornas ämnen?", "Is the broker up, and may the dashboard's user describe the processor's groups and the sources' topics?"), "topics acl check --config admin.toml"),
    ];
    let mut markup = format!(
        "<section class=\"card prose\" id=\"atgarder\"><h2>{}</h2><dl class=\"terms\">",
        sight.say("Vad du gör", "What to do")
    );
    for (id, title, text, command) in entries {
        let _ = write!(markup, "<div id=\"atgard-{id}\"><dt>{title}</dt><dd>{text} <code>{command}</code></dd></div>");
    }
    markup.push_str("</dl></section>");
    Block::Markup(markup)
}
