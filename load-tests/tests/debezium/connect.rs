//! Kafka Connect with Debezium's PostgreSQL connector, which know nothing of this project: fetched once by Maven into the
//! cache folder, run by Java.

use std::{fmt::Write as _, fs, path::PathBuf};

use local_stack::{KAFKA_VERSION, Process, free_port, libraries};
use tempfile::TempDir;

const DEBEZIUM_VERSION: &str = "3.6.1.Final";

/// One of Debezium's connectors: the same table, told in its own way to a topic of its own.
pub struct Told {
    /// The topic is `<name>.public.vantetid`.
    pub name: &'static str,
    /// Whether each message has its schema around it.
    pub schemas: bool,
    /// Of its topic.
    pub partitions: u32,
}

impl Told {
    /// Its topic.
    pub fn topic(&self) -> String {
        format!("{}.public.vantetid", self.name)
    }

    /// Its properties; `source` is where the database is.
    fn properties(&self, source: &Source) -> String {
        let name = self.name;
        let converter = "org.apache.kafka.connect.json.JsonConverter";
        format!(
            "name={name}\nconnector.class=io.debezium.connector.postgresql.PostgresConnector\ntopic.prefix={name}\n\
             database.hostname=127.0.0.1\ndatabase.port={}\ndatabase.user=postgres\ndatabase.password={}\n\
             database.dbname={}\nplugin.name=pgoutput\nslot.name={name}\npublication.name={name}\n\
             publication.autocreate.mode=filtered\ntable.include.list=public.vantetid\n\
             message.key.columns=public.vantetid:vardkontakt_id\nskipped.operations=none\n\
             key.converter={converter}\nkey.converter.schemas.enable={schemas}\n\
             value.converter={converter}\nvalue.converter.schemas.enable={schemas}\n\
             topic.creation.default.replication.factor=1\ntopic.creation.default.partitions={}\n",
            source.port,
            source.password,
            source.database,
            self.partitions,
            schemas = self.schemas,
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
pub struct Connect {
    process: Process,
    folder: TempDir,
    command: Vec<String>,
}

impl Connect {
    /// Starts it for a database and a Kafka.
    pub fn start(told: &[Told], database_url: &str, bootstrap: &str) -> Self {
        let jars = [
            ["io.debezium", "debezium-connector-postgres", DEBEZIUM_VERSION],
            ["org.apache.kafka", "connect-runtime", KAFKA_VERSION],
            ["org.slf4j", "slf4j-simple", "1.7.36"],
        ];
        let name = format!("debezium-{DEBEZIUM_VERSION}-connect-{KAFKA_VERSION}");
        let jars = libraries(&name, &jars, 40).expect("Debezium");
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
            let path = file(&format!("{}.properties", told.name), &told.properties(&source));
            command.push(path.display().to_string());
        }
        let process = Self::run(&folder, &command);
        Self { process, folder, command }
    }

    fn run(folder: &TempDir, command: &[String]) -> Process {
        Process::start("debezium", folder.path(), "TERM", command, &[]).expect("it starts")
    }

    /// `kill -9`, and started again: it tells once more what it had not noted as told.
    pub fn kill_and_start(&mut self) {
        self.process.kill().expect("killed");
        self.process = Self::run(&self.folder, &self.command);
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// The end of what it said.
    pub fn log_end(&self) -> String {
        self.process.log_end()
    }
}
