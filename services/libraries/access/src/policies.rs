//! The policies: read, checked against their schema, and asked.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy::{
    Authorizer, Context, Decision as Answer, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::question::Question;

const SCHEMA: &str = include_str!("../policies/vardstrom.cedarschema");

/// The policies that are used unless a configuration names a folder of others.
const SHIPPED: [(&str, &str); 8] = [
    ("coordinator.cedar", include_str!("../policies/coordinator.cedar")),
    ("data-protection-officer.cedar", include_str!("../policies/data-protection-officer.cedar")),
    ("everyone.cedar", include_str!("../policies/everyone.cedar")),
    ("national-analyst.cedar", include_str!("../policies/national-analyst.cedar")),
    ("operator.cedar", include_str!("../policies/operator.cedar")),
    ("region-analyst.cedar", include_str!("../policies/region-analyst.cedar")),
    ("sender-engineer.cedar", include_str!("../policies/sender-engineer.cedar")),
    ("steward.cedar", include_str!("../policies/steward.cedar")),
];

/// Answers that are remembered; with more the memory begins anew. All questions of a region's roles are a few hundred.
const REMEMBERED_MAX: usize = 10_000;
/// Larger policy files are not read: ours have a kilobyte.
const FILE_MAX: u64 = 256 * 1024;

/// Why policies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("read policies from {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder has no policies: nobody could do anything.
    #[error("{} holds no .cedar file; leave `policies` out to use those that are built in", .0.display())]
    None(PathBuf),
    /// A file is no policy, or says what the schema does not know.
    #[error("policy file {file}: {message}")]
    Invalid {
        /// The file.
        file: String,
        /// Where, and what is wrong.
        message: String,
    },
}

/// What the policies answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed. Without a policy that allows it, it is not.
    pub allowed: bool,
    /// The `@id` of every policy that decided, in order; none when nothing allowed it.
    pub policies: Arc<[Box<str>]>,
    /// Hash of the policies that were asked, and of their schema.
    pub version: Arc<str>,
}

/// A checked set of policies; the answers it has given are remembered.
#[derive(Debug)]
pub struct Policies {
    set: PolicySet,
    schema: Schema,
    version: Arc<str>,
    remembered: RwLock<HashMap<Question, Decision>>,
}

impl Policies {
    /// The policies that are built in.
    pub fn shipped() -> Result<Self, Error> {
        Self::of(SHIPPED.iter().copied())
    }

    /// The policies in the `.cedar` files of a folder, in place of those that are built in.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Read { path, source }
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            if path.extension().is_none_or(|ending| ending != "cedar") {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if fs::metadata(&path).map_err(failed(&path))?.len() > FILE_MAX {
                return Err(Error::Invalid { file: name, message: format!("has more than {FILE_MAX} bytes") });
            }
            files.push((name, fs::read_to_string(&path).map_err(failed(&path))?));
        }
        if files.is_empty() {
            return Err(Error::None(folder.to_owned()));
        }
        files.sort();
        Self::of(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// The policies of these files, by name and text. Each has an `@id` of its own, which decisions name.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let (schema, _) =
            Schema::from_cedarschema_str(SCHEMA).map_err(|error| invalid("vardstrom.cedarschema", &error))?;
        let validator = Validator::new(schema.clone());
        let mut set = PolicySet::new();
        let mut hash = Sha256::new_with_prefix(SCHEMA);
        for (file, text) in files {
            // Lengths keep a text that moves between files from making the same hash.
            hash.update((file.len() as u64).to_be_bytes());
            hash.update(file);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
            let read: PolicySet = text.parse().map_err(|error| invalid(file, &error))?;
            if read.templates().next().is_some() {
                return Err(Error::Invalid {
                    file: file.to_owned(),
                    message: "templates are not used here".to_owned(),
                });
            }
            for policy in read.policies() {
                let id = policy.annotation("id").filter(|id| !id.is_empty()).ok_or_else(|| Error::Invalid {
                    file: file.to_owned(),
                    message: "a policy has no @id, by which decisions name it".to_owned(),
                })?;
                set.add(policy.new_id(PolicyId::new(id))).map_err(|error| invalid(file, &error))?;
            }
            let found = validator.validate(&set, ValidationMode::Strict);
            if let Some(error) = found.validation_errors().next() {
                return Err(invalid(file, error));
            }
        }
        // In base 32, whose digits are 2 to 7, no version reads as a date or a personal number, which access logs refuse.
        let version = BASE32_NOPAD.encode(&hash.finalize()[..16]).into();
        Ok(Self { set, schema, version, remembered: RwLock::default() })
    }

