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
/// It prepares itself before it starts, half a minute on two cores that do nothing else, and longer where it makes users of 21 regions.
const READY_MAX: Duration = Duration::from_secs(600);

/// A provider of logins on two free ports of 127.0.0.1, one of them over TLS. What it is told is gone with it.
pub struct Keycloak {
    server: Option<Process>,
    folder: TempDir,
    port: u16,
    realm: Realm,
    encrypted_port: u16,
    authority: Authority,
}

impl Keycloak {
    /// Fetches it (once) and starts it with its realm.
    ///
    /// # Errors
    /// When Java, its development kit or Maven is missing, the archive cannot be fetched, or it does not come up.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(Realm { users: REALM.to_owned(), login: LOGIN.to_owned() })
    }

    /// The same with users of every role, and a program, in each of these regions beside its own two. What the provider says of a
    /// session holds for as long as a run takes.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_for(regions: &[&str]) -> Result<Self, Error> {
        Self::start_with(Realm::of(regions))
    }

    fn start_with(realm: Realm) -> Result<Self, Error> {
        let program = unpacked()?;
        let folder = TempDir::with_prefix("vardstrom-keycloak-")
            .map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        // It writes into its own folder as it starts.
        run("cp", Command::new("cp").arg("-r").arg(program).arg(folder.path().join("keycloak")))?;
        let import = folder.path().join("keycloak/data/import");
        let file = import.join("realm.json");
        fs::create_dir_all(&import).map_err(|source| Error::File { path: import, source })?;
        fs::write(&file, &realm.users).map_err(|source| Error::File { path: file, source })?;
        let secret = folder.path().join("secret");
        fs::write(&secret, SECRET).map_err(|source| Error::File { path: secret, source })?;
        let (port, encrypted_port, authority) = (free_port()?, free_port()?, Authority::new()?);
        let mut keycloak = Self { server: None, folder, port, encrypted_port, authority, realm };
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
        self.realm.login.replace("ISSUER", &self.issuer()).replace("PUBLIC", public_url).replace("SECRET", &secret)
    }

    /// `employeeHsaId` of a user: who that is in an access log.
    #[must_use]
    pub fn employee(&self, user: &str) -> Option<&str> {
        let (_, line) = self.realm.users.split_once(&format!("\"username\": \"{user}\""))?;
        line.lines().next()?.split_once("\"employeeHsaId\": [\"")?.1.split('"').next()
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

/// What Keycloak imports, and how a service names it.
struct Realm {
    users: String,
    login: String,
}

impl Realm {
    /// With users like region 14's, and a program like its own, in these regions, too.
    fn of(regions: &[&str]) -> Self {
        const PROGRAM: &str = "    {\n      \"clientId\": \"analys-14\"";
        let program = REALM.split_once(PROGRAM).map_or("", |(_, rest)| rest);
        let program = format!("{PROGRAM}{}", program.split_inclusive("\n    },\n").next().unwrap_or_default());
        let users: String = REALM
            .lines()
            .filter(|line| line.contains("-14\", \"enabled\""))
            .fold(String::new(), |users, line| users + line.trim_end_matches(',') + ",\n");
        // Passwords that are checked hundreds of times may be cheap here.
        let cheap = "\"passwordPolicy\": \"hashAlgorithm(pbkdf2-sha256) and hashIterations(1000)\",";
        let mut realm = Self {
            users: REALM
                .replace("\"access.token.lifespan\": \"10\"", "\"access.token.lifespan\": \"3600\"")
                .replace("\"accessTokenLifespan\": 300,", &format!("\"accessTokenLifespan\": 3600, {cheap}")),
            login: LOGIN.to_owned(),
        };
        for region in regions.iter().filter(|region| **region != "14") {
            let of_region = |text: &str| {
                let own = format!("SE21000000{region}-");
                text.replace("-14", &format!("-{region}")).replace("SE2321000131-", &own)
            };
            let program = of_region(&program);
            realm.users = realm.users.replacen("  \"clients\": [\n", &format!("  \"clients\": [\n{program}"), 1);
            let role =
                format!("[[login.role]]\nclaim = \"azp\"\nvalue = \"analys-{region}\"\nrole = \"region-analyst\"\n");
            realm.login = realm.login.replacen("[login.region]\n", &format!("{role}[login.region]\n"), 1);
            let provider = format!("\"SE21000000{region}-0001\" = \"{region}\"\n");
            realm.login = realm.login.replacen("[login.region]\n", &format!("[login.region]\n{provider}"), 1);
            // Region 01 has users already.
            if *region != "01" {
                let users = of_region(&users);
                realm.users = realm.users.replacen("  \"users\": [\n", &format!("  \"users\": [\n{users}"), 1);
            }
        }
        realm
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_users_and_a_program_once() {
        let Realm { users, login } = Realm::of(&["01", "03", "14"]);
        let count = |text: &str, part: &str| text.matches(part).count();
        for region in ["01", "03", "14"] {
            for user in
                ["samordnare", "analytiker", "dataansvarig", "integration", "dataskyddsombud", "drift", "nationell"]
            {
                assert_eq!(count(&users, &format!("\"username\": \"{user}-{region}\"")), 1, "{user} {region}");
            }
            assert_eq!(count(&users, &format!("\"clientId\": \"analys-{region}\"")), 1, "{region}");
            assert_eq!(count(&login, &format!("value = \"analys-{region}\"")), 1, "{region}");
            assert!(count(&login, &format!("= \"{region}\"\n")) >= 1, "{region}");
        }
        assert_eq!(count(&users, "SE2100000003-0001"), 9, "eight users and a program: {users}");
        assert_eq!(count(&users, "passwordPolicy"), 1);
        // As many brackets open as close, and no list ends in a comma.
        for (open, close) in [('{', '}'), ('[', ']')] {
            assert_eq!(users.matches(open).count(), users.matches(close).count());
        }
        assert_eq!(count(&users, ",\n  ]"), 0);
    }
}
