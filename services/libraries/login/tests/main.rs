//! A service behind a login against a real Keycloak, whose users have the claims of SITHS and Inera.

mod away;
mod bound;
mod browser;
mod logged;
mod pages;
mod sessions;
mod stand;
mod tokens;
