//! The one place where Signet touches JavaScript: the few calls of `edge.js`, with Rust's types around them.

mod head;
mod settings;
mod sql;
pub mod task;

use std::cell::{Cell, RefCell};

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use crate::problem::Problem;
use crate::route;
use crate::seen::{self, Costs, Metrics, Trouble};
use crate::signature::Question;
use crate::time::Millis;

pub use head::{Head, target};
pub use settings::Settings;
pub use sql::{Row, Sql, Value};

#[wasm_bindgen(module = "/src/edge/edge.js")]
extern "C" {
    fn inspect(request: &Request) -> Array;
    /// The URL of a call to an object: nothing else of its head matters.
    #[wasm_bindgen(js_name = address)]
    pub fn url_of(request: &Request) -> String;
    #[wasm_bindgen(catch)]
    async fn receive(request: &Request, limit: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn received(request: &Request) -> Result<JsValue, JsValue>;
    fn answer(status: u16, kind: &str, body: &str, more: &str) -> Response;
    /// An answer of Signet's own, with JSON.
    #[wasm_bindgen(js_name = answerJson)]
    pub fn respond_json(status: u16, body: &str) -> Response;
    #[wasm_bindgen(js_name = reply)]
    fn reply_with(status: u16, body: &str, headers: &Array) -> Response;
    /// What an object says to the part of Signet that has called it, and the version of the snapshot that it has made.
    pub fn say(status: u16, body: &str, version: Option<&str>) -> Response;
    /// The shortest answer of an object: done.
    pub fn done() -> Response;
    #[wasm_bindgen(catch)]
    async fn admit(limiter: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn call(namespace: &JsValue, name: &str, path: &str, body: &JsValue) -> Result<JsValue, JsValue>;
    async fn send(method: &str, url: &str, head: &str, body: &Uint8Array, timeout: f64, keep: f64) -> JsValue;
    #[wasm_bindgen(js_name = headersOf)]
    fn headers_of(request: &Request) -> String;
    fn spare(request: &Request) -> JsValue;
    #[wasm_bindgen(js_name = forward)]
    async fn forward_to(
        request: &Request,
        spare: &JsValue,
        url: &str,
        body: &Uint8Array,
        drop: &str,
        set: &str,
        timeout: f64,
    ) -> JsValue;
    #[wasm_bindgen(js_name = includingLines)]
    fn including_lines(response: &Response, lines: &str) -> Response;
    #[wasm_bindgen(js_name = pass)]
    async fn pass_to(request: &Request, url: &str) -> JsValue;
    #[wasm_bindgen(js_name = ask)]
    async fn ask_of(method: &str, url: &str, head: &str, body: Option<&str>, limit: f64, timeout: f64) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn asset(assets: &JsValue, request: &Request) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = verify)]
    async fn verify_with(name: &str, key: &[u8], content: &Uint8Array, signature: &[u8]) -> JsValue;
    #[wasm_bindgen(js_name = setAlarm)]
    fn set_alarm(storage: &Storage, at: f64);
    #[wasm_bindgen(catch)]
    async fn sleep(milliseconds: f64) -> Result<JsValue, JsValue>;
    fn random() -> Uint8Array;
    #[wasm_bindgen(catch)]
    fn run(sql: &sql::Handle, query: &str, json: &str, blobs: Option<Array>) -> Result<f64, JsValue>;
    #[wasm_bindgen(catch)]
    fn rows(sql: &sql::Handle, query: &str, json: &str, blobs: Option<Array>) -> Result<Array, JsValue>;
    #[wasm_bindgen(js_name = toAscii)]
    fn to_ascii(url: &str) -> Option<String>;
    #[wasm_bindgen(catch, js_name = kvGet)]
    async fn kv_get(namespace: &JsValue, key: &str, ttl: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = kvPut)]
    async fn kv_put(namespace: &JsValue, key: &str, value: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = kvDelete)]
    async fn kv_delete(namespace: &JsValue, key: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The bindings and variables of this Worker.
    #[derive(Clone)]
    pub type Env;
    #[wasm_bindgen(method, structural, indexing_getter)]
    fn get(this: &Env, name: &str) -> JsValue;

    /// What the runtime gives a request.
    #[derive(Clone)]
    pub type Context;
    #[wasm_bindgen(method, js_name = waitUntil)]
    fn wait_until(this: &Context, promise: &js_sys::Promise);

    /// What the runtime gives an object.
    pub type State;
    /// Its storage.
    #[wasm_bindgen(method, getter)]
    pub fn storage(this: &State) -> Storage;
    #[wasm_bindgen(method, getter)]
    fn id(this: &State) -> ObjectId;

    type ObjectId;
    #[wasm_bindgen(method, getter)]
    fn name(this: &ObjectId) -> Option<String>;

    /// An object's storage.
    pub type Storage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> sql::Handle;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    async fn delete_all(this: &Storage) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getAlarm)]
    async fn get_alarm(this: &Storage) -> Result<JsValue, JsValue>;
}

