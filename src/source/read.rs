//! Reading what a client says of a source.

use crate::destination::Rules;
use crate::time::Millis;

/// What reading needs to know of the world.
pub struct Context {
    /// The present.
    pub now: Millis,
    /// 32 random bytes, for a secret that is made here.
    pub random: [u8; 32],
    /// Where origins may be.
    pub rules: Rules,
}
