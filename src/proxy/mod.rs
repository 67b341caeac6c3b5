//! In front of a receiver: the way of a request that comes to a source.
//!
//! 1. It is read whole, up to a limit, and looked at as the provider's question (a handshake), which is answered here.
//! 2. What it claims is held against the source's keys (`judge`). What does not hold gets the same 401 whatever the
//!    reason, which stands in the source's own log (`record`).
//! 3. A message that came before is known again by the source's object (`knock`).
//! 4. It goes on to the origin as it came, whose answer comes back as it is; or into the queue, and is delivered with
//!    retries like any event.

mod door;
mod front;
mod judge;
pub mod keys;
mod queue;
mod record;

use std::rc::Rc;

use web_sys::{Request, Response};

use crate::delivery::Failure;
use crate::edge::{self, Context, Env, Forwarded, Head, Passing};
use crate::handshake::{self, Asked, Step};
use crate::header::Headers;
use crate::id::{Id, Place, SOURCE};
use crate::objects::subscription::Knock;
use crate::problem::Problem;
use crate::route;
use crate::signature::{self, Reason};
use crate::source::{Entry, Gate, Mode, Outcome, Source, Word, can_name, dropped, masked, target};
use crate::time::{Millis, rfc3339};

pub use door::{changed, gate};
pub use front::{claimed, is_front, pass_through};

/// How large a body may be, in bytes.
pub const MAX_BODY: usize = 25 * 1024 * 1024;

/// A request on its way through a source.
struct Visit {
    env: Env,
    context: Context,
    head: Head,
    gate: Rc<Gate>,
    /// What stands behind the source's own path.
    rest: String,
    /// What the request is called in the source's log.
    id: String,
    began: Millis,
}

/// The source and the rest of a path `/in/{source}/{path…}`.
pub fn addressed(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix("/in/")?;
    let at = path.find('/').unwrap_or(path.len());
    path.split_at_checked(at)
}

/// Takes a request to a source.
///
/// # Errors
/// What stands against it, as a problem.
pub async fn visit(
    source: &str,
    rest: &str,
    request: Request,
    head: Head,
    env: Env,
    context: Context,
) -> Result<Response, Problem> {
    let began = edge::now();
    let unknown = || Problem::not_found("source");
    let place = Id::parse(SOURCE, source).ok_or_else(unknown)?.place();
    let gate = gate(&env, source).await?.ok_or_else(unknown)?;
    note(&head, &gate.source);
    if route::climbs(rest) {
        return Err(Problem::new(400, "invalid_path", "The path must not hold dot segments."));
    }
    let id = Id::new(began, edge::random_id(), place).with("req_");
    let visit = Visit { env, context, head, gate, rest: rest.to_owned(), id, began };
    visit.take(request).await
}

/// Tells the log whose a request is.
fn note(head: &Head, source: &Source) {
    let mut seen = head.seen.borrow_mut();
    seen.application = Some(source.application.clone());
    seen.source = Some(source.id.clone());
}

/// What is known of a request once it was judged.
#[derive(Clone)]
struct Judged {
    outcome: Outcome,
    reason: Option<Reason>,
    message_id: Option<String>,
    mark: Option<String>,
}

impl Judged {
    /// Of which nothing more is known.
    fn of(outcome: Outcome, reason: Option<Reason>) -> Self {
        Judged { outcome, reason, message_id: None, mark: None }
    }
}

