//! Whether the database can be followed, and how the followed tables look. Every refusal names its remedy, as SQL where
//! SQL is the remedy.

use std::collections::HashMap;

use replication::pgoutput::Column;
use replication::{Row, Wire, identifier, literal};

use super::error::Error;
use super::state::{Reason, Slot};
use crate::config::Cdc;

/// Why the database cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The log does not hold what is needed.
    #[error("wal_level is {0}; run: ALTER SYSTEM SET wal_level = 'logical'; and restart PostgreSQL")]
    WalLevel(String),
    #[error("the publication is missing; run: CREATE PUBLICATION {publication} FOR TABLE {tables};")]
    Publication { publication: String, tables: String },
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
    Unpublished { publication: String, table: String },
    /// Changes of a partitioned table would come under the names of its partitions.
    #[error(
        "table {table} is partitioned; run: ALTER PUBLICATION {publication} SET (publish_via_partition_root = true);"
    )]
    Partitioned { publication: String, table: String },
    /// The role may not read the table.
    #[error(
        "role {user} may not read {table}; run: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON {table} TO {user};"
    )]
    Unreadable { user: String, schema: String, table: String },
    /// The role would see a part of the rows only, or none, and a snapshot would say that there are no others.
    #[error(
        "row-level security hides rows of {table} from role {user}; run: ALTER ROLE {user} BYPASSRLS; or: ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    )]
    Hidden { user: String, table: String },
    /// The replica identity of a partitioned table does not reach its partitions, and they write the log.
    #[error(
        "partition {partition} of {table} does not say in the log what its replica identity promises; run: ALTER TABLE {partition} REPLICA IDENTITY {identity};"
    )]
    PartitionIdentity { table: String, partition: String, identity: &'static str },
    /// Nothing tells which row was changed or deleted.
    #[error("table {0} has no replica identity; add a primary key, or run: ALTER TABLE {0} REPLICA IDENTITY FULL;")]
    Keyless(String),
    /// The table is told not to say which row was changed.
    #[error("table {0} has REPLICA IDENTITY NOTHING; run: ALTER TABLE {0} REPLICA IDENTITY DEFAULT;")]
    Nothing(String),
    /// The column that keeps rows together does not exist.
    #[error("table {table} has no published column {column}; correct keys in [[region.cdc]]")]
    KeyMissing { table: String, column: String },
    /// A deleted row would not say its key, and could overtake an earlier change.
    #[error("deletes from {table} do not say {column}; run: ALTER TABLE {table} REPLICA IDENTITY FULL;")]
    KeyUnsaid { table: String, column: String },
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub schema: String,
    pub name: String,
    /// Its number: a table that is made anew has another.
    pub oid: u32,
    pub columns: Vec<Column>,
    /// Those of them that are never NULL.
    pub required: Vec<String>,
    /// The columns that say which row it is; none when the whole row does.
    pub key: Vec<String>,
    /// The column whose equal values stay in order, when it is not the key.
    pub order: Option<String>,
    pub filter: Option<String>,
    /// Whether rows lie in other tables.
    pub partitioned: bool,
}

impl Table {
    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }
}

/// The database, as far as it is followed.
#[derive(Debug)]
pub(super) struct Database {
    pub name: String,
    /// The followed tables, in the order of the configuration.
    pub tables: Vec<Table>,
    /// Domains and what they are made of.
    pub domains: HashMap<u32, u32>,
    /// The slot, if there is one.
    pub slot: Option<Slot>,
}

/// `pg_class.relkind` of a table whose rows lie in others.
const PARTITIONED: &str = "p";

/// What a table of the configuration is in the database.
#[derive(Debug)]
struct Found {
    oid: u32,
    kind: String,
    identity: String,
    readable: bool,
    /// Row-level security holds for the role.
    hidden: bool,
    published: bool,
    filter: Option<String>,
    columns: Vec<FoundColumn>,
    partitions: Vec<Partition>,
}

