//! Forward, back, forward.

use crate::snapshot::wards;
use crate::world::{Feeder, POSTGRES, connect, content, count, database, owned, weeks};
use sink_store::{Error, Session, check, migrate, rebuild, revert, version_needed};

/// Every object of ours: relations, functions, policies, indexes.
async fn catalogue(url: &str) -> Vec<String> {
    let client = connect(url).await;
    let sql = "SELECT format('%s %s.%s', c.relkind, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname IN ('public', 'delivery') \
               UNION ALL SELECT format('function %s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) FROM pg_proc p \
               JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' \
               UNION ALL SELECT format('policy %s on %s.%s: %s', policyname, schemaname, tablename, qual) FROM pg_policies \
               UNION ALL SELECT format('column %s.%s %s', table_name, column_name, data_type) FROM information_schema.columns \
               WHERE table_schema IN ('public', 'delivery') ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_forward_and_back_and_forward() {
    let url = POSTGRES.fresh_database().unwrap();
    let session = Session::open(&url).await.unwrap();
    let regions = owned(&["14", "12"]);
    assert!(matches!(check(&session, &regions).await, Err(Error::NotMigrated { found: 0, .. })));
    let outcome = migrate(&session, &regions).await.unwrap();
    assert_eq!((outcome.before, outcome.after), (0, version_needed()));
    check(&session, &regions).await.unwrap();
    assert!(matches!(check(&session, &owned(&["01"])).await, Err(Error::RegionMissing(_))));
    let forward = catalogue(&url).await;
    migrate(&session, &regions).await.unwrap();
    assert_eq!(catalogue(&url).await, forward, "twice changes nothing");
    // Each step on its own, back and forward.
    for version in (0..version_needed()).rev() {
        assert_eq!(revert(&session, version).await.unwrap().after, version);
    }
    let empty = catalogue(&url).await;
    assert!(empty.iter().all(|object| object.contains("schema_migration")), "{empty:?}");
    migrate(&session, &regions).await.unwrap();
    assert_eq!(catalogue(&url).await, forward);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_migrate_at_once_wait_for_each_other() {
    let url = POSTGRES.fresh_database().unwrap();
    let (one, other) = (Session::open(&url).await.unwrap(), Session::open(&url).await.unwrap());
    let regions = owned(&["14", "25"]);
    let (first, second) = tokio::join!(migrate(&one, &regions), migrate(&other, &regions));
    let mut before = [first.unwrap().before, second.unwrap().before];
    before.sort_unstable();
    assert_eq!(before, [0, version_needed()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mornings_that_are_there_are_counted_anew_forward_and_back() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let session = Session::open(&url).await.unwrap();
    let mut events = wards();
    events.extend(weeks("14", 5, 60));
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.feed(&events).await;
    let figures = "SELECT format('%s %s %s', unit, day, overbelaggningar) FROM snapshot_0600 ORDER BY unit, day";
    let census = "SELECT format('%s %s %s', unit, hour, overbelaggningar) \
                  FROM board_census('2026-01-05', '2026-01-20') ORDER BY unit, hour";
    let read = async |sql: &str| -> Vec<String> {
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let (now, now_hourly) = (read(figures).await, read(census).await);
    let whole = content(&url).await;
    revert(&session, 8).await.unwrap();
    // As it was: one known bed kind, and only flagged beds counted.
    let before = read(figures).await;
    for said in ["ONE KNOWN 2026-01-05 0", "FAR OVER 2026-01-05 0", "FREE 2026-01-05 2", "NO CAPACITY 2026-01-05 0"] {
        assert!(before.contains(&said.to_owned()), "{said}: {before:?}");
    }
    let hours = read(census).await;
    assert!(hours.iter().any(|line| line.starts_with("FAR OVER ") && line.ends_with(" 0")), "the census too");
    assert!(hours != now_hourly && hours.len() == now_hourly.len());
    migrate(&session, &owned(&["14"])).await.unwrap();
    assert_eq!(read(figures).await, now);
    assert_eq!(read(census).await, now_hourly);
    let forced = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity AND relname IN ('snapshot_0600', 'episode_stay', 'unit_census', 'quality')";
    assert_eq!(count(&client, forced).await, 4, "the walls stand again");
    // Findings are computed, not migrated: a rebuild brings them, and then nothing differs.
    assert_eq!(count(&client, "SELECT count(*) FROM episode_finding").await, 0);
    rebuild(&session, "14").await.unwrap();
    assert_eq!(content(&url).await, whole);
}
