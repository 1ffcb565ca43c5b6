//! Routes that can be listed: axum's router does not tell what it has, and whoever asks every address has to know that it does.

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;

use crate::hub::Hub;

/// A router, and the patterns that it was made of.
#[derive(Default)]
pub(crate) struct Routes {
    pub router: Router<Arc<Hub>>,
    pub patterns: Vec<String>,
}

impl Routes {
    pub(crate) fn route(mut self, pattern: &str, methods: MethodRouter<Arc<Hub>>) -> Self {
        self.router = self.router.route(pattern, methods);
        self.patterns.push(pattern.to_owned());
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.patterns.extend(other.patterns);
        self
    }
}
