//! What a walled stack has beside an encrypted one: a Kafka user for everybody, with the rights that `topics acl` gives it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use topics::{
    Kafka,
    access::{Cluster, Kind, Operation, Pattern, Principal, Resource, Rule},
};

use super::{Error, Stack};

/// Who comes to the port for plain text.
const STRANGER: &str = "User:ANONYMOUS";

impl Stack {
    /// Makes users and rules by the command that an operator has, and lets the run itself read.
    pub(super) fn apply_access(&self) -> Result<(), Error> {
        let folder = self.passwords();
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let ports = self.kafka.encrypted().expect("a walled stack is encrypted");
        let password = folder.join("administrator");
        fs::write(&password, ports.password)?;
        let lines = self.kafka_lines_of(ports.user, &format!("file = {password:?}"));
        let file = self.folder.path().join("administrator.toml");
        fs::write(&file, format!("[kafka]\n{lines}"))?;
        let (file, folder) = (file.display().to_string(), folder.display().to_string());
        let mut arguments = vec!["acl", "--config", &file, "--apply", "--passwords", &folder];
        let regions: Vec<String> = self.options.regions.iter().map(ToString::to_string).collect();
        for region in &regions {
            arguments.extend(["--region", region]);
        }
        self.run("apply of the access rules", "topics", &arguments)?;
        let let_read = || -> Result<(), Box<dyn std::error::Error>> {
            Ok(Cluster::connect(&toml::from_str::<Kafka>(&lines)?)?.create(&of_the_run())?)
        };
        let_read()
            .map_err(|error| Error::Step { step: "making the rules of the run itself", output: error.to_string() })
    }

    /// The file with the password of a principal.
    pub(super) fn password_file(&self, principal: &Principal) -> PathBuf {
        self.passwords().join(format!("{principal}.password"))
    }

    fn passwords(&self) -> PathBuf {
        self.folder.path().join("passwords")
    }
}

/// The run counts what is in the topics by the port for plain text, which no service is told.
fn of_the_run() -> [Rule; 2] {
    let every = |kind| Resource { kind, pattern: Pattern::LITERAL, name: "*".to_owned() };
    let rules = [(Kind::TOPIC, Operation::READ), (Kind::GROUP, Operation::DESCRIBE)];
    rules.map(|(kind, operation)| Rule::allow(STRANGER, operation, every(kind)))
}
