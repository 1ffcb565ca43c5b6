//! What pages and queries may read of a parcel, and the flags that stand beside its figures.

use std::fs;

use serde_json::Value;
use tokio_postgres::types::Json;

use crate::world::{Desk, Feeder, V1, connect, content, database, month};

async fn published(superuser: &str) -> Vec<(i32, Value, Value)> {
    let client = connect(superuser).await;
    let sql = "SELECT version, manifest, files FROM register.published WHERE region = '14' ORDER BY version";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get::<_, Json<Value>>(1).0, row.get::<_, Json<Value>>(2).0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_published_once_as_the_parcel_has_them_and_rows_about_persons_never() {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    desk.run(&[]);
    let rows = published(&database.superuser).await;
    let [(1, manifest, files)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
    let parcel = content(&desk.path(V1));
    assert_eq!(*manifest, serde_json::from_slice::<Value>(&parcel["manifest.json"]).unwrap());
    let files = files.as_object().unwrap();
    let mut names: Vec<&str> = files.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["quality.csv", "waits_by_dimension.csv", "waits_by_step.csv"]);
    for (name, text) in files {
        assert_eq!(text.as_str().unwrap().as_bytes(), parcel[name], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_stands_in_the_parcel_and_a_changed_flag_makes_a_version() {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    let path = desk.path("sink-register.toml");
    let config = fs::read_to_string(&path).unwrap();
    let flag =
        "\n[[flag]]\nregion = \"14\"\nfrom = \"2026\"\ncode = \"changing-record-system\"\ntext = \"Nytt system\"\n";
    fs::write(&path, config + flag).unwrap();
    desk.run(&[]);
    desk.run(&[]);
    let flags = |manifest: &Value| manifest["flags"].clone();
    let rows = published(&database.superuser).await;
    let [(1, first, _), (2, second, _)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
    assert_eq!(flags(first), serde_json::json!([]));
    assert_eq!(flags(second), serde_json::json!([{ "code": "changing-record-system", "text": "Nytt system" }]));
    let shown = desk.done(&["show", &desk.path(&V1.replace("_v1", "_v2")).display().to_string()]);
    assert!(shown.contains("flag             Nytt system"), "{shown}");
}
