//! Signet, a webhook gateway on the edge.
//!
//! # The rooms
//!
//! Pure rooms know nothing of Workers: they take the clock and randomness as arguments and are tested natively.
//!
//! - [`signature`] signs and verifies: one [`Scheme`](signature::Scheme) says how, as data.
//! - [`profile`] is what a delivery looks like on the wire and when it is tried again: six products, and your own.
//! - [`subscription`] says where events go, and which ones; [`destination`] where they may go at all.
//! - [`event`] is what producers post; [`delivery`] the life of what becomes of it.
//! - [`operation`] is what is done to many deliveries at once, in the background.
//! - [`explain`] follows a request that was refused, and says what is wrong with it.
//! - [`source`] is who sends to us; [`provider`] how they sign, as a table; [`handshake`] what they ask first.
//! - [`snapshot`] is what ingest knows of an application; [`id`] makes names that say where a thing lives.
//! - [`signal`] is what Signet itself has to say to its operator.
//! - [`access`] says who may do what: keys, scopes, links; [`application`] is whose everything is; [`vault`] seals what is
//!   secret of it.
//! - [`retention`] says how long things are kept.
//! - [`allowance`] says how much strangers may cause.
//! - [`receiver`] takes whatever comes, for those who want to see a delivery arrive.
//! - [`cors`] says which pages may call from a browser.
//! - [`seen`] is what an operator sees: the log and the figures; [`trace`] whose trace an event is part of; [`stats`] how a
//!   subscription's deliveries went.
//! - [`body`], [`page`], [`route`], [`header`], [`problem`], [`secret`] and [`time`] read and write HTTP's small print.
//!
//! Shells are thin: `edge` is the one place that touches JavaScript, `api` the Worker's entrance, `proxy` the way through a
//! source, `objects` the Durable Objects.
//!
//! # The way of an event
//!
//! 1. `api::events` reads it, matches it against the snapshot and renders its body for each subscription.
//! 2. `objects::subscription` appends each delivery to the log of its subscription. Now it is durable: 202.
//! 3. The same object makes the first attempt at once: signs, sends, records.
//! 4. What must be tried again is kept by that object, or, when it waits for more than a minute, by an
//!    `objects::delivery` with an alarm, which hands it back when its time has come.
//! 5. What a crash left unsettled is found by the subscription's object when it wakes. Nothing depends on memory.
//!
//! # The way of a request
//!
//! 1. `proxy` reads it whole; a provider's question is answered by [`handshake`].
//! 2. [`source::Gate`] says what it claims, which is held against the source's secrets. What does not hold gets 401.
//! 3. The source's object, one like a subscription's, knows what came before.
//! 4. It goes to the origin as it came, whose answer comes back as it is; or into the queue, and is delivered like an event.

pub mod access;
pub mod allowance;
pub mod api;
pub mod application;
pub mod body;
pub mod cors;
pub mod delivery;
pub mod destination;
pub mod event;
pub mod explain;
pub mod handshake;
pub mod header;
pub mod id;
pub mod operation;
pub mod page;
pub mod problem;
pub mod profile;
pub mod provider;
pub mod receiver;
pub mod retention;
pub mod route;
pub mod secret;
pub mod seen;
pub mod signal;
pub mod signature;
pub mod snapshot;
pub mod source;
pub mod stats;
pub mod subscription;
pub mod time;
pub mod trace;
pub mod vault;

#[cfg(target_arch = "wasm32")]
pub mod edge;
#[cfg(target_arch = "wasm32")]
pub mod objects;
#[cfg(target_arch = "wasm32")]
pub mod proxy;
