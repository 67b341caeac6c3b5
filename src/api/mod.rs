//! The HTTP API: one table of endpoints, and what every request has in common.

pub mod table;

#[cfg(target_arch = "wasm32")]
mod applications;
#[cfg(target_arch = "wasm32")]
mod caller;
#[cfg(target_arch = "wasm32")]
mod deliveries;
#[cfg(target_arch = "wasm32")]
mod entrance;
#[cfg(target_arch = "wasm32")]
mod events;
#[cfg(target_arch = "wasm32")]
pub(crate) mod gateway;
#[cfg(target_arch = "wasm32")]
mod health;
#[cfg(target_arch = "wasm32")]
mod management;
#[cfg(target_arch = "wasm32")]
mod me;
#[cfg(target_arch = "wasm32")]
mod operations;
#[cfg(target_arch = "wasm32")]
mod providers;
#[cfg(target_arch = "wasm32")]
mod sources;
#[cfg(target_arch = "wasm32")]
mod stats;

#[cfg(target_arch = "wasm32")]
use entrance::{Answer, Call, JSON, Run};