thread_local! {
    static ROWS: Cell<u64> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static ALARMS: Cell<u64> = const { Cell::new(0) };
    static METRICS: RefCell<Metrics> = RefCell::default();
}

fn count(counter: &'static std::thread::LocalKey<Cell<u64>>, by: u64) {
    counter.with(|counter| counter.set(counter.get().saturating_add(by)));
}

/// Counts what this instance does.
pub fn measure(count: impl FnOnce(&mut Metrics)) {
    METRICS.with_borrow_mut(count);
}

/// What this instance has done since it started, in the Prometheus text format.
pub fn metrics() -> String {
    let costs = Costs { rows: ROWS.get(), requests: CALLS.get(), alarms: ALARMS.get() };
    METRICS.with_borrow(|metrics| metrics.text(costs))
}

/// The present.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// A number from 0 to 1, for jitter.
pub fn chance() -> f64 {
    js_sys::Math::random()
}

/// 60 random bits and more, for ids, which are no secrets.
pub fn random_id() -> u64 {
    let bits = |count: i32| (js_sys::Math::random() * 2f64.powi(count)) as u64;
    bits(30) << 30 | bits(30)
}

/// 32 bytes that nobody can guess.
pub fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    random().copy_to(&mut bytes);
    bytes
}

/// Waits for `milliseconds`.
pub async fn pause(milliseconds: Millis) {
    // A timer that can't be set is not waited for.
    let _ = sleep(milliseconds.max(0) as f64).await;
}

impl Env {
    /// Calls the object `name` of the class bound as `class`, up to three times where it can't be reached: what is called
    /// so may come twice.
    ///
    /// # Errors
    /// 503 where it could not be reached.
    pub async fn call(&self, class: &str, name: &str, path: &str, body: impl Into<JsValue>) -> Result<Said, Problem> {
        let body = body.into();
        for wait in [50, 100] {
            match self.call_once(class, name, path, &body).await {
                Ok(said) => return Ok(said),
                Err(_) => pause(wait).await,
            }
        }
        self.call_once(class, name, path, &body).await
    }

    /// As [`Env::call`], for what must not come twice.
    ///
    /// # Errors
    /// 503 where it could not be reached; whether it came is not known then.
    pub async fn call_once(&self, class: &str, name: &str, path: &str, body: &JsValue) -> Result<Said, Problem> {
        // Whoever makes a path out of what a client said has to know that it leads where it seems to.
        if !route::is_settled(path.split_once('?').map_or(path, |(path, _)| path)) {
            return Err(Problem::not_found("call"));
        }
        count(&CALLS, 1);
        match call(&self.get(class), name, path, body).await {
            Ok(said) => Ok(Said::read(&said)),
            Err(error) => {
                self.settings();
                // What stands behind the first step may be a client's own words.
                let what = path.split(['/', '?']).nth(1).unwrap_or_default();
                log(&format!("{class} /{what}: {error:?}"));
                Err(Problem::unavailable("A part of the gateway did not answer. Try again."))
            }
        }
    }

    /// Whether somebody of this network may try a key that was not seen from there before.
    pub async fn may_guess(&self, network: &str) -> bool {
        // Where the limit can't be asked nobody is kept out.
        admit(&self.get("GUESSES"), network).await.map_or(true, |admitted| admitted.is_truthy())
    }

    /// Reads a key of the namespace bound as `binding`, at most `ttl` seconds old.
    pub async fn kv_get(&self, binding: &str, key: &str, ttl: u32) -> Option<String> {
        kv_get(&self.get(binding), key, f64::from(ttl)).await.ok()?.as_string()
    }

    /// A file of the pages, if there is one.
    pub async fn page(&self, request: &Request) -> Option<Response> {
        let response: Response = asset(&self.get("ASSETS"), request).await.ok()?.dyn_into().ok()?;
        (response.status() != 404).then_some(response)
    }

