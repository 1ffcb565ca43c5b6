//! One Apache Kafka broker in KRaft mode, broker and controller in one process.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Error, free_port, maven,
    process::{Process, run},
};

/// The Apache Kafka release that is fetched.
pub const KAFKA_VERSION: &str = "4.3.1";

const LOG4J_VERSION: &str = "2.25.5";
const READY_MAX: Duration = Duration::from_secs(90);

/// A broker of our own, or the address of one that already runs.
pub struct Kafka {
    bootstrap: String,
    own: Option<Own>,
}

struct Own {
    server: Option<Process>,
    folder: TempDir,
    libraries: PathBuf,
    port: u16,
}

impl Kafka {
    /// Uses `KAFKA_BOOTSTRAP` when set, else fetches (once) and starts a private broker.
    ///
    /// # Errors
    /// When Java or Maven is missing, the jars cannot be resolved, or the broker does not come up.
    pub fn start() -> Result<Self, Error> {
        if let Ok(bootstrap) = env::var("KAFKA_BOOTSTRAP")
            && !bootstrap.is_empty()
        {
            return Ok(Self { bootstrap, own: None });
        }
        Self::start_own()
    }

    /// Starts a private broker, whatever is set: for tests that need one on which nothing happened yet.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_own() -> Result<Self, Error> {
        let libraries = fetch()?;
        let folder =
            TempDir::with_prefix("vardstrom-kafka-").map_err(|source| Error::File { path: env::temp_dir(), source })?;
        let port = free_port()?;
        let properties = folder.path().join("server.properties");
        write(&properties, &server_properties(folder.path(), port, free_port()?))?;
        write(&folder.path().join("log4j2.properties"), LOG4J)?;
        run(
            "format of the Kafka log folder",
            java(&libraries, folder.path())
                .args(["kafka.tools.StorageTool", "format", "-t", "dmFyZHN0cm9tLWxvY2FsMQ", "-c"])
                .arg(&properties),
        )?;
        let mut own = Own { server: None, folder, libraries, port };
        own.start()?;
        Ok(Self { bootstrap: format!("127.0.0.1:{port}"), own: Some(own) })
    }

    /// `host:port` for clients.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// `kill -9`; the data stay for [`Self::start_again`].
    ///
    /// # Errors
    /// When the broker was not started here.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        let own = self.own()?;
        if let Some(mut server) = own.server.take() {
            server.kill()?;
        }
        Ok(())
    }

    /// Starts the stopped broker on the same port with the same data.
    ///
    /// # Errors
    /// When it does not come up, or was not started here.
    pub fn start_again(&mut self) -> Result<(), Error> {
        self.own()?.start()
    }

    /// SIGSTOP: the broker holds its connections and answers nothing.
    ///
    /// # Errors
    /// When the broker was not started here.
    pub fn pause(&mut self) -> Result<(), Error> {
        self.own()?.server.as_ref().map_or(Ok(()), |server| server.signal("STOP"))
    }

    /// SIGCONT after [`Self::pause`].
    ///
    /// # Errors
    /// When the broker was not started here.
    pub fn resume(&mut self) -> Result<(), Error> {
        self.own()?.server.as_ref().map_or(Ok(()), |server| server.signal("CONT"))
    }

    fn own(&mut self) -> Result<&mut Own, Error> {
        self.own.as_mut().ok_or(Error::External { server: "Kafka" })
    }
}

impl Own {
    fn start(&mut self) -> Result<(), Error> {
        let folder = self.folder.path();
        let mut command: Vec<String> =
            ["java", "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
        command.extend(java_arguments(&self.libraries, folder));
        command.push("kafka.Kafka".to_owned());
        command.push(folder.join("server.properties").display().to_string());
        let mut server = Process::start("kafka", folder, "TERM", &command, &[])?;
        server.wait_for_port(self.port, READY_MAX)?;
        self.server = Some(server);
        Ok(())
    }
}

/// The jars of Apache Kafka.
fn fetch() -> Result<PathBuf, Error> {
    let jars = [
        ["org.apache.kafka", "kafka_2.13", KAFKA_VERSION],
        ["org.apache.logging.log4j", "log4j-slf4j-impl", LOG4J_VERSION],
        ["org.apache.logging.log4j", "log4j-core", LOG4J_VERSION],
    ];
    maven::libraries(&format!("kafka-{KAFKA_VERSION}-log4j-{LOG4J_VERSION}"), &jars, 45)
}

fn java(libraries: &Path, folder: &Path) -> Command {
    let mut command = Command::new("java");
    command.args(java_arguments(libraries, folder));
    command
}

fn java_arguments(libraries: &Path, folder: &Path) -> [String; 4] {
    [
        "-Djava.awt.headless=true".to_owned(),
        format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.properties").display()),
        "-cp".to_owned(),
        format!("{}/*", libraries.display()),
    ]
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Small buffers and few threads: one broker beside everything else on two cores.
fn server_properties(folder: &Path, port: u16, controller_port: u16) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}
num.network.threads=2
num.io.threads=2
num.replica.fetchers=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
auto.create.topics.enable=false
",
        folder.join("log").display()
    )
}

const LOG4J: &str = "rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
";
