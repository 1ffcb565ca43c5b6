#![doc = include_str!("../README.md")]

use tokio_postgres::config::{ChannelBinding, Config, SslMode};

/// The address as the driver reads it; an error says what is wrong with it, without quoting it.
pub fn read(url: &str) -> Result<Config, &'static str> {
    // The driver's own message may quote the address, and with it the password.
    let config: Config =
        url.parse().map_err(|_| "cannot be read; write postgres://user:password@host:5432/database")?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err("has no host; write postgres://user:password@host:5432/database");
    }
    if config.get_ssl_mode() == SslMode::Require || config.get_channel_binding() == ChannelBinding::Require {
        return Err(
            "demands encryption, and this build speaks plain text to PostgreSQL; leave sslmode and channel_binding out, \
                    and name a neighbour on this machine that speaks TLS to the server",
        );
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_cannot_be_done_is_refused_without_the_address() {
        let check = |url: &str, expected: Option<&str>| match (read(url), expected) {
            (Ok(_), None) => {}
            (Err(what), Some(expected)) => assert!(what.starts_with(expected), "{what}"),
            (read, _) => panic!("{url}: {read:?}"),
        };
        check("postgres://u:p@localhost/d", None);
        check("postgres://u:p@localhost/d?sslmode=prefer", None);
        check("postgres://", Some("has no host"));
        check("postgres://u:p@localhost:x/d", Some("cannot be read"));
        check("postgres://u:p@localhost/d?sslmode=require", Some("demands encryption"));
        check("postgres://u:p@localhost/d?channel_binding=require", Some("demands encryption"));
    }
}
