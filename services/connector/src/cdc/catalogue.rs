//! Whether the database can be followed, and how the followed tables look. Every refusal names its remedy, as SQL where
//! SQL is the remedy.

use std::collections::HashMap;

use super::error::Error;
use super::pgoutput::Column;
use super::state::Slot;
use super::wire::{Row, Wire};
use crate::config::Cdc;

/// Why the database cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The log does not hold what is needed.
    #[error("wal_level is {0}; run: ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL")]
    WalLevel(String),
    /// The publication is missing.
    #[error("the publication is missing; run: CREATE PUBLICATION {publication} FOR TABLE {tables};")]
    Publication {
        /// Quoted.
        publication: String,
        /// Quoted.
        tables: String,
    },
    /// The publication holds back some kinds of change.
    #[error(
        "the publication does not publish every kind of change; run: ALTER PUBLICATION {0} SET (publish = 'insert, update, delete, truncate');"
    )]
    Partial(String),
    /// A table does not exist.
    #[error("table {0} does not exist in this database; correct tables in [[region.cdc]]")]
    Missing(String),
    /// Something else than a table.
    #[error("{0} is not a table; only tables can be followed")]
    NotATable(String),
    /// The publication lacks a table.
    #[error("table {table} is not published; run: ALTER PUBLICATION {publication} ADD TABLE {table};")]
    Unpublished {
        /// Quoted.
        publication: String,
        /// Quoted.
        table: String,
    },
    /// Changes of a partitioned table would come under the names of its partitions.
    #[error(
        "table {table} is partitioned; run: ALTER PUBLICATION {publication} SET (publish_via_partition_root = true);"
    )]
    Partitioned {
        /// Quoted.
        publication: String,
        /// Quoted.
        table: String,
    },
    /// The role may not read the table.
    #[error(
        "role {user} may not read {table}; run: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON {table} TO {user};"
    )]
    Unreadable {
        /// Quoted.
        user: String,
        /// Quoted.
        schema: String,
        /// Quoted.
        table: String,
    },
    /// Nothing tells which row was changed or deleted.
    #[error("table {0} has no replica identity; add a primary key, or run: ALTER TABLE {0} REPLICA IDENTITY FULL;")]
    Keyless(String),
    /// The table is told not to say which row was changed.
    #[error("table {0} has REPLICA IDENTITY NOTHING; run: ALTER TABLE {0} REPLICA IDENTITY DEFAULT;")]
    Nothing(String),
    /// The column that keeps rows together does not exist.
    #[error("table {table} has no published column {column}; correct keys in [[region.cdc]]")]
    KeyMissing {
        /// Quoted.
        table: String,
        /// The column.
        column: String,
    },
    /// A deleted row would not say its key, and could overtake an earlier change.
    #[error("deletes from {table} do not say {column}; run: ALTER TABLE {table} REPLICA IDENTITY FULL;")]
    KeyUnsaid {
        /// Quoted.
        table: String,
        /// The column.
        column: String,
    },
}

/// A followed table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its published columns.
    pub columns: Vec<Column>,
    /// The columns that say which row it is; none when the whole row does.
    pub key: Vec<String>,
    /// The column whose equal values stay in order, when it is not the key.
    pub order: Option<String>,
    /// Which rows are published.
    pub filter: Option<String>,
    /// Whether rows lie in other tables.
    pub partitioned: bool,
}

impl Table {
    /// Its name for SQL.
    pub fn quoted(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }
}

/// The database, as far as it is followed.
#[derive(Debug)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The followed tables, in the order of the configuration.
    pub tables: Vec<Table>,
    /// Domains and what they are made of.
    pub domains: HashMap<u32, u32>,
    /// The slot, if there is one.
    pub slot: Option<Slot>,
}

/// A name for SQL.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text for SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What a table of the configuration is in the database.
#[derive(Debug)]
struct Found {
    kind: String,
    identity: String,
    readable: bool,
    published: bool,
    filter: Option<String>,
    columns: Vec<FoundColumn>,
}

#[derive(Debug)]
struct FoundColumn {
    column: Column,
    primary: bool,
    indexed: bool,
}

/// Names for messages.
struct Names<'a> {
    publication: &'a str,
    user: &'a str,
    via_root: bool,
}

