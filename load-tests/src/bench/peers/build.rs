//! How each peer is fetched from its registry and built; nothing of it is kept but what the package clients keep, and Python's packages.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use local_stack::{Error, libraries};

use super::Name;

const STREAMS: &str = "4.3.1";
const FLINK: &str = "2.2.1";
const FLINK_KAFKA: &str = "5.0.0-2.2";
const HAPI: &str = "2.6.0";
const AVRO: &str = "1.12.2";
const SLF4J: &str = "2.0.20";
const GO_MODULES: &str = include_str!("../../../peers/benthos/go.mod");
const PYTHON_PACKAGES: &str = include_str!("../../../peers/quix/requirements.txt");
/// The heap of each Java peer: enough that a larger one made no difference.
const HEAP: &str = "-Xmx512m";

/// The folder of the peers' programs.
pub(super) fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Who it is, with version.
pub(super) fn title(name: Name) -> String {
    let version = |text: &str, before: &str| -> String {
        let rest = text.split_once(before).map_or("", |(_, rest)| rest);
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    };
    match name {
        Name::Copy => "bare copy".to_owned(),
        Name::Processor => "our processor".to_owned(),
        Name::KafkaStreams => format!("Kafka Streams {STREAMS}"),
        Name::KafkaStreamsHapi => format!("Kafka Streams, HAPI {HAPI}"),
        Name::Flink => format!("Flink {FLINK}"),
        Name::Benthos => format!("Benthos engine {}", version(GO_MODULES, "benthos/v4 v")),
        Name::Quix => format!("Quix Streams {}", version(PYTHON_PACKAGES, "quixstreams==")),
    }
}

/// A name for topics and folders.
pub(super) const fn folder(name: Name) -> &'static str {
    match name {
        Name::Copy => "copy",
        Name::Processor => "processor",
        Name::KafkaStreams => "kafka-streams",
        Name::KafkaStreamsHapi => "kafka-streams-hapi",
        Name::Flink => "flink",
        Name::Benthos => "benthos",
        Name::Quix => "quix",
    }
}

/// Builds a peer in a folder of its own inside `work`; the command that starts it. One of ours needs nothing.
///
/// # Errors
/// When a tool is missing, or a registry does not give what is named.
pub(super) fn build(name: Name, work: &Path) -> Result<Vec<String>, Error> {
    let work = work.join(folder(name));
    fs::create_dir_all(&work).map_err(|source| Error::File { path: work.clone(), source })?;
    match name {
        Name::Copy | Name::Processor => Ok(Vec::new()),
        Name::KafkaStreams => streams(&work, "hand"),
        Name::KafkaStreamsHapi => streams(&work, "hapi"),
        Name::Flink => flink(&work),
        Name::Benthos => benthos(&work),
        Name::Quix => quix(),
    }
}

fn streams(work: &Path, parser: &str) -> Result<Vec<String>, Error> {
    let jars = [
        ["org.apache.kafka", "kafka-streams", STREAMS],
        ["ca.uhn.hapi", "hapi-base", HAPI],
        ["ca.uhn.hapi", "hapi-structures-v25", HAPI],
        ["org.apache.avro", "avro", AVRO],
        ["org.slf4j", "slf4j-api", SLF4J],
        ["org.slf4j", "slf4j-simple", SLF4J],
    ];
    let jars = libraries(&format!("peer-kafka-streams-{STREAMS}-hapi-{HAPI}-avro-{AVRO}"), &jars, 90)?;
    let sources = ["java/Reading", "java/HandReading", "java/HapiReading", "java/Job", "kafka-streams/StreamsPeer"];
    java(work, &jars, &sources, &[], &["StreamsPeer", parser])
}

