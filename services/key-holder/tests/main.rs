//! The key holder, through its functions and through the real program.

mod holder;
mod program;
mod world;
