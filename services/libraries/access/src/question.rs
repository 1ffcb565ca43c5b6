//! What is asked of the policies. Every value is one of a closed set that the policies' schema repeats, purposes and levels
//! aside; a test holds the two alike.

use topics::Region;

/// Declares a closed set with the names that policies and configurations use.
macro_rules! named {
    ($(#[$outer:meta])* $name:ident { $( $(#[$inner:meta])* $value:ident = $text:literal ),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $( $(#[$inner])* $value ),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$value ),+ ];

            /// The name in policies and configurations.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$value => $text ),+ }
            }
        }
    };
}

named! {
    /// What somebody is here.
    Role {
        /// Places patients in a region's wards.
        Coordinator = "coordinator",
        /// Follows a region.
        RegionAnalyst = "region-analyst",
        /// Follows the country.
        NationalAnalyst = "national-analyst",
        /// Answers for a region's data.
        Steward = "steward",
        /// Sees to it that data are handled lawfully.
        DataProtectionOfficer = "data-protection-officer",
        /// Keeps the services running.
        Operator = "operator",
        /// Looks after a source system.
        SenderEngineer = "sender-engineer",
    }
}

impl Role {
    /// The role of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// Whether the role is one within a region, and worth nothing without.
    pub const fn is_regional(self) -> bool {
        matches!(self, Self::Coordinator | Self::RegionAnalyst | Self::Steward | Self::SenderEngineer)
    }
}

named! {
    /// How something is asked for.
    Action {
        /// A page, or its stream.
        Read = "read",
        /// A table as a file.
        Download = "download",
        /// The API.
        Call = "call",
        /// Health and metrics of the service.
        Inspect = "inspect",
    }
}

named! {
    /// By what the asker is known.
    Channel {
        /// A login at the page.
        Session = "session",
        /// A bearer token.
        Token = "token",
    }
}

named! {
    /// How much a set of data tells.
    Class {
        /// Nothing about care.
        Open = "open",
        /// What has been published, small groups hidden.
        Published = "published",
        /// Wards at this moment, not published.
        Unit = "unit",
        /// Ids of events.
        Event = "event",
        /// How the services do.
        Service = "service",
    }
}

named! {
    /// What is asked for.
    Dataset {
        /// Definitions, statements, descriptions, style sheets.
        About = "about",
        /// The bed board.
        Beds = "beds",
        /// Published waiting times.
        Waiting = "waiting",
        /// The published pathway.
        Pathway = "pathway",
        /// Published costs.
        Cost = "cost",
        /// The quality of data.
        Quality = "quality",
        /// What the services do.
        Operations = "operations",
        /// Readiness and metrics.
        Probes = "probes",
        /// Which events have taken effect.
        Events = "events",
    }
}

impl Dataset {
    /// How much it tells.
    pub const fn class(self) -> Class {
        match self {
            Self::About => Class::Open,
            Self::Beds => Class::Unit,
            Self::Waiting | Self::Pathway | Self::Cost | Self::Quality => Class::Published,
            Self::Operations | Self::Probes => Class::Service,
            Self::Events => Class::Event,
        }
    }
}

/// Who asks, as far as a decision goes: nothing here names a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The role.
    pub role: Role,
    /// Within which region.
    pub region: Option<Region>,
    /// `commissionPurpose` as the provider writes it; empty for a program.
    pub purpose: Box<str>,
    /// Level of assurance of the login; 0 when nobody says it.
    pub assurance: u8,
}

/// What is asked for: a set of data, of a region or the whole country's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Which set.
    pub dataset: Dataset,
    /// Whose; the whole country's without.
    pub region: Option<Region>,
}

/// One question; equal questions have equal answers until the policies change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Who asks.
    pub principal: Principal,
    /// How.
    pub action: Action,
    /// For what.
    pub part: Part,
    /// Known by what.
    pub channel: Channel,
}
