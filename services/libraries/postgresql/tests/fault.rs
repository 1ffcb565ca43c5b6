//! What of the server's errors can be printed.

use postgresql::{Address, Client, Fault};

use super::POSTGRES;

async fn client() -> Client {
    let address: Address = POSTGRES.url().parse().expect("an address");
    address.connect("postgresql-tests").await.expect("the server answers")
}

/// A value of a row that no message may hold.
const VALUE: &str = "19121212-1212";

#[tokio::test]
async fn names_of_objects_are_kept_and_values_are_not() {
    let client = client().await;
    client
        .batch_execute("CREATE TEMPORARY TABLE person (number text CONSTRAINT one_each UNIQUE, born int NOT NULL)")
        .await
        .unwrap();
    let check = async |statement: &str, expected: &str| {
        let statement = statement.replace("NUMBER", VALUE);
        let error = client.batch_execute(&statement).await.expect_err(&statement);
        let whole = format!("{error:?}");
        let fault = Fault::from(error);
        assert_eq!(fault.to_string(), expected);
        assert!(whole.contains(VALUE), "the server quotes it: {whole}");
        assert!(!format!("{fault:?}").contains(VALUE));
        assert!(std::error::Error::source(&fault).is_none(), "nothing lies below it that a chain could print");
    };
    client.batch_execute(&format!("INSERT INTO person VALUES ('{VALUE}', 1912)")).await.unwrap();
    check("SELECT 'NUMBER'::int", "SQLSTATE 22P02 (invalid text representation)").await;
    let schema: String =
        client.query_one("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()", &[]).await.unwrap().get(0);
    check(
        "INSERT INTO person VALUES ('NUMBER', 1)",
        &format!("SQLSTATE 23505 (unique violation), schema {schema}, table person, constraint one_each"),
    )
    .await;
    check(
        "INSERT INTO person VALUES ('NUMBER of another', NULL)",
        &format!("SQLSTATE 23502 (not null violation), schema {schema}, table person, column born"),
    )
    .await;
    check("DO $$ BEGIN RAISE 'NUMBER'; END $$", "SQLSTATE P0001 (PL/pgSQL error)").await;
    check("SELECT \"NUMBER\" FROM person", "SQLSTATE 42703 (undefined column)").await;
}

#[tokio::test]
async fn what_the_driver_cannot_read_is_not_quoted() {
    let client = client().await;
    let row = client.query_one(&format!("SELECT '{VALUE}'::text"), &[]).await.unwrap();
    let error = row.try_get::<_, i32>(0).unwrap_err();
    assert_eq!(Fault::from(error).to_string(), "error deserializing column 0");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_lets_nobody_in_is_said_in_one_line() {
    let said = async |url: &str| {
        let address: Address = url.parse().expect("an address");
        address.connect("postgresql-tests").await.expect_err("nobody answers").to_string()
    };
    let port = local_stack::free_port().unwrap();
    let text = said(&format!("postgres://u:hemligt@127.0.0.1:{port}/d")).await;
    assert!(text.starts_with("error connecting to server: ") && text.contains("refused"), "{text}");
    let (_, server) = POSTGRES.url().split_once('@').unwrap();
    let text = said(&format!("postgres://nobody:hemligt@{server}")).await;
    assert_eq!(text, "SQLSTATE 28P01 (invalid password)");
}
