//! What an operator sees of Signet from outside: lines of a log, and figures.

mod line;
mod metrics;

pub use line::{Attempt, Level, Notice, Request, Trouble, line, method_name};
pub use metrics::{Costs, Metrics};

/// A name as the API writes it, of what is written as one.
fn name_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}
