//! What a request says before its body is read.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::Request;

use super::inspect;
use crate::seen;
use crate::trace::Trace;

/// What a request says before its body is read.
pub struct Head {
    /// As it was sent.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `X-Api-Key`.
    pub api_key: Option<String>,
    /// `Signet-Application`.
    pub application: Option<String>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The client's address, as the edge saw it.
    pub address: Option<String>,
    /// `Origin`: the page that asks, where a browser says so.
    pub origin: Option<String>,
    /// What a browser asks on behalf of such a page: whether it may call with this method.
    pub asks_for: Option<String>,
    /// `traceparent`
    trace_parent: Option<String>,
    /// `tracestate`
    trace_state: Option<String>,
    /// What the log will say of the request.
    pub seen: Rc<RefCell<seen::Request>>,
}

impl Head {
    /// Reads a request's head.
    pub fn of(request: &Request) -> Self {
        let parts = inspect(request);
        let text = |at| parts.get(at).as_string();
        let method = text(0).unwrap_or_default();
        Head {
            seen: Rc::new(RefCell::new(seen::Request::new(&method))),
            method,
            url: text(1).unwrap_or_default(),
            authorization: text(2),
            api_key: text(3),
            application: text(4),
            idempotency_key: text(5),
            address: text(6),
            origin: text(7),
            asks_for: text(8),
            trace_parent: text(9),
            trace_state: text(10),
        }
    }

    /// The trace that the request is part of.
    pub fn trace(&self) -> Option<Trace> {
        Trace::read(self.trace_parent.as_deref()?, self.trace_state.as_deref())
    }

    /// Path and query.
    pub fn target(&self) -> (&str, &str) {
        target(&self.url)
    }

    /// The query with its mark, as it came.
    pub fn query(&self) -> &str {
        self.url.find('?').and_then(|at| self.url.get(at..)).unwrap_or_default()
    }
}

/// The path and query of a URL.
pub fn target(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    target.split_once('?').unwrap_or((target, ""))
}
