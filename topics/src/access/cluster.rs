//! Reads what access a cluster gives, and changes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use kafka_protocol::{
    messages::{
        AlterClientQuotasRequest, AlterClientQuotasResponse, AlterUserScramCredentialsRequest,
        AlterUserScramCredentialsResponse, ApiKey, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest,
        DeleteAclsResponse, DescribeAclsRequest, DescribeAclsResponse, DescribeClientQuotasRequest,
        DescribeClientQuotasResponse, DescribeClusterRequest, DescribeClusterResponse,
        DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
        alter_client_quotas_request::{EntityData, EntryData, OpData},
        alter_user_scram_credentials_request::ScramCredentialUpsertion,
        create_acls_request::AclCreation,
        delete_acls_request::DeleteAclsFilter,
        describe_client_quotas_request::ComponentData,
    },
    protocol::StrBytes,
};

use super::{
    Connection, Difference, Error, Existing, Kind, Operation, Passwords, Pattern, Permission, Resource, Rule, Scope,
    difference,
    scram::{self, ITERATIONS},
};
use crate::{Catalogue, Kafka};

/// Rules that one request makes or takes back.
const RULES_MAX: usize = 500;
/// How long a change may take to be seen by the broker that is asked.
const VISIBLE_MAX: Duration = Duration::from_secs(30);
/// Pause between two looks.
const VISIBLE_PAUSE: Duration = Duration::from_millis(100);

// Numbers of the protocol.
const ANY: i8 = 1;
const USER: &str = "user";
const MATCH_ANY: i8 = 2;
const SCRAM_SHA_512: i8 = 2;
/// "The users do not exist" is an answer, not a failure.
const NOT_FOUND: i16 = 91;

/// A cluster, asked through one of its brokers, which hand changes on to the controller.
pub struct Cluster {
    connection: Connection,
}

/// What was made of a difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was different before.
    pub before: Difference,
    /// What still is: rules that are too much and were not to be taken back.
    pub after: Difference,
}