impl Visit {
    async fn take(&self, request: Request) -> Result<Response, Problem> {
        let passing = Passing::read(request, MAX_BODY).await?;
        let bytes = passing.body.to_vec();
        let headers = Headers::from_lines(&passing.headers);
        let source = &self.gate.source;
        let public_url = self.gate.public_url(&self.head.url, &self.rest);
        let asked = Asked {
            request: self.request(&self.head.url, &headers, &bytes),
            secrets: &source.secrets,
            options: &source.options,
            public_url: &public_url,
        };
        let kinds = &self.gate.provider.handshakes;
        if let Some(step) = handshake::before(kinds, &asked) {
            return self.shake(step).await;
        }
        let judged =
            match judge::judge(&self.env, &self.gate, self.request(&public_url, &headers, &bytes), self.began).await {
                Ok(held) => Judged {
                    mark: held.mark.filter(|_| source.deduplicate),
                    message_id: held.id,
                    ..Judged::of(Outcome::Verified, None)
                },
                Err(reason) if source.enforce => {
                    self.record(&Judged::of(Outcome::Refused, Some(reason)), 401, None, None);
                    return match handshake::refused_without_body(kinds, &asked) {
                        true => Ok(edge::reply(401, "", &[])),
                        false => Err(not_verified()),
                    };
                }
                Err(reason) => Judged::of(Outcome::Unverified, Some(reason)),
            };
        if judged.outcome == Outcome::Verified
            && let Some(step) = handshake::after(kinds, &asked)
        {
            return self.shake(step).await;
        }
        let response = match source.mode {
            Mode::Queue => self.enqueue(judged, &headers, &bytes).await?,
            Mode::Proxy => self.forward(judged, &passing, &headers, &bytes).await?,
        };
        Ok(match handshake::echoed(kinds, &asked) {
            Some((name, value)) => edge::including(&response, &[(name, &value)]),
            None => response,
        })
    }

