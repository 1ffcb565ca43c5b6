//! A server that speaks TLS only.

use std::sync::LazyLock;
use std::time::Duration;

use local_stack::{Authority, Postgres};
use postgresql::{Address, Client, Fault};

use super::POSTGRES;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().expect("an authority"));

fn started() -> Postgres {
    Postgres::start_encrypted(&AUTHORITY).expect("PostgreSQL starts")
}

/// The server's address without what it says of TLS.
fn bare(server: &Postgres) -> &str {
    server.url().split('?').next().expect("a text")
}

async fn connect(url: &str, tls: &tls::Client) -> Result<Client, Fault> {
    Address::read(url, Some(tls)).expect("an address").connect("postgresql-tests").await
}

async fn is_encrypted(client: &Client) -> bool {
    let ask = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    client.query_one(ask, &[]).await.expect("an answer").get(0)
}

#[tokio::test]
async fn the_server_is_verified_by_the_configuration_or_by_the_address() {
    let server = started();
    let trusting = tls::Client::trusting(AUTHORITY.ca());
    let client = connect(bare(&server), &trusting).await.expect("let in");
    assert!(is_encrypted(&client).await);
    let by_address: Address = server.url().parse().expect("an address");
    assert!(by_address.is_encrypted());
    assert!(is_encrypted(&by_address.connect("postgresql-tests").await.expect("let in")).await);

    let plain: Address = format!("{}?sslmode=disable", bare(&server)).parse().expect("an address");
    let refused = plain.connect("postgresql-tests").await.expect_err("plain text is refused by this server");
    assert_eq!(refused.to_string(), "SQLSTATE 28000 (invalid authorization specification)");
}

#[tokio::test]
async fn another_authority_another_name_and_an_expired_certificate_are_refused() {
    let server = started();
    let trusting = tls::Client::trusting(AUTHORITY.ca());
    let others = Authority::new().expect("an authority");
    let said = async |url: &str, tls: &tls::Client| connect(url, tls).await.expect_err("refused").to_string();
    let text = said(bare(&server), &tls::Client::trusting(others.ca())).await;
    assert!(text.contains("TLS handshake") && text.contains("no authority in the file `ca`"), "{text}");
    let text = said(&bare(&server).replace("127.0.0.1", "localhost"), &trusting).await;
    assert!(text.contains("and not for localhost"), "{text}");
    server.show(&AUTHORITY.issue_expired(&["127.0.0.1"]).expect("a certificate")).expect("it is shown");
    let mut text = String::new();
    // The server reads its files a moment after it is asked to.
    for _ in 0..100 {
        match connect(bare(&server), &trusting).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(fault) => {
                text = fault.to_string();
                break;
            }
        }
    }
    assert!(text.contains("its certificate has expired; renew it"), "{text}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_demanded() {
    let server = started();
    let trusting = tls::Client::trusting(AUTHORITY.ca());
    let superuser = connect(bare(&server), &trusting).await.expect("let in");
    superuser.batch_execute("CREATE ROLE demanding LOGIN PASSWORD 'hemligt'").await.expect("a role");
    let (_, place) = bare(&server).split_once('@').expect("a server");
    let url = format!("postgres://demanding:hemligt@{place}");
    let refused = connect(&url, &trusting).await.expect_err("no certificate").to_string();
    assert_eq!(refused, "SQLSTATE 28000 (invalid authorization specification)");
    let own = AUTHORITY.issue(&["sink-store"]).expect("a certificate");
    let client = connect(&url, &trusting.clone().showing(&own.certificate, &own.key)).await.expect("let in");
    assert!(is_encrypted(&client).await);
}

#[tokio::test]
async fn a_server_without_tls_is_said_to_have_none() {
    let url = POSTGRES.url().split('?').next().expect("a text");
    let refused = connect(url, &tls::Client::trusting(AUTHORITY.ca())).await.expect_err("no TLS there").to_string();
    assert!(refused.contains("server does not support TLS"), "{refused}");
}
