//! One folder for everything that a run puts on the disk, which goes with the run, however that ends.
//!
//! Servers end with whoever started them (`local_stack::Process`), but folders are removed by destructors, and a signal runs none.
//! So a small shell waits on a pipe from this process, as it does for each server: when the pipe closes it waits until
//! the servers have ended, and removes the folder. That needs no signal handler.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Servers are given 10 s to stop before they are killed, so nothing that is waited for takes longer.
const SWEEP: &str = r#"
cat >/dev/null
tries=0
while [ "$tries" -lt 150 ]; do
  running=
  for file in $(find "$1" -name '*.pid'); do
    read -r id <"$file" && kill -0 "$id" && running=yes
  done 2>/dev/null
  [ -n "$running" ] || break
  tries=$((tries + 1))
  sleep 0.1
done
rm -rf "$1"
"#;

/// Where temporary folders of this process are made from now on. Dropping it removes it, and waits for that.
pub struct RunFolder {
    sweeper: Child,
}

impl RunFolder {
    /// Makes it. Once in a process, before anything else is made there.
    ///
    /// # Errors
    /// When the folder or the shell cannot be made.
    pub fn new() -> io::Result<Self> {
        let folder = TempDir::with_prefix("vardstrom-")?;
        // Servers may run as another user, below folders that are their own.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
        let sweeper = Command::new("sh")
            .args(["-c", SWEEP, "sweep"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to everything in a terminal's group.
            .process_group(0)
            .spawn()?;
        let path = folder.keep();
        let _: Result<(), _> = tempfile::env::override_temp_dir(&path);
        Ok(Self { sweeper })
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}