/// Asks the database about everything that following it depends on.
pub async fn examine(wire: &mut Wire, source: &Cdc) -> Result<Database, Error> {
    let about = wire
        .rows("select current_setting('wal_level'), current_database(), current_setting('server_version_num'), current_user")
        .await?;
    let about = about.first().ok_or(Error::Silent("its settings"))?;
    if about.text(0) != "logical" {
        return Err(Fault::WalLevel(about.text(0).to_owned()).into());
    }
    let version = about.text(2).parse::<u32>().unwrap_or_default();
    let publication = wire
        .rows(&format!(
            "select pubinsert and pubupdate and pubdelete and pubtruncate, pubviaroot from pg_publication where pubname = {}",
            literal(&source.publication)
        ))
        .await?;
    let quoted = identifier(&source.publication);
    let Some(publication) = publication.first() else {
        let tables = source.table_names().map(|(schema, name)| format!("{}.{}", identifier(schema), identifier(name)));
        return Err(Fault::Publication { publication: quoted, tables: tables.collect::<Vec<_>>().join(", ") }.into());
    };
    if publication.text(0) != "t" {
        return Err(Fault::Partial(quoted).into());
    }
    let user = identifier(about.text(3));
    let names = Names { publication: &quoted, user: &user, via_root: publication.text(1) == "t" };
    let mut tables = Vec::with_capacity(source.tables.len());
    for (schema, name) in source.table_names() {
        let found = find(wire, &source.publication, schema, name, version).await?;
        let order = source.keys.get(&format!("{schema}.{name}"));
        tables.push(judge(found, schema, name, order.map(String::as_str), &names)?);
    }
    let mut domains = HashMap::new();
    for row in wire.rows("select oid::text, typbasetype::text from pg_type where typtype = 'd'").await? {
        if let (Ok(domain), Ok(base)) = (row.text(0).parse(), row.text(1).parse()) {
            domains.insert(domain, base);
        }
    }
    let slot = slot(wire, &source.slot).await?;
    Ok(Database { name: about.text(1).to_owned(), tables, domains, slot })
}

/// What the server says of the slot.
pub async fn slot(wire: &mut Wire, name: &str) -> Result<Option<Slot>, Error> {
    let slots = wire
        .rows(&format!(
            "select plugin = 'pgoutput' and database = current_database(), wal_status = 'lost' \
             from pg_replication_slots where slot_name = {}",
            literal(name)
        ))
        .await?;
    Ok(slots.first().map(|row| Slot { fits: row.text(0) == "t", lost: row.text(1) == "t" }))
}

async fn find(
    wire: &mut Wire,
    publication: &str,
    schema: &str,
    name: &str,
    version: u32,
) -> Result<Option<Found>, Error> {
    // Publications choose columns and rows since release 15.
    let (chosen, filter) =
        if version >= 150_000 { ("p.attnames", "p.rowfilter") } else { ("null::name[]", "null::text") };
    let from = format!(
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         left join pg_publication_tables p on p.pubname = {} and p.schemaname = n.nspname and p.tablename = c.relname",
        literal(publication)
    );
    let which = format!("where n.nspname = {} and c.relname = {}", literal(schema), literal(name));
    let tables = wire
        .rows(&format!(
            "select c.relkind::text, c.relreplident::text, \
             has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'), \
             p.tablename is not null, {filter} {from} {which}"
        ))
        .await?;
    let Some(table) = tables.first() else { return Ok(None) };
    let columns = wire
        .rows(&format!(
            "select a.attname, a.atttypid::text, \
             exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey)), \
             exists (select from pg_index i where i.indrelid = c.oid and i.indisreplident and a.attnum = any (i.indkey)) \
             {from} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' \
             {which} and ({chosen} is null or a.attname = any ({chosen})) order by a.attnum"
        ))
        .await?;
    let column = |row: &Row| FoundColumn {
        column: Column { name: row.text(0).to_owned(), kind: row.text(1).parse().unwrap_or_default(), identity: false },
        primary: row.text(2) == "t",
        indexed: row.text(3) == "t",
    };
    Ok(Some(Found {
        kind: table.text(0).to_owned(),
        identity: table.text(1).to_owned(),
        readable: table.text(2) == "t",
        published: table.text(3) == "t",
        filter: Some(table.text(4).to_owned()).filter(|filter| !filter.is_empty()),
        columns: columns.iter().map(column).collect(),
    }))
}

