//! Signet, a webhook gateway on the edge.
pub mod body;
pub mod destination;
pub mod header;
pub mod id;
pub mod problem;
pub mod profile;
pub mod signature;
pub mod time;
pub mod event;
pub mod subscription;
pub mod delivery;
