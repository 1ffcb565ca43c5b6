//! What the database's own catalogue says of the wall. Each rule finds what breaks it; walls built wrong on purpose show that it does.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use crate::world::{connect, database};

/// Everything of ours: whatever schema somebody adds.
const OURS: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
/// Roles that something runs as: ours, and whoever is a member of one.
const RUNTIME: &str = "(r.rolname LIKE 'vardstrom\\_%' OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid \
    WHERE m.member = r.oid AND g.rolname LIKE 'vardstrom\\_%'))";
const WITH_REGION: &str =
    "JOIN pg_attribute region ON region.attrelid = c.oid AND region.attname = 'region' AND NOT region.attisdropped";

/// A rule's name, and what breaks it, as text.
fn rules() -> Vec<(&'static str, String)> {
    let relations = format!("pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {OURS}");
    let rights =
        format!("{relations} CROSS JOIN LATERAL aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) a");
    let code = "substr(pg_get_expr(c.relpartbound, c.oid), 17, 2)";
    let command =
        "CASE a.privilege_type WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' ELSE 'd' END";
    vec![
        (
            "what has a region has forced row-level security; a partition may have its region's writer in its place",
            format!(
                "SELECT c.oid::regclass::text FROM {relations} {WITH_REGION} WHERE c.relkind IN ('r', 'p', 'f', 'm') \
                 AND NOT (c.relispartition AND pg_get_expr(c.relpartbound, c.oid) ~ '^FOR VALUES IN \\(''[0-9]{{2}}''\\)$') \
                 AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
            ),
        ),
        (
            "a partition is reached by its region's writer, who reads and adds, and its eraser, who takes out, and by nobody else",
            format!(
                "SELECT format('%s %s %s', c.oid::regclass, a.grantee::regrole, a.privilege_type) FROM {rights} \
                 WHERE c.relispartition AND c.relkind = 'r' AND a.grantee <> c.relowner \
                 AND NOT (a.grantee::regrole::text = 'vardstrom_writer_r' || {code} AND a.privilege_type IN ('SELECT', 'INSERT')) \
                 AND NOT (a.grantee::regrole::text = 'vardstrom_eraser_r' || {code} AND a.privilege_type IN ('SELECT', 'DELETE'))"
            ),
        ),
        (
            "whoever has a right on a walled table has a policy for it",
            format!(
                "SELECT format('%s %s %s', c.oid::regclass, a.grantee::regrole, a.privilege_type) FROM {rights} \
                 WHERE c.relrowsecurity AND a.grantee <> c.relowner AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid \
                 AND a.grantee = ANY (p.polroles) AND p.polcmd::text IN ('*', {command}))"
            ),
        ),
        (
            "a policy is one of those that are known to hold",
            // Releases differ in whether they name a subquery's column.
            "SELECT found FROM (SELECT format('%s.%s %s', schemaname, tablename, policyname), \
                 format('%s %s %s %s %s', permissive, roles, cmd, regexp_replace(qual, ' AS \\w+', '', 'g'), \
                 regexp_replace(with_check, ' AS \\w+', '', 'g')), \
                 CASE policyname WHEN 'nation' THEN 'PERMISSIVE {vardstrom_reader} SELECT true ' \
                 WHEN 'region' THEN 'PERMISSIVE {vardstrom_region_reader} SELECT region_is_not_bound() ' \
                 WHEN 'writer' THEN 'PERMISSIVE {vardstrom_writer} ALL (region = ( SELECT writer_region())) (region = ( SELECT writer_region()))' \
                 ELSE format(CASE WHEN policyname ~ '^vardstrom_reader_r[0-9]{2}$' THEN 'PERMISSIVE {%1$s} SELECT %2$s ' \
                 WHEN policyname ~ '^vardstrom_register_r[0-9]{2}$' THEN 'PERMISSIVE {%1$s} INSERT  %2$s' END, policyname, \
                 format('((region = ''%s''::text) AND ( SELECT pg_has_role(''%s''::name, ''USAGE''::text)))', right(policyname, 2), policyname)) END \
                 FROM pg_policies) AS p (found, says, known) WHERE says IS DISTINCT FROM known"
                .to_owned(),
        ),
        (
            "nothing that decides believes a setting",
            format!(
                "SELECT policyname::text FROM pg_policies WHERE concat(qual, with_check) ~* 'current_setting' \
                 UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {OURS} \
                 WHERE p.prokind <> 'a' AND pg_get_functiondef(p.oid) ~* 'current_setting|pg_settings' \
                 UNION ALL SELECT c.oid::regclass::text FROM {relations} WHERE c.relkind IN ('v', 'm') \
                 AND pg_get_viewdef(c.oid) ~* 'current_setting|pg_settings'"
            ),
        ),
        (
            "a unique key of what has a region has the region in it",
            format!(
                "SELECT i.indexrelid::regclass::text FROM {relations} {WITH_REGION} JOIN pg_index i ON i.indrelid = c.oid \
                 WHERE (i.indisunique OR i.indisexclusion) AND NOT region.attnum = ANY (i.indkey)"
            ),
        ),
        (
            "who runs something is no superuser, passes no row-level security, and makes and gives no roles",
            format!(
                "SELECT r.rolname::text FROM pg_roles r WHERE {RUNTIME} AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole \
                 OR r.rolcreatedb OR r.rolreplication OR (r.rolcanlogin AND r.rolname LIKE 'vardstrom\\_%')) \
                 UNION ALL SELECT format('%s gives %s', r.rolname, m.roleid::regrole) FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid \
                 WHERE {RUNTIME} AND m.admin_option"
            ),
        ),
        (
            "who runs something owns nothing",
            format!(
                "SELECT format('%s %s', r.rolname, o.name) FROM pg_roles r JOIN (\
                 SELECT c.relowner, c.oid::regclass::text FROM {relations} \
                 UNION ALL SELECT proowner, oid::regprocedure::text FROM pg_proc UNION ALL SELECT nspowner, nspname FROM pg_namespace \
                 UNION ALL SELECT datdba, datname FROM pg_database) AS o (owner, name) ON o.owner = r.oid WHERE {RUNTIME}"
            ),
        ),
        (
            "a region's role is none of another region, and the store takes what it needs for a transaction at a time",
            "SELECT format('%s is %s', m.member::regrole, m.roleid::regrole) FROM pg_auth_members m \
                 WHERE m.member::regrole::text ~ '^vardstrom_.*_r[0-9]{2}$' AND m.roleid::regrole::text <> 'vardstrom_writer' \
                 AND right(m.member::regrole::text, 4) <> right(m.roleid::regrole::text, 4) \
                 UNION ALL SELECT format('%s is %s', m.member::regrole, m.roleid::regrole) FROM pg_auth_members m \
                 WHERE m.member::regrole::text ~ '^vardstrom_' AND m.member::regrole::text !~ '_r[0-9]{2}$' \
                 AND m.roleid::regrole::text ~ '_r[0-9]{2}$' AND m.member <> 'vardstrom_store'::regrole \
                 UNION ALL SELECT rolname::text FROM pg_roles WHERE rolname = 'vardstrom_store' AND rolinherit"
                .to_owned(),
        ),
        (
            "a view reads as whoever asks, and nothing keeps a copy of rows",
            format!(
                "SELECT c.oid::regclass::text FROM {relations} WHERE c.relkind = 'm' \
                 OR (c.relkind = 'v' AND NOT COALESCE(c.reloptions, '{{}}') && ARRAY['security_invoker=true', 'security_invoker=on'])"
            ),
        ),
        (
            "a function with its owner's rights finds its objects where its owner meant",
            format!(
                "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {OURS} \
                 WHERE p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS set (it) WHERE starts_with(it, 'search_path='))"
            ),
        ),
        (
            "PUBLIC may call functions and ask for the version, and nothing else",
            format!(
                "SELECT format('%s %s', c.oid::regclass, a.privilege_type) FROM {rights} WHERE a.grantee = 0 \
                 AND NOT (c.oid = 'schema_migration'::regclass AND a.privilege_type = 'SELECT') \
                 UNION ALL SELECT format('%s %s', n.nspname, a.privilege_type) FROM pg_namespace n, \
                 LATERAL aclexplode(COALESCE(n.nspacl, acldefault('n', n.nspowner))) a WHERE {OURS} AND a.grantee = 0 \
                 AND NOT (n.nspname = 'public' AND a.privilege_type = 'USAGE') \
                 UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proname IN ('wall', 'bind_role', 'provision_region') \
                 AND has_function_privilege('vardstrom_writer', p.oid, 'EXECUTE')"
            ),
        ),
        (
            "nobody empties a table, points a foreign key at it or hangs a trigger on it, and nobody has a right on one column",
            format!(
                "SELECT format('%s %s %s', c.oid::regclass, a.grantee::regrole, a.privilege_type) FROM {rights} \
                 WHERE a.grantee <> c.relowner AND c.relkind IN ('r', 'p', 'v', 'm') \
                 AND a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') \
                 UNION ALL SELECT format('%s.%s', c.oid::regclass, t.attname) FROM {relations} JOIN pg_attribute t ON t.attrelid = c.oid \
                 WHERE t.attacl IS NOT NULL"
            ),
        ),
    ]
}

