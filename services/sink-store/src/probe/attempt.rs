//! What is tried as a region's reader, writer and register: every table, view and function, and the tricks that row-level security
//! is known to be tried with.

use super::table::Table;

/// What a probe may come to; anything else is a hole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    /// It touches so many rows.
    Rows(u64),
    /// The server refuses it with this code, before it says anything of a row.
    Refused(&'static str),
    /// It runs, however many lines a plan has.
    Runs,
}
use Expected::{Refused, Rows, Runs};

const DENIED: Expected = Refused("42501");
pub(super) type Probes = Vec<(String, Expected)>;

/// Roles of another region, and those that are of none.
fn roles(own: &str, others: &[&str], kind: &str) -> Probes {
    let of_others =
        others.iter().flat_map(|code| ["reader", "writer", "register"].map(|role| format!("vardstrom_{role}_r{code}")));
    let whole = ["reader", "region_reader", "writer", "store", "register"].into_iter();
    // A region's writer may be a writer, of no region: that finds nothing.
    let whole = whole.filter(|role| kind != "writer" || *role != kind).map(|role| format!("vardstrom_{role}"));
    let role = |role: String| (format!("SET LOCAL ROLE {role}"), DENIED);
    let mut probes: Probes = of_others.chain(whole).map(role).collect();
    probes.push(("SET LOCAL SESSION AUTHORIZATION vardstrom_reader".to_owned(), DENIED));
    probes.push((format!("GRANT vardstrom_reader TO vardstrom_{kind}_r{own}"), DENIED));
    probes.push(("CREATE TABLE public.pointing (region text REFERENCES person)".to_owned(), DENIED));
    let statistics = "SELECT FROM pg_stats WHERE schemaname IN ('public', 'delivery', 'register') AND \
        tablename NOT IN ('record_schema', 'schema_migration')";
    probes.push((format!("{statistics} AND tablename <> 'events_r{own}'"), Rows(0)));
    probes
}

pub(super) fn reading(own: &str, others: &[&str], tables: &[Table]) -> Probes {
    let mut probes = roles(own, others, "reader");
    for Table { name, .. } in tables {
        let own_only = [
            format!("SELECT FROM {name}"),
            format!("SELECT FROM {name} WHERE leak(region, '{own}')"),
            format!("SELECT FROM {name} WHERE 1 / (region = '{own}')::int = 1"),
            format!("SELECT FROM (SELECT region FROM {name} OFFSET 0) AS t WHERE leak(t.region, '{own}')"),
            format!(
                "SET LOCAL row_security TO on; SET LOCAL enable_seqscan TO off; SELECT FROM {name} WHERE leak(region, '{own}')"
            ),
        ];
        probes.extend(own_only.map(|sql| (sql, Rows(1))));
        let nothing = [
            format!("SELECT FROM {name} WHERE region <> '{own}'"),
            format!("SELECT FROM {name} WHERE region <> '{own}' AND (region || 'x')::int > 0"),
            format!("SELECT FROM {name} AS a JOIN {name} AS b ON b.region <> a.region"),
        ];
        probes.extend(nothing.map(|sql| (sql, Rows(0))));
        probes.push((format!("EXPLAIN (ANALYZE) SELECT FROM {name} WHERE leak(region, '{own}')"), Runs));
        let denied = [
            format!("SET LOCAL row_security TO off; SELECT FROM {name}"),
            format!("SELECT FROM {name} FOR UPDATE"),
            format!("DELETE FROM {name}"),
            format!("UPDATE {name} SET region = region"),
            format!("TRUNCATE {name}"),
            format!("ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"),
            format!("CREATE POLICY mine ON {name} USING (true)"),
        ];
        // A right that is missing, a policy that would be passed, or a table that is another's.
        probes.extend(denied.map(|sql| (sql, DENIED)));
    }
    for view in ["board_progress", "board_origin", "board_link"] {
        probes.push((format!("SELECT FROM {view} WHERE region <> '{own}'"), Rows(0)));
        probes.push((
            format!("SELECT FROM {view} WHERE leak(region, '{own}')"),
            if view == "board_link" { Rows(3) } else { Rows(1) },
        ));
    }
    let component = |region: &str| format!("board_component('{region}', ARRAY['s:secret-{region}-subject_token'])");
    probes.push((format!("SELECT FROM {}", component(own)), Rows(1)));
    probes.push((format!("SELECT FROM board_events('2025-01-01', NULL) WHERE region <> '{own}'"), Rows(0)));
    probes.push((format!("SELECT FROM board_census('2025-01-01', '2027-01-01') WHERE region <> '{own}'"), Rows(0)));
    probes.push((format!("SELECT FROM board_census('2025-01-01', '2027-01-01') WHERE leak(region, '{own}')"), Rows(1)));
    for other in others {
        // The setting that was believed before.
        let chosen = format!("SET LOCAL app.region = '{other}'; SELECT FROM");
        for name in
            tables.iter().map(|table| table.name.as_str()).chain(["board_progress", "board_origin", "board_link"])
        {
            probes.push((format!("{chosen} {name} WHERE region = '{other}'"), Rows(0)));
        }
        let reach = format!("board_reach(ARRAY['{other}'], ARRAY['s:secret-{other}-subject_token'])");
        let events = format!("board_events('2025-01-01', ARRAY['{other}'])");
        for function in [component(other), reach, events, format!("board_region('{other}', '2025-01-01')")] {
            probes.push((format!("{chosen} {function}"), Rows(0)));
        }
        probes.push((format!("SELECT FROM events_r{other}"), DENIED));
    }
    probes
}

