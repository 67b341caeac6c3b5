//! What a deployment says of itself.

use web_sys::Response;

use super::gateway;
use super::{Answer, Call};
use crate::edge::{self, Env, Head};
use crate::problem::Problem;

/// `GET /healthz`: whether this deployment can work, and if not what it lacks.
pub fn check(head: &Head, env: &Env) -> Response {
    if head.method != "GET" && head.method != "HEAD" {
        let problem = Problem::new(405, "method_not_allowed", format!("{} is not offered here.", head.method));
        return edge::respond(405, "application/problem+json", &problem.to_json(), &[("allow", "GET, HEAD")]);
    }
    match gateway::missing(env) {
        None => edge::respond(200, "application/json", r#"{"status":"ok"}"#, &[]),
        Some(problem) => edge::respond(problem.status, "application/problem+json", &problem.to_json(), &[]),
    }
}

/// `GET /metrics`: what this instance has cost since it started, in the Prometheus text format.
pub async fn metrics(_call: Call) -> Result<Answer, Problem> {
    let (rows, requests, alarms) = edge::costs();
    let mut text = String::new();
    for (name, help, value) in [
        ("signet_rows_written_total", "Rows written to the objects' storage, index rows among them.", rows),
        ("signet_object_requests_total", "Requests to Durable Objects.", requests),
        ("signet_alarms_set_total", "Alarms set; each is written like a row.", alarms),
    ] {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n"));
    }
    Ok(Answer { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", text })
}
