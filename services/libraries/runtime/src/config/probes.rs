//! Who reads `/readyz` and `/metrics` of a service that has no login.
//!
//! | the port | they are read by |
//! |---|---|
//! | has `probes.names` | who shows a certificate of `tls.client_ca` for one of the names |
//! | has `probes.none` | everybody, for the reason that stands there |
//! | has neither, and is this machine's own | everybody on it |
//! | has neither, and is reached by others | nobody: the service does not start |

use std::sync::Arc;

use serde::Deserialize;
use settings::Fault;

use super::Http;

/// Who reads readiness and metrics: the one key or the other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Probes {
    /// Who shows a certificate of `tls.client_ca` for one of these names or addresses.
    pub names: Vec<Box<str>>,
    /// Everybody who reaches the port, and why that is right: `"only Prometheus reaches it"`.
    pub none: Option<Box<str>>,
}

/// Who reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    Everybody,
    /// Who shows a certificate for one of these names.
    Named(Arc<[Box<str>]>),
}

impl Readers {
    /// What the settings of a port say.
    pub(crate) fn of(http: &Http) -> Result<Self, Fault> {
        let Some(Probes { names, none }) = &http.probes else {
            return if http.listen.ip().is_loopback() { Ok(Self::Everybody) } else { Err(unsaid()) };
        };
        let asks_clients = http.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let fault = |key, message| Err(Fault::new(key, message));
        match none {
            Some(_) if !names.is_empty() => fault("probes.none", "stands beside names; keep one of them"),
            Some(reason) if reason.trim().is_empty() => {
                fault("probes.none", "says no reason; write why, for example \"only Prometheus reaches the port\"")
            }
            Some(_) => Ok(Self::Everybody),
            None if names.is_empty() => {
                fault("probes.names", "names nobody; name who reads them, or write none = \"...\" with the reason")
            }
            None if !names.iter().all(|name| tls::is_name(name)) => {
                fault("probes.names", "holds what is neither the name of a host nor an address")
            }
            None if !asks_clients => fault("probes.names", "are names in certificates; say whose, in tls.client_ca"),
            None => Ok(Self::Named(names.as_slice().into())),
        }
    }
}

fn unsaid() -> Fault {
    Fault::new(
        "probes",
        "is missing: other machines reach this address, and nothing says who reads /readyz and /metrics here; write \
         probes = { names = [\"...\"] }, who then show certificates of tls.client_ca, or probes = { none = \"...\" } \
         with the reason why everybody may, or listen on 127.0.0.1",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(
        listen: &str,
        client_ca: Option<&str>,
        probes: Option<(&[&str], Option<&str>)>,
    ) -> Result<Readers, String> {
        let mut http = Http::at(listen.parse().unwrap());
        http.tls = Some(tls::Listener {
            certificate: "a".into(),
            key: "b".into(),
            client_ca: client_ca.map(Into::into),
            client_optional: false,
        });
        http.probes = probes.map(|(names, none)| Probes {
            names: names.iter().map(|name| Box::from(*name)).collect(),
            none: none.map(Box::from),
        });
        Readers::of(&http).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_port_that_others_reach_says_who_reads_its_metrics() {
        let (own, others, ca) = ("127.0.0.1:1", "0.0.0.0:1", Some("c"));
        let names = &["prometheus.test", "10.0.0.1"][..];
        for listen in [own, "[::1]:1"] {
            assert_eq!(readers(listen, None, None), Ok(Readers::Everybody));
        }
        let expected = Readers::Named(names.iter().map(|name| Box::from(*name)).collect());
        for listen in [own, others] {
            assert_eq!(readers(listen, None, Some((&[], Some("so")))), Ok(Readers::Everybody));
            assert_eq!(readers(listen, ca, Some((names, None))), Ok(expected.clone()));
        }
        for (listen, ca, probes, key) in [
            (others, None, None, "probes: is missing"),
            ("[::]:1", None, None, "probes: is missing"),
            ("192.0.2.1:1", ca, None, "probes: is missing"),
            (others, None, Some((names, None)), "probes.names: are names"),
            (others, ca, Some((&[][..], None)), "probes.names: names nobody"),
            (others, ca, Some((&[], Some(" "))), "probes.none: says no reason"),
            (own, ca, Some((names, Some("so"))), "probes.none: stands beside"),
            (others, ca, Some((&["two words"], None)), "probes.names: holds"),
        ] {
            let refused = readers(listen, ca, probes).unwrap_err();
            assert!(refused.starts_with(key), "{listen} {probes:?}: {refused}");
        }
    }
}
