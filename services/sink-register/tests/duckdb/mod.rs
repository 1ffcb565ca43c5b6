//! Columnar files and OMOP tables, loaded into DuckDB and PostgreSQL and compared with what the store itself counts.

mod columnar;
mod feed;
mod model;
mod omop;
mod postgresql;
mod recipients;
mod treatments;

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::python::PYTHON;
use crate::world::Desk;

/// The last result of statements that DuckDB runs in a folder: its rows, each a list of values.
fn query(folder: &Path, sql: &str) -> Vec<Value> {
    attempt(folder, sql).unwrap_or_else(|errors| panic!("{sql}\n{errors}"))
}

/// The same, or what DuckDB says against it.
fn attempt(folder: &Path, sql: &str) -> Result<Vec<Value>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb/query.py");
    let mut command = Command::new(&*PYTHON);
    command.arg(script).arg(folder).env("PYTHONUTF8", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("DuckDB starts");
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// A parcel's files as its recipient has them, opened with the recipient's key.
pub(crate) fn open(desk: &Desk, parcel: &str) -> TempDir {
    let identity: age::x25519::Identity =
        std::fs::read_to_string(desk.path("identity.txt")).unwrap().trim().parse().unwrap();
    let opened = TempDir::new().unwrap();
    for entry in std::fs::read_dir(desk.path(parcel)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        match name.strip_suffix(".age") {
            Some(_) => {
                let decryptor = age::Decryptor::new_buffered(BufReader::new(File::open(&path).unwrap())).unwrap();
                let identities = std::iter::once(&identity as &dyn age::Identity);
                decryptor.decrypt(identities).unwrap().read_to_end(&mut bytes).unwrap();
            }
            None => {
                File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            }
        }
        std::fs::write(opened.path().join(name.strip_suffix(".age").unwrap_or(&name)), bytes).unwrap();
    }
    opened
}

/// `run` of an extract of region 14.
fn run(desk: &Desk, extract: &str, period: &str) -> String {
    desk.done(&arguments(extract, period))
}

fn arguments<'a>(extract: &'a str, period: &'a str) -> [&'a str; 9] {
    ["run", "--region", "14", "--period", period, "--extract", extract, "--out", "parcels"]
}

/// A row of one query on the store, as texts.
async fn store_row(superuser: &str, sql: &str) -> Vec<Option<String>> {
    let client = crate::world::connect(superuser).await;
    let rows = client.simple_query(sql).await.unwrap();
    let row = rows.into_iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.expect("one row");
    (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()
}

/// A row of a result as texts, in the same spelling.
fn texts(row: &Value) -> Vec<Option<String>> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    row.as_array().unwrap().iter().map(text).collect()
}
