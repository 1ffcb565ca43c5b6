//! One private Keycloak in development mode, with a realm whose users have the claims of SITHS and Inera.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Authority, Error, free_port, maven,
    process::{Process, run},
};

const VERSION: &str = "26.7.3";
const MEGABYTES: u32 = 176;
/// Users of every role in two regions, and programs; every password is [`PASSWORD`].
const REALM: &str = include_str!("realm.json");
/// The same realm as a service's table `[login]` names it.
const LOGIN: &str = include_str!("realm.login.toml");
const NAME: &str = "vardstrom";
/// The client secret of the pages, in the realm.
const SECRET: &str = "board-secret";
/// The password of every user of the realm.
pub const PASSWORD: &str = "losenord";
/// It prepares itself before it starts, half a minute on two cores that do nothing else.
const READY_MAX: Duration = Duration::from_secs(240);

/// A provider of logins on two free ports of 127.0.0.1, one of them over TLS. What it is told is gone with it.
pub struct Keycloak {
    server: Option<Process>,
    folder: TempDir,
    port: u16,
    encrypted_port: u16,
    authority: Authority,
}

impl Keycloak {
    /// Fetches it (once) and starts it with its realm.
    ///
    /// # Errors
    /// When Java, its development kit or Maven is missing, the archive cannot be fetched, or it does not come up.
    pub fn start() -> Result<Self, Error> {
        let program = unpacked()?;
        let folder = TempDir::with_prefix("vardstrom-keycloak-")
            .map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        // It writes into its own folder as it starts.
        run("cp", Command::new("cp").arg("-r").arg(program).arg(folder.path().join("keycloak")))?;
        let import = folder.path().join("keycloak/data/import");
        let file = import.join("realm.json");
        fs::create_dir_all(&import).map_err(|source| Error::File { path: import, source })?;
        fs::write(&file, REALM).map_err(|source| Error::File { path: file, source })?;
        let secret = folder.path().join("secret");
        fs::write(&secret, SECRET).map_err(|source| Error::File { path: secret, source })?;
        let (port, encrypted_port, authority) = (free_port()?, free_port()?, Authority::new()?);
        let mut keycloak = Self { server: None, folder, port, encrypted_port, authority };
        keycloak.start_again()?;
        Ok(keycloak)
    }

    /// The address of its realm, which is the issuer of its tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}/realms/{NAME}", self.port)
    }

    /// The same over TLS: another issuer, with the same keys and users. It asks its clients for a certificate of
    /// [`Self::authority`], and takes them without one.
    #[must_use]
    pub fn encrypted_issuer(&self) -> String {
        format!("https://127.0.0.1:{}/realms/{NAME}", self.encrypted_port)
    }

    /// Who issued its certificate, and whose certificates of clients it trusts.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The table `[login]` of a service that browsers reach at this address, `http://127.0.0.1:8080`.
    #[must_use]
    pub fn login_settings(&self, public_url: &str) -> String {
        let secret = self.folder.path().join("secret").display().to_string();
        LOGIN.replace("ISSUER", &self.issuer()).replace("PUBLIC", public_url).replace("SECRET", &secret)
    }

    /// The names of its users, for whoever shows them.
    #[must_use]
    pub fn users() -> Vec<&'static str> {
        let named = REALM.split("\"username\": \"").skip(1);
        named.filter_map(|rest| rest.split('"').next()).filter(|name| !name.is_empty()).collect()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        match self.server.take() {
            Some(mut server) => server.kill(),
            None => Err(Error::External { server: "Keycloak" }),
        }
    }

    /// Starts it on the same port, after [`Self::stop_hard`]. Users, keys and sessions are what they were: it keeps them on
    /// disk in its private folder.
    ///
    /// # Errors
    /// When it does not come up; the error holds the end of its log.
    pub fn start_again(&mut self) -> Result<(), Error> {
        let home = self.folder.path().join("keycloak");
        let script = home.join("bin/kc.sh").display().to_string();
        let shown = self.authority.issue(&["127.0.0.1"])?;
        let command = [
            "bash".to_owned(),
            script,
            "start-dev".to_owned(),
            "--import-realm".to_owned(),
            "--http-host=127.0.0.1".to_owned(),
            format!("--http-port={}", self.port),
            format!("--https-port={}", self.encrypted_port),
            format!("--https-certificate-file={}", shown.certificate.display()),
            format!("--https-certificate-key-file={}", shown.key.display()),
            "--https-client-auth=request".to_owned(),
            format!("--truststore-paths={}", self.authority.ca().display()),
        ];
        // Without an own heap it takes half of the machine's memory.
        let memory = [("JAVA_OPTS_KC_HEAP".to_owned(), "-Xms128m -Xmx512m".to_owned())];
        let mut server = Process::start("keycloak", self.folder.path(), "TERM", &command, &memory)?;
        // One opens a moment after the other.
        for port in [self.port, self.encrypted_port] {
            server.wait_for_port(port, READY_MAX)?;
        }
        self.server = Some(server);
        Ok(())
    }
}

/// The folder of the program, as it was packed.
fn unpacked() -> Result<PathBuf, Error> {
    let name = format!("keycloak-{VERSION}");
    let folder = maven::cache_folder().join(&name);
    if !folder.is_dir() {
        let archive = maven::archive(&name, &["org.keycloak", "keycloak-quarkus-dist", VERSION], MEGABYTES)?;
        unpack(&archive.join(format!("keycloak-quarkus-dist-{VERSION}.zip")), &name, &folder)?;
    }
    fs::canonicalize(&folder).map_err(|source| Error::File { path: folder, source })
}

fn unpack(archive: &Path, name: &str, folder: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let cache = folder.parent().unwrap_or_else(|| Path::new("."));
    let work = TempDir::with_prefix_in("unpack-", cache).map_err(failed(cache))?;
    let archive = fs::canonicalize(archive).map_err(failed(archive))?;
    run("jar (of the Java development kit)", Command::new("jar").arg("xf").arg(archive).current_dir(work.path()))?;
    maven::put(&work.path().join(name), folder)
}
