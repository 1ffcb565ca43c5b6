//! The shipped policies against a table written by hand, policies with a part taken out, and policies of others.

mod matrix;
mod mutations;
mod replaced;