/// Whether a table can be followed, and how.
fn judge(
    found: Option<Found>,
    schema: &str,
    name: &str,
    order: Option<&str>,
    names: &Names<'_>,
) -> Result<Table, Fault> {
    let table = format!("{}.{}", identifier(schema), identifier(name));
    let found = found.ok_or_else(|| Fault::Missing(table.clone()))?;
    let partitioned = match found.kind.as_str() {
        "r" => false,
        "p" => true,
        _ => return Err(Fault::NotATable(table)),
    };
    let publication = || names.publication.to_owned();
    if partitioned && !names.via_root {
        return Err(Fault::Partitioned { publication: publication(), table });
    }
    if !found.published {
        return Err(Fault::Unpublished { publication: publication(), table });
    }
    if !found.readable {
        return Err(Fault::Unreadable { user: names.user.to_owned(), schema: identifier(schema), table });
    }
    let whole = found.identity == "f";
    let in_key = |column: &FoundColumn| if found.identity == "i" { column.indexed } else { column.primary };
    let key: Vec<_> = found.columns.iter().filter(|column| in_key(column)).map(|c| c.column.name.clone()).collect();
    match found.identity.as_str() {
        "n" => return Err(Fault::Nothing(table)),
        "f" => {}
        _ if key.is_empty() => return Err(Fault::Keyless(table)),
        _ => {}
    }
    if let Some(order) = order {
        let column = || order.to_owned();
        if !found.columns.iter().any(|found| found.column.name == order) {
            return Err(Fault::KeyMissing { table, column: column() });
        }
        if !whole && !key.iter().any(|key| key == order) {
            return Err(Fault::KeyUnsaid { table, column: column() });
        }
    }
    Ok(Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        columns: found.columns.into_iter().map(|found| found.column).collect(),
        key,
        order: order.map(str::to_owned),
        filter: found.filter,
        partitioned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'_> = Names { publication: "\"p\"", user: "\"u\"", via_root: false };

    fn found(kind: &str, identity: &str, keyed: bool) -> Found {
        let column = |name: &str, primary| FoundColumn {
            column: Column { name: name.to_owned(), kind: 23, identity: false },
            primary,
            indexed: false,
        };
        Found {
            kind: kind.to_owned(),
            identity: identity.to_owned(),
            readable: true,
            published: true,
            filter: None,
            columns: vec![column("id", keyed), column("patient", false)],
        }
    }

    fn check(found: Found, order: Option<&str>, expected: &str) {
        let said = match judge(Some(found), "s", "t", order, &NAMES) {
            Ok(table) => format!("{:?} {:?}", table.key, table.order),
            Err(fault) => fault.to_string(),
        };
        assert!(said.contains(expected), "{expected:?} is not in {said:?}");
    }

    #[test]
    fn every_refusal_names_the_statement_that_helps() {
        check(found("r", "d", true), None, "[\"id\"] None");
        check(found("r", "d", false), None, "run: ALTER TABLE \"s\".\"t\" REPLICA IDENTITY FULL;");
        check(found("r", "f", false), Some("patient"), "[] Some(\"patient\")");
        check(found("r", "n", true), None, "run: ALTER TABLE \"s\".\"t\" REPLICA IDENTITY DEFAULT;");
        check(found("r", "d", true), Some("patient"), "run: ALTER TABLE \"s\".\"t\" REPLICA IDENTITY FULL;");
        check(found("r", "d", true), Some("ward"), "no published column ward");
        check(found("p", "d", true), None, "run: ALTER PUBLICATION \"p\" SET (publish_via_partition_root = true);");
        check(found("v", "d", true), None, "is not a table");
        let unpublished = Found { published: false, ..found("r", "d", true) };
        check(unpublished, None, "run: ALTER PUBLICATION \"p\" ADD TABLE \"s\".\"t\";");
        let unreadable = Found { readable: false, ..found("r", "d", true) };
        check(unreadable, None, "GRANT SELECT ON \"s\".\"t\" TO \"u\";");
    }

    #[test]
    fn names_and_texts_cannot_end_their_quotes() {
        assert_eq!((identifier("a\"b"), literal("a'b")), ("\"a\"\"b\"".to_owned(), "'a''b'".to_owned()));
    }
}