impl Cluster {
    /// Connects. The user needs Describe on the cluster to look, and Alter and AlterConfigs to change.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub fn connect(kafka: &Kafka) -> Result<Self, Error> {
        Ok(Self { connection: Connection::open(kafka)? })
    }

    /// What the cluster has.
    ///
    /// # Errors
    /// When it does not answer or the user may not know.
    pub fn existing(&mut self) -> Result<Existing, Error> {
        Ok(Existing { rules: self.rules()?, users: self.users()?, quotas: self.quotas()?, brokers: self.brokers()? })
    }

    /// Makes what is missing; what is too much is taken back only where `remove` says so. Doing it twice changes nothing.
    /// Users that exist keep their passwords.
    ///
    /// # Errors
    /// When Kafka refuses, a password cannot be read or kept, or users are missing and there is no place for passwords; in
    /// the last case nothing was changed.
    pub fn apply(
        &mut self,
        catalogue: &Catalogue,
        scope: &Scope,
        passwords: Option<&Passwords>,
        remove: bool,
    ) -> Result<Outcome, Error> {
        let existing = self.existing()?;
        let before = difference(catalogue, scope, &existing);
        match passwords {
            Some(passwords) => before.users.iter().try_for_each(|user| self.make_user(user, passwords))?,
            None if before.users.is_empty() => {}
            None => return Err(Error::NoPasswords(before.users)),
        }
        self.set_quotas(&before.quotas)?;
        self.create(&before.missing)?;
        if remove {
            let surplus: Vec<_> = before.surplus.iter().map(|surplus| surplus.rule.clone()).collect();
            self.delete(&surplus)?;
        }
        let deadline = Instant::now() + VISIBLE_MAX;
        loop {
            let existing = self.existing()?;
            let after = difference(catalogue, scope, &existing);
            let left = Difference { surplus: if remove { after.surplus.clone() } else { Vec::new() }, ..after.clone() };
            if left.is_empty() {
                return Ok(Outcome { before, after });
            }
            if Instant::now() > deadline {
                let count = left.missing.len() + left.users.len() + left.quotas.len() + left.surplus.len();
                return Err(Error::NotVisible(count));
            }
            thread::sleep(VISIBLE_PAUSE);
        }
    }

    /// Makes these rules.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn create(&mut self, rules: &[Rule]) -> Result<(), Error> {
        for rules in rules.chunks(RULES_MAX) {
            let creations = rules.iter().map(|rule| {
                AclCreation::default()
                    .with_resource_type(rule.resource.kind.0)
                    .with_resource_name(text(&rule.resource.name))
                    .with_resource_pattern_type(rule.resource.pattern.0)
                    .with_principal(text(&rule.principal))
                    .with_host(text(&rule.host))
                    .with_operation(rule.operation.0)
                    .with_permission_type(rule.permission.0)
            });
            let request = CreateAclsRequest::default().with_creations(creations.collect());
            let answer: CreateAclsResponse = self.connection.ask(ApiKey::CreateAcls, 2, &request)?;
            for (rule, result) in rules.iter().zip(answer.results) {
                refuse("making the access rule", || rule.to_string(), result.error_code)?;
            }
        }
        Ok(())
    }

    /// Takes exactly these rules back.
    ///
    /// # Errors
    /// When Kafka refuses one.
    pub fn delete(&mut self, rules: &[Rule]) -> Result<(), Error> {
        for rules in rules.chunks(RULES_MAX) {
            let filters = rules.iter().map(|rule| {
                DeleteAclsFilter::default()
                    .with_resource_type_filter(rule.resource.kind.0)
                    .with_resource_name_filter(Some(text(&rule.resource.name)))
                    .with_pattern_type_filter(rule.resource.pattern.0)
                    .with_principal_filter(Some(text(&rule.principal)))
                    .with_host_filter(Some(text(&rule.host)))
                    .with_operation(rule.operation.0)
                    .with_permission_type(rule.permission.0)
            });
            let request = DeleteAclsRequest::default().with_filters(filters.collect());
            let answer: DeleteAclsResponse = self.connection.ask(ApiKey::DeleteAcls, 2, &request)?;
            for (rule, result) in rules.iter().zip(answer.filter_results) {
                refuse("taking back the access rule", || rule.to_string(), result.error_code)?;
            }
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<BTreeSet<Rule>, Error> {
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(ANY)
            .with_resource_name_filter(None)
            .with_pattern_type_filter(ANY)
            .with_principal_filter(None)
            .with_host_filter(None)
            .with_operation(ANY)
            .with_permission_type(ANY);
        let answer: DescribeAclsResponse = self.connection.ask(ApiKey::DescribeAcls, 2, &request)?;
        refuse("reading", || "the access rules".to_owned(), answer.error_code)?;
        let rules = answer.resources.iter().flat_map(|resource| {
            resource.acls.iter().map(|acl| Rule {
                principal: acl.principal.to_string(),
                resource: Resource {
                    kind: Kind(resource.resource_type),
                    pattern: Pattern(resource.pattern_type),
                    name: resource.resource_name.to_string(),
                },
                operation: Operation(acl.operation),
                permission: Permission(acl.permission_type),
                host: acl.host.to_string(),
            })
        });
        Ok(rules.collect())
    }

    fn users(&mut self) -> Result<BTreeSet<String>, Error> {
        let request = DescribeUserScramCredentialsRequest::default().with_users(None);
        let key = ApiKey::DescribeUserScramCredentials;
        let answer: DescribeUserScramCredentialsResponse = self.connection.ask(key, 0, &request)?;
        let reading = "reading";
        if answer.error_code != NOT_FOUND {
            refuse(reading, || "the users".to_owned(), answer.error_code)?;
        }
        let mut users = BTreeSet::new();
        for result in answer.results {
            if result.error_code != NOT_FOUND {
                refuse(reading, || format!("user {}", result.user), result.error_code)?;
            }
            if result.credential_infos.iter().any(|info| info.mechanism == SCRAM_SHA_512) {
                users.insert(result.user.to_string());
            }
        }
        Ok(users)
    }

    fn quotas(&mut self) -> Result<BTreeMap<String, BTreeMap<String, f64>>, Error> {
        let of_users =
            ComponentData::default().with_entity_type(text(USER)).with_match_type(MATCH_ANY).with_match(None);
        let request = DescribeClientQuotasRequest::default().with_components(vec![of_users]).with_strict(true);
        let answer: DescribeClientQuotasResponse = self.connection.ask(ApiKey::DescribeClientQuotas, 1, &request)?;
        refuse("reading", || "the quotas".to_owned(), answer.error_code)?;
        let quotas = answer.entries.unwrap_or_default().into_iter().filter_map(|entry| {
            let user = entry.entity.into_iter().find_map(|entity| entity.entity_name)?.to_string();
            Some((user, entry.values.into_iter().map(|value| (value.key.to_string(), value.value)).collect()))
        });
        Ok(quotas.collect())
    }

    fn brokers(&mut self) -> Result<u32, Error> {
        let request = DescribeClusterRequest::default();
        let answer: DescribeClusterResponse = self.connection.ask(ApiKey::DescribeCluster, 0, &request)?;
        refuse("reading", || "the brokers".to_owned(), answer.error_code)?;
        Ok(u32::try_from(answer.brokers.len()).unwrap_or(u32::MAX))
    }

    fn make_user(&mut self, user: &str, passwords: &Passwords) -> Result<(), Error> {
        let password = passwords.read_or_make(user)?;
        let failed =
            |source| Error::Password { what: "make a salt for", path: passwords.file(user), source: Some(source) };
        let salt = scram::random::<32>().map_err(failed)?;
        let salted = scram::salted(password.expose(), &salt);
        let made = ScramCredentialUpsertion::default()
            .with_name(text(user))
            .with_mechanism(SCRAM_SHA_512)
            .with_iterations(i32::try_from(ITERATIONS).unwrap_or(i32::MAX))
            .with_salt(salt.to_vec().into())
            .with_salted_password(salted.into());
        let request = AlterUserScramCredentialsRequest::default().with_upsertions(vec![made]);
        let key = ApiKey::AlterUserScramCredentials;
        let answer: AlterUserScramCredentialsResponse = self.connection.ask(key, 0, &request)?;
        answer.results.iter().try_for_each(|result| refuse("making the user", || user.to_owned(), result.error_code))
    }

    fn set_quotas(&mut self, quotas: &BTreeMap<String, BTreeMap<String, f64>>) -> Result<(), Error> {
        if quotas.is_empty() {
            return Ok(());
        }
        let entries = quotas.iter().map(|(user, values)| {
            let entity = EntityData::default().with_entity_type(text(USER)).with_entity_name(Some(text(user)));
            let set = values.iter().map(|(name, value)| OpData::default().with_key(text(name)).with_value(*value));
            EntryData::default().with_entity(vec![entity]).with_ops(set.collect())
        });
        let request = AlterClientQuotasRequest::default().with_entries(entries.collect());
        let answer: AlterClientQuotasResponse = self.connection.ask(ApiKey::AlterClientQuotas, 1, &request)?;
        for (user, entry) in quotas.keys().zip(answer.entries) {
            refuse("setting the quota of", || user.clone(), entry.error_code)?;
        }
        Ok(())
    }
}

fn refuse(attempt: &'static str, object: impl FnOnce() -> String, code: i16) -> Result<(), Error> {
    if code == 0 { Ok(()) } else { Err(Error::refused(attempt, object(), code)) }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
