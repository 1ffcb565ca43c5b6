//! A server process that ends with its starter.
//!
//! The server runs under a small shell that also waits on a pipe from this process. When this process ends, by whatever
//! means, the pipe closes and the shell stops the server. That needs no signal handler and no unsafe code.

use std::{
    fs::{self, File},
    io,
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Error;

const WATCH: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "$server" >"$PID_FILE"
( cat <&3 >/dev/null; kill -"$STOP_SIGNAL" "$server" 2>/dev/null; sleep 10; kill -9 "$server" 2>/dev/null ) &
watch=$!
wait "$server"
kill "$watch" 2>/dev/null
exec 3<&-
"#;

/// How long a process is given to end before it is killed.
const STOP_MAX: Duration = Duration::from_secs(15);

/// A child process that ends with its starter, its output in `<folder>/<name>.log`.
pub struct Process {
    name: String,
    shell: Option<Child>,
    pid_file: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which finds `environment` beside the inherited one; `stop_signal` (`TERM`, `INT`) asks it to end.
    ///
    /// # Errors
    /// When the log cannot be written or no shell can be started.
    pub fn start(
        name: &str,
        folder: &Path,
        stop_signal: &str,
        command: &[String],
        environment: &[(String, String)],
    ) -> Result<Self, Error> {
        let log = folder.join(format!("{name}.log"));
        let pid_file = folder.join(format!("{name}.pid"));
        let _ = fs::remove_file(&pid_file);
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(|source| Error::File { path: log.clone(), source })?;
        let errors = output.try_clone().map_err(|source| Error::File { path: log.clone(), source })?;
        let shell = Command::new("sh")
            .args(["-c", WATCH, name])
            .args(command)
            .env("PID_FILE", &pid_file)
            .env("STOP_SIGNAL", stop_signal)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Run { program: name.to_owned(), source })?;
        Ok(Self { name: name.to_owned(), shell: Some(shell), pid_file, log })
    }

    /// Waits until `port` of 127.0.0.1 accepts connections.
    ///
    /// # Errors
    /// When the process ends first or does not answer in time; the error holds the end of its log.
    pub fn wait_for_port(&mut self, port: u16, within: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while Instant::now() < deadline {
            if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            let ended = self.shell.as_mut().is_none_or(|shell| matches!(shell.try_wait(), Ok(Some(_))));
            if ended {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Error::NotReady { server: self.name.clone(), seconds: within.as_secs(), log: tail(&self.log) })
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        self.shell.as_mut().is_some_and(|shell| matches!(shell.try_wait(), Ok(None)))
    }

    /// The process id, for reading its memory use.
    ///
    /// # Errors
    /// When the process has not started.
    pub fn id(&self) -> Result<u32, Error> {
        let text =
            fs::read_to_string(&self.pid_file).map_err(|source| Error::File { path: self.pid_file.clone(), source })?;
        text.trim()
            .parse()
            .map_err(|_| Error::Failed { program: "the start of the process".to_owned(), output: self.log_end() })
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        tail(&self.log)
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// When the process was not running.
    pub fn kill(&mut self) -> Result<(), Error> {
        self.signal("KILL")?;
        self.wait_for_end();
        Ok(())
    }

    /// Asks the process to end and waits; killed after 15 s.
    pub fn stop(mut self) {
        self.wait_for_end();
    }

    /// Sends a signal to the process itself.
    ///
    /// # Errors
    /// When it is not running.
    pub fn signal(&self, signal: &str) -> Result<(), Error> {
        let pid =
            fs::read_to_string(&self.pid_file).map_err(|source| Error::File { path: self.pid_file.clone(), source })?;
        run("kill", Command::new("kill").args([&format!("-{signal}"), pid.trim()]))
    }

    /// SIGSTOP, and waits until no thread of it runs: `kill` returns before that, and on a busy machine a server goes on answering
    /// for a while.
    ///
    /// # Errors
    /// When it is not running, or goes on.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal("STOP")?;
        let deadline = Instant::now() + STOP_MAX;
        while !self.is_paused()? {
            if Instant::now() >= deadline {
                return Err(Error::Failed { program: format!("stopping {}", self.name), output: self.log_end() });
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn is_paused(&self) -> Result<bool, Error> {
        let threads = PathBuf::from(format!("/proc/{}/task", self.id()?));
        let unread = |source| Error::File { path: threads.clone(), source };
        for thread in fs::read_dir(&threads).map_err(unread)? {
            // One that has ended since does not run.
            let Ok(stat) = fs::read_to_string(thread.map_err(unread)?.path().join("stat")) else { continue };
            // `id (name) state ...`, and the name can hold anything.
            let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
            if !matches!(state, Some('T' | 'Z' | 'X')) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Closes the pipe and waits for the process to be gone.
    pub(crate) fn wait_for_end(&mut self) {
        let Some(mut shell) = self.shell.take() else { return };
        drop(shell.stdin.take());
        let deadline = Instant::now() + STOP_MAX;
        while Instant::now() < deadline {
            if !matches!(shell.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.signal("KILL");
        let _ = shell.kill();
        let _ = shell.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.wait_for_end();
    }
}

/// Runs a command to its end; an error holds the last of what it printed.
pub(crate) fn run(program: &str, command: &mut Command) -> Result<(), Error> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| Error::Run { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { program: program.to_owned(), output: last_lines(&text) })
}

/// Whether a program can be started.
pub(crate) fn installed(program: &str) -> bool {
    match Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
    {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn tail(log: &Path) -> String {
    last_lines(&fs::read_to_string(log).unwrap_or_default())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
