//! The configuration of each service, and the files and folders that it names.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use topics::{Region, access::Principal};

use super::encryption::{Encryption, KAFKA_PASSWORD};
use super::{ACCESS_LOG_KEY, Member, SEALING_KEY_ID, Service, Stack, sealing_key, source_system};

/// When the first capacity files say that they were written: 2026-01-05T06:00:00Z, as seconds since 1970.
const CAPACITY_WRITTEN: Duration = Duration::from_secs(1_767_592_800);

impl Stack {
    pub(super) fn write_files(&self) -> io::Result<()> {
        if let Some(link) = self.planted() {
            std::os::unix::fs::symlink(self.folder(), link)?;
        }
        for (region, text) in &self.options.mappings {
            fs::write(self.mapping_file(*region), text)?;
        }
        for region in &self.options.regions {
            if let Some(text) = self.options.capacities.get(region) {
                let path = self.capacity_file(*region);
                fs::write(&path, text)?;
                // A file's version is part of its events: runs that are compared must agree on it.
                File::options().write(true).open(&path)?.set_modified(UNIX_EPOCH + CAPACITY_WRITTEN)?;
            }
        }
        if let Some(text) = &self.options.hospitals {
            fs::write(self.hospitals_file(), text)?;
        }
        for (region, tables) in &self.options.tables {
            for table in tables {
                fs::create_dir_all(self.drop_folder(*region, table.feed))?;
                fs::create_dir_all(self.positions_folder(*region, table.feed))?;
            }
        }
        for region in self.options.databases.keys() {
            fs::create_dir_all(self.slots_folder(*region))?;
        }
        if self.keycloak.is_some() {
            fs::create_dir_all(self.access_folder())?;
        }
        for member in self.members().into_iter().filter(|member| member.service != Service::Registry) {
            self.write_config(member)?;
        }
        Ok(())
    }

    pub(super) fn write_config(&self, member: Member) -> io::Result<()> {
        fs::write(self.config(member), format!("{}{}", self.common_tables(member), self.tables(member)))
    }

    fn hospitals_file(&self) -> PathBuf {
        self.folder.path().join("hospitals.csv")
    }

    fn mapping_file(&self, region: Region) -> PathBuf {
        self.folder.path().join(format!("mapping-{region}.toml"))
    }

    fn common_tables(&self, member: Member) -> String {
        format!(
            "[kafka]\n{}[registry]\nurl = \"{}\"\n{}[http]\nlisten = \"127.0.0.1:{}\"\n{}[log]\nformat = \"text\"\n",
            self.kafka_lines(member.principal()),
            self.url(Service::Registry),
            self.tls_line(),
            self.ports[&member],
            if member.service == Service::Dashboard { &self.options.board.http } else { "" }
        )
    }

    /// What stands under `[kafka]` of whoever this is.
    pub(super) fn kafka_lines(&self, principal: Principal) -> String {
        match self.kafka.encrypted() {
            None => format!("bootstrap = \"{}\"\n", self.bootstrap()),
            Some(_) if self.options.walled => {
                self.kafka_lines_of(&principal.name(), &format!("file = {:?}", self.password_file(&principal)))
            }
            Some(ports) => self.kafka_lines_of(ports.user, &format!("env = \"{KAFKA_PASSWORD}\"")),
        }
    }

    /// The same of a user, whose password is kept there.
    pub(super) fn kafka_lines_of(&self, user: &str, password: &str) -> String {
        let bootstrap = self.kafka.encrypted().map_or("", |ports| &ports.users);
        format!(
            "bootstrap = \"{bootstrap}\"\n{}sasl = {{ mechanism = \"SCRAM-SHA-512\", user = \"{user}\", password = {{ {password} }} }}\n",
            self.tls_line()
        )
    }

    fn tls_line(&self) -> String {
        self.encryption.as_ref().map_or_else(String::new, Encryption::line)
    }

    /// A region's line about sealing.
    fn sealing_line(&self, region: Region) -> String {
        match self.options.sealed {
            true => format!(
                "sealing = {{ keys = [{{ id = \"{SEALING_KEY_ID}\", key = {{ env = \"{}\" }} }}] }}\n",
                sealing_key(region)
            ),
            false => String::new(),
        }
    }

