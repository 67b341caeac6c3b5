//! The log: a line of JSON for each request, each attempt, and what else somebody should know of.
//!
//! A line holds ids, names out of fixed lists, and numbers; never a secret, a payload, a URL, a header or a path that
//! somebody made up. Many read a log who may read none of these.

use serde::Serialize;

use crate::access::Caller;
use crate::delivery::{Failure, Trigger};
use crate::id::Id;
use crate::problem::Problem;
use crate::signature::Reason;
use crate::source::Outcome;
use crate::time::Millis;

/// How long the words of the runtime may be, in characters.
const MAX_MESSAGE: usize = 500;

/// Which lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// All of them.
    All,
    /// What failed, and notices.
    Errors,
    /// None.
    None,
}

impl Level {
    /// Reads what a deployment says; everything unless it says less.
    pub fn read(text: &str) -> Self {
        match text {
            "errors" => Level::Errors,
            "none" => Level::None,
            _ => Level::All,
        }
    }

    /// Whether a line is written that `matters` also to those who want to see failures alone.
    pub fn shows(self, matters: bool) -> bool {
        match self {
            Level::All => true,
            Level::Errors => matters,
            Level::None => false,
        }
    }
}

/// A line, without its end.
pub fn line(said: &impl Serialize) -> String {
    let text = serde_json::to_string(said).unwrap_or_default();
    // JSON escapes what ends a line in ASCII; some readers know more ends than that.
    match text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        true => text.replace(['\u{85}', '\u{2028}', '\u{2029}'], " "),
        false => text,
    }
}

/// A request, and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    log: &'static str,
    /// `req_…` of one that came to a source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One of HTTP's, or `other`.
    pub method: &'static str,
    /// The pattern that its path fits: never the path.
    pub route: &'static str,
    /// The ids in its path, and those of what it made.
    pub ids: Vec<String>,
    /// What was answered.
    pub status: u16,
    /// The problem's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How long that took.
    pub duration_ms: Millis,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `src_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `evt_…` of what was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What became of one that came to a source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The trace that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Request {
    /// A request of which nothing is known but its method.
    pub fn new(method: &str) -> Self {
        Request {
            log: "request",
            id: None,
            method: method_name(method),
            route: "unknown",
            ids: Vec::new(),
            status: 0,
            code: None,
            duration_ms: 0,
            application: None,
            key: None,
            source: None,
            event: None,
            outcome: None,
            reason: None,
            trace: None,
        }
    }

    /// Which pattern its path fits, and what stood for the placeholders; of these only ids are kept, for names and event
    /// ids may be anything.
    pub fn fits(&mut self, route: &'static str, params: &[String]) {
        self.route = route;
        self.ids.extend(params.iter().filter(|param| is_id(param)).cloned());
    }

    /// Who called, for which application.
    pub fn by(&mut self, application: &str, caller: &Caller) {
        // An application that is named and found: what is not found has not come this far.
        self.application = Some(application.to_owned());
        self.key = Some(caller.name().to_owned());
    }

    /// It was refused.
    pub fn refused(&mut self, problem: &Problem) {
        self.status = problem.status;
        self.code = Some(problem.code.to_owned());
    }

    /// It was answered with this text, which may be a problem that an object has written.
    pub fn answered(&mut self, status: u16, text: &str) {
        if status >= 400 {
            self.code = crate::body::text_at(text.as_bytes(), "code");
        }
    }

    /// Whether it failed by Signet's own fault, or an origin's.
    pub fn matters(&self) -> bool {
        self.status >= 500
    }
}

/// An attempt, and what became of its delivery.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "log", rename = "attempt")]
pub struct Attempt<'a> {
    /// Whose it is.
    pub application: &'a str,
    /// `del_…`
    pub delivery: String,
    /// `evt_…`
    pub event: String,
    /// `sub_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<&'a str>,
    /// `src_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// From 1.
    pub number: u32,
    /// Who asked for it.
    pub trigger: Trigger,
    /// The answer's.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<Failure>,
    /// How long it took.
    pub duration_ms: Millis,
    /// The delivery's status after it.
    pub becomes: &'static str,
    /// When the next one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// The trace that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<&'a str>,
}

impl Attempt<'_> {
    /// Whether the receiver did not take it.
    pub fn matters(&self) -> bool {
        !self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// What somebody did that is to be known later.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "log", rename = "notice")]
pub struct Notice<'a> {
    /// What happened.
    pub what: &'static str,
    /// In which application.
    pub application: &'a str,
    /// Who did it.
    pub key: &'a str,
    /// To what.
    pub id: &'a str,
}

/// What went wrong where nobody waits for an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "log", rename = "error")]
pub struct Trouble {
    message: String,
}

impl Trouble {
    /// What stood against something that was tried. Where the words may be somebody's input only their name is said.
    pub fn of(what: &str, problem: &Problem) -> Self {
        let words = if problem.status < 500 { problem.code } else { &problem.detail };
        Self::new(&[what, ": ", words].concat())
    }

    /// In these words, or the beginning of them.
    pub fn new(message: &str) -> Self {
        Trouble { message: message.chars().take(MAX_MESSAGE).collect() }
    }
}