    fn request<'a>(&'a self, url: &'a str, headers: &'a Headers<'a>, body: &'a [u8]) -> signature::Request<'a> {
        signature::Request { method: &self.head.method, url, headers, body }
    }

    /// Answers a provider's question.
    async fn shake(&self, step: Step) -> Result<Response, Problem> {
        let reply = match step {
            Step::Answer(reply) => reply,
            Step::Confirm(url) => match edge::ask("GET", &url, "", None, 64 * 1024, 10_000).await {
                Some((200..300, _)) => handshake::Reply::empty(200),
                _ => {
                    return Err(Problem::new(502, "confirmation_failed", "The provider could not be called back."));
                }
            },
            Step::Learn { secret, reply } => {
                let path = ["/learn/", &self.gate.source.id].concat();
                let application = &self.gate.source.application;
                let said = self.env.call("APPLICATION", application, &path, secret.as_str()).await?;
                match said.version {
                    Some(version) => changed(&self.gate.source.id, application, version),
                    None => return Err(not_verified()),
                }
                reply
            }
        };
        self.record(&Judged::of(Outcome::Handshake, None), reply.status, None, None);
        Ok(written(&reply))
    }

    /// Sends a request on to the origin, and its answer back.
    async fn forward(
        &self,
        judged: Judged,
        passing: &Passing,
        headers: &Headers<'_>,
        bytes: &[u8],
    ) -> Result<Response, Problem> {
        let source = &self.gate.source;
        if !self.gate.is_allowed(self.env.rules()) {
            return Err(self.failed(&judged, 502, "origin_blocked", "The origin's address is not allowed here."));
        }
        let timeout = i64::from(source.timeout_seconds).saturating_mul(1000);
        if let Some(mark) = &judged.mark
            && let Some(answer) = self.knock(&judged, mark, timeout).await?
        {
            return answer;
        }
        let named = judged.message_id.as_deref().filter(|id| can_name(id));
        let word = Word {
            source: &source.id,
            provider: source.provider_name(),
            verified: judged.outcome == Outcome::Verified,
            signing_secret: source.signing_secret.as_deref(),
            id: named.unwrap_or(&self.id),
        };
        let set = word.headers(bytes, edge::now()).join("\n");
        let drop = dropped(headers, word.verified && word.signing_secret.is_some()).join("\n");
        let url = target(&source.origin, &self.rest, self.head.query());
        match passing.forward(&url, &drop, &set, timeout).await {
            Forwarded::Answer(response) => {
                let status = response.status();
                if !(200..600).contains(&status) {
                    // Outside of these a response can't be answered everywhere the same.
                    return Err(self.failed(&judged, 502, "origin_status", "The origin's status is none of HTTP's."));
                }
                // What it did not take may come again: a 404 while it is being deployed loses nothing.
                self.record(&judged, status, Some((200..300).contains(&status)), None);
                Ok(response)
            }
            Forwarded::None(name, _) if name == "LengthRequired" => {
                let detail = "A GET or HEAD with a body is sent on only where its Content-Length is given.";
                Err(self.failed(&judged, 411, "length_required", detail))
            }
            Forwarded::None(name, message) => {
                let late = || format!("The origin did not answer within {} s.", source.timeout_seconds);
                let (status, code, detail) = match Failure::named(&name, &message) {
                    Failure::Timeout => (504, "origin_timeout", late()),
                    Failure::Tls => (502, "origin_tls", "No TLS connection to the origin could be made.".into()),
                    Failure::Dns => (502, "origin_dns", "The origin's name could not be resolved.".into()),
                    _ => (502, "origin_unreachable", "The origin could not be reached.".into()),
                };
                Err(self.failed(&judged, status, code, &detail))
            }
        }
    }

    /// Asks whether the message may pass; what to answer where it may not.
    async fn knock(
        &self,
        judged: &Judged,
        mark: &str,
        timeout: Millis,
    ) -> Result<Option<Result<Response, Problem>>, Problem> {
        // Whoever has it gives up before that, or died.
        let knock = Knock { mark: mark.to_owned(), patience: timeout.saturating_add(5_000) };
        let said = self.tell("/knock", crate::body::written(&knock)?).await?;
        match said.status {
            204 => Ok(None),
            200 => {
                let judged = Judged { outcome: Outcome::Duplicate, mark: None, ..judged.clone() };
                self.record(&judged, 200, None, None);
                Ok(Some(Ok(edge::respond_json(200, r#"{"duplicate":true}"#))))
            }
            409 => {
                let judged = Judged { outcome: Outcome::UnderWay, mark: None, ..judged.clone() };
                self.record(&judged, 409, None, None);
                let detail = "This message is on its way to the origin already. Try again.";
                Ok(Some(Err(Problem {
                    header: Some(("retry-after", "1".into())),
                    ..Problem::new(409, "under_way", detail)
                })))
            }
            _ => Err(Problem::unavailable("The source did not answer. Try again.")),
        }
    }

    /// The origin failed: the message may come again.
    fn failed(&self, judged: &Judged, status: u16, code: &'static str, detail: &str) -> Problem {
        self.record(judged, status, Some(false), None);
        Problem::new(status, code, detail)
    }

    /// Calls the source's own object.
    async fn tell(&self, path: &str, body: impl Into<wasm_bindgen::JsValue>) -> Result<edge::Said, Problem> {
        self.env.call("SUBSCRIPTION", &object_of(&self.gate), path, body).await
    }

    /// Notes what became of the request; `passed` says what the origin made of the message, if it got it.
    fn record(&self, judged: &Judged, status: u16, passed: Option<bool>, delivery: Option<String>) {
        edge::measure(|metrics| metrics.source_request(judged.outcome));
        let mut seen = self.head.seen.borrow_mut();
        (seen.outcome, seen.reason) = (Some(judged.outcome), judged.reason);
        seen.id = Some(self.id.clone());
        seen.ids.extend(delivery.clone());
        drop(seen);
        let claim = judged.mark.clone().zip(passed);
        let (path, _) = self.head.target();
        let entry = Entry {
            id: self.id.clone(),
            time: rfc3339(self.began),
            method: self.head.method.clone(),
            path: [path, &masked(self.head.query(), |text| self.gate.source.is_secret(text))].concat(),
            outcome: judged.outcome,
            reason: judged.reason,
            status,
            duration_ms: edge::now().saturating_sub(self.began),
            message_id: judged.message_id.clone(),
            delivery,
            count: 1,
        };
        record::record(&self.env, &self.context, &self.gate, entry.bounded(), claim);
    }
}

/// A reply as the runtime takes it.
fn written(reply: &handshake::Reply) -> Response {
    let headers: Vec<(&str, &str)> = reply.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    edge::reply(reply.status, &reply.body, &headers)
}

/// Always the same, so that nobody can feel their way.
fn not_verified() -> Problem {
    Problem::new(401, "not_verified", "The request's signature could not be verified.")
}

/// The name of the object that keeps a source's log.
fn object_of(gate: &Gate) -> String {
    let place = gate.source.place();
    [gate.source.application.as_str(), "/", place.as_ref().map_or("", Place::as_str)].concat()
}
