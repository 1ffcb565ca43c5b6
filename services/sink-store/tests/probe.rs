//! 21 regions, each with logins of its own for reading, writing and the register: each tries to reach what every other region
//! has, through every table, view and function, and with the tricks that row-level security is known to be tried with.

use futures_util::{StreamExt, pin_mut};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use topics::Region;

use crate::world::{connect, count, database, login};

/// What a probe may come to; anything else is a hole.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    /// It touches so many rows.
    Rows(u64),
    /// The server refuses it with this code, before it says anything of a row.
    Refused(&'static str),
    /// It runs, however many lines a plan has.
    Runs,
}
use Expected::{Refused, Rows, Runs};

const DENIED: Expected = Refused("42501");
type Probes = Vec<(String, Expected)>;

/// `probe` runs a statement, undoes it, and says how many rows it touched or how it was refused. `leak` is the function that costs
/// nothing and tells what it is given: one that is given another region's row ends the statement with LEAKS.
const FUNCTIONS: &str = "
    CREATE FUNCTION probe(statement text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        touched int8;
    BEGIN
        EXECUTE statement;
        GET DIAGNOSTICS touched = ROW_COUNT;
        RAISE EXCEPTION USING ERRCODE = 'PROBE', MESSAGE = touched::text;
    EXCEPTION WHEN OTHERS THEN
        RETURN CASE SQLSTATE WHEN 'PROBE' THEN SQLERRM ELSE SQLSTATE END;
    END
    $$;
    CREATE FUNCTION leak(region text, own text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.000001 AS $$
    BEGIN
        IF region <> own THEN
            RAISE EXCEPTION USING ERRCODE = 'LEAKS', MESSAGE = region;
        END IF;
        RETURN true;
    END
    $$;";

/// A table with walls, and how one row of it is made.
struct Table {
    name: String,
    writable: bool,
    columns: String,
    /// A value per column, with `{R}` for the region that the row says it is of and `{V}` for the one that its values are of.
    values: String,
}

impl Table {
    async fn all(superuser: &Client) -> Vec<Self> {
        let sql = "SELECT c.oid::regclass::text, has_table_privilege('vardstrom_writer', c.oid, 'INSERT'), \
            string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), \
            string_agg(CASE WHEN a.attname = 'region' THEN '''{R}''' WHEN a.attname = 'action' THEN '''made''' ELSE CASE t.typname \
              WHEN 'text' THEN format('''secret-{V}-%s''', a.attname) WHEN 'int4' THEN '1{V}' WHEN 'int8' THEN '1{V}' \
              WHEN 'bool' THEN 'false' WHEN 'uuid' THEN 'md5(''secret-{V}'')::uuid' WHEN 'bytea' THEN '''secret-{V}''' \
              WHEN 'timestamptz' THEN '''2026-01-01''' WHEN 'date' THEN '''2026-01-01''' WHEN '_text' THEN '''{s:secret-{V}}''' \
              WHEN 'jsonb' THEN '''{\"secret-{V}\": 1}''' END END, ', ' ORDER BY a.attnum) \
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' \
            JOIN pg_type t ON t.oid = a.atttypid WHERE c.relforcerowsecurity GROUP BY c.oid ORDER BY 1";
        let rows = superuser.query(sql, &[]).await.expect("the catalogue");
        let table = |row: &tokio_postgres::Row| Self {
            name: row.get(0),
            writable: row.get(1),
            columns: row.get(2),
            values: row.get(3),
        };
        rows.iter().map(table).collect()
    }

    fn insert(&self, into: &str, region: &str, of: &str) -> String {
        let values = self.values.replace("{R}", region).replace("{V}", of);
        format!("INSERT INTO {into} ({}) VALUES ({values})", self.columns)
    }
}

fn others(own: &str) -> impl Iterator<Item = &'static str> {
    Region::all().map(Region::code).filter(move |code| *code != own)
}

/// Roles of another region, and those that are of none.
fn roles(own: &str, kind: &str) -> Probes {
    let of_others =
        others(own).flat_map(|code| ["reader", "writer", "register"].map(|role| format!("vardstrom_{role}_r{code}")));
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

fn reading(own: &str, tables: &[Table]) -> Probes {
    let mut probes = roles(own, "reader");
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
    for other in others(own) {
        // The setting that was believed before.
        let chosen = format!("SET LOCAL app.region = '{other}'; SELECT FROM");
        for name in
            tables.iter().map(|table| table.name.as_str()).chain(["board_progress", "board_origin", "board_link"])
        {
            probes.push((format!("{chosen} {name} WHERE region = '{other}'"), Rows(0)));
        }
        let reach = format!("board_reach(ARRAY['{other}'], ARRAY['s:secret-{other}-subject_token'])");
        for function in [component(other), reach, format!("board_events('2025-01-01', ARRAY['{other}'])")] {
            probes.push((format!("{chosen} {function}"), Rows(0)));
        }
        probes.push((format!("SELECT FROM events_r{other}"), DENIED));
    }
    probes
}

fn writing(own: &str, tables: &[Table]) -> Probes {
    let mut probes = roles(own, "writer");
    probes.push(("SET LOCAL ROLE vardstrom_writer; SELECT FROM person".to_owned(), Rows(0)));
    // The session is the role already; it may leave it, and be nobody.
    probes.push(("RESET ROLE; SELECT FROM person".to_owned(), DENIED));
    for table in tables.iter().filter(|table| table.writable) {
        let name = &table.name;
        probes.push((format!("SELECT FROM {name} WHERE leak(region, '{own}')"), Rows(1)));
        probes.push((format!("UPDATE {name} SET region = region"), Rows(1)));
        probes.push((format!("TRUNCATE {name}"), DENIED));
        for other in others(own) {
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
    let events = tables.iter().find(|table| table.name == "events").expect("there are events");
    for other in others(own) {
        probes.push((format!("SELECT FROM events_r{other}"), DENIED));
        probes.push((events.insert(&format!("events_r{other}"), other, other), DENIED));
        probes.push((events.insert(&format!("events_r{own}"), other, other), Refused("23514")));
        probes.push((events.insert(&format!("events_r{own}"), own, other), Rows(1)));
    }
    probes
}

fn registering(own: &str, tables: &[Table]) -> Probes {
    let mut probes = roles(own, "register");
    probes.push(("RESET ROLE; SELECT FROM register.ledger".to_owned(), DENIED));
    for table in tables {
        let name = &table.name;
        probes.push((format!("SELECT FROM {name} WHERE leak(region, '{own}')"), Rows(1)));
        probes.push((format!("DELETE FROM {name}"), DENIED));
        let adds = name.starts_with("register.");
        for other in others(own) {
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

/// A region's logins.
struct Logins {
    code: &'static str,
    names: [String; 3],
    reader: String,
    writer: String,
    register: String,
}

impl Logins {
    async fn new(superuser: &Client, url: &str, code: &'static str) -> Self {
        let names = ["reader", "writer", "register"].map(|kind| format!("probe_{}_{kind}_{code}", std::process::id()));
        let [reader, writer, register] = &names;
        Self {
            code,
            reader: login(superuser, url, reader, &format!("IN ROLE vardstrom_reader_r{code}")).await,
            writer: login(superuser, url, writer, &format!("NOINHERIT IN ROLE vardstrom_writer_r{code}")).await,
            register: login(superuser, url, register, &format!("NOINHERIT IN ROLE vardstrom_register_r{code}")).await,
            names,
        }
    }

    async fn read(&self, tables: &[Table]) -> (usize, Vec<String>) {
        tried(&connect(&self.reader).await, reading(self.code, tables)).await
    }

    async fn write(&self, tables: &[Table]) -> (usize, Vec<String>) {
        tried(&self.writer().await, writing(self.code, tables)).await
    }

    async fn register(&self, tables: &[Table]) -> (usize, Vec<String>) {
        let client = connect(&self.register).await;
        client.batch_execute(&format!("SET ROLE vardstrom_register_r{}", self.code)).await.expect("it may be its role");
        tried(&client, registering(self.code, tables)).await
    }

    async fn writer(&self) -> Client {
        let client = connect(&self.writer).await;
        client.batch_execute(&format!("SET ROLE vardstrom_writer_r{}", self.code)).await.expect("it may be its role");
        client
    }

    /// What `COPY ... TO STDOUT` gives a reader: no function could run it.
    async fn copy_out(&self, tables: &[Table]) -> (usize, Vec<String>) {
        let client = connect(&self.reader).await;
        let (mut count, mut holes) = (0, Vec::new());
        for Table { name, .. } in tables {
            // Of a table with partitions the server copies what lies in the table itself, and that is nothing.
            let own = if name == "events" { 0 } else { 1 };
            let leaking = format!("(SELECT * FROM {name} WHERE leak(region, '{}'))", self.code);
            for (source, expected) in [(name.clone(), own), (leaking, 1)] {
                let stream = client.copy_out(&format!("COPY {source} TO STDOUT")).await.expect("it is a reader");
                pin_mut!(stream);
                let mut text = Vec::new();
                while let Some(part) = stream.next().await {
                    text.extend_from_slice(&part.expect("nothing leaks"));
                }
                let text = String::from_utf8_lossy(&text);
                count += 1;
                // The region is the first column.
                let foreign = |line: &str| !line.starts_with(&format!("{}\t", self.code));
                if text.lines().count() != expected || text.lines().any(foreign) {
                    holes.push(format!("COPY {source} TO STDOUT: {} rows", text.lines().count()));
                }
            }
        }
        (count, holes)
    }

    /// `COPY ... FROM STDIN` into the other regions' partitions, as the store writes.
    async fn copy_in(&self) -> (usize, Vec<String>) {
        let client = self.writer().await;
        let (mut count, mut holes) = (0, Vec::new());
        for other in others(self.code) {
            // As a simple query: one that was let in would be answered with what the driver does not expect here, and no code.
            let answer = client.batch_execute(&format!("COPY events_r{other} FROM STDIN")).await;
            let code = answer.err().and_then(|error| error.code().cloned());
            count += 1;
            if code != Some(SqlState::INSUFFICIENT_PRIVILEGE) {
                holes.push(format!("COPY events_r{other} FROM STDIN: {code:?}"));
            }
        }
        (count, holes)
    }
}

/// Tries all of them, and returns how many there were and which went otherwise than they must.
async fn tried(client: &Client, probes: Probes) -> (usize, Vec<String>) {
    const AT_A_TIME: usize = 500;
    let mut holes = Vec::new();
    for part in probes.chunks(AT_A_TIME) {
        let statements: Vec<&str> = part.iter().map(|(sql, _)| sql.as_str()).collect();
        let sql = "SELECT probe(statement) FROM unnest($1::text[]) WITH ORDINALITY AS p (statement, n) ORDER BY n";
        let rows = client.query(sql, &[&statements]).await.expect("probes are answered");
        assert_eq!(rows.len(), part.len());
        for ((sql, expected), row) in part.iter().zip(&rows) {
            let found: &str = row.get(0);
            let held = match expected {
                Rows(count) => found == count.to_string(),
                Refused(code) => found == *code,
                Runs => found.parse::<u64>().is_ok(),
            };
            if !held {
                holes.push(format!("{sql}: {found}, not {expected:?}"));
            }
        }
    }
    (probes.len(), holes)
}

/// What is built wrong, and what a hole that it opens names.
const PLANTED: [(&str, &str); 7] = [
    (
        "ALTER POLICY vardstrom_reader_r14 ON person USING (region = current_setting('app.region', true))",
        "'; SELECT FROM person WHERE region",
    ),
    ("ALTER TABLE unit DISABLE ROW LEVEL SECURITY", "FROM unit"),
    ("ALTER VIEW board_origin RESET (security_invoker)", "FROM board_origin"),
    ("ALTER FUNCTION board_component(text, text[]) SECURITY DEFINER", "FROM board_component"),
    ("GRANT SELECT ON events_r12 TO vardstrom_reader_r14", "FROM events_r12"),
    ("ALTER POLICY writer ON quality USING (true) WITH CHECK (true)", "INTO quality"),
    ("ALTER TABLE delivery.origin ADD UNIQUE (topic)", "INTO delivery.origin"),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_login_reaches_a_row_of_another_region() {
    let codes: Vec<&str> = Region::all().map(Region::code).collect();
    assert_eq!(codes.len(), 21);
    let url = database(&codes).await;
    let superuser = connect(&url).await;
    superuser.batch_execute(FUNCTIONS).await.unwrap();
    let tables = Table::all(&superuser).await;
    assert!(tables.len() >= 21);
    for table in &tables {
        for code in &codes {
            superuser.batch_execute(&table.insert(&table.name, code, code)).await.expect(&table.name);
        }
        assert_eq!(count(&superuser, &format!("SELECT count(*) FROM {}", table.name)).await, 21, "{}", table.name);
    }
    superuser.batch_execute("ANALYZE").await.unwrap();
    assert!(count(&superuser, "SELECT count(*) FROM pg_stats WHERE schemaname = 'delivery'").await > 0);
    let mut logins = Vec::new();
    for code in codes {
        logins.push(Logins::new(&superuser, &url, code).await);
    }
    let (mut probes, mut holes) = (0, Vec::new());
    for of in &logins {
        let answers =
            tokio::join!(of.read(&tables), of.write(&tables), of.register(&tables), of.copy_out(&tables), of.copy_in());
        for (count, found) in [answers.0, answers.1, answers.2, answers.3, answers.4] {
            probes += count;
            holes.extend(found.into_iter().map(|hole| format!("region {}: {hole}", of.code)));
        }
    }
    assert!(holes.is_empty(), "{} holes of {probes} probes, first: {:#?}", holes.len(), &holes[..holes.len().min(20)]);
    assert!(probes > 70_000, "{probes} probes");
    // Nothing that was tried has stayed.
    for table in &tables {
        assert_eq!(count(&superuser, &format!("SELECT count(*) FROM {}", table.name)).await, 21, "{}", table.name);
    }
    // Walls built wrong: the probes of one region find each.
    let of = logins.iter().find(|logins| logins.code == "14").expect("region 14");
    for (planted, hole) in PLANTED {
        superuser.batch_execute(planted).await.expect(planted);
        let (read, written) = tokio::join!(of.read(&tables), of.write(&tables));
        assert!(
            read.1.iter().chain(&written.1).any(|found| found.contains(hole)),
            "{planted}: {:?} {:?}",
            read.1,
            written.1
        );
    }
    for of in &logins {
        superuser.batch_execute(&format!("DROP ROLE {}", of.names.join(", "))).await.unwrap();
    }
}
