//! `registry serve`: the read-only development registry.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use schemas::registry::server;

/// Read-only schema registry with the REST paths of Confluent's.
///
/// Serves the Avro schemas that are compiled into this program, under fixed ids. For development, tests and the demo;
/// in production any Confluent-compatible registry takes its place.
#[derive(Parser)]
#[command(name = "registry", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer until interrupted.
    Serve {
        /// Address and port to listen on; port 0 takes a free one and prints it.
        #[arg(long, env = "REGISTRY_LISTEN", default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
        /// PEM file with a certificate and its chain: https is served.
        #[arg(long, value_name = "FILE", requires = "key")]
        certificate: Option<PathBuf>,
        /// PEM file with the certificate's private key.
        #[arg(long, value_name = "FILE", requires = "certificate")]
        key: Option<PathBuf>,
        /// PEM file with the authorities of client certificates; a client without one is refused.
        #[arg(long, value_name = "FILE", requires = "certificate")]
        client_ca: Option<PathBuf>,
    },
}

const EXAMPLES: &str = "\
Examples:
  registry serve
  curl -s http://127.0.0.1:8081/subjects/region.14.common.encounter-value/versions/latest
  kcat -b localhost:9092 -t region.14.common.encounter -s value=avro -r http://127.0.0.1:8081

Exit codes: 0 stopped when asked to, 1 could not listen or serve, 2 wrong arguments";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Command::Serve { listen, certificate, key, client_ca } = settings::command_line::parse::<Arguments>().command;
    let tls = certificate.zip(key).map(|(certificate, key)| tls::Listener {
        certificate,
        key,
        client_ca,
        client_optional: false,
    });
    match serve(listen, tls).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serving the registry on {listen}: {}", settings::chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: SocketAddr, tls: Option<tls::Listener>) -> std::io::Result<()> {
    let encryption = tls.as_ref().map(tls::Listener::config).transpose().map_err(std::io::Error::other)?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let scheme = if encryption.is_some() { "https" } else { "http" };
    println!("listening {scheme}://{}", listener.local_addr()?);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    server::serve_over(listener, encryption, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
    .await
}