/// What breaks the rules: the rule's place in the list, from 0, and what was found.
async fn broken(client: &Client) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, (name, sql)) in rules().into_iter().enumerate() {
        let rows = client.query(&sql, &[]).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        found.extend(rows.iter().map(|row| (n, row.get::<_, String>(0))));
    }
    found
}

/// Walls built wrong: what is done, and the rules (by their places) that must see it.
const PLANTED: [(&str, &[usize]); 30] = [
    ("CREATE TABLE loose (region text, PRIMARY KEY (region))", &[0]),
    ("CREATE SCHEMA other; CREATE TABLE other.loose (region text)", &[0]),
    ("ALTER TABLE person NO FORCE ROW LEVEL SECURITY", &[0]),
    ("ALTER TABLE delivery.progress DISABLE ROW LEVEL SECURITY", &[0]),
    ("CREATE MATERIALIZED VIEW copied AS SELECT region FROM person", &[0, 9]),
    ("GRANT SELECT ON events_r14 TO vardstrom_reader_r14", &[1]),
    ("GRANT INSERT ON events_r14 TO vardstrom_writer_r12", &[1]),
    ("GRANT UPDATE ON events_r14 TO vardstrom_writer_r14", &[1]),
    ("GRANT DELETE ON events_r14 TO vardstrom_writer_r14", &[1]),
    ("GRANT DELETE ON events_r14 TO vardstrom_eraser_r12", &[1]),
    ("GRANT SELECT ON unit TO vardstrom_store", &[2]),
    ("GRANT DELETE ON register.ledger TO vardstrom_register_r14", &[2]),
    ("ALTER POLICY vardstrom_reader_r14 ON unit USING (region = current_setting('app.region'))", &[3, 4]),
    ("ALTER POLICY vardstrom_reader_r14 ON unit USING (region = '12')", &[3]),
    ("ALTER POLICY nation ON unit TO PUBLIC", &[2, 3]),
    (
        "CREATE FUNCTION chosen() RETURNS text LANGUAGE sql STABLE RETURN current_setting('app.region'); \
         CREATE POLICY chosen ON unit FOR SELECT TO vardstrom_reader_r14 USING (region = chosen())",
        &[3, 4],
    ),
    ("ALTER TABLE delivery.progress ADD UNIQUE (topic, partition)", &[5]),
    ("ALTER ROLE vardstrom_reader_r14 BYPASSRLS", &[6]),
    ("ALTER ROLE vardstrom_register_r14 CREATEROLE", &[6]),
    ("ALTER TABLE unit OWNER TO vardstrom_writer_r14", &[7]),
    ("GRANT vardstrom_reader_r12 TO vardstrom_register_r14", &[8]),
    ("CREATE VIEW seen AS SELECT region FROM unit", &[9]),
    ("ALTER VIEW board_link RESET (security_invoker)", &[9]),
    ("CREATE FUNCTION mighty() RETURNS int8 LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM unit)", &[10]),
    ("GRANT SELECT ON board_link TO PUBLIC", &[11]),
    ("GRANT USAGE ON SCHEMA register TO PUBLIC", &[11]),
    ("GRANT EXECUTE ON FUNCTION wall(regclass, boolean) TO PUBLIC", &[11]),
    ("GRANT TRUNCATE ON unit TO vardstrom_writer", &[12]),
    ("GRANT REFERENCES ON unit TO vardstrom_reader_r14", &[2, 12]),
    ("GRANT SELECT (unit) ON unit TO vardstrom_writer", &[12]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_has_no_hole_and_a_wall_built_wrong_is_caught() {
    let client = connect(&database(&["14", "12"]).await).await;
    let walled = client.query_one("SELECT count(*) FROM pg_class WHERE relforcerowsecurity", &[]).await.unwrap();
    assert!(walled.get::<_, i64>(0) >= 21, "there is something to look at");
    let holes: Vec<_> = broken(&client).await.into_iter().map(|(n, found)| (rules()[n].0, found)).collect();
    assert!(holes.is_empty(), "{holes:#?}");
    for (sql, expected) in PLANTED {
        client.batch_execute(&format!("BEGIN; {sql}")).await.expect(sql);
        let mut found: Vec<usize> = broken(&client).await.into_iter().map(|(n, _)| n).collect();
        found.dedup();
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(found, expected, "{sql}");
    }
    let caught: BTreeSet<usize> = PLANTED.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    assert_eq!(caught.len(), rules().len(), "each rule has been seen to find something");
}
