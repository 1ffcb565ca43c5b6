use std::time::Duration;

use tokio_postgres::Client;

use crate::address::Address;
use crate::fault::Fault;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A server that does not acknowledge for so long is gone, whatever TCP still hopes.
const SILENCE_MAX: Duration = Duration::from_secs(30);

impl Address {
    /// Connects; `application` is what the server's lists of sessions call it. The connection lives on the runtime that this
    /// is called on, until the client is dropped; whoever uses the client meets the error that ends it.
    ///
    /// # Errors
    /// When nobody answers, the server is not the one that was meant, or it lets us not in.
    pub async fn connect(&self, application: &str) -> Result<Client, Fault> {
        let mut config = self.config.clone();
        config
            .application_name(application)
            .options("-c client_min_messages=warning")
            .connect_timeout(CONNECT_MAX)
            .tcp_user_timeout(SILENCE_MAX);
        let (client, connection) = config.connect(self.encryption.clone()).await?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(client)
    }
}
