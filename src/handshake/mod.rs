//! What providers ask before they send, or in between: answered here, so that an origin never has to.

use serde::{Deserialize, Serialize};

/// A kind of handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// Slack's `url_verification`.
    Slack,
}
