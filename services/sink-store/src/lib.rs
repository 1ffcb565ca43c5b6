//! sink-store
