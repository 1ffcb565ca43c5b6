//! Apache Kafka brokers in KRaft mode, broker and controller in one process.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Authority, Encrypted, Error, Issuer,
    encrypted::Properties,
    free_port, maven,
    process::{Process, run},
};

/// The Apache Kafka release that is fetched.
pub const KAFKA_VERSION: &str = "4.3.1";

const LOG4J_VERSION: &str = "2.25.5";
const READY_MAX: Duration = Duration::from_secs(90);

/// Brokers of our own, or the address of such as already run.
pub struct Kafka {
    bootstrap: String,
    own: Option<Own>,
    encrypted: Option<Encrypted>,
}

struct Own {
    brokers: Vec<Broker>,
    folder: TempDir,
}

struct Broker {
    server: Option<Process>,
    folder: PathBuf,
    libraries: PathBuf,
    options: Vec<String>,
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
            return Ok(Self { bootstrap, own: None, encrypted: None });
        }
        Self::start_own()
    }

    /// Starts a private broker, whatever is set: for tests that need one on which nothing happened yet.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_own() -> Result<Self, Error> {
        Self::start_cluster(1, &tempfile::env::temp_dir())
    }

    /// Starts so many private brokers as one cluster with its data inside `parent`, whatever is set. Each is a controller, too:
    /// most of them must be there for the cluster to answer.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_cluster(count: usize, parent: &Path) -> Result<Self, Error> {
        Self::start_brokers_of_own(count, parent, None, None, false)
    }

    /// Starts one private broker that speaks TLS with certificates of this authority, on the ports that [`Self::encrypted`]
    /// tells; [`Self::bootstrap`] is its port for plain text.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_encrypted(authority: &Authority) -> Result<Self, Error> {
        Self::start_brokers_of_own(1, &tempfile::env::temp_dir(), Some(authority), None, false)
    }

    /// The same, and clients are let in with tokens of this issuer.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_trusting(authority: &Authority, issuer: &Issuer) -> Result<Self, Error> {
        Self::start_brokers_of_own(1, &tempfile::env::temp_dir(), Some(authority), Some(issuer), false)
    }

    /// The same with an authorizer: nobody may do anything without an access rule, but the user of [`Self::encrypted`] and the
    /// brokers. Its port for plain text is there, for strangers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_walled(authority: &Authority) -> Result<Self, Error> {
        Self::start_brokers_of_own(1, &tempfile::env::temp_dir(), Some(authority), None, true)
    }

    fn start_brokers_of_own(
        count: usize,
        parent: &Path,
        authority: Option<&Authority>,
        issuer: Option<&Issuer>,
        walled: bool,
    ) -> Result<Self, Error> {
        let keys = issuer.map(Issuer::keys);
        let encrypted = authority.map(|_| Encrypted::new()).transpose()?;
        let properties = encrypted.as_ref().zip(authority);
        let properties = properties
            .map(|(encrypted, authority)| encrypted.properties(authority, keys.as_deref(), walled))
            .transpose()?;
        let credentials = encrypted.iter().flat_map(Encrypted::credentials).collect::<Vec<_>>();
        let libraries = fetch()?;
        let folder = TempDir::with_prefix_in("vardstrom-kafka-", parent)
            .map_err(|source| Error::File { path: parent.to_owned(), source })?;
        let mut ports = Vec::with_capacity(count);
        for _ in 0..count {
            ports.push((free_port()?, free_port()?));
        }
        let mut brokers = Vec::with_capacity(count);
        for at in 0..count {
            let properties = properties.as_ref();
            brokers.push(Broker::prepare(folder.path(), &libraries, &ports, at, properties, &credentials)?);
        }
        let bootstrap = ports.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
        let mut kafka = Self { bootstrap, own: Some(Own { brokers, folder }), encrypted };
        kafka.start_again()?;
        Ok(kafka)
    }

    /// `host:port` for clients, of every broker.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The encrypted ports, of one that was started with them.
    #[must_use]
    pub fn encrypted(&self) -> Option<&Encrypted> {
        self.encrypted.as_ref()
    }

    /// How many brokers were started here.
    #[must_use]
    pub fn broker_count(&self) -> usize {
        self.own.as_ref().map_or(0, |own| own.brokers.len())
    }

    /// Where the brokers keep their data.
    ///
    /// # Errors
    /// When they were not started here.
    pub fn folder(&self) -> Result<&Path, Error> {
        self.own.as_ref().map(|own| own.folder.path()).ok_or(Error::External { server: "Kafka" })
    }

    /// What the authorizer of a walled broker has denied, a line each, as Kafka itself writes it.
    ///
    /// # Errors
    /// When the broker was not started here.
    pub fn authorizer_log(&self) -> Result<PathBuf, Error> {
        Ok(self.folder()?.join("broker-0").join(AUTHORIZER_LOG))
    }

    /// The process ids of those brokers that were started here and run.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        let brokers = self.own.iter().flat_map(|own| &own.brokers);
        brokers.filter_map(|broker| broker.server.as_ref()?.id().ok()).collect()
    }

    /// `kill -9` of all; the data stay for [`Self::start_again`].
    ///
    /// # Errors
    /// When the brokers were not started here.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        self.stop_brokers(&self.all())
    }

    /// Starts what was stopped on the same ports with the same data.
    ///
    /// # Errors
    /// When a broker does not come up, or was not started here.
    pub fn start_again(&mut self) -> Result<(), Error> {
        self.start_brokers(&self.all())
    }

    /// SIGSTOP of all, and waits for it: they hold their connections and answer nothing from then on.
    ///
    /// # Errors
    /// When the brokers were not started here, or go on.
    pub fn pause(&mut self) -> Result<(), Error> {
        self.running()?.try_for_each(Process::pause)
    }

    /// SIGCONT after [`Self::pause`].
    ///
    /// # Errors
    /// When the brokers were not started here.
    pub fn resume(&mut self) -> Result<(), Error> {
        self.running()?.try_for_each(|server| server.signal("CONT"))
    }

    /// `kill -9` of these brokers, counted from 0.
    ///
    /// # Errors
    /// When they were not started here.
    pub fn stop_brokers(&mut self, which: &[usize]) -> Result<(), Error> {
        for broker in self.brokers(which)? {
            if let Some(mut server) = broker.server.take() {
                // One that has ended by itself cannot be killed.
                if server.is_running() {
                    server.kill()?;
                }
            }
        }
        Ok(())
    }

    /// Starts these brokers again where they were stopped.
    ///
    /// # Errors
    /// When one does not come up, or was not started here.
    pub fn start_brokers(&mut self, which: &[usize]) -> Result<(), Error> {
        // All before any is waited for: a port opens when most controllers are there.
        let mut brokers = self.brokers(which)?;
        brokers.retain(|broker| broker.server.is_none());
        for broker in &mut brokers {
            broker.start()?;
        }
        for broker in &mut brokers {
            let port = broker.port;
            broker.server.as_mut().map_or(Ok(()), |server| server.wait_for_port(port, READY_MAX))?;
        }
        Ok(())
    }

    /// The brokers whose process does not run.
    ///
    /// # Errors
    /// When they were not started here.
    pub fn ended(&mut self) -> Result<Vec<usize>, Error> {
        let brokers = self.brokers(&self.all())?;
        let ended = brokers
            .into_iter()
            .enumerate()
            .filter_map(|(at, broker)| (!broker.server.as_mut().is_some_and(Process::is_running)).then_some(at));
        Ok(ended.collect())
    }

    fn running(&mut self) -> Result<impl Iterator<Item = &Process>, Error> {
        let servers = self.brokers(&self.all())?;
        Ok(servers.into_iter().filter_map(|broker| broker.server.as_ref()))
    }

    fn all(&self) -> Vec<usize> {
        (0..self.broker_count().max(1)).collect()
    }

    fn brokers(&mut self, which: &[usize]) -> Result<Vec<&mut Broker>, Error> {
        let own = self.own.as_mut().ok_or(Error::External { server: "Kafka" })?;
        let wanted = own.brokers.iter_mut().enumerate().filter(|(at, _)| which.contains(at));
        Ok(wanted.map(|(_, broker)| broker).collect())
    }
}

