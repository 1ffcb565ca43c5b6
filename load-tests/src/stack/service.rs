//! What runs in a stack, and as how many processes.

use std::fmt;

use topics::{Region, access::Principal};

/// The services, in the order in which data pass them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Schema registry for development.
    Registry,
    /// MLLP and files in.
    Connector,
    /// Validate, pseudonymise, map.
    Processor,
    /// Central store.
    SinkStore,
    /// Bed board.
    Dashboard,
}

impl Service {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 5] = [Self::Registry, Self::Processor, Self::SinkStore, Self::Dashboard, Self::Connector];

    /// The name of its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Connector => "connector",
            Self::Processor => "processor",
            Self::SinkStore => "sink-store",
            Self::Dashboard => "dashboard",
        }
    }

    /// From a name on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.program() == name)
    }
}

/// A process of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    pub(crate) service: Service,
    /// The one region that it serves; `None`: all of them.
    pub region: Option<Region>,
}

impl Member {
    /// The processes of these regions, in the order in which they are started; `apart`: connector, processor and store of
    /// each region are its own.
    pub(super) fn all(regions: &[Region], apart: bool) -> Vec<Self> {
        let of = |service| -> Vec<Self> {
            match service {
                Service::Connector | Service::Processor | Service::SinkStore if apart => {
                    regions.iter().map(|region| Self { service, region: Some(*region) }).collect()
                }
                _ => vec![Self::from(service)],
            }
        };
        Service::ALL.into_iter().flat_map(of).collect()
    }
}

impl Member {
    /// Whom Kafka knows it as under access rules: every store is the centre's.
    pub(super) fn principal(self) -> Principal {
        let region = if self.service == Service::SinkStore { None } else { self.region };
        Principal { service: self.service.program().to_owned(), region }
    }
}

impl From<Service> for Member {
    fn from(service: Service) -> Self {
        Self { service, region: None }
    }
}

/// The name of its files.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.service.program())?;
        self.region.map_or(Ok(()), |region| write!(f, "-{region}"))
    }
}
