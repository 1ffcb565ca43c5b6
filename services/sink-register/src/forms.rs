//! What events are made into: one module for each form, none of which knows of another.

pub mod beds;
pub(crate) mod columnar;
pub mod costs;
pub mod hip_fracture;
pub(crate) mod omop;
pub mod waiting_times;
