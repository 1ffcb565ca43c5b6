//! `access-log record|show|verify|prove|verify-proof|countersign|remove|key`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use access_log::{
    AccessLog, Entry, Filter, Key, Keys, Line, Note, Proof, Public, Region, Settings, Witness, countersign,
    prove_consistency, prove_inclusion, remove, show, verify,
};
use clap::{Args, Parser, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use settings::{Check as _, SecretValue, chain};

const EXAMPLES: &str = "\
A log is a folder of one writer (sink-register's `serve`, say), with a folder for each region in it: segments of entries, one JSON
object a line, and `checkpoints`, which are signed. Nothing here needs a network.

Who has read what of a person, whom the region names by its pseudonym:
  access-log show --folder /var/log/vardstrom/serve --region 14 --person r14.v1.mfrgg... --json

Is it what was written? The public key comes from `access-log key`, once, on another way than the log:
  access-log verify --folder /var/log/vardstrom/serve --key 3b6a27bc...

The region countersigns: it signs a checkpoint only when everything that it signed before is still in the log. Its answer belongs
beside the log, where verify finds it, and stays with the region too, in its state:
  access-log prove --folder /var/log/vardstrom/serve --region 14 --from 0 > proof.json          # the first time; later --from SIZE
  access-log countersign proof.json --log-key 3b6a27bc... --name region-14 --key-file witness.key --state witness.notes --first \\
      >> /var/log/vardstrom/serve/14/countersigned
  access-log verify --folder /var/log/vardstrom/serve --key 3b6a27bc... --witness 9d61b19d...
  access-log verify --folder /var/log/vardstrom/serve --key 3b6a27bc... --witness 9d61b19d... --countersigned witness.notes

To somebody who has not the log: that entry 17 stands in it
  access-log prove --folder /var/log/vardstrom/serve --region 14 --entry 17 > proof.json
  access-log verify-proof proof.json --key 3b6a27bc...

Segments of which every entry is older than five years (not younger ones); the log then says itself what was removed:
  access-log remove --config sink-register.toml --writer serve --region 14 --before 2021-11-30

Exit codes: 0 done and in order; 1 failed, refused, or the log is not what was written; 2 wrong arguments or configuration";

/// Read, verify, prove and countersign access logs.
#[derive(Parser)]
#[command(name = "access-log", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write entries: a JSON object a line on stdin. For programs that are not linked.
    ///
    /// Each line is answered with region, number and leaf hash when it is durable, or with `error: ` and why; then the access that
    /// it is about must not be answered. Fields, all texts of letters, digits and signs without a personal number:
    /// action (read, export, disclose, log-in, change-policy), care_unit, commission?, dataset, digest? (SHA-256), ground, person?
    /// (pseudonym), recipient?, region (lanskod, or 00), resource, result (allowed, denied, disclosed, policy-changed), role, rows?,
    /// time (2026-02-01T08:00:00Z), user.
    #[command(verbatim_doc_comment)]
    Record(Writing),
    /// Print entries.
    Show {
        /// The writer's folder.
        #[arg(long, value_name = "DIR")]
        folder: PathBuf,
        /// Of this region, by länskod.
        #[arg(long, value_name = "NN")]
        region: Option<Region>,
        /// About this person, by pseudonym.
        #[arg(long, value_name = "PSEUDONYM")]
        person: Option<String>,
        /// By this user, as the entries have it.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// From this day on (UTC), as 2026-02-01, or this time, as 2026-02-01T08:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Option<Timestamp>,
        /// Before this day or time.
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: Option<Timestamp>,
        /// As they were written: a JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Compare a whole log with its checkpoints and countersignatures, and name what is wrong first.
    Verify {
        /// The writer's folder.
        #[arg(long, value_name = "DIR")]
        folder: PathBuf,
        /// Only this region.
        #[arg(long, value_name = "NN")]
        region: Option<Region>,
        /// The log's public key; may be given more than once, for earlier ones.
        #[arg(long = "key", value_name = "HEX", required = true, value_parser = public)]
        keys: Vec<Public>,
        /// A witness's public key. Without one, a log that its own keeper has written anew is not told.
        #[arg(long = "witness", value_name = "HEX", value_parser = public)]
        witnesses: Vec<Public>,
        /// Countersigned checkpoints from elsewhere, such as the witness's own state.
        #[arg(long, value_name = "FILE", requires = "witnesses")]
        countersigned: Vec<PathBuf>,
        /// The log's name without the region, as vardstrom/serve: its checkpoints must be of just this log, not of another one with
        /// the same key.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Make a proof that another machine can check.
    Prove {
        /// The writer's folder.
        #[arg(long, value_name = "DIR")]
        folder: PathBuf,
        /// The region.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// That this entry stands in the log.
        #[arg(long, value_name = "NUMBER", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
        entry: Option<u64>,
        /// That the log goes on from the checkpoint of so many entries.
        #[arg(long, value_name = "SIZE")]
        from: Option<u64>,
        /// To the checkpoint of so many entries. Default: the latest.
        #[arg(long, value_name = "SIZE")]
        to: Option<u64>,
    },
    /// Check a proof with public keys alone.
    VerifyProof {
        /// The proof, or - for stdin.
        proof: PathBuf,
        /// The log's public key; may be given more than once, for earlier ones.
        #[arg(long = "key", value_name = "HEX", required = true, value_parser = public)]
        keys: Vec<Public>,
        /// The checkpoint must be countersigned with this key, too.
        #[arg(long = "witness", value_name = "HEX", value_parser = public)]
        witnesses: Vec<Public>,
    },
    /// As a witness: sign a checkpoint, when the log goes on from the last one signed. Prints the signed checkpoint.
    Countersign {
        /// The proof of `access-log prove --from`, or - for stdin.
        proof: PathBuf,
        /// The log's public key; may be given more than once, for earlier ones.
        #[arg(long = "log-key", value_name = "HEX", required = true, value_parser = public)]
        log_keys: Vec<Public>,
        /// The witness's name, without blanks and `+`.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The witness's own seed, 64 hexadecimal digits, in a file.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// What the witness has signed of this log: it keeps this file, and nobody else may write it.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
        /// Begin with this log: nothing was signed before.
        #[arg(long)]
        first: bool,
    },
    /// Remove segments whose every entry is older than five years, or than more.
    Remove {
        #[command(flatten)]
        writing: Writing,
        /// The region.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// The first day (UTC) that is kept.
        #[arg(long, value_name = "DAY", value_parser = time)]
        before: Timestamp,
    },
    /// Print the public key of a log, or of a witness, and with --region as programs for C2SP's signed notes want it.
    Key {
        /// The configuration of a service, of which the table [access_log] is read.
        #[arg(long, value_name = "FILE", required_unless_present = "key_file")]
        config: Option<PathBuf>,
        /// A witness's seed, 64 hexadecimal digits, in a file.
        #[arg(long, value_name = "FILE", conflicts_with = "config")]
        key_file: Option<PathBuf>,
        /// The writer.
        #[arg(long, value_name = "NAME", requires = "region", requires = "config")]
        writer: Option<String>,
        /// The region.
        #[arg(long, value_name = "NN", requires = "writer")]
        region: Option<Region>,
    },
}

/// A log to write: as whoever the configuration says.
#[derive(Args)]
struct Writing {
    /// The configuration of a service, of which the table [access_log] is read.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The writer: the command that writes, such as serve, deliver, par.
    #[arg(long, value_name = "NAME")]
    writer: String,
}

/// What ended the program, and its exit code.
struct Failure(String, u8);

fn failed(error: impl std::error::Error) -> Failure {
    Failure(chain(&error), 1)
}

fn usage(error: impl std::error::Error) -> Failure {
    Failure(chain(&error), 2)
}

impl From<access_log::Error> for Failure {
    fn from(error: access_log::Error) -> Self {
        failed(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        failed(error)
    }
}

fn main() -> ExitCode {
    match run(settings::command_line::parse::<Arguments>().command) {
        Ok(code) => code,
        Err(Failure(message, code)) => {
            eprintln!("error: {message}");
            ExitCode::from(code)
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Record(writing) => record(&writing),
        Command::Show { folder, region, person, user, from, to, json } => {
            print_entries(&folder, &Filter { region, person, user, from, to }, json)
        }
        Command::Verify { folder, region, keys, witnesses, countersigned, name } => {
            compare(&folder, region, &Keys { log: keys, witnesses }, &countersigned, name.as_deref())
        }
        Command::Prove { folder, region, entry, from, to } => {
            let proof = match (entry, from) {
                (Some(entry), _) => prove_inclusion(&folder, region, entry),
                (None, from) => prove_consistency(&folder, region, from.unwrap_or_default(), to),
            };
            println!("{}", serde_json::to_string_pretty(&proof.map_err(failed)?).expect("texts are JSON"));
            Ok(ExitCode::SUCCESS)
        }
        Command::VerifyProof { proof, keys, witnesses } => {
            let proof = read_proof(&proof)?;
            let checkpoint = proof.check(&keys, &witnesses).map_err(failed)?;
            match &proof {
                Proof::Inclusion { line, .. } => println!(
                    "this entry stands in the log {} of {} entries:\n{line}",
                    checkpoint.origin, checkpoint.size
                ),
                Proof::Consistency { .. } => {
                    println!("the log {} of {} entries begins with the earlier one", checkpoint.origin, checkpoint.size)
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Countersign { proof, log_keys, name, key_file, state, first } => {
            let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
            let witness = Witness { name, key: key_of(&key_file)?, seconds: now, first };
            witnessed(&read_proof(&proof)?, &log_keys, &witness, &state)
        }
        Command::Remove { writing, region, before } => {
            let settings = writing.settings()?;
            let place = settings.place(&writing.writer);
            let (key, retired) = (settings.signing_key().map_err(usage)?, retired(&settings));
            let origin = settings.origin(&writing.writer);
            let removed = remove(&place, region, &origin, &key, &retired, before, Timestamp::now())?;
            println!("{} segments were removed; the log begins with entry {}", removed.segments.len(), removed.first);
            Ok(ExitCode::SUCCESS)
        }
        Command::Key { config, key_file, writer, region } => {
            match (config, key_file) {
                (Some(config), _) => {
                    let settings = settings_in(&config)?;
                    let public = settings.signing_key().map_err(usage)?.public();
                    match writer.zip(region) {
                        None => println!("{public}"),
                        Some((writer, region)) => {
                            println!(
                                "{}",
                                public.verifier_key(&format!("{}/{region}", settings.origin(&writer)), false)
                            );
                        }
                    }
                }
                (None, Some(file)) => println!("{}", key_of(&file)?.public()),
                (None, None) => unreachable!("one of them is required"),
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Writing {
    fn settings(&self) -> Result<Settings, Failure> {
        settings_in(&self.config)
    }
}

/// The table of a service's configuration, whatever else is in it.
fn settings_in(path: &Path) -> Result<Settings, Failure> {
    let wrong = |message: &str| Failure(format!("{}: {message}", path.display()), 2);
    let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.message()))?;
    let table = table.remove("access_log").ok_or_else(|| wrong("it has no table [access_log]"))?;
    let settings: Settings = table.try_into().map_err(|error: toml::de::Error| wrong(error.message()))?;
    settings.check().map_err(|fault| usage(fault.under("access_log")))?;
    Ok(settings)
}

fn retired(settings: &Settings) -> Vec<Public> {
    settings.retired.iter().filter_map(|text| Public::parse(text)).collect()
}

fn record(writing: &Writing) -> Result<ExitCode, Failure> {
    let log: AccessLog = writing.settings()?.open(&writing.writer)?;
    let mut output = io::stdout().lock();
    let mut is_whole = true;
    for (line, number) in io::stdin().lock().lines().zip(1_u64..) {
        let answer = match serde_json::from_str::<Entry>(&line?) {
            Ok(entry) => log.record_blocking(entry).map_err(|error| chain(&error)),
            // A message of serde_json can repeat a value.
            Err(error) => Err(format!(
                "line {number}, column {}: no entry; `access-log record --help` has its fields",
                error.column()
            )),
        };
        match answer {
            Ok(receipt) => writeln!(output, "{} {} {}", receipt.region, receipt.entry, receipt.leaf)?,
            Err(message) => {
                is_whole = false;
                writeln!(output, "error: {message}")?;
            }
        }
        output.flush()?;
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_entries(folder: &Path, filter: &Filter, json: bool) -> Result<ExitCode, Failure> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let unreadable = show(folder, filter, |line| -> Result<(), Failure> {
        if json {
            writeln!(output, "{}", serde_json::to_string(line).expect("texts and numbers are JSON"))?;
        } else {
            writeln!(output, "{}", text_of(line))?;
        }
        Ok(())
    })?;
    output.flush()?;
    if unreadable > 0 {
        return Err(Failure(format!("{unreadable} lines are no entries; `access-log verify` names the first"), 1));
    }
    Ok(ExitCode::SUCCESS)
}

/// An entry on one line, as a person reads it.
fn text_of(line: &Line) -> String {
    let commission = line.commission.as_ref().map_or(String::new(), |commission| format!(", commission {commission}"));
    let mut text = format!(
        "{} region {} entry {}: {} ({}{commission}) at {}: {} {} of {}, {}",
        line.time,
        line.region,
        line.entry,
        line.user,
        line.role,
        line.care_unit,
        line.action,
        line.resource,
        line.dataset,
        line.result
    );
    let rows = line.rows.map(|rows| rows.to_string());
    for (name, value) in [("person", &line.person), ("to", &line.recipient), ("rows", &rows), ("sha256", &line.digest)]
    {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    text + &format!("; ground: {}", line.ground)
}

fn compare(
    folder: &Path,
    region: Option<Region>,
    keys: &Keys,
    files: &[PathBuf],
    name: Option<&str>,
) -> Result<ExitCode, Failure> {
    let mut countersigned = Vec::new();
    for path in files {
        countersigned.extend(read_notes(path)?.0);
    }
    let mut regions = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure(format!("look into {}: {error}", folder.display()), 1))? {
        regions.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Region>().ok()));
    }
    regions.retain(|found| region.is_none_or(|region| region == *found));
    regions.sort_unstable();
    if regions.is_empty() {
        return Err(Failure(
            format!(
                "{} has no log of {}",
                folder.display(),
                region.map_or("any region".to_owned(), |region| format!("region {region}"))
            ),
            1,
        ));
    }
    let mut is_whole = true;
    for region in regions {
        let report = verify(folder.join(region.to_string()).as_path(), region, keys, &countersigned)?;
        let expected = name.map_or_else(|| report.origin.clone(), |name| Some(format!("{name}/{region}")));
        let other = report.origin.as_ref().filter(|_| report.origin != expected);
        match (&report.wrong, other) {
            (Some(wrong), _) => {
                is_whole = false;
                println!("region {region}: WRONG: {wrong}");
            }
            (None, Some(other)) => {
                is_whole = false;
                println!("region {region}: WRONG: its checkpoints are of another log, {other}");
            }
            (None, None) => {
                let first =
                    if report.first > 0 { format!(", the first {} removed", report.first) } else { String::new() };
                println!(
                    "region {region}: {} entries{first}, {} checkpoints; {} entries are signed, {} countersigned",
                    report.entries, report.checkpoints, report.signed, report.countersigned
                );
            }
        }
        if report.torn > 0 {
            println!("region {region}: {} bytes at the end were not finished and never acknowledged", report.torn);
        }
        let unsigned = report.entries.saturating_sub(report.signed);
        if unsigned > 0 {
            println!(
                "region {region}: the last {unsigned} entries are not signed yet: that they are cut off could not be told"
            );
        }
    }
    if keys.witnesses.is_empty() {
        println!("without --witness: a log that its own keeper has written anew is not told");
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn witnessed(proof: &Proof, log_keys: &[Public], witness: &Witness, state: &Path) -> Result<ExitCode, Failure> {
    let (known, whole) = if state.exists() { read_notes(state)? } else { (Vec::new(), 0) };
    let note = countersign(proof, known.last(), log_keys, witness).map_err(failed)?;
    // Remembered before it is given away; what a killed run has not finished it has not given away either.
    let text = format!("{note}\n");
    let failed = |error: io::Error| Failure(format!("write {}: {error}", state.display()), 1);
    let mut file = OpenOptions::new().create(true).append(true).open(state).map_err(failed)?;
    let remembered = file.set_len(whole).and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.sync_all());
    remembered.map_err(failed)?;
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// The notes of a file, and the length of those that are whole.
fn read_notes(path: &Path) -> Result<(Vec<Note>, u64), Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure(format!("read {}: {error}", path.display()), 1))?;
    Note::all(&text).ok_or_else(|| Failure(format!("{} is not a file of signed notes", path.display()), 1))
}

fn read_proof(path: &Path) -> Result<Proof, Failure> {
    /// A path has at most 64 hashes; the entry and two checkpoints are small.
    const BYTES_MAX: u64 = 1 << 20;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(BYTES_MAX).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Failure(format!("read {}: {error}", path.display()), 1))?;
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure(format!("{} is no proof (line {line}, column {column})", path.display()), 1)
    })
}

fn key_of(path: &Path) -> Result<Key, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure(format!("read {}: {error}", path.display()), 2))?;
    let text = SecretValue::new(text);
    Key::parse(text.expose()).ok_or_else(|| {
        Failure(format!("{} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`", path.display()), 2)
    })
}

fn public(text: &str) -> Result<Public, String> {
    Public::parse(text).ok_or_else(|| "not 64 hexadecimal digits, as `access-log key` prints them".to_owned())
}

/// A time, or the begin of a day by UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse()
        .ok()
        .or_else(day)
        .ok_or_else(|| "not a day, as 2026-02-01, or a time, as 2026-02-01T08:00:00Z".to_owned())
}