#[derive(Debug)]
struct FoundColumn {
    column: Column,
    required: bool,
    primary: bool,
    indexed: bool,
}

/// A table that holds rows of a partitioned one.
#[derive(Debug)]
struct Partition {
    name: String,
    identity: String,
    /// The columns that it says of an old row, in order of name; of all of them nothing is said here.
    key: String,
}

struct Names<'a> {
    publication: &'a str,
    user: &'a str,
    via_root: bool,
}

/// Asks the database about everything that following it depends on.
pub(super) async fn examine(wire: &mut Wire, source: &Cdc) -> Result<Database, Error> {
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
    let slot = slot_of(wire, &source.slot, version).await?;
    Ok(Database { name: about.text(1).to_owned(), tables, domains, slot })
}

/// What the server says of the slot.
pub(super) async fn slot(wire: &mut Wire, name: &str) -> Result<Option<Slot>, Error> {
    let version = wire.rows("select current_setting('server_version_num')").await?;
    slot_of(wire, name, version.first().and_then(|row| row.text(0).parse().ok()).unwrap_or_default()).await
}

async fn slot_of(wire: &mut Wire, name: &str, version: u32) -> Result<Option<Slot>, Error> {
    // Releases before 17 do not say why; those before 16 have one reason only.
    let reason = if version >= 170_000 { "invalidation_reason" } else { "null::text" };
    let slots = wire
        .rows(&format!(
            "select plugin = 'pgoutput' and database = current_database(), wal_status = 'lost', {reason} \
             from pg_replication_slots where slot_name = {}",
            literal(name)
        ))
        .await?;
    let loss = |row: &Row| (row.text(1) == "t" || !row.text(2).is_empty()).then(|| Reason::of(row.text(2)));
    Ok(slots.first().map(|row| Slot { fits: row.text(0) == "t", lost: loss(row) }))
}

async fn find(
    wire: &mut Wire,
    publication: &str,
    schema: &str,
    name: &str,
    version: u32,
) -> Result<Option<Found>, Error> {
    // Publications choose rows since release 15.
    let filter = if version >= 150_000 { "p.rowfilter" } else { "null::text" };
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
             p.tablename is not null, {filter}, c.oid::text, row_security_active(c.oid) {from} {which}"
        ))
        .await?;
    let Some(table) = tables.first() else { return Ok(None) };
    let columns = wire
        .rows(&format!(
            "select a.attname, a.atttypid::text, \
             exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey)), \
             exists (select from pg_index i where i.indrelid = c.oid and i.indisreplident and a.attnum = any (i.indkey)), \
             a.attnotnull \
             {from} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
             {which} and {} order by a.attnum",
            published_columns(version)
        ))
        .await?;
    let column = |row: &Row| FoundColumn {
        column: Column { name: row.text(0).to_owned(), kind: row.text(1).parse().unwrap_or_default(), identity: false },
        primary: row.text(2) == "t",
        indexed: row.text(3) == "t",
        required: row.text(4) == "t",
    };
    let oid = table.text(5);
    let partitions = if table.text(0) == PARTITIONED { partitions(wire, oid).await? } else { Vec::new() };
    Ok(Some(Found {
        oid: oid.parse().unwrap_or_default(),
        kind: table.text(0).to_owned(),
        identity: table.text(1).to_owned(),
        readable: table.text(2) == "t",
        published: table.text(3) == "t",
        hidden: table.text(6) == "t",
        filter: Some(table.text(4).to_owned()).filter(|filter| !filter.is_empty()),
        columns: columns.iter().map(column).collect(),
        partitions,
    }))
}

/// Which columns of a table the log has, as a condition: since release 18 also stored generated ones, if the publication
/// says so, and the list of published columns is then always there.
fn published_columns(version: u32) -> &'static str {
    match version {
        180_000.. => "a.attname = any (p.attnames)",
        150_000..180_000 => "a.attgenerated = '' and (p.attnames is null or a.attname = any (p.attnames))",
        _ => "a.attgenerated = ''",
    }
}

