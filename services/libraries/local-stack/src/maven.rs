//! Jars from Maven, resolved once into the cache folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    Error,
    process::{installed, run},
};

/// The folder with these jars (group, artifact, version) and all that they need. `name` says what they are and in which
/// version, and is the name of their folder in the cache: other jars need another name. `megabytes` is told to whoever waits.
///
/// # Errors
/// When Java or Maven is missing, the jars cannot be resolved, or the cache folder cannot be written.
pub fn libraries(name: &str, jars: &[[&str; 3]], megabytes: u32) -> Result<PathBuf, Error> {
    let dependencies = jars.iter().map(|jar| dependency(jar, "")).collect::<String>();
    fetch(name, &dependencies, megabytes)
}

/// The folder with one archive alone, a zip file that brings everything with it.
pub(crate) fn archive(name: &str, coordinates: &[&str; 3], megabytes: u32) -> Result<PathBuf, Error> {
    let nothing_else = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
    fetch(name, &dependency(coordinates, &format!("<type>zip</type>{nothing_else}")), megabytes)
}

fn fetch(name: &str, dependencies: &str, megabytes: u32) -> Result<PathBuf, Error> {
    if !installed("java") {
        let remedy = "install Java 17 (Debian: apt-get install openjdk-17-jre-headless)";
        return Err(Error::Missing { program: "java", remedy });
    }
    let cache = cache_folder().join("java");
    let libraries = cache.join(name);
    if libraries.is_dir() {
        return Ok(libraries);
    }
    if !installed("mvn") {
        return Err(Error::Missing { program: "mvn", remedy: "install Maven (Debian: apt-get install maven)" });
    }
    progress(&format!("fetching {name} by Maven (once, about {megabytes} MB) ..."));
    let failed = |source| Error::File { path: cache.clone(), source };
    fs::create_dir_all(&cache).map_err(failed)?;
    let work = TempDir::with_prefix_in("fetch-", &cache).map_err(failed)?;
    let (project, fetched) = (work.path().join("pom.xml"), work.path().join("libraries"));
    fs::write(&project, pom_text(dependencies)).map_err(failed)?;
    run(
        &format!("mvn (resolving {name})"),
        Command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(&project)
            .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
            .arg(format!("-DoutputDirectory={}", fetched.display())),
    )?;
    put(&fetched, &libraries)?;
    progress("fetched");
    Ok(libraries)
}

/// Moves what was made into its place in the cache. Another process may have been faster; both results are the same.
pub(crate) fn put(made: &Path, place: &Path) -> Result<(), Error> {
    match fs::rename(made, place) {
        Err(source) if !place.is_dir() => Err(Error::File { path: place.to_owned(), source }),
        _ => Ok(()),
    }
}

fn dependency([group, artifact, version]: &[&str; 3], more: &str) -> String {
    let named = format!("<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>");
    format!("<dependency>{named}{more}</dependency>\n")
}

fn pom_text(dependencies: &str) -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
{dependencies}</dependencies></project>"
    )
}

/// Where what is fetched is kept.
#[must_use]
pub fn cache_folder() -> PathBuf {
    env::var_os("VARDSTROM_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache"), PathBuf::from)
}

#[allow(clippy::print_stderr, reason = "progress of a fetch that may take a minute")]
fn progress(text: &str) {
    eprintln!("local-stack: {text}");
}