    /// Writes a key; whether it was written.
    pub async fn kv_put(&self, binding: &str, key: &str, value: &str) -> bool {
        kv_put(&self.get(binding), key, value).await.is_ok()
    }

    /// Deletes a key; whether it is gone.
    pub async fn kv_delete(&self, binding: &str, key: &str) -> bool {
        kv_delete(&self.get(binding), key).await.is_ok()
    }
}

impl Context {
    /// Goes on with `work` after the answer has been given.
    pub fn go_on(&self, work: impl Future<Output = ()> + 'static) {
        let done = task::promise(async move {
            work.await;
            JsValue::UNDEFINED
        });
        self.wait_until(&done);
    }
}

/// What an object answered.
pub struct Said {
    /// The status; 204 has no text.
    pub status: u16,
    /// The body.
    pub text: String,
    /// The version of the application's snapshot that this answer made.
    pub version: Option<u64>,
}

impl Said {
    fn read(said: &JsValue) -> Self {
        let parts: Array = match said.dyn_ref::<Array>() {
            Some(parts) => parts.clone(),
            None => {
                return Said { status: 204, text: String::new(), version: None };
            }
        };
        Said {
            status: parts.get(0).as_f64().map_or(500, |status| status as u16),
            text: parts.get(1).as_string().unwrap_or_default(),
            version: parts.get(2).as_string().and_then(|version| version.parse().ok()),
        }
    }
}

impl State {
    /// The name that this object was addressed by.
    pub fn own_name(&self) -> String {
        self.id().name().unwrap_or_default()
    }

    /// Its SQL storage.
    pub fn open(&self) -> Sql {
        Sql::new(self.storage().sql())
    }

    /// Sets the one alarm of this object.
    pub fn alarm_at(&self, at: Millis) {
        count(&ALARMS, 1);
        // Now or the past, set from within an alarm, would never ring.
        set_alarm(&self.storage(), at.max(now().saturating_add(1)) as f64);
    }

    /// When the alarm of this object rings, if one stands.
    pub async fn alarm(&self) -> Option<Millis> {
        self.storage().get_alarm().await.ok()?.as_f64().map(|at| at as Millis)
    }

    /// Forgets everything, the alarm too: it is gone before anything else happens here.
    pub async fn forget(&self) {
        if let Err(error) = self.storage().delete_all().await {
            log(&format!("deleteAll: {error:?}"));
        }
    }
}

/// Reads a request's body, as it lies in JavaScript's memory.
///
/// # Errors
/// 413 over `limit`, 400 where it broke off.
pub async fn body(request: &Request, limit: usize) -> Result<Uint8Array, Problem> {
    match receive(request, limit as f64).await {
        Ok(bytes) if bytes.is_null() => Err(Problem::too_large(limit)),
        Ok(bytes) => Ok(bytes.unchecked_into()),
        Err(_) => Err(broken_off()),
    }
}

/// Reads the body of a call to an object.
///
/// # Errors
/// 400 where it broke off.
pub async fn call_body(request: &Request) -> Result<Uint8Array, Problem> {
    let bytes = received(request).await.map_err(|_| broken_off())?;
    Ok(bytes.unchecked_into())
}

fn broken_off() -> Problem {
    Problem::new(400, "body_incomplete", "The body broke off.")
}

/// An answer of Signet's own, with `headers` besides those that every such answer has.
pub fn respond(status: u16, kind: &str, body: &str, headers: &[(&str, &str)]) -> Response {
    answer(status, kind, body, &lines(headers))
}

/// A response with more headers.
pub fn including(response: &Response, headers: &[(&str, &str)]) -> Response {
    including_lines(response, &lines(headers))
}

/// Names and values in turn, a line each.
fn lines(headers: &[(&str, &str)]) -> String {
    headers.iter().flat_map(|(name, value)| [*name, *value]).collect::<Vec<_>>().join("\n")
}

/// An answer with a body and headers of one's own, and no other.
pub fn reply(status: u16, body: &str, headers: &[(&str, &str)]) -> Response {
    let list = Array::new();
    for (name, value) in headers {
        list.push(&Array::of2(&JsValue::from_str(name), &JsValue::from_str(value)));
    }
    reply_with(status, body, &list)
}

