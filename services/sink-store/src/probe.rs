//! For `make check-wall` and this crate's tests: what the logins of one region try to get at the others' rows, and what must come of
//! it. It belongs on databases that are thrown away: it fills every table and makes functions that nobody else should have.
//!
//! What runs is undone and says how many rows it touched; what must be refused is sent as a statement of its own under a mark
//! ([`Tally::denied`]) that the server's log has when `log_line_prefix` has `%a`.

mod attempt;
mod table;

use futures_util::{StreamExt, pin_mut};
use postgresql::{Address, Client};
use tokio_postgres::error::SqlState;

use crate::error::{Attempt, Error};
use attempt::{Expected, Probes, reading, registering, writing};
pub use attempt::{Planted, planted};
use table::Table;

/// What the server's lists of sessions call us, before a mark is set.
const APPLICATION: &str = "vardstrom-probe";
/// The password of every login that is made here; the server is on this machine and ends with the run.
const PASSWORD: &str = "probe";
/// What is tried in one statement.
const AT_A_TIME: usize = 500;
/// Holes that are kept as text; the others are counted.
const HOLES_MAX: usize = 1_000;

/// `probe` runs a statement, undoes it, and says how many rows it touched or how it was refused. `leak` is the function that costs
/// nothing and tells what it is given: one that is given another region's row ends the statement with LEAKS. `through` ends what
/// should have been refused.
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
    $$;
    CREATE FUNCTION through() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = 'PROBE', MESSAGE = 'it was let through';
    END
    $$;";

/// A database in which every table has one row of each region.
pub struct Filled {
    regions: Vec<String>,
    tables: Vec<Table>,
}

/// What came of what was tried.
#[derive(Debug, Default)]
pub struct Tally {
    /// What was tried.
    pub probes: u64,
    /// Ran, and touched rows of its own region alone.
    pub allowed: u64,
    /// Ran, and touched nothing: row-level security hides rows and refuses nothing, so no log has it.
    pub hidden: u64,
    /// The mark of each that was refused, and the code it was refused with.
    pub denied: Vec<(String, String)>,
    /// Rows of others that were reached, and statements that were let through.
    pub foreign: u64,
    /// How many went otherwise than they must.
    pub holes: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

impl Tally {
    /// Adds what another came to.
    pub fn add(&mut self, other: Self) {
        self.probes += other.probes;
        self.allowed += other.allowed;
        self.hidden += other.hidden;
        self.denied.extend(other.denied);
        self.foreign += other.foreign;
        self.holes += other.holes;
        let room = HOLES_MAX.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }

    fn hole(&mut self, foreign: u64, what: String) {
        self.foreign += foreign;
        self.holes += 1;
        if self.examples.len() < HOLES_MAX {
            self.examples.push(what);
        }
    }

    /// What ran or was refused inside the function `probe` is held against what must come of it.
    fn judge(&mut self, sql: &str, expected: Expected, found: &str) {
        self.probes += 1;
        let touched: Option<u64> = found.parse().ok();
        match (expected, touched) {
            (Expected::Rows(0), Some(0)) => self.hidden += 1,
            (Expected::Rows(wanted), Some(touched)) if touched == wanted => self.allowed += 1,
            (Expected::Runs, Some(_)) => self.allowed += 1,
            (Expected::Rows(wanted), Some(touched)) => {
                self.hole(touched.saturating_sub(wanted), format!("{sql}: {touched} rows, not {wanted}"));
            }
            (_, _) => self.hole(u64::from(found == "LEAKS"), format!("{sql}: {found}, not {expected:?}")),
        }
    }
}

impl Filled {
    /// Fills a migrated database of these regions, as its owner.
    ///
    /// # Errors
    /// When the database does not answer, or a table takes no row.
    pub async fn new(url: &str, regions: &[&str]) -> Result<Self, Error> {
        let owner = connect(url).await?;
        let attempt = || "fill the tables for probes".to_owned();
        owner.batch_execute(FUNCTIONS).await.attempt(attempt)?;
        let tables = Table::all(&owner).await.attempt(attempt)?;
        for table in &tables {
            for region in regions {
                let insert = table.insert(&table.name, region, region);
                owner.batch_execute(&insert).await.attempt(|| format!("fill table {}", table.name))?;
            }
        }
        // Statistics are a way to values, too.
        owner.batch_execute("ANALYZE").await.attempt(attempt)?;
        Ok(Self { regions: regions.iter().map(|region| (*region).to_owned()).collect(), tables })
    }

    /// How many tables there are.
    #[must_use]
    pub fn tables(&self) -> usize {
        self.tables.len()
    }