/// Flink's dependencies hold no parser of HAPI's, so the sources are all but that.
fn flink(work: &Path) -> Result<Vec<String>, Error> {
    let jars = [
        ["org.apache.flink", "flink-clients", FLINK],
        ["org.apache.flink", "flink-streaming-java", FLINK],
        ["org.apache.flink", "flink-connector-base", FLINK],
        ["org.apache.flink", "flink-connector-kafka", FLINK_KAFKA],
        ["ca.uhn.hapi", "hapi-base", HAPI],
        ["org.apache.avro", "avro", AVRO],
        ["org.slf4j", "slf4j-api", SLF4J],
        ["org.slf4j", "slf4j-simple", SLF4J],
    ];
    let jars = libraries(&format!("peer-flink-{FLINK}-{FLINK_KAFKA}-avro-{AVRO}"), &jars, 110)?;
    let sources = ["java/Reading", "java/HandReading", "java/HapiReading", "java/Job", "flink/FlinkPeer"];
    // As Flink's own start script opens them under Java 17.
    let opened = ["java.lang", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util"];
    let opened: Vec<String> = opened.iter().map(|name| format!("--add-opens=java.base/{name}=ALL-UNNAMED")).collect();
    java(work, &jars, &sources, &opened, &["FlinkPeer"])
}

fn java(work: &Path, jars: &Path, sources: &[&str], options: &[String], main: &[&str]) -> Result<Vec<String>, Error> {
    let jars = format!("{}/*", jars.display());
    let sources = sources.iter().map(|source| peers().join(format!("{source}.java")));
    run(
        "javac",
        "install a Java development kit, 17 or later (Debian: apt-get install openjdk-17-jdk-headless)",
        Command::new("javac").args(["-proc:none", "-cp", &jars, "-d"]).arg(work).args(sources),
    )?;
    let mut command =
        vec!["java".to_owned(), HEAP.to_owned(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn".to_owned()];
    command.extend_from_slice(options);
    command.extend(["-cp".to_owned(), format!("{}:{jars}", work.display())]);
    command.extend(main.iter().map(|&word| word.to_owned()));
    Ok(command)
}

fn benthos(work: &Path) -> Result<Vec<String>, Error> {
    let program = work.join("peer").display().to_string();
    run(
        "go",
        "install Go, of the version that load-tests/peers/benthos/go.mod names, or later",
        Command::new("go").args(["build", "-mod=readonly", "-o", &program, "."]).current_dir(peers().join("benthos")),
    )?;
    Ok(vec![program])
}

/// The environment stays in the cache folder, for it takes long to fill.
fn quix() -> Result<Vec<String>, Error> {
    let folder = local_stack::cache_folder().join("peers-quix");
    let (python, complete) = (folder.join("bin/python"), folder.join("complete"));
    if fs::read_to_string(&complete).ok().as_deref() != Some(PYTHON_PACKAGES) {
        let remedy = "install Python with venv (Debian: apt-get install python3-venv)";
        run("python3", remedy, Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        let requirements = peers().join("quix/requirements.txt");
        run("pip", remedy, Command::new(&python).args(install).arg(requirements))?;
        fs::write(&complete, PYTHON_PACKAGES).map_err(|source| Error::File { path: complete, source })?;
    }
    Ok(vec![python.display().to_string(), peers().join("quix/peer.py").display().to_string()])
}

/// Runs a tool to its end; an error holds the last of what it printed.
fn run(program: &'static str, remedy: &'static str, command: &mut Command) -> Result<(), Error> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing { program, remedy },
        _ => Error::Run { program: program.to_owned(), source },
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    Err(Error::Failed { program: program.to_owned(), output: lines[lines.len().saturating_sub(12)..].join("\n") })
}

#[cfg(test)]
mod tests {
    use super::{Name, peers, title};

    #[test]
    fn every_peer_is_named_with_its_version() {
        for name in Name::ALL.into_iter().filter(|name| !name.is_ours()) {
            let title = title(name);
            let version = title.rsplit(' ').next().unwrap();
            assert!(
                version.split('.').count() >= 3 && version.starts_with(|sign: char| sign.is_ascii_digit()),
                "{title}"
            );
        }
        assert!(peers().join("visit.avsc").is_file());
    }
}