impl Broker {
    /// Writes the files of the broker at this place among the cluster's ports.
    fn prepare(
        cluster: &Path,
        libraries: &Path,
        ports: &[(u16, u16)],
        at: usize,
        encrypted: Option<&Properties>,
        credentials: &[String],
    ) -> Result<Self, Error> {
        let folder = cluster.join(format!("broker-{at}"));
        fs::create_dir(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
        let properties = folder.join("server.properties");
        write(&properties, &server_properties(&folder, ports, at, encrypted))?;
        // Denials are told where there is somebody who denies.
        let denials = match encrypted.is_some_and(|more| more.walled) {
            true => LOG4J_AUTHORIZER.replace("FILE", &folder.join(AUTHORIZER_LOG).display().to_string()),
            false => String::new(),
        };
        write(&folder.join("log4j2.properties"), &format!("{LOG4J}{denials}"))?;
        run(
            "format of the Kafka log folder",
            java(libraries, &folder)
                .args(["kafka.tools.StorageTool", "format", "-t", "dmFyZHN0cm9tLWxvY2FsMQ", "-c"])
                .arg(&properties)
                .args(credentials.iter().flat_map(|credential| ["--add-scram", credential])),
        )?;
        let options = encrypted.map(|more| more.options.clone()).unwrap_or_default();
        Ok(Self { server: None, folder, libraries: libraries.to_owned(), options, port: ports[at].0 })
    }

    fn start(&mut self) -> Result<(), Error> {
        let mut command: Vec<String> =
            ["java", "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
        command.extend(self.options.iter().cloned());
        command.extend(java_arguments(&self.libraries, &self.folder));
        command.push("kafka.Kafka".to_owned());
        command.push(self.folder.join("server.properties").display().to_string());
        self.server = Some(Process::start("kafka", &self.folder, "TERM", &command, &[])?);
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

/// Small buffers and few threads: brokers beside everything else on two cores.
fn server_properties(folder: &Path, ports: &[(u16, u16)], at: usize, encrypted: Option<&Properties>) -> String {
    let (port, controller_port) = ports[at];
    let voters: Vec<String> =
        (1..).zip(ports).map(|(id, (_, controller))| format!("{id}@127.0.0.1:{controller}")).collect();
    let (listeners, protocols, between_brokers) = encrypted
        .map_or(("", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT", "PLAINTEXT"), |more| {
            (&more.listeners, more.protocols, more.between_brokers)
        });
    let lines = encrypted.map_or("", |more| &more.lines);
    let copies = ports.len().min(3);
    let in_sync_min = (copies - 1).max(1);
    format!(
        "process.roles=broker,controller
node.id={}
controller.quorum.voters={}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{listeners}
inter.broker.listener.name={between_brokers}
controller.listener.names=CONTROLLER
listener.security.protocol.map={protocols}
log.dirs={}
num.network.threads=2
num.io.threads=2
num.replica.fetchers=1
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync_min}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync_min}
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
auto.create.topics.enable=false
{lines}",
        at + 1,
        voters.join(","),
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

const AUTHORIZER_LOG: &str = "kafka-authorizer.log";
/// As in the configuration that Kafka comes with, of denials alone.
const LOG4J_AUTHORIZER: &str = "appender.authorizer.type = File
appender.authorizer.name = authorizer
appender.authorizer.fileName = FILE
appender.authorizer.layout.type = PatternLayout
appender.authorizer.layout.pattern = %m%n
logger.authorizer.name = kafka.authorizer.logger
logger.authorizer.level = info
logger.authorizer.additivity = false
logger.authorizer.appenderRef.authorizer.ref = authorizer
";