    /// Hash of the policies and their schema.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// The names and texts of the policies that are built in, for whoever begins with them.
    pub fn texts() -> &'static [(&'static str, &'static str)] {
        &SHIPPED
    }

    /// The answer to a question; what cannot be decided is not allowed.
    pub fn decide(&self, question: &Question) -> Decision {
        if let Some(known) = self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(question) {
            return known.clone();
        }
        let decision = self.weigh(question);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(question.clone(), decision.clone());
        decision
    }

    /// Asks the policies, whatever is remembered.
    fn weigh(&self, question: &Question) -> Decision {
        let denied = || Decision { allowed: false, policies: Arc::default(), version: self.version.clone() };
        let Some((request, entities)) = self.request(question) else { return denied() };
        let answer = Authorizer::new().is_authorized(&request, &self.set, &entities);
        // A policy that fails decides nothing; that it would have forbidden something cannot be excluded.
        if answer.diagnostics().errors().next().is_some() {
            return denied();
        }
        let mut policies: Vec<Box<str>> =
            answer.diagnostics().reason().map(|id| AsRef::<str>::as_ref(id).into()).collect();
        policies.sort_unstable();
        let allowed = answer.decision() == Answer::Allow;
        Decision { allowed, policies: policies.into(), version: self.version.clone() }
    }

    /// The question in the policies' terms; `None` when it does not fit the schema.
    fn request(&self, question: &Question) -> Option<(Request, Entities)> {
        let value = |kind: &str, id: &str| Some(RestrictedExpression::new_entity_uid(uid(kind, id)?));
        let Question { principal, action, part, channel } = question;
        let mut person = HashMap::from([
            ("role".to_owned(), value("Role", principal.role.name())?),
            ("purpose".to_owned(), RestrictedExpression::new_string(principal.purpose.to_string())),
            ("assurance".to_owned(), RestrictedExpression::new_long(principal.assurance.into())),
        ]);
        let mut asked = HashMap::from([
            ("dataset".to_owned(), value("Dataset", part.dataset.name())?),
            ("class".to_owned(), value("Class", part.dataset.class().name())?),
        ]);
        for (attributes, region) in [(&mut person, principal.region), (&mut asked, part.region)] {
            if let Some(region) = region {
                attributes.insert("region".to_owned(), value("Region", region.code())?);
            }
        }
        let (who, what) = (uid("Person", "who")?, uid("Part", "what")?);
        let entities = [(who.clone(), person), (what.clone(), asked)]
            .into_iter()
            .map(|(uid, attributes)| Entity::new(uid, attributes, HashSet::new()).ok())
            .collect::<Option<Vec<_>>>()?;
        let entities = Entities::from_entities(entities, Some(&self.schema)).ok()?;
        let context = Context::from_pairs([("channel".to_owned(), value("Channel", channel.name())?)]).ok()?;
        let request = Request::new(who, uid("Action", action.name())?, what, context, Some(&self.schema)).ok()?;
        Some((request, entities))
    }
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(kind.parse::<EntityTypeName>().ok()?, EntityId::new(id)))
}

fn invalid(file: &str, error: &dyn std::error::Error) -> Error {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    Error::Invalid { file: file.to_owned(), message: message.replace('\n', " ") }
}
