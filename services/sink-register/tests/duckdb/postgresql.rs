//! A year as OMOP tables in PostgreSQL, loaded as README says, with the model's types, lengths and keys.

use std::path::Path;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::model::{self, Engine};
use super::omop::{V1, loaded, total};
use super::query;
use crate::world::{POSTGRES, connect};

const README: &str = include_str!("../../README.md");

/// Loads a table's Parquet file, by way of CSV; the rows that the server took.
async fn load(client: &Client, folder: &Path, table: &str) -> Result<u64, tokio_postgres::Error> {
    query(folder, &format!("COPY (FROM '{table}.parquet') TO '{table}.csv' (FORMAT csv, HEADER)"));
    let csv = std::fs::read(folder.join(format!("{table}.csv"))).unwrap();
    let sink = client.copy_in::<_, Bytes>(&*format!("COPY {table} FROM STDIN (FORMAT csv, HEADER MATCH)")).await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from(csv)).await?;
    sink.as_mut().finish().await
}

/// A database with the model's tables, all empty but the vocabulary.
async fn model() -> Client {
    let client = connect(&POSTGRES.fresh_database().unwrap()).await;
    client.batch_execute(&model::create(Engine::PostgreSql)).await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_load_with_types_lengths_and_keys_of_the_model() {
    let (_, desk, opened) = loaded().await;
    let client = model().await;
    let tables = model::filled();
    let words: Vec<&str> = README.split_whitespace().filter(|word| *word != "\\").collect();
    assert!(
        words.join(" ").contains(&format!("for table in {}; do", tables.join(" "))),
        "the order in README is the model's"
    );
    for table in tables {
        let rows = load(&client, opened.path(), table).await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        let stored = client.query_one(&*format!("SELECT count(*) FROM {table}"), &[]).await.unwrap();
        assert_eq!(u64::try_from(stored.get::<_, i64>(0)).unwrap(), rows, "{table}");
        let name = format!("{}s", table.trim_end_matches("_occurrence").trim_end_matches("_exposure"));
        let expected = if table == "cdm_source" { 1 } else { total(&desk, V1, &name) };
        assert_eq!(u64::try_from(expected).unwrap(), rows, "{table}");
    }
    let said = client
        .query_one(
            "SELECT string_agg(DISTINCT care_site_name, '|'), sum(total_cost)::text, count(DISTINCT person_id) \
             FROM cost JOIN visit_occurrence ON visit_occurrence_id = cost_event_id \
             JOIN care_site USING (care_site_id)",
            &[],
        )
        .await
        .unwrap();
    let sum = query(opened.path(), "SELECT sum(total_cost)::DECIMAL(18, 2)::VARCHAR FROM 'cost.parquet'");
    let sum = sum[0][0].as_str().unwrap();
    assert_eq!((said.get::<_, &str>(0), said.get::<_, &str>(1), said.get::<_, i64>(2)), ("Sahlgrenska", sum, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vocabulary_without_a_concept_or_a_table_that_comes_too_early_is_refused() {
    let (_, _, opened) = loaded().await;
    let client = model().await;
    let refused = async |table| load(&client, opened.path(), table).await.unwrap_err().code().cloned();
    assert_eq!(refused("person").await, Some(SqlState::FOREIGN_KEY_VIOLATION), "it refers to locations");
    load(&client, opened.path(), "location").await.unwrap();
    client.batch_execute("DELETE FROM concept WHERE concept_id = 8507").await.unwrap();
    assert_eq!(refused("person").await, Some(SqlState::FOREIGN_KEY_VIOLATION), "it refers to concepts");
    assert_eq!(refused("location").await, Some(SqlState::UNIQUE_VIOLATION), "it is there already");
}