/// The tables that hold the rows of a partitioned one.
async fn partitions(wire: &mut Wire, oid: &str) -> Result<Vec<Partition>, Error> {
    let rows = wire
        .rows(&format!(
            "select quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relreplident::text, \
             (select string_agg(a.attname, ',' order by a.attname collate \"C\") from pg_index i \
              join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey) \
              where i.indrelid = c.oid and case c.relreplident when 'd' then i.indisprimary else i.indisreplident end) \
             from pg_partition_tree({oid}) t join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace \
             where t.isleaf and c.relkind <> 'p' order by 1"
        ))
        .await?;
    let partition = |row: &Row| Partition {
        name: row.text(0).to_owned(),
        identity: row.text(1).to_owned(),
        key: row.text(2).to_owned(),
    };
    Ok(rows.iter().map(partition).collect())
}

/// The first partition that does not write of an old row what the table promises. One that writes the whole row says enough
/// for any promise.
fn broken_promise<'p>(whole: bool, key: &[String], partitions: &'p [Partition]) -> Option<&'p Partition> {
    let mut names: Vec<_> = key.iter().map(String::as_str).collect();
    names.sort_unstable();
    let promised = names.join(",");
    partitions.iter().find(|partition| partition.identity != "f" && (whole || partition.key != promised))
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
        PARTITIONED => true,
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
    if found.hidden {
        return Err(Fault::Hidden { user: names.user.to_owned(), table });
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
    if let Some(partition) = broken_promise(whole, &key, &found.partitions) {
        let identity = if found.identity == "d" { "DEFAULT" } else { "FULL" };
        return Err(Fault::PartitionIdentity { table, partition: partition.name.clone(), identity });
    }
    let required = found.columns.iter().filter(|column| column.required).map(|c| c.column.name.clone()).collect();
    Ok(Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        oid: found.oid,
        required,
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
            required: primary,
        };
        Found {
            oid: 16_401,
            hidden: false,
            partitions: Vec::new(),
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
        let hidden = Found { hidden: true, ..found("r", "d", true) };
        check(hidden, None, "run: ALTER ROLE \"u\" BYPASSRLS;");
    }

    #[test]
    fn partitions_must_say_what_their_table_promises() {
        const ROOT: Names<'_> = Names { via_root: true, ..NAMES };
        let said = |root: &str, identity: &str, key: &str| {
            let partition = Partition { name: "s.t_1".to_owned(), identity: identity.to_owned(), key: key.to_owned() };
            let found = Found { partitions: vec![partition], ..found("p", root, true) };
            judge(Some(found), "s", "t", None, &ROOT).map(|_| ()).map_err(|fault| fault.to_string())
        };
        for (root, identity, key) in [("d", "d", "id"), ("d", "f", ""), ("f", "f", ""), ("d", "i", "id")] {
            assert_eq!(said(root, identity, key), Ok(()), "{root} {identity} {key}");
        }
        for (root, identity, key, helps) in [
            ("f", "d", "id", "FULL"),
            ("f", "n", "", "FULL"),
            ("f", "i", "id", "FULL"),
            ("d", "n", "", "DEFAULT"),
            ("d", "i", "patient", "DEFAULT"),
        ] {
            let fault = said(root, identity, key).expect_err("a fault");
            let remedy = format!("run: ALTER TABLE s.t_1 REPLICA IDENTITY {helps};");
            assert!(fault.contains(&remedy), "{root} {identity} {key}: {fault}");
        }
    }

    #[test]
    fn generated_columns_are_read_where_the_log_has_them() {
        assert!(published_columns(150_000).contains("attgenerated = ''"));
        assert!(published_columns(179_999).contains("attgenerated = ''"));
        assert!(!published_columns(180_001).contains("attgenerated"), "the publication's own list says which");
    }
}
