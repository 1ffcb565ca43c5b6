//! Kafka Connect with Debezium's PostgreSQL connector, which know nothing of this project: fetched once by Maven into the
//! cache folder, run by Java.

use std::{fmt::Write as _, fs, path::PathBuf};

use local_stack::{KAFKA_VERSION, Process, free_port, libraries};
use tempfile::TempDir;

const DEBEZIUM_VERSION: &str = "3.6.1.Final";
const APICURIO_VERSION: &str = "2.6.13.Final";

/// One of Debezium's connectors: the same table, told in its own way to a topic of its own.
pub(super) struct Told {
    /// The topic is `<name>.public.vantetid`.
    pub name: &'static str,
    /// How its messages are written.
    pub form: Form,
    /// Of its topic.
    pub partitions: u32,
}

/// How messages are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON without schemas.
    Bare,
    /// JSON, each message with its schema around it.
    Wrapped,
    /// Rows in JSON, without envelopes and with nothing added: ExtractNewRecordState as it is unless it is told otherwise.
    Flattened,
    /// Avro, by Apicurio's converter as it is unless it is told otherwise.
    Avro,
}

impl Told {
    /// Its topic.
    pub(super) fn topic(&self) -> String {
        format!("{}.public.vantetid", self.name)
    }

    /// Its properties; `source` is where the database is, and schemas go to `registry`.
    fn properties(&self, source: &Source, registry: &str) -> String {
        let name = self.name;
        let json = |schemas: bool| {
            let class = "org.apache.kafka.connect.json.JsonConverter";
            (class, format!("schemas.enable={schemas}"), String::new())
        };
        let (converter, first, second) = match self.form {
            Form::Bare | Form::Flattened => json(false),
            Form::Wrapped => json(true),
            Form::Avro => (
                "io.apicurio.registry.utils.converter.AvroConverter",
                format!("apicurio.registry.url={registry}"),
                "apicurio.registry.auto-register=true".to_owned(),
            ),
        };
        let settings = ["key", "value"].map(|part| {
            let of = |setting: &str| match setting {
                "" => String::new(),
                setting => format!("{part}.converter.{setting}\n"),
            };
            format!("{part}.converter={converter}\n{}{}", of(&first), of(&second))
        });
        // Without envelopes nobody knows what a row was: a key that holds what its statement is known by says it.
        let (key, transform) = match self.form {
            Form::Flattened => (
                "vardkontakt_id,matperiod",
                "transforms=unwrap\ntransforms.unwrap.type=io.debezium.transforms.ExtractNewRecordState\n",
            ),
            _ => ("vardkontakt_id", ""),
        };
        format!(
            "name={name}\nconnector.class=io.debezium.connector.postgresql.PostgresConnector\ntopic.prefix={name}\n\
             database.hostname=127.0.0.1\ndatabase.port={}\ndatabase.user=postgres\ndatabase.password={}\n\
             database.dbname={}\nplugin.name=pgoutput\nslot.name={name}\npublication.name={name}\n\
             publication.autocreate.mode=filtered\ntable.include.list=public.vantetid\n\
             message.key.columns=public.vantetid:{key}\nskipped.operations=none\n{transform}{}\
             topic.creation.default.replication.factor=1\ntopic.creation.default.partitions={}\n",
            source.port,
            source.password,
            source.database,
            settings.concat(),
            self.partitions,
        )
    }
}

struct Source {
    password: String,
    port: String,
    database: String,
}

impl Source {
    /// Of `postgres://postgres:PASSWORD@127.0.0.1:PORT/DATABASE`.
    fn of(url: &str) -> Option<Self> {
        let (password, rest) = url.strip_prefix("postgres://postgres:")?.split_once("@127.0.0.1:")?;
        let (port, database) = rest.split_once('/')?;
        Some(Self { password: password.to_owned(), port: port.to_owned(), database: database.to_owned() })
    }
}

/// A worker; it ends with this.
pub(super) struct Connect {
    process: Process,
    folder: TempDir,
    command: Vec<String>,
}

impl Connect {
    /// Starts it for a database, a Kafka and a schema registry.
    pub(super) fn start(told: &[Told], database_url: &str, bootstrap: &str, registry: &str) -> Self {
        let jars = [
            ["io.debezium", "debezium-connector-postgres", DEBEZIUM_VERSION],
            ["org.apache.kafka", "connect-runtime", KAFKA_VERSION],
            ["org.slf4j", "slf4j-simple", "1.7.36"],
            ["io.apicurio", "apicurio-registry-utils-converter", APICURIO_VERSION],
        ];
        let name = format!("debezium-{DEBEZIUM_VERSION}-connect-{KAFKA_VERSION}-apicurio-{APICURIO_VERSION}");
        let jars = libraries(&name, &jars, 45).expect("Debezium");
        let folder = TempDir::with_prefix("vardstrom-debezium-").expect("a folder");
        let source = Source::of(database_url).expect("an address");
        let file = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let mut worker = String::new();
        for (key, value) in [
            ("bootstrap.servers", bootstrap),
            ("key.converter", "org.apache.kafka.connect.json.JsonConverter"),
            ("value.converter", "org.apache.kafka.connect.json.JsonConverter"),
            ("offset.storage.file.filename", &folder.path().join("offsets").display().to_string()),
            ("offset.flush.interval.ms", "1000"),
            ("listeners", &format!("http://127.0.0.1:{}", free_port().expect("a port"))),
        ] {
            writeln!(worker, "{key}={value}").expect("text");
        }
        let mut command: Vec<String> =
            ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
        command.extend(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"].map(str::to_owned));
        command.extend([
            format!("{}/*", jars.display()),
            "org.apache.kafka.connect.cli.ConnectStandalone".to_owned(),
            file("worker.properties", &worker).display().to_string(),
        ]);
        for told in told {
            let path = file(&format!("{}.properties", told.name), &told.properties(&source, registry));
            command.push(path.display().to_string());
        }
        let process = Self::run(&folder, &command);
        Self { process, folder, command }
    }

    fn run(folder: &TempDir, command: &[String]) -> Process {
        Process::start("debezium", folder.path(), "TERM", command, &[]).expect("it starts")
    }

    /// `kill -9`, and started again: it tells once more what it had not noted as told.
    pub(super) fn kill_and_start(&mut self) {
        self.process.kill().expect("killed");
        self.process = Self::run(&self.folder, &self.command);
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// The end of what it said.
    pub(super) fn log_end(&self) -> String {
        self.process.log_end()
    }
}
