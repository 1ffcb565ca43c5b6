//! What pages, streams and API share of HTTP.

use std::collections::HashMap;

use axum::extract::Query;

/// What an address says after its question mark.
pub(crate) type Params = Query<HashMap<String, String>>;

/// How long a client waits before it asks again for what is still being read, in seconds.
pub(crate) const AGAIN_AFTER: &str = "5";
