//! The store on the other releases of PostgreSQL: the same migrations, and the same content from the same events.

use local_stack::Postgres;
use sink_store::{Session, migrate, revert, version_needed};

use crate::snapshot::wards;
use crate::world::{Feeder, POSTGRES, connect, content, owned, weeks};

/// What readers are shown, as text.
const READ: [&str; 2] = [
    "SELECT format('%s %s %s', unit, day, overbelaggningar) FROM snapshot_0600 ORDER BY unit, day",
    "SELECT format('%s %s %s', unit, hour, overbelaggningar) FROM board_census('2026-01-05', '2026-01-20') \
     ORDER BY unit, hour",
];

/// Migrations forward, back and forward; weeks of events written and computed; what the store says, and what readers see.
async fn filled(postgres: &Postgres) -> (String, Vec<String>) {
    let url = postgres.fresh_database().expect("a database");
    let session = Session::open(&url).await.expect("it answers");
    let regions = owned(&["14", "12"]);
    migrate(&session, &regions).await.expect("forward");
    assert_eq!(revert(&session, 0).await.expect("back").after, 0);
    assert_eq!(migrate(&session, &regions).await.expect("forward again").after, version_needed());
    let mut events = wards();
    events.extend(weeks("14", 5, 60));
    Feeder::new(&url, "14").await.feed(&events).await;
    let client = connect(&url).await;
    let mut read = Vec::new();
    for sql in READ {
        read.extend(client.query(sql, &[]).await.expect("read").iter().map(|row| row.get::<_, String>(0)));
    }
    (content(&url).await, read)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_release_stores_and_says_what_the_systems_own_does() {
    let expected = filled(&POSTGRES).await;
    assert!(expected.1.len() > 20, "readers see something");
    for release in local_stack::other_releases() {
        let postgres = Postgres::start_release(release, &[]).expect("PostgreSQL starts");
        let found = connect(postgres.url()).await.query_one("SHOW server_version_num", &[]).await.expect("a number");
        assert!(found.get::<_, String>(0).starts_with(&release.to_string()));
        assert_eq!(filled(&postgres).await, expected, "release {release}");
    }
}
