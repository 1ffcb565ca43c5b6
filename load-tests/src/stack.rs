//! The whole platform on this machine: Kafka, PostgreSQL, registry, and every service as the process that it is in production.

mod encryption;
mod service;
mod settings;
mod wall;

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io::{self, Read},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use local_stack::{Kafka, Keycloak, Postgres, Process, free_port};
use sealing::Opener;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use topics::{Region, access::Principal};

use encryption::Encryption;
pub use service::{Member, Service};

/// The id of each region's sealing key.
const SEALING_KEY_ID: &str = "s1";

/// How often one service is started again before that counts as a failure of its own.
const REVIVALS_MAX: u32 = 20;

/// How long a service may take to become ready, first start and catch-up included.
const READY_MAX: Duration = Duration::from_secs(600);

/// What a stack is made for.
#[derive(Clone)]
pub struct Options {
    /// Regions to connect.
    pub regions: Vec<Region>,
    /// Partitions per source and common topic.
    pub partitions: u32,
    /// Port of the dashboard; `None`: any free one.
    pub dashboard_port: Option<u16>,
    /// Unit directory by region.
    pub mappings: BTreeMap<Region, String>,
    /// The first capacity file by region.
    pub capacities: BTreeMap<Region, String>,
    /// Where hospitals lie, a file for the dashboard.
    pub hospitals: Option<String>,
    /// Drop folders of tables by region.
    pub tables: BTreeMap<Region, Vec<Table>>,
    /// Databases that are followed by region.
    pub databases: BTreeMap<Region, Vec<Followed>>,
    /// Sources of other kinds by region.
    pub sources: BTreeMap<Region, Sources>,
    /// Servers of the run's own, that may be stopped, whatever the environment says; `None`: those of the environment, if any.
    pub servers: Option<Servers>,
    /// The services speak TLS to Kafka, the registry and the store, with servers of the run's own; the run itself reads Kafka by
    /// the broker's port for plain text, which no service is told.
    pub encrypted: bool,
    /// Source records are sealed with a key of their region.
    pub sealed: bool,
    /// Each region has a connector, a processor and a store of its own.
    pub apart: bool,
    /// A provider of logins stands before the dashboard.
    pub login: bool,
    /// With `login`: users of every role in every region of the run, and sessions that last as long as it.
    pub everywhere: bool,
    /// What the dashboard has beside what it has in every stack.
    pub board: Board,
    /// With `encrypted` and `apart`: every service has a Kafka user of its own, which may do what `topics acl` grants it; the run
    /// itself may read everything.
    pub walled: bool,
    /// Keys of the run; runs that are compared share them.
    pub keys: Keys,
    /// The processor program, when not the one beside this program (the leaking build of the canary test).
    pub processor: Option<PathBuf>,
    /// Stands where nothing of a person may: in a file's name, and on the command line and in the environment of every service.
    pub planted: Option<String>,
}

/// What a dashboard's configuration has beside what it has in every stack.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// Lines of `[board]`.
    pub lines: String,
    /// Lines of `[http]`.
    pub http: String,
    /// Lines of `[login]`.
    pub login: String,
    /// No provider stands before it, though the stack has one.
    pub is_open: bool,
}

/// Kafka and PostgreSQL of a run's own.
#[derive(Debug, Clone)]
pub struct Servers {
    /// How many brokers.
    pub brokers: usize,
    /// Where these keep their data.
    pub kafka_folder: PathBuf,
}

/// A feed of tables, with a drop folder of its own.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name of the feed.
    pub feed: &'static str,
    pub(crate) package: String,
    /// The column that keeps rows in order.
    pub key: &'static str,
}

/// A database whose changes the connector follows.
#[derive(Clone)]
pub struct Followed {
    /// Address with role and password; goes to the connector's environment, not to a file.
    pub url: String,
    /// Name of the slot, of its own for each database.
    pub slot: String,
    pub(crate) publication: String,
    /// `schema.table`.
    pub table: String,
    /// The column that keeps rows in order.
    pub key: &'static str,
    /// Name of the feed.
    pub feed: &'static str,
    pub(crate) package: String,
}

