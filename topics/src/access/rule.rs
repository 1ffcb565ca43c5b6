//! One access rule, as Kafka keeps it.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number of Kafka's protocol that has a name there.
macro_rules! named {
    ($(#[$comment:meta])* $type:ident { $($(#[$of:meta])* $constant:ident = $code:literal $name:literal,)* }) => {
        $(#[$comment])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub(super) i8);

        impl $type {
            $($(#[$of])* pub const $constant: Self = Self($code);)*

            /// Kafka's name for it; `Unknown` for what this release has not heard of.
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($code => $name,)*
                    _ => "Unknown",
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

named! {
    /// What may be done, by `org.apache.kafka.common.acl.AclOperation`.
    Operation {
        /// Everything.
        ALL = 2 "All",
        /// Records of a topic, offsets and membership of a group. Implies Describe.
        READ = 3 "Read",
        /// Records of a topic, and by that an idempotent producer. Implies Describe.
        WRITE = 4 "Write",
        /// A topic of this name, or of any name where it is the cluster that is meant.
        CREATE = 5 "Create",
        /// A topic, or records of it.
        DELETE = 6 "Delete",
        /// Partitions of a topic; of the cluster who may do what. Implies Describe.
        ALTER = 7 "Alter",
        /// That it is there, and offsets.
        DESCRIBE = 8 "Describe",
        /// What brokers do among each other.
        CLUSTER_ACTION = 9 "ClusterAction",
        /// Settings, to be read.
        DESCRIBE_CONFIGS = 10 "DescribeConfigs",
        /// Settings, to be changed. Implies DescribeConfigs.
        ALTER_CONFIGS = 11 "AlterConfigs",
        /// An idempotent producer on any topic; who may write a topic needs it no more.
        IDEMPOTENT_WRITE = 12 "IdempotentWrite",
        /// Delegation tokens.
        CREATE_TOKENS = 13 "CreateTokens",
        /// Delegation tokens.
        DESCRIBE_TOKENS = 14 "DescribeTokens",
        /// Transactions of two phases.
        TWO_PHASE_COMMIT = 15 "TwoPhaseCommit",
    }
}

named! {
    /// What a rule is about, by `org.apache.kafka.common.resource.ResourceType`.
    Kind {
        /// A topic.
        TOPIC = 2 "Topic",
        /// A consumer group.
        GROUP = 3 "Group",
        /// The cluster.
        CLUSTER = 4 "Cluster",
        /// Who writes transactions.
        TRANSACTIONAL_ID = 5 "TransactionalId",
        /// A delegation token.
        DELEGATION_TOKEN = 6 "DelegationToken",
        /// A user.
        USER = 7 "User",
    }
}

named! {
    /// How a rule's name is meant, by `org.apache.kafka.common.resource.PatternType`.
    Pattern {
        /// As it is written; `*` alone is every name.
        LITERAL = 3 "Literal",
        /// Every name that begins so.
        PREFIXED = 4 "Prefixed",
    }
}

named! {
    /// Whether it is allowed or denied, by `org.apache.kafka.common.acl.AclPermissionType`.
    Permission {
        /// Nobody may, whatever else says so.
        DENY = 2 "Deny",
        /// It may.
        ALLOW = 3 "Allow",
    }
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Resource {
    /// A topic, a group, ….
    pub kind: Kind,
    /// How the name is meant.
    pub pattern: Pattern,
    /// Its name.
    pub name: String,
}

impl Resource {
    /// This very topic.
    pub fn topic(name: impl Into<String>) -> Self {
        Self { kind: Kind::TOPIC, pattern: Pattern::LITERAL, name: name.into() }
    }

    /// This very group.
    pub fn group(name: impl Into<String>) -> Self {
        Self { kind: Kind::GROUP, pattern: Pattern::LITERAL, name: name.into() }
    }

    /// Every name there is.
    pub fn is_wildcard(&self) -> bool {
        self.pattern == Pattern::LITERAL && self.name == "*"
    }

    /// Whether it covers this name of its kind.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match self.pattern {
            Pattern::PREFIXED => name.starts_with(&self.name),
            _ => self.is_wildcard() || self.name == name,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.name().to_lowercase();
        match self.pattern {
            Pattern::PREFIXED => write!(f, "every {kind} that begins with {}", self.name),
            _ if self.is_wildcard() => write!(f, "every {kind}"),
            _ => write!(f, "{kind} {}", self.name),
        }
    }
}

/// One access rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Rule {
    /// `User:` and the user's name, or the distinguished name of a certificate.
    pub principal: String,
    /// What it is about.
    pub resource: Resource,
    /// What may be done.
    pub operation: Operation,
    /// Whether it is allowed.
    pub permission: Permission,
    /// From where; `*` is from everywhere.
    pub host: String,
}

impl Rule {
    /// A rule that allows this from everywhere.
    pub fn allow(principal: impl Into<String>, operation: Operation, resource: Resource) -> Self {
        Self { principal: principal.into(), resource, operation, permission: Permission::ALLOW, host: "*".to_owned() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = if self.permission == Permission::DENY { "may not" } else { "may" };
        write!(f, "{} {may} {} {}", self.principal, self.operation, self.resource)?;
        if self.host == "*" { Ok(()) } else { write!(f, " from {}", self.host) }
    }
}