/// A request that is to go on, its body read.
pub struct Passing {
    request: Request,
    spare: JsValue,
    /// Its headers, names and values in turn, a line each.
    pub headers: String,
    /// Its body.
    pub body: Uint8Array,
}

impl Passing {
    /// Reads a request.
    ///
    /// # Errors
    /// 413 over `limit`, 400 where it broke off.
    pub async fn read(request: Request, limit: usize) -> Result<Self, Problem> {
        let headers = headers_of(&request);
        let spare = spare(&request);
        let body = body(&request, limit).await?;
        Ok(Passing { request, spare, headers, body })
    }

    /// Sends it on, without the headers in `drop`, with those in `set`.
    pub async fn forward(&self, url: &str, drop: &str, set: &str, timeout: Millis) -> Forwarded {
        let parts = forward_to(&self.request, &self.spare, url, &self.body, drop, set, timeout as f64).await;
        Forwarded::read(&parts.unchecked_into())
    }
}

/// What came of a request that was sent on.
pub enum Forwarded {
    /// The origin's answer, unread.
    Answer(Response),
    /// None came: the runtime's name for it, and its words.
    None(String, String),
}

impl Forwarded {
    fn read(parts: &Array) -> Self {
        match parts.get(0).dyn_into::<Response>() {
            Ok(response) => Forwarded::Answer(response),
            Err(name) => {
                Forwarded::None(name.as_string().unwrap_or_default(), parts.get(1).as_string().unwrap_or_default())
            }
        }
    }
}

/// Sends a request on untouched.
pub async fn pass(request: &Request, url: &str) -> Forwarded {
    Forwarded::read(&pass_to(request, url).await.unchecked_into())
}

/// Asks a provider something: the status, and the answer as text of at most `limit` bytes.
pub async fn ask(
    method: &str,
    url: &str,
    headers: &str,
    body: Option<&str>,
    limit: u32,
    timeout: Millis,
) -> Option<(u16, String)> {
    let parts = ask_of(method, url, headers, body, f64::from(limit), timeout as f64).await;
    let parts = parts.dyn_into::<Array>().ok()?;
    Some((parts.get(0).as_f64()? as u16, parts.get(1).as_string()?))
}

/// Asks WebCrypto whether a signature holds.
pub async fn verify(question: &Question<'_>) -> bool {
    let size = question.content.iter().fold(0usize, |sum, part| sum.saturating_add(part.len()));
    let content = Uint8Array::new_with_length(u32::try_from(size).unwrap_or(u32::MAX));
    let mut at = 0u32;
    for part in question.content {
        let end = at.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        content.subarray(at, end).copy_from(part);
        at = end;
    }
    let name = serde_json::to_string(&question.algorithm).unwrap_or_default();
    verify_with(name.trim_matches('"'), question.key.bytes(), &content, question.signature).await.is_truthy()
}

/// What came of a post.
pub enum Exchange {
    /// A whole answer, or as much of it as was to be kept.
    Answer {
        /// Its status.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<String>,
        /// The beginning of its body.
        body: Vec<u8>,
        /// Whether the body went on.
        truncated: bool,
    },
    /// None came: the runtime's name for it, and its words.
    None(String, String),
}

/// Sends a delivery: a POST, but for what came to a source by another method.
pub async fn post(method: &str, url: &str, headers: &str, body: &Uint8Array, timeout: Millis, keep: usize) -> Exchange {
    let parts: Array = send(method, url, headers, body, timeout as f64, keep as f64).await.unchecked_into();
    let first = parts.get(0);
    match first.as_f64() {
        Some(status) => Exchange::Answer {
            status: status as u16,
            retry_after: parts.get(1).as_string(),
            body: parts.get(2).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default(),
            truncated: parts.get(3).is_truthy(),
        },
        None => Exchange::None(first.as_string().unwrap_or_default(), parts.get(1).as_string().unwrap_or_default()),
    }
}

/// Something went wrong where nobody waits for an answer. Never a secret, never a payload, no URL.
pub fn log(message: &str) {
    put(&Trouble::new(message), true);
}

/// The same for what stood against something that was tried.
pub fn log_problem(what: &str, problem: &Problem) {
    put(&Trouble::of(what, problem), true);
}

/// A line in the log. Whether it `matters` also to those who want to read of failures alone.
pub fn put(said: &impl serde::Serialize, matters: bool) {
    if settings::shows(matters) {
        worker::console_log!("{}", seen::line(said));
    }
}