/// Sources of a region as its configuration files have them.
#[derive(Clone, Default)]
pub struct Sources {
    /// Tables of the connector that are not a region's.
    pub connector: String,
    /// Tables of the region in the connector.
    pub region: String,
    /// Their feeds in the processor.
    pub feeds: Vec<&'static str>,
    /// Their mapping packages.
    pub packages: Vec<String>,
    /// What the tables take from the environment: secrets do not go to a file.
    pub environment: Vec<(String, String)>,
}

impl Followed {
    /// The environment variable with its address.
    fn variable(&self) -> String {
        format!("VARDSTROM_CDC_URL_{}", self.slot.to_uppercase())
    }
}

/// A running platform. Dropping it stops everything, services before servers.
pub struct Stack {
    options: Options,
    services: BTreeMap<Member, Process>,
    revivals: BTreeMap<Member, u32>,
    ports: BTreeMap<Member, u16>,
    mllp_ports: BTreeMap<Region, u16>,
    environment: Vec<(String, String)>,
    database_url: String,
    kafka: Kafka,
    postgres: Postgres,
    folder: TempDir,
    encryption: Option<Encryption>,
    keycloak: Option<Keycloak>,
}

/// What went wrong, and with which part.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kafka, PostgreSQL or a process could not be started.
    #[error("{0}")]
    Server(#[from] local_stack::Error),
    /// The port that was asked for.
    #[error("port {port} of this machine cannot be used; give another one, or none: then a free one is taken")]
    Port {
        /// Which.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder.
    #[error("prepare the stack's files")]
    File(#[from] io::Error),
    /// A step before the services failed.
    #[error("{step} failed: {output}")]
    Step {
        /// Which.
        step: &'static str,
        /// What it said.
        output: String,
    },
    /// A service ends again and again.
    #[error("{service} has ended {REVIVALS_MAX} times; its log ends:\n{log}")]
    Ended {
        /// Which.
        service: String,
        /// The end of its log.
        log: String,
    },
    /// A service did not become ready.
    #[error("{service} did not become ready within {} s ({reason}); its log ends:\n{log}", READY_MAX.as_secs())]
    NotReady {
        /// Which.
        service: String,
        /// What it last said.
        reason: String,
        /// The end of its log.
        log: String,
    },
}

impl Stack {
    /// Starts everything and returns when everything is ready. `progress` is told each step.
    ///
    /// # Errors
    /// At the first part that does not start.
    pub fn start(options: Options, progress: &mut dyn FnMut(&str)) -> Result<Self, Error> {
        if let Some(port) = options.dashboard_port {
            // Before anything is started; the dashboard takes it minutes later.
            TcpListener::bind(("127.0.0.1", port)).map_err(|source| Error::Port { port, source })?;
        }
        progress("starting Apache Kafka");
        let encryption = options.encrypted.then(Encryption::new).transpose()?;
        let kafka = match (&encryption, &options.servers) {
            (Some(encryption), _) if options.walled => Kafka::start_walled(&encryption.authority)?,
            (Some(encryption), _) => Kafka::start_encrypted(&encryption.authority)?,
            (None, Some(servers)) => Kafka::start_cluster(servers.brokers, &servers.kafka_folder)?,
            (None, None) => Kafka::start()?,
        };
        progress("starting PostgreSQL");
        let postgres = match &encryption {
            Some(encryption) => Postgres::start_encrypted(&encryption.authority)?,
            None if options.servers.is_some() => Postgres::start_own(&[])?,
            None => Postgres::start()?,
        };
        let database_url = postgres.fresh_database()?;
        if options.login {
            progress("starting Keycloak");
        }
        let codes: Vec<&str> = options.regions.iter().map(|region| region.code()).collect();
        let start_keycloak = || if options.everywhere { Keycloak::start_for(&codes) } else { Keycloak::start() };
        let keycloak = options.login.then(start_keycloak).transpose()?;
        let folder = TempDir::with_prefix("vardstrom-stack-")?;
        let mut ports = BTreeMap::new();
        let members = Member::all(&options.regions, options.apart);
        for member in &members {
            let wished = options.dashboard_port.filter(|_| member.service == Service::Dashboard);
            ports.insert(*member, wished.map_or_else(free_port, Ok)?);
        }
        let mut mllp_ports = BTreeMap::new();
        for region in &options.regions {
            mllp_ports.insert(*region, free_port()?);
        }
        // With TLS the services' files name the authority, and not the address.
        let service_url = if options.encrypted { database_url.split('?').next() } else { None };
        let mut environment = options.keys.environment(&options.regions, service_url.unwrap_or(&database_url));
        let user = kafka
            .encrypted()
            .filter(|_| !options.walled)
            .map(|ports| (encryption::KAFKA_PASSWORD.to_owned(), ports.password.to_owned()));
        environment.extend(user);
        let followed = options.databases.values().flatten();
        environment.extend(followed.map(|database| (database.variable(), database.url.clone())));
        environment.extend(options.sources.values().flat_map(|sources| sources.environment.clone()));
        if options.processor.is_some() {
            // The leaking build refuses to run without it.
            environment.push(("VARDSTROM_LEAK_TEST".to_owned(), "1".to_owned()));
        }
        environment.extend(options.planted.iter().map(|planted| ("VARDSTROM_PLANTED".to_owned(), planted.clone())));
        let mut stack = Self {
            options,
            services: BTreeMap::new(),
            revivals: BTreeMap::new(),
            ports,
            mllp_ports,
            environment,
            database_url,
            kafka,
            postgres,
            folder,
            encryption,
            keycloak,
        };
        stack.write_files()?;
        if stack.options.walled {
            progress("applying the access rules");
            stack.apply_access()?;
        }
        progress("applying the topics");
        stack.apply_topics()?;
        progress("migrating the database");
        stack.run("migration of the database", "sink-store", &["migrate", "--database-url", &stack.database_url])?;
        for member in &members {
            progress(&format!("starting {member}"));
            stack.spawn(*member)?;
            if member.service == Service::Registry {
                stack.wait_until_ready(*member)?;
            }
        }
        stack.wait_until_all_ready()?;
        Ok(stack)
    }

    /// Everything that runs here, in the order in which it is started.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        Member::all(&self.options.regions, self.options.apart)
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When the service is not running.
    pub fn kill(&mut self, member: impl Into<Member>) -> Result<(), Error> {
        if let Some(mut process) = self.services.remove(&member.into()) {
            process.kill()?;
        }
        Ok(())
    }

    /// Starts a service that was killed; does not wait until it is ready.
    ///
    /// # Errors
    /// When its program cannot be started.
    pub fn spawn(&mut self, member: impl Into<Member>) -> Result<(), Error> {
        let member = member.into();
        let service = member.service;
        let program = match (&self.options.processor, service) {
            (Some(program), Service::Processor) => program.clone(),
            _ => program(service.program())?,
        };
        let mut command = vec![program.display().to_string()];
        if service == Service::Registry {
            command.extend(["serve".to_owned(), "--listen".to_owned(), format!("127.0.0.1:{}", self.ports[&member])]);
            command.extend(self.encryption.iter().flat_map(Encryption::registry_arguments));
        } else {
            let config = self.planted().map_or_else(|| self.config(member), |link| link.join(format!("{member}.toml")));
            command.extend(["run".to_owned(), "--config".to_owned(), config.display().to_string()]);
        }
        let process = Process::start(&member.to_string(), self.folder.path(), "TERM", &command, &self.environment)?;
        self.services.insert(member, process);
        Ok(())
    }

    /// Starts the dashboard again with another configuration, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready with it.
    pub fn restart_board(&mut self, board: Board) -> Result<(), Error> {
        self.kill(Service::Dashboard)?;
        self.options.board = board;
        self.write_config(Service::Dashboard.into())?;
        self.spawn(Service::Dashboard)?;
        self.wait_until_ready(Service::Dashboard)
    }

    /// The provider of logins, where there is one.
    #[must_use]
    pub fn keycloak(&self) -> Option<&Keycloak> {
        self.keycloak.as_ref()
    }

    /// Starts services again that have ended, whoever ended them, as a supervisor does; returns which.
    ///
    /// # Errors
    /// When one has ended too often, or cannot be started.
    pub fn revive(&mut self) -> Result<Vec<Member>, Error> {
        let ended: Vec<(Member, String)> = self
            .services
            .iter_mut()
            .filter_map(|(member, process)| (!process.is_running()).then(|| (*member, process.log_end())))
            .collect();
        for (member, log) in &ended {
            let count = self.revivals.entry(*member).or_default();
            *count += 1;
            if *count > REVIVALS_MAX {
                return Err(Error::Ended { service: member.to_string(), log: log.clone() });
            }
            self.spawn(*member)?;
        }
        Ok(ended.into_iter().map(|(member, _)| member).collect())
    }

    /// Waits for `/readyz`.
    ///
    /// # Errors
    /// When the service ends or is not ready in time.
    pub fn wait_until_ready(&mut self, member: impl Into<Member>) -> Result<(), Error> {
        let member = member.into();
        let deadline = Instant::now() + READY_MAX;
        let path = if member.service == Service::Registry { "subjects" } else { "readyz" };
        let url = format!("{}/{path}", self.url(member));
        let mut reason = "no answer".to_owned();
        while Instant::now() < deadline {
            if let (Service::Registry, Some(encryption)) = (member.service, &self.encryption) {
                if encryption.registry_answers(&self.url(member)) {
                    return Ok(());
                }
                continue;
            }
            match ureq::get(&url).config().http_status_as_error(false).build().call() {
                Ok(response) if response.status().is_success() => return Ok(()),
                // It is asked for a login, so the provider is known; who asks without one learns no more.
                Ok(response)
                    if response.status() == 401 && self.options.login && member.service == Service::Dashboard =>
                {
                    return Ok(());
                }
                Ok(mut response) => reason = response.body_mut().read_to_string().unwrap_or_default(),
                Err(_) => {}
            }
            if !self.services.get_mut(&member).is_some_and(Process::is_running) {
                "it ended".clone_into(&mut reason);
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = self.services.get(&member).map(Process::log_end).unwrap_or_default();
        Err(Error::NotReady { service: member.to_string(), reason, log })
    }

    /// [`wait_until_ready`](Self::wait_until_ready) for everything.
    ///
    /// # Errors
    /// As there.
    pub fn wait_until_all_ready(&mut self) -> Result<(), Error> {
        self.members().into_iter().try_for_each(|member| self.wait_until_ready(member))
    }

    /// The consumer groups whose committed offsets carry the fates.
    #[must_use]
    pub fn processor_groups(&self) -> Vec<String> {
        let processors = self.members().into_iter().filter(|member| member.service == Service::Processor);
        processors.map(|member| member.to_string()).collect()
    }

    /// Where a region's connector listens for MLLP.
    #[must_use]
    pub fn mllp(&self, region: Region) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.mllp_ports[&region]))
    }

    /// `http://…` of a service.
    #[must_use]
    pub fn url(&self, member: impl Into<Member>) -> String {
        let member = member.into();
        let is_https = self.encryption.is_some() && member.service == Service::Registry;
        format!("http{}://127.0.0.1:{}", if is_https { "s" } else { "" }, self.ports[&member])
    }

    /// The text of a service's `/metrics`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self, member: impl Into<Member>) -> Result<String, Box<ureq::Error>> {
        let response = ureq::get(format!("{}/metrics", self.url(member))).call().map_err(Box::new)?;
        response.into_body().read_to_string().map_err(Box::new)
    }

    /// `host:port` of Kafka.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        self.kafka.bootstrap()
    }

    /// Kafka, to be stopped and started.
    pub fn kafka(&mut self) -> &mut Kafka {
        &mut self.kafka
    }

    /// PostgreSQL, to be stopped and started.
    pub fn postgres(&mut self) -> &mut Postgres {
        &mut self.postgres
    }

    /// Where the brokers keep their data, when they are the run's own.
    #[must_use]
    pub fn kafka_folder(&self) -> Option<&Path> {
        self.kafka.folder().ok()
    }

    /// Where PostgreSQL keeps its data and its log, when it is the run's own.
    #[must_use]
    pub fn postgres_folder(&self) -> Option<&Path> {
        self.postgres.folder().ok()
    }

    /// The process ids of the servers that are the run's own.
    #[must_use]
    pub fn server_ids(&self) -> Vec<u32> {
        self.broker_ids().into_iter().chain(self.postgres.process_id()).collect()
    }

    /// The process id of PostgreSQL's server, where it is this run's own.
    #[must_use]
    pub fn postgres_id(&self) -> Option<u32> {
        self.postgres.process_id()
    }

    /// The process ids of the brokers, where they are this run's own.
    #[must_use]
    pub fn broker_ids(&self) -> Vec<u32> {
        self.kafka.process_ids()
    }

    /// What opens each region's source records, by its code; plain ones too only where the stack does not seal.
    #[must_use]
    pub fn openers(&self) -> BTreeMap<String, Opener> {
        let opener = |region: &Region| match self.options.sealed {
            true => {
                let key = self.options.keys.key(&sealing_key(*region));
                let keys = sealing::Keys::one(region.code(), SEALING_KEY_ID, &key);
                Opener::new(keys.unwrap_or_else(|what| unreachable!("a digest is a key: {what}")), true)
            }
            false => Opener::of_plain(),
        };
        self.options.regions.iter().map(|region| (region.code().to_owned(), opener(region))).collect()
    }

    /// The store's database, as its owner.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The connected regions.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.options.regions
    }

    /// Where configuration, logs and feed files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The capacity file that a region's connector watches.
    #[must_use]
    pub fn capacity_file(&self, region: Region) -> PathBuf {
        self.folder.path().join(format!("capacity-{region}.csv"))
    }

    /// The drop folder of a region's table feed.
    #[must_use]
    pub fn drop_folder(&self, region: Region, feed: &str) -> PathBuf {
        self.folder.path().join(format!("{feed}-{region}"))
    }

    /// Where the connector remembers how far it has sent the files of a drop folder.
    #[must_use]
    pub fn positions_folder(&self, region: Region, feed: &str) -> PathBuf {
        self.folder.path().join(format!("{feed}-{region}-positions"))
    }

    /// Where the connector remembers how far the snapshots of a region's databases are.
    #[must_use]
    pub fn slots_folder(&self, region: Region) -> PathBuf {
        self.folder.path().join(format!("cdc-{region}-positions"))
    }

    /// Where the services' access logs are: a folder for each of them that has one.
    #[must_use]
    pub fn access_folder(&self) -> PathBuf {
        self.folder.path().join("access")
    }

    /// What the services' access logs are signed with: the seed, as their configuration has it.
    #[must_use]
    pub fn access_key(&self) -> String {
        self.options.keys.key(ACCESS_LOG)
    }

    /// The process id of a running service.
    #[must_use]
    pub fn process_id(&self, member: impl Into<Member>) -> Option<u32> {
        self.services.get(&member.into())?.id().ok()
    }

    /// Runs a program of the workspace with this run's keys and addresses in its environment; gives what it prints.
    ///
    /// # Errors
    /// When it fails; the error holds what it said.
    pub fn run_program(&self, step: &'static str, program: &str, arguments: &[&str]) -> Result<String, Error> {
        self.run(step, program, arguments)
    }

    /// Runs `sink-store fingerprint` and returns what it prints.
    ///
    /// # Errors
    /// When it fails.
    pub fn fingerprint(&self) -> Result<String, Error> {
        self.run("fingerprint of the store", "sink-store", &["fingerprint", "--database-url", &self.database_url])
    }

    /// Stops the services in the order of the data, each drained, then the servers.
    pub fn stop(mut self) {
        for service in
            [Service::Connector, Service::Processor, Service::SinkStore, Service::Dashboard, Service::Registry]
        {
            for member in self.members().into_iter().filter(|member| member.service == service) {
                if let Some(process) = self.services.remove(&member) {
                    process.stop();
                }
            }
        }
    }

    fn run(&self, step: &'static str, program: &str, arguments: &[&str]) -> Result<String, Error> {
        self.programs().run(step, program, arguments)
    }

    /// What runs programs beside the stack.
    #[must_use]
    pub fn programs(&self) -> Programs {
        Programs { environment: self.environment.clone() }
    }

    fn apply_topics(&self) -> Result<(), Error> {
        let partitions = self.options.partitions.to_string();
        let copies = self.options.servers.as_ref().map_or(1, |servers| servers.brokers.min(3)).to_string();
        let mut arguments = vec!["apply", "--partitions", &partitions, "--replication-factor", &copies];
        let file = self.folder.path().join("topics.toml").display().to_string();
        match &self.encryption {
            Some(_) => {
                std::fs::write(
                    &file,
                    format!("[kafka]\n{}", self.kafka_lines(Principal { service: "topics".to_owned(), region: None })),
                )?;
                arguments.extend(["--config", &file]);
            }
            None => arguments.extend(["--bootstrap", self.bootstrap()]),
        }
        let regions: Vec<String> = self.options.regions.iter().map(ToString::to_string).collect();
        for region in &regions {
            arguments.extend(["--region", region]);
        }
        self.run("apply of the topics", "topics", &arguments).map(drop)
    }

    /// The folder under the name that is planted.
    fn planted(&self) -> Option<PathBuf> {
        self.options.planted.as_ref().map(|planted| self.folder.path().join(planted))
    }

    /// A service's configuration file.
    #[must_use]
    pub fn config(&self, member: impl Into<Member>) -> PathBuf {
        self.folder.path().join(format!("{}.toml", member.into()))
    }
}

