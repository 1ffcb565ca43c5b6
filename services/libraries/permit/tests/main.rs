//! Permits: who may say what, what holds after any history, and what travels.

mod batch;
mod history;
mod ledger;
mod made;
mod opt_out;
mod program;
mod record;