pub(super) fn writing(own: &str, others: &[&str], tables: &[Table]) -> Probes {
    let mut probes = roles(own, others, "writer");
    probes.push(("SET LOCAL ROLE vardstrom_writer; SELECT FROM person".to_owned(), Rows(0)));
    // The session is the role already; it may leave it, and be nobody.
    probes.push(("RESET ROLE; SELECT FROM person".to_owned(), DENIED));
    for table in tables.iter().filter(|table| table.writable) {
        let name = &table.name;
        probes.push((format!("SELECT FROM {name} WHERE leak(region, '{own}')"), Rows(1)));
        probes.push((format!("UPDATE {name} SET region = region"), Rows(1)));
        probes.push((format!("TRUNCATE {name}"), DENIED));
        for other in others {
            let chosen = format!("SET LOCAL app.region = '{other}'");
            probes.push((format!("{chosen}; DELETE FROM {name} WHERE region = '{other}'"), Rows(0)));
            probes.push((format!("{chosen}; {}", table.insert(name, other, other)), DENIED));
            probes.push((format!("UPDATE {name} SET region = '{other}'"), DENIED));
            // Nothing says that the other region has a row with these values.
            probes.push((format!("DELETE FROM {name}; {}", table.insert(name, own, other)), Rows(1)));
        }
    }
    for table in tables.iter().filter(|table| !table.writable) {
        probes.push((format!("SELECT FROM {}", table.name), DENIED));
        probes.push((table.insert(&table.name, own, own), DENIED));
    }
    for events in tables.iter().filter(|table| table.name == "events") {
        for other in others {
            probes.push((format!("SELECT FROM events_r{other}"), DENIED));
            probes.push((events.insert(&format!("events_r{other}"), other, other), DENIED));
            probes.push((events.insert(&format!("events_r{own}"), other, other), Refused("23514")));
            probes.push((events.insert(&format!("events_r{own}"), own, other), Rows(1)));
        }
    }
    probes
}

pub(super) fn registering(own: &str, others: &[&str], tables: &[Table]) -> Probes {
    let mut probes = roles(own, others, "register");
    probes.push(("RESET ROLE; SELECT FROM register.ledger".to_owned(), DENIED));
    for table in tables {
        let name = &table.name;
        probes.push((format!("SELECT FROM {name} WHERE leak(region, '{own}')"), Rows(1)));
        probes.push((format!("DELETE FROM {name}"), DENIED));
        let adds = name.starts_with("register.");
        for other in others {
            let chosen = format!("SET LOCAL app.region = '{other}'");
            probes.push((format!("{chosen}; SELECT FROM {name} WHERE region = '{other}'"), Rows(0)));
            probes.push((format!("{chosen}; {}", table.insert(name, other, other)), DENIED));
            if adds {
                probes.push((table.insert(name, own, other), Rows(1)));
            }
        }
    }
    probes
}

/// A wall that is built wrong.
pub struct Planted {
    /// What is done.
    pub sql: String,
    /// What a hole that it opens names.
    pub hole: String,
}

/// Walls built wrong between a region and another; its own logins' probes find each.
#[must_use]
pub fn planted(own: &str, other: &str) -> Vec<Planted> {
    let walls = [
        // A policy that believes a setting.
        (
            format!(
                "ALTER POLICY vardstrom_reader_r{own} ON person USING (region = current_setting('app.region', true))"
            ),
            "'; SELECT FROM person WHERE region".to_owned(),
        ),
        ("ALTER TABLE unit DISABLE ROW LEVEL SECURITY".to_owned(), "FROM unit".to_owned()),
        ("ALTER VIEW board_origin RESET (security_invoker)".to_owned(), "FROM board_origin".to_owned()),
        ("ALTER FUNCTION board_component(text, text[]) SECURITY DEFINER".to_owned(), "FROM board_component".to_owned()),
        (format!("GRANT SELECT ON events_r{other} TO vardstrom_reader_r{own}"), format!("FROM events_r{other}")),
        ("ALTER POLICY writer ON quality USING (true) WITH CHECK (true)".to_owned(), "INTO quality".to_owned()),
        ("ALTER TABLE delivery.origin ADD UNIQUE (topic)".to_owned(), "INTO delivery.origin".to_owned()),
    ];
    walls.into_iter().map(|(sql, hole)| Planted { sql, hole }).collect()
}
