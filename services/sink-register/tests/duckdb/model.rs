//! The OMOP common data model 5.4 as `omop_5_4.csv` has it: of each table that we fill, and of the keys of those that they
//! refer to, columns in their order, types, what must not be null and what refers to what.

const FACTS: &str = include_str!("omop_5_4.csv");

/// The concepts and domains that the extract uses: a vocabulary has them among others.
const VOCABULARY: &str = "INSERT INTO concept VALUES (0), (8507), (8532), (9201), (9202), (9203), (32817), (756265);\n\
                          INSERT INTO domain VALUES ('Visit');\n";

/// Where tables are created.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// It has no longest text, gives `numeric` three decimals, and takes no row before the one of the same table that it
    /// refers to.
    DuckDb,
    PostgreSql,
}

struct Fact<'a> {
    table: &'a str,
    column: &'a str,
    kind: &'a str,
    rule: &'a str,
    refers_to: &'a str,
}

fn facts() -> Vec<Fact<'static>> {
    let fact = |line: &'static str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [table, column, kind, rule, refers_to] = cells[..] else { panic!("five cells in {line}") };
        Fact { table, column, kind, rule, refers_to }
    };
    FACTS.lines().skip(1).map(fact).collect()
}

impl Fact<'_> {
    fn sql(&self, engine: Engine) -> String {
        let Self { column, kind, .. } = self;
        let mut sql = match (engine, *kind) {
            (Engine::DuckDb, "numeric") => format!("{column} numeric(18, 6)"),
            _ => format!("{column} {kind}"),
        };
        if let (Engine::DuckDb, Some(length)) = (engine, kind.strip_prefix("varchar")) {
            sql += &format!(" CHECK (length({column}) <= {length})");
        }
        match self.rule {
            "key" => sql += " PRIMARY KEY",
            "needed" => sql += " NOT NULL",
            rule => assert_eq!(rule, "", "a rule of {column}"),
        }
        let waits = engine == Engine::DuckDb && self.refers_to == self.table;
        if !self.refers_to.is_empty() && !waits {
            sql += &format!(" REFERENCES {}", self.refers_to);
        }
        sql
    }
}

/// Creates the tables, with the vocabulary that the extract needs.
pub(super) fn create(engine: Engine) -> String {
    let tables = facts();
    let table = |facts: &[Fact<'_>]| {
        let columns: Vec<String> = facts.iter().map(|fact| fact.sql(engine)).collect();
        format!("CREATE TABLE {} ({});\n", facts[0].table, columns.join(", "))
    };
    tables.chunk_by(|one, other| one.table == other.table).map(table).chain([VOCABULARY.to_owned()]).collect()
}

/// The tables that an extract fills, each behind those that it refers to.
pub(super) fn filled() -> Vec<&'static str> {
    let facts = facts();
    let tables = facts.chunk_by(|one, other| one.table == other.table);
    // Of the others only the key is known.
    tables.filter(|facts| facts.len() > 1).map(|facts| facts[0].table).collect()
}