    /// The tables that do not have exactly one row of each region.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn changed(&self, url: &str) -> Result<Vec<String>, Error> {
        let owner = connect(url).await?;
        let mut changed = Vec::new();
        for Table { name, .. } in &self.tables {
            let sql = format!("SELECT count(*) = {0} AND count(DISTINCT region) = {0} FROM {name}", self.regions.len());
            let row = owner.query_one(&sql, &[]).await.attempt(|| format!("count the rows of {name}"))?;
            if !row.get::<_, bool>(0) {
                changed.push(name.clone());
            }
        }
        Ok(changed)
    }

    /// Tries everything as these logins.
    ///
    /// # Errors
    /// When the database does not answer, or does not let a login in.
    pub async fn tried(&self, of: &Logins) -> Result<Tally, Error> {
        let (read, written, registered, out, into) =
            tokio::join!(self.read(of), self.write(of), self.register(of), self.copy_out(of), self.copy_in(of));
        let mut tally = read?;
        for other in [written?, registered?, out?, into?] {
            tally.add(other);
        }
        Ok(tally)
    }

    fn others<'a>(&'a self, own: &'a str) -> impl Iterator<Item = &'a str> + Clone {
        self.regions.iter().map(String::as_str).filter(move |region| *region != own)
    }

    async fn read(&self, of: &Logins) -> Result<Tally, Error> {
        let others: Vec<&str> = self.others(&of.region).collect();
        tried(&connect(&of.reader).await?, &of.mark("reader"), reading(&of.region, &others, &self.tables)).await
    }

    async fn write(&self, of: &Logins) -> Result<Tally, Error> {
        let others: Vec<&str> = self.others(&of.region).collect();
        tried(&of.writer().await?, &of.mark("writer"), writing(&of.region, &others, &self.tables)).await
    }

    async fn register(&self, of: &Logins) -> Result<Tally, Error> {
        let others: Vec<&str> = self.others(&of.region).collect();
        let client = of.as_role(&of.register, "register").await?;
        tried(&client, &of.mark("register"), registering(&of.region, &others, &self.tables)).await
    }

    /// What `COPY ... TO STDOUT` gives a reader: no function could run it.
    async fn copy_out(&self, of: &Logins) -> Result<Tally, Error> {
        let client = connect(&of.reader).await?;
        let mut tally = Tally::default();
        for Table { name, .. } in &self.tables {
            // Of a table with partitions the server copies what lies in the table itself, and that is nothing.
            let own = if name == "events" { 0 } else { 1 };
            let leaking = format!("(SELECT * FROM {name} WHERE leak(region, '{}'))", of.region);
            for (source, expected) in [(name.clone(), own), (leaking, 1)] {
                let sql = format!("COPY {source} TO STDOUT");
                tally.probes += 1;
                let stream = match client.copy_out(&sql).await {
                    Ok(stream) => stream,
                    Err(error) => {
                        let code = code(&error);
                        tally.hole(u64::from(code == "LEAKS"), format!("{sql}: {code}"));
                        continue;
                    }
                };
                pin_mut!(stream);
                let mut text = Vec::new();
                let mut failed = None;
                while let Some(part) = stream.next().await {
                    match part {
                        Ok(part) => text.extend_from_slice(&part),
                        Err(error) => {
                            // Nothing follows but the same error.
                            failed = Some(code(&error));
                            break;
                        }
                    }
                }
                let text = String::from_utf8_lossy(&text);
                // The region is the first column.
                let foreign = text.lines().filter(|line| !line.starts_with(&format!("{}\t", of.region))).count();
                let lines = text.lines().count();
                if let Some(code) = failed {
                    tally.hole(u64::from(code == "LEAKS"), format!("{sql}: {code}"));
                } else if lines != expected || foreign > 0 {
                    tally.hole(foreign as u64, format!("{sql}: {lines} rows, {foreign} of others"));
                } else if lines == 0 {
                    tally.hidden += 1;
                } else {
                    tally.allowed += 1;
                }
            }
        }
        Ok(tally)
    }

    /// `COPY ... FROM STDIN` into the other regions' partitions, as the store writes.
    async fn copy_in(&self, of: &Logins) -> Result<Tally, Error> {
        let client = of.writer().await?;
        let mut tally = Tally::default();
        for (n, other) in self.others(&of.region).enumerate() {
            let mark = format!("{}-{n}", of.mark("copier"));
            // A copy is no statement of several: the mark is set before it.
            client
                .batch_execute(&format!("SET application_name = '{mark}'"))
                .await
                .attempt(|| "set a mark".to_owned())?;
            // As a simple query: one that was let in would be answered with what the driver does not expect here, and no code.
            let sql = format!("COPY events_r{other} FROM STDIN");
            let answer = client.batch_execute(&sql).await;
            tally.probes += 1;
            match answer.err().and_then(|error| error.code().cloned()) {
                Some(found) if found == SqlState::INSUFFICIENT_PRIVILEGE => {
                    tally.denied.push((mark, found.code().to_owned()));
                }
                found => tally.hole(1, format!("{sql}: {found:?}")),
            }
        }
        Ok(tally)
    }
}

