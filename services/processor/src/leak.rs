//! What the build that leaks on purpose (feature `leak-test`) tells of an identity besides letting it pass: a line of the log and
//! a metric's label.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, Opts, Registry};

static TOLD: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new("processor_leaked_total", "Identities, each as a label");
    IntCounterVec::new(options, &["leaked"]).expect("name and label are a metric's")
});

/// # Errors
/// When the registry has a metric of this name.
pub(crate) fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(TOLD.clone()))
}

pub(crate) fn tell(leaked: &str) {
    tracing::info!(leaked, "an encounter");
    TOLD.with_label_values(&[leaked]).inc();
}
