//! One private PostgreSQL cluster from the system's server binaries.

use std::{
    env, fs,
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use data_encoding::HEXLOWER;
use tempfile::TempDir;

use crate::{
    Authority, Certificate, Error, free_port,
    process::{Process, installed, run},
    release,
};

const READY_MAX: Duration = Duration::from_secs(60);
const MISSING: Error = Error::Missing {
    program: "PostgreSQL 15 or later",
    remedy: "install the server (Debian: apt-get install postgresql) or set DATABASE_URL",
};

/// A cluster of our own, or the address of one that already runs.
pub struct Postgres {
    url: String,
    psql: PathBuf,
    databases: AtomicU32,
    own: Option<Own>,
}

struct Own {
    server: Option<Process>,
    folder: TempDir,
    command: Vec<String>,
    port: u16,
    owner: Option<(u32, u32)>,
}

impl Postgres {
    /// Uses `DATABASE_URL` when set, else starts a private cluster.
    ///
    /// # Errors
    /// When no PostgreSQL server is installed or it does not come up.
    pub fn start() -> Result<Self, Error> {
        if let Ok(url) = env::var("DATABASE_URL")
            && !url.is_empty()
        {
            if !installed("psql") {
                return Err(Error::Missing {
                    program: "psql",
                    remedy: "install it (Debian: apt-get install postgresql-client)",
                });
            }
            return Ok(Self { url, psql: PathBuf::from("psql"), databases: AtomicU32::new(0), own: None });
        }
        Self::start_own(&[])
    }

    /// Starts a private cluster whatever the environment says, with settings (`wal_level=logical`) beside the usual ones: for
    /// a database that the platform reads from, and that is stopped in the middle.
    ///
    /// # Errors
    /// When no PostgreSQL server is installed or it does not come up.
    pub fn start_own(settings: &[&str]) -> Result<Self, Error> {
        let binaries = release::installed().ok_or(MISSING)?;
        Self::start_from(&binaries, settings, None)
    }

    /// Starts a private cluster that speaks TLS only, with a certificate for 127.0.0.1; the user `demanding` must show one of
    /// this authority, too. Addresses say `sslmode=verify-full` and name the authority.
    ///
    /// # Errors
    /// As [`Self::start_own`].
    pub fn start_encrypted(authority: &Authority) -> Result<Self, Error> {
        let binaries = release::installed().ok_or(MISSING)?;
        let settings = ["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key", "ssl_ca_file=ca.pem"];
        Self::start_from(&binaries, &settings, Some(authority))
    }

    /// Shows this certificate from now on, to new connections.
    ///
    /// # Errors
    /// When the cluster was not started here, or its files cannot be written.
    pub fn show(&self, certificate: &Certificate) -> Result<(), Error> {
        let own = self.own.as_ref().ok_or(Error::External { server: "PostgreSQL" })?;
        own.write_certificate(certificate)?;
        own.server.as_ref().map_or(Ok(()), |server| server.signal("HUP"))
    }

    /// Starts a private cluster of this release, one of [`other_releases`](crate::other_releases), with settings as for
    /// [`Self::start_own`].
    ///
    /// # Errors
    /// When the release's binaries cannot be fetched, or it does not come up.
    pub fn start_release(major: u32, settings: &[&str]) -> Result<Self, Error> {
        Self::start_from(&release::binaries(major)?, settings, None)
    }

    fn start_from(binaries: &Path, settings: &[&str], authority: Option<&Authority>) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("vardstrom-postgres-")
            .map_err(|source| Error::File { path: env::temp_dir(), source })?;
        let data = folder.path().join("data");
        let owner = owner(folder.path())?;
        let password = password()?;
        let password_file = folder.path().join("password");
        prepare(folder.path(), &data, &password_file, &password, owner)?;
        let as_owner = as_owner(owner);
        run(
            "initdb",
            command(&as_owner, &binaries.join("initdb"))
                .arg("-D")
                .arg(&data)
                .args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--auth=scram-sha-256"])
                .arg(format!("--pwfile={}", password_file.display()))
                .current_dir(folder.path()),
        )?;
        let port = free_port()?;
        let mut start = as_owner;
        start.extend([binaries.join("postgres").display().to_string(), "-D".to_owned(), data.display().to_string()]);
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=100".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "max_wal_size=2GB".to_owned(),
            "log_min_messages=warning".to_owned(),
            // Statements and values of failed statements stay out of the log.
            "log_min_error_statement=panic".to_owned(),
            "log_parameter_max_length=0".to_owned(),
            "log_parameter_max_length_on_error=0".to_owned(),
        ] {
            start.extend(["-c".to_owned(), setting]);
        }
        start.extend(settings.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
        let mut own = Own { server: None, folder, command: start, port, owner };
        let mut parameters = String::new();
        if let Some(authority) = authority {
            own.encrypt(authority)?;
            parameters = format!("?sslmode=verify-full&sslrootcert={}", authority.ca().display());
        }
        own.start()?;
        let postgres = Self {
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres{parameters}"),
            // Binaries that are fetched come without it.
            psql: Some(binaries.join("psql")).filter(|psql| psql.is_file()).unwrap_or_else(|| PathBuf::from("psql")),
            databases: AtomicU32::new(0),
            own: Some(own),
        };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// URL of the maintenance database, with a superuser unless `DATABASE_URL` says otherwise.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The client program that fits the server.
    #[must_use]
    pub fn psql(&self) -> &Path {
        &self.psql
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Errors
    /// When the role may not create databases.
    pub fn fresh_database(&self) -> Result<String, Error> {
        let name = format!("vardstrom_{}_{}", std::process::id(), self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("create database {name}"))?;
        let (base, parameters) =
            self.url.split_once('?').map_or((self.url.as_str(), None), |(base, rest)| (base, Some(rest)));
        let server = base.rfind('/').map_or(base, |slash| &base[..slash]);
        Ok(parameters.map_or_else(|| format!("{server}/{name}"), |rest| format!("{server}/{name}?{rest}")))
    }

    /// Where the server writes its log.
    ///
    /// # Errors
    /// When the cluster was not started here, or does not run.
    pub fn log(&self) -> Result<&Path, Error> {
        let server = self.own.as_ref().and_then(|own| own.server.as_ref());
        server.map(Process::log).ok_or(Error::External { server: "PostgreSQL" })
    }

    /// Where the cluster keeps its data, in the folder `data`, and its log.
    ///
    /// # Errors
    /// When it was not started here.
    pub fn folder(&self) -> Result<&Path, Error> {
        self.own.as_ref().map(|own| own.folder.path()).ok_or(Error::External { server: "PostgreSQL" })
    }

    /// The process id of the server, when it was started here and runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.own.as_ref()?.server.as_ref()?.id().ok()
    }

    /// Immediate stop, as a power failure would; the data stay for [`Self::start_again`].
    ///
    /// # Errors
    /// When the cluster was not started here.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        let own = self.own.as_mut().ok_or(Error::External { server: "PostgreSQL" })?;
        if let Some(server) = own.server.take() {
            server.signal("QUIT")?;
            server.stop();
        }
        Ok(())
    }

    /// Starts the stopped cluster on the same port with the same data.
    ///
    /// # Errors
    /// When it does not come up, or was not started here.
    pub fn start_again(&mut self) -> Result<(), Error> {
        self.own.as_mut().ok_or(Error::External { server: "PostgreSQL" })?.start()?;
        self.wait_until_ready()
    }

    fn wait_until_ready(&self) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            match self.execute("select 1") {
                Err(_) if tries < 100 => std::thread::sleep(Duration::from_millis(100)),
                result => return result,
            }
            tries += 1;
        }
    }

    fn execute(&self, sql: &str) -> Result<(), Error> {
        run("psql", Command::new(&self.psql).args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url]))
    }
}

