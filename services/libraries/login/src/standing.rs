//! How whoever reads a page stands, for the page to say.

use std::sync::Arc;

use access::Role;
use topics::Region;

tokio::task_local! {
    static STANDING: Standing;
}

/// How whoever reads a page stands, for the page to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody logs in here: for this machine alone, or for the reason that the configuration says.
    NoLogin(Option<Arc<str>>),
    /// In this role.
    In(Role, Option<Region>),
}

/// How whoever is being answered stands; `None` outside of [`crate::Login::around`].
pub fn standing() -> Option<Standing> {
    STANDING.try_with(Clone::clone).ok()
}

/// Answers somebody who stands so.
pub(crate) async fn answering<F: Future>(standing: Standing, answer: F) -> F::Output {
    STANDING.scope(standing, answer).await
}