/// A region's logins: one that reads, one that writes, one that is the register's.
pub struct Logins {
    region: String,
    names: [String; 3],
    reader: String,
    writer: String,
    register: String,
}

impl Logins {
    /// Makes them, as the owner of the database; [`Self::take_away`] ends them.
    ///
    /// # Errors
    /// When they cannot be made.
    pub async fn new(url: &str, region: &str) -> Result<Self, Error> {
        let owner = connect(url).await?;
        let names =
            ["reader", "writer", "register"].map(|kind| format!("probe_{}_{kind}_{region}", std::process::id()));
        let (_, address) = url.split_once('@').unwrap_or(("", url));
        let rights = [
            format!("IN ROLE vardstrom_reader_r{region}"),
            format!("NOINHERIT IN ROLE vardstrom_writer_r{region}"),
            format!("NOINHERIT IN ROLE vardstrom_register_r{region}"),
        ];
        for (name, rights) in names.iter().zip(rights) {
            let sql = format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {rights}");
            owner.batch_execute(&sql).await.attempt(|| format!("make login {name}"))?;
        }
        let [reader, writer, register] = names.each_ref().map(|name| format!("postgres://{name}:{PASSWORD}@{address}"));
        Ok(Self { region: region.to_owned(), names, reader, writer, register })
    }

    /// The region's code.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Takes them away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_away(self, url: &str) -> Result<(), Error> {
        let sql = format!("DROP ROLE {}", self.names.join(", "));
        connect(url).await?.batch_execute(&sql).await.attempt(|| format!("drop the logins of region {}", self.region))
    }

    fn mark(&self, kind: &str) -> String {
        format!("{kind}-{}", self.region)
    }

    async fn writer(&self) -> Result<Client, Error> {
        self.as_role(&self.writer, "writer").await
    }

    async fn as_role(&self, url: &str, kind: &str) -> Result<Client, Error> {
        let client = connect(url).await?;
        let role = format!("vardstrom_{kind}_r{}", self.region);
        client.batch_execute(&format!("SET ROLE {role}")).await.attempt(|| format!("become {role}"))?;
        Ok(client)
    }
}

impl Planted {
    /// Builds the wall so, as the owner of the database; it stays so.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn build(&self, url: &str) -> Result<(), Error> {
        connect(url).await?.batch_execute(&self.sql).await.attempt(|| "build a wall wrong".to_owned())
    }
}

async fn connect(url: &str) -> Result<Client, Error> {
    let address: Address = url.parse()?;
    address.connect(APPLICATION).await.attempt(|| "connect for probes".to_owned())
}

fn code(error: &tokio_postgres::Error) -> String {
    error.code().map_or("no answer", SqlState::code).to_owned()
}

/// Tries all of them: what must be refused by itself, the rest many at a time.
async fn tried(client: &Client, mark: &str, probes: Probes) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let is_refused = |(_, expected): &(String, Expected)| matches!(expected, Expected::Refused(_));
    let (refused, run): (Probes, Probes) = probes.into_iter().partition(is_refused);
    for part in run.chunks(AT_A_TIME) {
        let statements: Vec<&str> = part.iter().map(|(sql, _)| sql.as_str()).collect();
        let sql = "SELECT probe(statement) FROM unnest($1::text[]) WITH ORDINALITY AS p (statement, n) ORDER BY n";
        let rows = client.query(sql, &[&statements]).await.attempt(|| "try probes".to_owned())?;
        for ((sql, expected), row) in part.iter().zip(&rows) {
            tally.judge(sql, *expected, row.get(0));
        }
        let unanswered = part.len().saturating_sub(rows.len());
        if unanswered > 0 {
            tally.hole(0, format!("{unanswered} probes have no answer"));
        }
    }
    for (n, (sql, expected)) in refused.into_iter().enumerate() {
        tally.probes += 1;
        let mark = format!("{mark}-{n}");
        // One transaction: whatever comes of it, it is undone, for the last statement always fails.
        let marked = format!("SET LOCAL application_name = '{mark}'; {sql}; SELECT through()");
        let found =
            client.batch_execute(&marked).await.err().map_or_else(|| "no error".to_owned(), |error| code(&error));
        match expected {
            Expected::Refused(wanted) if wanted == found => tally.denied.push((mark, found)),
            _ => tally.hole(u64::from(found == "PROBE"), format!("{sql}: {found}, not {expected:?}")),
        }
    }
    Ok(tally)
}
