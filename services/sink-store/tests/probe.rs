//! 21 regions, each with logins of its own for reading, writing and the register: each tries to reach what every other region
//! has (`src/probe`).

use sink_store::probe::{Filled, Logins, Tally, planted};
use topics::Region;

use crate::world::{connect, count, database};

#[tokio::test(flavor = "multi_thread")]
async fn no_login_reaches_a_row_of_another_region() {
    let codes: Vec<&str> = Region::all().map(Region::code).collect();
    assert_eq!(codes.len(), 21);
    let url = database(&codes).await;
    let filled = Filled::new(&url, &codes).await.unwrap();
    assert!(filled.tables() >= 21);
    assert_eq!(filled.changed(&url).await.unwrap(), [] as [String; 0]);
    let superuser = connect(&url).await;
    assert!(count(&superuser, "SELECT count(*) FROM pg_stats WHERE schemaname = 'delivery'").await > 0);
    let mut logins = Vec::new();
    for code in codes {
        logins.push(Logins::new(&url, code).await.unwrap());
    }
    let mut all = Tally::default();
    for of in &logins {
        all.add(filled.tried(of).await.unwrap());
    }
    assert_eq!(all.holes, 0, "of {} probes, first: {:#?}", all.probes, &all.examples[..all.examples.len().min(20)]);
    assert_eq!(all.foreign, 0);
    assert!(all.probes > 70_000, "{} probes", all.probes);
    assert_eq!(all.allowed + all.hidden + all.denied.len() as u64, all.probes, "each is counted once");
    assert!(all.allowed > 0 && all.hidden > 0 && !all.denied.is_empty(), "{all:?}");
    // Nothing that was tried has stayed.
    assert_eq!(filled.changed(&url).await.unwrap(), [] as [String; 0]);
    // Walls built wrong: the probes of one region find each.
    let of = logins.iter().find(|logins| logins.region() == "14").expect("region 14");
    for wrong in planted("14", "12") {
        wrong.build(&url).await.unwrap();
        let found = filled.tried(of).await.unwrap();
        assert!(found.examples.iter().any(|hole| hole.contains(&wrong.hole)), "{}: {:#?}", wrong.sql, found.examples);
    }
    for of in logins {
        of.take_away(&url).await.unwrap();
    }
}