    fn tables(&self, member: Member) -> String {
        let regions = member.region.map_or_else(|| self.options.regions.clone(), |region| vec![region]);
        let quoted: Vec<String> = regions.iter().map(|region| format!("\"{region}\"")).collect();
        let quoted = quoted.join(", ");
        match member.service {
            Service::Registry => String::new(),
            Service::Connector => {
                let mut text = "[routing]\nkey = { env = \"VARDSTROM_PARTITION_KEY\" }\n".to_owned();
                let sources = regions.iter().filter_map(|region| self.options.sources.get(region));
                sources.for_each(|sources| text.push_str(&sources.connector));
                for region in &regions {
                    text.push_str(&format!(
                        "[[region]]\ncode = \"{region}\"\nsource_system = \"{}\"\n{}[[region.mllp]]\nlisten = \"{}\"\nfeed = \"adt\"\n",
                        source_system(*region),
                        self.sealing_line(*region),
                        self.mllp(*region)
                    ));
                    if self.options.capacities.contains_key(region) {
                        text.push_str(&format!(
                            "[[region.capacity]]\npath = \"{}\"\nfeed = \"capacity\"\n",
                            self.capacity_file(*region).display()
                        ));
                    }
                    for table in self.options.tables.get(region).into_iter().flatten() {
                        text.push_str(&format!(
                            "[[region.table]]\npath = \"{}\"\npositions = \"{}\"\nfeed = \"{}\"\nkey = \"{}\"\npoll = \"200ms\"\n",
                            self.drop_folder(*region, table.feed).display(),
                            self.positions_folder(*region, table.feed).display(),
                            table.feed,
                            table.key
                        ));
                    }
                    for database in self.options.databases.get(region).into_iter().flatten() {
                        text.push_str(&format!(
                            "[[region.cdc]]\nurl = {{ env = \"{}\" }}\nslot = \"{}\"\npublication = \"{}\"\ntables = [\"{table}\"]\n\
                             keys = {{ \"{table}\" = \"{}\" }}\n\
                             positions = \"{}\"\nfeed = \"{}\"\n",
                            database.variable(),
                            database.slot,
                            database.publication,
                            database.key,
                            self.slots_folder(*region).display(),
                            database.feed,
                            table = database.table
                        ));
                    }
                    if let Some(sources) = self.options.sources.get(region) {
                        text.push_str(&sources.region);
                    }
                }
                text
            }
            Service::Processor => {
                let mut text = format!("[relay]\ngroup = \"{member}\"\ninstance = \"{member}-1\"\n");
                for region in &regions {
                    text.push_str(&format!(
                        "[[region]]\ncode = \"{region}\"\nkey = {{ env = \"VARDSTROM_KEY_{region}\" }}\nkey_id = \"v1\"\n{}",
                        self.sealing_line(*region)
                    ));
                    if self.options.mappings.contains_key(region) {
                        text.push_str(&format!("mapping = \"{}\"\n", self.mapping_file(*region).display()));
                    }
                    let tables = self.options.tables.get(region).into_iter().flatten().map(|table| &table.package);
                    let databases = self.options.databases.get(region).into_iter().flatten();
                    let sources = self.options.sources.get(region);
                    let others = sources.into_iter().flat_map(|sources| &sources.packages);
                    let packages: BTreeSet<_> =
                        tables.chain(databases.map(|database| &database.package)).chain(others).collect();
                    if !packages.is_empty() {
                        let packages = packages.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
                        text.push_str(&format!("packages = [{packages}]\n"));
                    }
                    if let Some(feeds) = sources.map(|sources| &sources.feeds).filter(|feeds| !feeds.is_empty()) {
                        text.push_str(&format!("feeds = {feeds:?}\n"));
                    }
                }
                text
            }
            Service::SinkStore => {
                let tls = self.tls_line();
                format!(
                    "[database]\nurl = {{ env = \"VARDSTROM_DATABASE_URL\" }}\n{tls}[regions]\ncodes = [{quoted}]\n"
                )
            }
            Service::Dashboard => {
                let tls = self.tls_line();
                let provider = self.keycloak.as_ref().filter(|_| !self.options.board.is_open);
                let login = provider.map(|keycloak| {
                    format!(
                        "[access_log]\nfolder = {:?}\nkey = {{ env = \"{ACCESS_LOG_KEY}\" }}\n[login]\n{}{}",
                        self.access_folder(),
                        self.options.board.login,
                        keycloak.login_settings(&self.url(member))
                    )
                });
                let login = login.unwrap_or_default();
                let group = if self.options.apart { "processor-<nn>" } else { topics::group::PROCESSOR };
                let hospitals =
                    self.options.hospitals.as_ref().map(|_| format!("hospitals = {:?}\n", self.hospitals_file()));
                format!(
                    "[store]\nurl = {{ env = \"VARDSTROM_DATABASE_URL\" }}\n{tls}[board]\nregions = [{quoted}]\n\
                     processor_group = \"{group}\"\n{}{}{login}",
                    hospitals.unwrap_or_default(),
                    self.options.board.lines
                )
            }
        }
    }
}
