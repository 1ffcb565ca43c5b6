//! The command that says what a configuration opens.

use std::path::Path;

use runtime::exit::Failure;

use crate::config::Config;

/// Says what a configuration that can be used opens, and fails where a sealing key does not open.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    let mut tried = Ok(());
    for region in &config.region {
        println!("{} {} from {}", region.code, region.code.name(), region.source_system);
        match &region.sealing {
            Some(settings) => {
                let keys = settings.keys(region.code.code()).map_err(Failure::usage)?;
                tried = tried.and(keys.tried(&mut |line| println!("   {line}")));
            }
            None => println!("   no [region.sealing]: payloads travel readable"),
        }
        for mllp in &region.mllp {
            let encrypted = if mllp.tls.is_some() { " with TLS" } else { "" };
            println!("   MLLP on {}{encrypted} to {}", mllp.listen, topics::name::source(region.code, &mllp.feed));
        }
        for source in &region.capacity {
            println!("   capacity from {} to {}", shown(&source.path), topics::name::source(region.code, &source.feed));
        }
        for source in &region.replay {
            println!(
                "   HL7 files from {} to {}",
                shown(&source.path),
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.table {
            let order = match &source.key {
                Some(key) => format!(", in order by {key}"),
                None => String::new(),
            };
            let server = match &source.sftp {
                Some(server) => format!("{}@{}{} by way of ", server.user, server.place(), server.folder),
                None => String::new(),
            };
            println!(
                "   tables from {server}{} to {}{order}",
                if source.sftp.is_some() { source.path.display().to_string() } else { shown(&source.path) },
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.cdc {
            println!(
                "   changes of {} by slot {} and publication {} to {}",
                source.tables.join(", "),
                source.slot,
                source.publication,
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.fhir_files {
            println!(
                "   FHIR files from {} to {}",
                shown(&source.path),
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.debezium {
            for (topic, feed) in &source.topics {
                println!(
                    "   Debezium topic {topic} of the Kafka at {} by group {} to {}",
                    source.kafka.bootstrap,
                    source.group,
                    topics::name::source(region.code, feed)
                );
            }
            if let Some(registry) = &source.registry {
                println!("   their schemas at {}", registry.url);
            }
        }
        for source in &region.fhir {
            let types: Vec<_> = source.types.iter().map(|kind| kind.name()).collect();
            println!(
                "   {} of the FHIR server at {} every {}s, {}s back, to {}",
                types.join(", "),
                source.base,
                source.poll.0.as_secs_f32(),
                source.overlap.0.as_secs_f32(),
                topics::name::source(region.code, &source.feed)
            );
            if let (Some(hook), Some(_)) = (&config.fhir_hook, &source.hook) {
                println!("      and at once when {} is called at /fhir/notify/{}", hook.listen, source.name);
            }
        }
    }
    tried.map_err(Failure::failed)?;
    println!("the configuration can be used");
    Ok(())
}

/// A watched file or folder, and what is the matter with it now: it is another system's, and may come and go.
fn shown(path: &Path) -> String {
    let looked = std::fs::metadata(path).and_then(|found| match found.is_dir() {
        true => std::fs::read_dir(path).map(drop),
        false => std::fs::File::open(path).map(drop),
    });
    let matter = looked.err().map(|error| format!(" (now: {error}; it is looked at until it can be read)"));
    format!("{}{}", path.display(), matter.unwrap_or_default())
}
