//! A table with walls, and how one row of it is made.

use tokio_postgres::{Client, Error, Row};

pub(super) struct Table {
    pub(super) name: String,
    pub(super) writable: bool,
    columns: String,
    /// A value per column, with `{R}` for the region that the row says it is of and `{V}` for the one that its values are of.
    values: String,
}

impl Table {
    pub(super) async fn all(owner: &Client) -> Result<Vec<Self>, Error> {
        let sql = "SELECT c.oid::regclass::text, has_table_privilege('vardstrom_writer', c.oid, 'INSERT'), \
            string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), \
            string_agg(CASE WHEN a.attname = 'region' THEN '''{R}''' WHEN a.attname = 'action' THEN '''made''' ELSE CASE t.typname \
              WHEN 'text' THEN format('''secret-{V}-%s''', a.attname) WHEN 'int4' THEN '1{V}' WHEN 'int8' THEN '1{V}' \
              WHEN 'bool' THEN 'false' WHEN 'uuid' THEN 'md5(''secret-{V}'')::uuid' WHEN 'bytea' THEN '''secret-{V}''' \
              WHEN 'timestamptz' THEN '''2026-01-01''' WHEN 'date' THEN '''2026-01-01''' WHEN 'tstzmultirange' THEN '''{}''' WHEN '_text' THEN '''{s:secret-{V}}''' \
              WHEN 'jsonb' THEN '''{\"secret-{V}\": 1}''' END END, ', ' ORDER BY a.attnum) \
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' \
            JOIN pg_type t ON t.oid = a.atttypid WHERE c.relforcerowsecurity GROUP BY c.oid ORDER BY 1";
        let table =
            |row: &Row| Self { name: row.get(0), writable: row.get(1), columns: row.get(2), values: row.get(3) };
        Ok(owner.query(sql, &[]).await?.iter().map(table).collect())
    }

    pub(super) fn insert(&self, into: &str, region: &str, of: &str) -> String {
        let values = self.values.replace("{R}", region).replace("{V}", of);
        format!("INSERT INTO {into} ({}) VALUES ({values})", self.columns)
    }
}
