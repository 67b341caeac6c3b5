//! The targets.

pub mod explain;
pub mod handshake;
mod judge;
pub mod keys;
pub mod own;
pub mod scheme;
pub mod source;
pub mod text;
