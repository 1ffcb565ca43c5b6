//! One private SFTP server: OpenSSH's own, for one user and one key.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Error, free_port,
    process::{Process, run},
};

const READY_MAX: Duration = Duration::from_secs(20);

/// An `sshd` that gives its starter's user files and nothing else. Root is refused there what its file's mode refuses, as any
/// other user is.
pub struct Sftp {
    server: Option<Process>,
    folder: TempDir,
    command: Vec<String>,
    port: u16,
    user: String,
    host_key: String,
}

impl Sftp {
    /// Makes keys and starts the server on a free port.
    ///
    /// # Errors
    /// When no server is installed or it does not come up.
    pub fn start() -> Result<Self, Error> {
        let program = binary()
            .ok_or(Error::Missing { program: "sshd", remedy: "install it (Debian: apt-get install openssh-server)" })?;
        let folder = TempDir::with_prefix("vardstrom-sftp-")
            .map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        let user = user()?;
        if user == "root" {
            separation_folder()?;
        }
        for key in ["host_key", "user_key"] {
            let path = folder.path().join(key).display().to_string();
            run(
                "ssh-keygen",
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", &path]),
            )?;
        }
        let public = |key: &str| text(&folder.path().join(format!("{key}.pub")));
        let host_key: Vec<String> = public("host_key")?.split_whitespace().take(2).map(str::to_owned).collect();
        let authorized = folder.path().join("authorized_keys");
        write(&authorized, &public("user_key")?)?;
        fs::create_dir(folder.path().join("files"))
            .map_err(|source| Error::File { path: folder.path().join("files"), source })?;
        let port = free_port()?;
        let config = folder.path().join("sshd_config");
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\nAllowUsers {user}\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             UsePAM no\nStrictModes no\nMaxStartups 100\nClientAliveInterval 10\nAllowTcpForwarding no\n\
             Subsystem sftp internal-sftp\nForceCommand internal-sftp\n",
            folder.path().join("host_key").display(),
            authorized.display(),
        );
        write(&config, &settings)?;
        let command = [program.display().to_string(), "-D".to_owned(), "-e".to_owned(), "-f".to_owned()];
        let without_override = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"].map(str::to_owned);
        let ordinary = without_override.into_iter().filter(|_| user == "root");
        let command = ordinary.chain(command).chain([config.display().to_string()]).collect();
        let mut sftp = Self { server: None, folder, command, port, user, host_key: host_key.join(" ") };
        sftp.start_again()?;
        Ok(sftp)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The one user that it lets in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The file with that user's private key.
    #[must_use]
    pub fn user_key(&self) -> PathBuf {
        self.folder.path().join("user_key")
    }

    /// Type and key that it shows.
    #[must_use]
    pub fn host_key(&self) -> &str {
        &self.host_key
    }

    /// A folder for its files, by the same path here and there.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The lines of a configuration that say all this, for a folder of [`Self::files`].
    #[must_use]
    pub fn settings(&self, port: u16, folder: &Path) -> String {
        format!(
            "host = \"127.0.0.1\"\nport = {port}\nuser = \"{}\"\nkey = {:?}\nhost_key = \"{}\"\nfolder = {folder:?}\n",
            self.user,
            self.user_key(),
            self.host_key
        )
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        self.server.as_ref().map(Process::log_end).unwrap_or_default()
    }

    /// `kill -9` for the server and every session of it.
    ///
    /// # Errors
    /// When it was not running.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        // A session has left the server's group of processes, and would outlive it.
        let sessions = descendants(server.id()?);
        server.kill()?;
        for session in sessions {
            // It may have ended by itself.
            let _ = run("kill", Command::new("kill").args(["-KILL", &session.to_string()]));
        }
        Ok(())
    }

    /// Starts the stopped server on the same port with the same keys and files.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<(), Error> {
        let mut server = Process::start("sshd", self.folder.path(), "TERM", &self.command, &[])?;
        server.wait_for_port(self.port, READY_MAX)?;
        self.server = Some(server);
        Ok(())
    }
}

/// `sshd` wants to be called by its full path.
fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
    places.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join("sshd")).find(|path| path.is_file())
}

/// Where a server that was started by root puts itself away; the system makes it when it starts its own server.
fn separation_folder() -> Result<(), Error> {
    let path = Path::new("/run/sshd");
    let made = fs::create_dir_all(path).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)));
    made.map_err(|source| Error::File { path: path.to_owned(), source })
}

fn user() -> Result<String, Error> {
    let output = Command::new("id").arg("-un").output();
    let output = output.map_err(|source| Error::Run { program: "id".to_owned(), source })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The processes that a process has started, and those that they have.
fn descendants(process: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The name in parentheses may hold blanks; state and parent follow it.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect();
    let mut found = vec![process];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        at += 1;
    }
    found.split_off(1)
}

fn text(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let written: io::Result<()> = fs::write(path, text);
    written.map_err(|source| Error::File { path: path.to_owned(), source })
}
