//! The wall between regions: roles, policies, partitions.

use crate::world::{Feeder, connect, count, database, login, weeks};
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

async fn text(client: &Client, sql: &str) -> String {
    names(client, sql).await.join("\n")
}

/// A login's name, in a cluster that other tests share.
fn named(name: &str) -> String {
    format!("{name}_{}", std::process::id())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_sees_the_regions_whose_roles_it_has_and_a_setting_shows_no_other() {
    let url = database(&["14", "12", "13"]).await;
    let client = connect(&url).await;
    for region in ["14", "12", "13"] {
        Feeder::new(&url, region).await.feed(&weeks(region, 1, 20)).await;
    }
    let (one, two, old, none) =
        (named("reads_14"), named("reads_12_14"), named("reads_as_before"), named("reads_nothing"));
    let of_one = connect(&login(&client, &url, &one, "IN ROLE vardstrom_reader_r14").await).await;
    let of_two = connect(&login(&client, &url, &two, "IN ROLE vardstrom_reader_r14, vardstrom_reader_r12").await).await;
    let of_old = connect(&login(&client, &url, &old, "IN ROLE vardstrom_region_reader").await).await;
    let of_none = connect(&login(&client, &url, &none, "").await).await;
    for reader in [&of_one, &of_two, &of_old] {
        reader.batch_execute("SET app.region = '13'").await.unwrap();
    }
    let tables =
        names(&client, "SELECT c.oid::regclass::text FROM pg_class c WHERE relforcerowsecurity ORDER BY 1").await;
    for table in &tables {
        let select = format!("SELECT count(*) FROM {table}");
        let of = async |regions: &str| count(&client, &format!("{select} WHERE region IN ({regions})")).await;
        assert_eq!(count(&of_one, &select).await, of("'14'").await, "{table}");
        assert_eq!(count(&of_two, &select).await, of("'14', '12'").await, "{table}");
        client.batch_execute("BEGIN; SET LOCAL ROLE vardstrom_reader").await.unwrap();
        let all = count(&client, &select).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(all, count(&client, &select).await, "{table}");
        assert_eq!(refused(&of_none, &select).await, "42501", "{table}");
        let error = of_old.batch_execute(&select).await.expect_err("no region");
        let said = error.as_db_error().expect("the server answers");
        assert_eq!(said.code().code(), "42501", "{table}");
        assert_eq!(said.message(), format!("role {old} has vardstrom_region_reader, which is bound to no region"));
        assert!(said.hint().unwrap().contains(&format!("GRANT vardstrom_reader_r14 TO {old};")), "{:?}", said.hint());
    }
    for function in ["board_events('2026-01-01', NULL)", "board_census('2026-01-05', '2026-01-08')", "board_progress"] {
        let regions = format!("SELECT DISTINCT region FROM {function} ORDER BY 1");
        assert_eq!(names(&of_one, &regions).await, ["14"], "{function}");
        assert_eq!(names(&of_two, &regions).await, ["12", "14"], "{function}");
    }
    // A role that is taken away is gone for a statement that was prepared before, too.
    let prepared = of_two.prepare("SELECT DISTINCT region FROM events ORDER BY 1").await.unwrap();
    for _ in 0..10 {
        assert_eq!(of_two.query(&prepared, &[]).await.unwrap().len(), 2);
    }
    client.batch_execute(&format!("REVOKE vardstrom_reader_r12 FROM {two}")).await.unwrap();
    let left: Vec<String> = of_two.query(&prepared, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(left, ["14"]);
    client.batch_execute(&format!("DROP ROLE {one}, {two}, {old}, {none}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_regions_reader_stays_in_its_partition_and_uses_indexes() {
    let client = connect(&database(&["14", "12", "13"]).await).await;
    let plan = async |roles: &str, sql: &str| {
        let role = named("plans");
        // Too few rows for an index to be worth while: whether it can be used is asked.
        client
            .batch_execute(&format!(
                "BEGIN; CREATE ROLE {role} IN ROLE {roles}; SET LOCAL ROLE {role}; SET LOCAL enable_seqscan TO off"
            ))
            .await
            .unwrap();
        let plan = text(&client, &format!("EXPLAIN (COSTS off) {sql}")).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        plan
    };
    let by_token = "SELECT record FROM events WHERE subject_token = 't'";
    let one = plan("vardstrom_reader_r14", by_token).await;
    assert!(one.contains("events_r14_subject_token_idx") && !one.contains("events_r12"), "{one}");
    assert!(one.contains("InitPlan 1") && !one.contains("InitPlan 2"), "the role is asked for once: {one}");
    let two = plan("vardstrom_reader_r14, vardstrom_reader_r12", by_token).await;
    assert!(two.contains("events_r14_subject_token_idx") && two.contains("events_r12_subject_token_idx"), "{two}");
    assert!(!two.contains("events_r13"), "{two}");
    // The policy's own comparison leads into keys that begin with the region.
    let beds = plan("vardstrom_reader_r14", "SELECT FROM bed_status WHERE unit = 'AVA'").await;
    assert!(beds.contains("Index Cond: ((region = '14'::text) AND (unit = 'AVA'::text))"), "{beds}");
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
        for role in ["vardstrom_reader", "vardstrom_reader_r14", "vardstrom_register_r14", "vardstrom_region_reader"] {
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
    let name = named("store_login");
    let login = login(&client, &url, &name, "IN ROLE vardstrom_store, vardstrom_reader").await;
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