/// Runs programs of the workspace with a run's keys and addresses in their environment, on any thread.
pub struct Programs {
    environment: Vec<(String, String)>,
}

impl Programs {
    /// Runs one to its end; gives what it prints.
    ///
    /// # Errors
    /// When it fails; the error holds what it said.
    pub fn run(&self, step: &'static str, name: &str, arguments: &[&str]) -> Result<String, Error> {
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let output = Command::new(program(name)?).args(arguments).envs(environment).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::Step { step, output: String::from_utf8_lossy(&output.stderr).into_owned() })
    }
}

/// The environment variable with the key of the dashboard's access log, and the key's name among the run's.
const ACCESS_LOG_KEY: &str = "VARDSTROM_ACCESS_LOG_KEY";
const ACCESS_LOG: &str = "access log";

/// The environment variable with a region's sealing key.
fn sealing_key(region: Region) -> String {
    format!("VARDSTROM_SEALING_KEY_{region}")
}

/// HSA-id of the one source system that a region has here.
#[must_use]
pub fn source_system(region: Region) -> String {
    format!("SE2321000016-VS{region}")
}

/// Where the keys of a run come from: random bytes of this process, never written to a file.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl Keys {
    /// New keys.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0_u8; 32];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The key with this name, 64 hex digits.
    fn key(&self, name: &str) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(name).finalize();
        HEXLOWER.encode(&digest)
    }

    fn environment(&self, regions: &[Region], database_url: &str) -> Vec<(String, String)> {
        let mut variables = vec![
            ("VARDSTROM_SIGNING_KEY".to_owned(), self.key("signing")),
            ("VARDSTROM_PSEUDONYM_KEY".to_owned(), self.key("pseudonym")),
            ("VARDSTROM_DATABASE_URL".to_owned(), database_url.to_owned()),
            ("VARDSTROM_PARTITION_KEY".to_owned(), self.key("partition")),
            (ACCESS_LOG_KEY.to_owned(), self.key(ACCESS_LOG)),
        ];
        variables
            .extend(regions.iter().map(|region| (format!("VARDSTROM_KEY_{region}"), self.key(&region.to_string()))));
        let sealing = regions.iter().map(|region| sealing_key(*region));
        variables.extend(sealing.map(|variable| (variable.clone(), self.key(&variable))));
        variables
    }
}

/// A program of the workspace, built beside this one; tests run one folder deeper.
///
/// # Errors
/// When it is not built.
pub fn program(name: &str) -> io::Result<PathBuf> {
    let own = env::current_exe()?;
    own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, format!("the program {name} is not built; run: make build"))
    })
}
