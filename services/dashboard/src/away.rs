//! Asks the store every two seconds whether it answers. What pages read of it is read once a minute or hour, and they have to say
//! sooner that it is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use board::instant::rfc3339;
use postgresql::Address;
use runtime::exit;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use schemas::Timestamp;

use crate::follow::STORE;
use crate::hub::Hub;
use crate::store::{self, Store};

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(2);
/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(2);

/// Asks until shutdown. A store that is away makes nothing unready: the board follows Kafka, and no other process would know more.
pub(crate) async fn follow(hub: Arc<Hub>, address: Address, health: Health, shutdown: Shutdown) {
    let (mut held, mut told) = (None, None);
    // One that never answers has been away since the start.
    hub.store_answered(Instant::now());
    loop {
        let asked = Instant::now();
        match store::within(WAIT, answer(held.take(), &address)).await {
            Ok(store) => {
                held = Some(store);
                hub.store_answered(asked);
            }
            Err(error) => tracing::debug!("{}", exit::chain(&error)),
        }
        let away = hub.store_away();
        if away != told {
            tell(&health, away);
            told = away;
        }
        if shutdown.within(EVERY).await {
            return;
        }
    }
}

async fn answer(held: Option<Store>, address: &Address) -> Result<Store, store::Error> {
    let mut store = match held {
        Some(store) => store,
        None => Store::connect(address).await?,
    };
    store.ping().await?;
    Ok(store)
}

fn tell(health: &Health, away: Option<Timestamp>) {
    let reason = match away {
        Some(since) => {
            let since = rfc3339(since);
            let reason =
                format!("it has not answered since {since}; published figures and what is usual are not renewed");
            tracing::warn!("the store is away: {reason}");
            reason
        }
        None => {
            tracing::info!("the store answers again");
            "it answers".to_owned()
        }
    };
    health.set_ready_of(STORE, "asked", true, reason);
}
