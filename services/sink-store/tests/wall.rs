//! The wall between regions: roles, policies, partitions.

use crate::world::{Feeder, connect, count, database, weeks};
use tokio_postgres::Client;

async fn names(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.expect(sql).iter().map(|row| row.get(0)).collect()
}

async fn refused(client: &Client, sql: &str) -> String {
    client.batch_execute("BEGIN").await.unwrap();
    let error = client.batch_execute(sql).await.expect_err(sql);
    client.batch_execute("ROLLBACK").await.unwrap();
    error.code().expect("the server answers").code().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_a_region_has_forced_row_level_security_and_only_the_writer_reaches_a_partition() {
    let url = database(&["14", "12"]).await;
    let client = connect(&url).await;
    let unwalled = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'region' \
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace IN ('public'::regnamespace, 'delivery'::regnamespace, 'register'::regnamespace) \
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(names(&client, unwalled).await, Vec::<String>::new());
    let walled = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity";
    assert_eq!(count(&client, walled).await, 21);
    // Every right on a partition, by every role that is neither superuser nor the partition's owner.
    let rights = "SELECT format('%s %s %s', r.rolname, c.relname, p.privilege) FROM pg_roles r, pg_class c, \
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(privilege) \
        WHERE c.relispartition AND c.relkind = 'r' AND NOT r.rolsuper AND r.oid <> c.relowner AND r.rolname NOT LIKE 'pg\\_%' \
        AND has_table_privilege(r.oid, c.oid, p.privilege) ORDER BY 1";
    assert_eq!(
        names(&client, rights).await,
        [
            "vardstrom_writer_r12 events_r12 INSERT",
            "vardstrom_writer_r12 events_r12 SELECT",
            "vardstrom_writer_r14 events_r14 INSERT",
            "vardstrom_writer_r14 events_r14 SELECT",
        ]
    );
    let mighty = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'vardstrom\\_%' AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole)";
    assert_eq!(names(&client, mighty).await, Vec::<String>::new());
    let owners = "SELECT c.relname::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname LIKE 'vardstrom\\_%'";
    assert_eq!(names(&client, owners).await, Vec::<String>::new());
    let invokers = "SELECT relname::text FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace \
        AND NOT COALESCE(reloptions, '{}') @> ARRAY['security_invoker=true']";
    assert_eq!(names(&client, invokers).await, Vec::<String>::new());
    let definers = "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef";
    assert_eq!(names(&client, definers).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_its_region_and_an_unset_region_fails() {
    let url = database(&["14", "12"]).await;
    let client = connect(&url).await;
    for region in ["14", "12"] {
        Feeder::new(&url, region).await.feed(&weeks(region, 1, 20)).await;
    }
    let tables =
        names(&client, "SELECT c.oid::regclass::text FROM pg_class c WHERE relforcerowsecurity ORDER BY 1").await;
    for table in &tables {
        let all = count(&client, &format!("SELECT count(*) FROM {table}")).await;
        let own = count(&client, &format!("SELECT count(*) FROM {table} WHERE region = '14'")).await;
        client
            .batch_execute("BEGIN; SET LOCAL ROLE vardstrom_region_reader; SET LOCAL app.region = '14'")
            .await
            .unwrap();
        assert_eq!(count(&client, &format!("SELECT count(*) FROM {table}")).await, own, "{table}");
        client.batch_execute("ROLLBACK; BEGIN; SET LOCAL ROLE vardstrom_reader").await.unwrap();
        assert_eq!(count(&client, &format!("SELECT count(*) FROM {table}")).await, all, "{table}");
        client.batch_execute("ROLLBACK").await.unwrap();
        if all == 0 {
            // Nothing to hide, so the server does not ask.
            continue;
        }
        let unset = format!("SET LOCAL ROLE vardstrom_region_reader; SELECT count(*) FROM {table}");
        assert_eq!(refused(&client, &unset).await, "42704", "{table}: the setting was local to another transaction");
        assert_eq!(refused(&connect(&url).await, &unset).await, "42704", "{table}: the setting was never made");
    }
    for function in ["board_events('2026-01-01', NULL)", "board_census('2026-01-05', '2026-01-08')", "board_progress"] {
        client
            .batch_execute("BEGIN; SET LOCAL ROLE vardstrom_region_reader; SET LOCAL app.region = '14'")
            .await
            .unwrap();
        let foreign = format!("SELECT count(*) FROM {function} WHERE region <> '14'");
        assert_eq!(count(&client, &foreign).await, 0);
        assert!(count(&client, &format!("SELECT count(*) FROM {function}")).await > 0);
        client.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_writes_its_region_and_nothing_else() {
    let url = database(&["14", "12"]).await;
    let client = connect(&url).await;
    Feeder::new(&url, "14").await.feed(&weeks("14", 1, 10)).await;
    let copied = "INSERT INTO events_r14 SELECT '12', gen_random_uuid(), subject, event_type, schema_version, source_system, \
        source_message_id, origin_topic, origin_partition, origin_offset, origin_ordinal, occurred_at, recorded_at, ingested_at, \
        correction, target_event_id, subject_token, key_id, protected_identity, trigger, episode_id, unit, record, written_at \
        FROM events_r14 LIMIT 1";
    let mut denied = vec![
        (format!("SET LOCAL ROLE vardstrom_writer_r14; {copied}"), "23514"),
        ("SET LOCAL ROLE vardstrom_writer_r14; SELECT FROM events_r12".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; SELECT FROM events".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; DELETE FROM events_r14".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; UPDATE events_r14 SET unit = ''".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; TRUNCATE events_r14".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; INSERT INTO region_horizon VALUES ('12', now())".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer; INSERT INTO region_horizon VALUES ('14', now())".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_writer_r14; SET LOCAL app.region = '12'; INSERT INTO quality VALUES ('12', '', '', '', now(), 1)".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_store; SELECT FROM events_r14".to_owned(), "42501"),
        ("SET LOCAL ROLE vardstrom_store; SELECT FROM delivery.progress".to_owned(), "42501"),
    ];
    for table in ["events", "events_r14", "episode_stay", "episode_finding", "person"] {
        for role in ["vardstrom_reader", "vardstrom_region_reader"] {
            denied.push((format!("SET LOCAL ROLE {role}; DELETE FROM {table}"), "42501"));
        }
    }
    for (sql, code) in denied {
        assert_eq!(refused(&client, &sql).await, code, "{sql}");
    }
    // What a foreign row policy hides cannot be changed either.
    client.batch_execute("BEGIN; SET LOCAL ROLE vardstrom_writer_r12").await.unwrap();
    assert_eq!(client.execute("DELETE FROM episode_stay", &[]).await.unwrap(), 0);
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.progress").await, 0);
    client.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_only_a_member_of_the_store_can_run_it() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let name = format!("store_login_{}", std::process::id());
    client
        .batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'test' IN ROLE vardstrom_store, vardstrom_reader"))
        .await
        .unwrap();
    let (_, address) = url.split_once('@').unwrap();
    let login = format!("postgres://{name}:test@{address}");
    let mut feeder = Feeder::new_as(&login, &url, "14").await;
    feeder.write(&weeks("14", 2, 20)).await;
    feeder.project().await;
    assert!(crate::world::content(&login).await.contains("episode_stay"));
    let session = sink_store::Session::open(&login).await.unwrap();
    sink_store::check(&session, &crate::world::owned(&["14"])).await.unwrap();
    sink_store::rebuild(&session, "14").await.unwrap();
    drop((feeder, session));
    client.batch_execute(&format!("DROP ROLE {name}")).await.unwrap();
}