impl Own {
    /// Before the first start: certificates, and a list of who may come in that has no plain text.
    fn encrypt(&self, authority: &Authority) -> Result<(), Error> {
        self.write_certificate(&authority.issue(&["127.0.0.1"])?)?;
        self.write("ca.pem", &read(&authority.ca())?)?;
        let rules = "hostssl all demanding 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n\
                     hostssl all all 127.0.0.1/32 scram-sha-256\n";
        self.write("pg_hba.conf", rules)
    }

    fn write_certificate(&self, certificate: &Certificate) -> Result<(), Error> {
        self.write("server.pem", &read(&certificate.certificate)?)?;
        self.write("server.key", &read(&certificate.key)?)
    }

    /// Into the data folder, for the server's user alone.
    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.path().join("data").join(name);
        let failed = |source| Error::File { path: path.clone(), source };
        fs::write(&path, text).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        self.owner.map_or(Ok(()), |(user, group)| chown(&path, Some(user), Some(group))).map_err(failed)
    }

    fn start(&mut self) -> Result<(), Error> {
        let mut server = Process::start("postgres", self.folder.path(), "INT", &self.command, &[])?;
        server.wait_for_port(self.port, READY_MAX)?;
        self.server = Some(server);
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// PostgreSQL refuses to run as root; root starts it as `postgres`.
fn owner(folder: &Path) -> Result<Option<(u32, u32)>, Error> {
    let metadata = fs::metadata(folder).map_err(|source| Error::File { path: folder.to_owned(), source })?;
    if metadata.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    Ok(ids("postgres").or_else(|| ids("nobody")))
}

fn as_owner(owner: Option<(u32, u32)>) -> Vec<String> {
    owner.map_or_else(Vec::new, |(user, group)| {
        vec!["setpriv".to_owned(), format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]
    })
}

fn command(prefix: &[String], program: &Path) -> Command {
    let Some((first, rest)) = prefix.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

fn prepare(
    folder: &Path,
    data: &Path,
    password_file: &Path,
    password: &str,
    owner: Option<(u32, u32)>,
) -> Result<(), Error> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    fs::create_dir(data).map_err(file(data))?;
    fs::write(password_file, password).map_err(file(password_file))?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700)).map_err(file(data))?;
    fs::set_permissions(password_file, fs::Permissions::from_mode(0o600)).map_err(file(password_file))?;
    if let Some((user, group)) = owner {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).map_err(file(folder))?;
        for path in [data, password_file] {
            chown(path, Some(user), Some(group)).map_err(file(path))?;
        }
    }
    Ok(())
}

fn password() -> Result<String, Error> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 16];
    fs::File::open(path)
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(HEXLOWER.encode(&bytes))
}
