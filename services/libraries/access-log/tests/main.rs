//! The real program and the real library on real folders: killed, filled, moved away, many at once.

mod kill;
mod library;
mod program;
mod world;