/// A method's name, if it is one that HTTP knows.
pub fn method_name(method: &str) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, bare)| {
        matches!(prefix.len(), 2..=4)
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
            && Id::parse_bare(bare).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Grant, Scopes};
    use proptest::prelude::*;

    const BARE: &str = "01knzw4k00abcdefghjkmnp00000";

    fn request() -> Request {
        let mut request = Request::new("POST");
        request.fits("/v1/deliveries/{id}/retry", &[format!("del_{BARE}")]);
        request
    }

    #[test]
    fn a_request_is_what_is_known_of_it() {
        let mut it = request();
        it.by("default", &Caller::Operator);
        it.status = 202;
        assert_eq!(
            line(&it),
            format!(
                r#"{{"log":"request","method":"POST","route":"/v1/deliveries/{{id}}/retry","ids":["del_{BARE}"],"status":202,"durationMs":0,"application":"default","key":"operator"}}"#
            )
        );
        assert_eq!(
            line(&Request::new("BREW")),
            r#"{"log":"request","method":"other","route":"unknown","ids":[],"status":0,"durationMs":0}"#
        );
    }

    #[test]
    fn names_and_made_up_ids_stand_in_no_line() {
        for param in
            ["alice@example.com", "my-profile", "evt_short", "", &format!("EVT_{BARE}"), &format!("token_{BARE}")]
        {
            let mut it = Request::new("GET");
            it.fits("/v1/events/{id}", &[param.to_owned()]);
            assert!(it.ids.is_empty(), "{param}");
        }
    }

    #[test]
    fn who_called_is_a_keys_id() {
        for (caller, name) in [
            (Caller::Operator, "operator"),
            (Caller::Key(Grant { key: Some("key_1".into()), scopes: Scopes::all(), until: None }), "key_1"),
            (Caller::Key(Grant { key: None, scopes: Scopes::all(), until: Some(1) }), "link"),
        ] {
            let mut it = request();
            it.by("app", &caller);
            assert_eq!(it.key.as_deref(), Some(name));
        }
    }

    #[test]
    fn a_problem_leaves_its_code_whoever_wrote_it() {
        let problem = Problem::not_found("delivery");
        let mut own = request();
        own.refused(&problem);
        assert_eq!((own.status, own.code.as_deref()), (404, Some("not_found")));
        let mut forwarded = request();
        forwarded.answered(404, &problem.to_json());
        assert_eq!(forwarded.code.as_deref(), Some("not_found"));
        forwarded.answered(500, "<html>");
        assert_eq!(forwarded.code, None);
        let mut fine = request();
        fine.answered(200, r#"{"code":"x"}"#);
        assert_eq!(fine.code, None);
    }

    #[test]
    fn an_attempt_says_what_it_made_of_its_delivery() {
        let mut it = Attempt {
            application: "default",
            delivery: "del_1".into(),
            event: "evt_1".into(),
            subscription: Some("sub_1"),
            source: None,
            number: 2,
            trigger: Trigger::Schedule,
            status: None,
            error: Some(Failure::BlockedAddress),
            duration_ms: 31,
            becomes: "pending",
            next_attempt_at: Some("2026-05-18T12:00:00.000Z".into()),
            trace: None,
        };
        assert_eq!(
            line(&it),
            r#"{"log":"attempt","application":"default","delivery":"del_1","event":"evt_1","subscription":"sub_1","number":2,"trigger":"schedule","status":null,"error":"blocked_address","durationMs":31,"becomes":"pending","nextAttemptAt":"2026-05-18T12:00:00.000Z"}"#
        );
        assert!(it.matters());
        it.status = Some(204);
        assert!(!it.matters());
        it.status = Some(302);
        assert!(it.matters());
    }

    #[test]
    fn trouble_quotes_nobody() {
        let quoting = Problem::not_json("invalid type: string \"hunter2\"");
        assert_eq!(line(&Trouble::of("watch", &quoting)), r#"{"log":"error","message":"watch: invalid_json"}"#);
        let own = Problem::unavailable("The storage refused.");
        assert_eq!(line(&Trouble::of("watch", &own)), r#"{"log":"error","message":"watch: The storage refused."}"#);
    }

    #[test]
    fn a_deployment_says_how_much_it_wants_to_read() {
        for (text, plain, matters) in [
            ("all", true, true),
            ("", true, true),
            ("loud", true, true),
            ("errors", false, true),
            ("none", false, false),
        ] {
            let level = Level::read(text);
            assert_eq!((level.shows(false), level.shows(true)), (plain, matters), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_of_json(message: String, code: String) {
            let trouble = line(&Trouble::new(&message));
            let notice = line(&Notice { what: "secret_read", application: &message, key: &code, id: &code });
            let request = line(&Request { code: Some(code), ..request() });
            for text in [trouble, notice, request] {
                let ends = |it: char| it < ' ' || ['\u{85}', '\u{2028}', '\u{2029}'].contains(&it);
                prop_assert!(!text.contains(ends), "{}", text);
                let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert!(["error", "notice", "request"].contains(&read["log"].as_str().unwrap()));
            }
        }

        #[test]
        fn what_is_kept_of_a_path_is_ids(params: Vec<String>) {
            let mut it = Request::new("GET");
            it.fits("/v1/events/{id}", &params);
            prop_assert!(it.ids.iter().all(|id| id.len() <= 33 && id.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')));
        }
    }
}
