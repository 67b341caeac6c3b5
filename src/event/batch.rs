//! Many events in one body: a JSON array, or a line of JSON for each.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::is_id;
use crate::body;
use crate::problem::{Fault, Problem};

/// How large a batch's body may be, in bytes.
pub const MAX_BATCH: usize = 8 * 1024 * 1024;
/// How many events a batch may hold.
pub const MAX_EVENTS: usize = 1_000;
/// What the longest number of an event adds to `Idempotency-Key`, which becomes its id.
const MAX_SUFFIX: usize = ":999".len();
const MAX_KEY: usize = 256 - MAX_SUFFIX;

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON array.
    Array,
    /// JSON by the line.
    Lines,
}

impl Form {
    /// What a `Content-Type` says; it is an array unless that names lines.
    pub fn named(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Form::Lines,
            _ => Form::Array,
        }
    }

    /// The events of a body, each still to be read.
    ///
    /// # Errors
    /// 400 where the whole is not JSON, 422 where it is no array, or one of none or of too many.
    pub fn split(self, bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
        let items = match self {
            Form::Array => array(bytes)?,
            Form::Lines => {
                let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                lines.filter(|line| !line.is_empty()).take(MAX_EVENTS.saturating_add(1)).collect()
            }
        };
        match items.len() {
            1..=MAX_EVENTS => Ok(items),
            _ => Err(whole(format!("must hold 1 to {MAX_EVENTS} events"))),
        }
    }
}

fn array(bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let text = body::text(bytes)?;
    match serde_json::from_str::<Items<'_>>(text) {
        Ok(Items(items)) => Ok(items.into_iter().map(|item| item.get().as_bytes()).collect()),
        Err(error) if error.to_string().starts_with(TOO_MANY) => {
            Err(whole(format!("must hold 1 to {MAX_EVENTS} events")))
        }
        Err(_) if serde_json::from_str::<&RawValue>(text).is_ok() => Err(whole("must be an array of events".into())),
        Err(error) => Err(Problem::not_json(format!("The body is not JSON: {error}."))),
    }
}

fn whole(detail: String) -> Problem {
    Problem::invalid(vec![Fault { pointer: String::new(), detail }])
}

const TOO_MANY: &str = "too many events";

/// An array's items, each as its own text. No more are read than may be there: eight million would take a hundred times
/// the body's room.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<&'de RawValue>()? {
                    if items.len() >= MAX_EVENTS {
                        return Err(A::Error::custom(TOO_MANY));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The ids of events that bring none, where the whole batch has a key: so that it can be sent again as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a>(Option<&'a str>);

impl<'a> Key<'a> {
    /// Reads the header `Idempotency-Key`.
    ///
    /// # Errors
    /// 422 for what can't be the beginning of an id.
    pub fn read(header: Option<&'a str>) -> Result<Self, Problem> {
        if header.is_some_and(|key| !is_id(key) || key.len() > MAX_KEY) {
            let detail = format!("Idempotency-Key of a batch must be 1 to {MAX_KEY} visible ASCII characters.");
            return Err(Problem::new(422, "invalid_header", detail));
        }
        Ok(Key(header))
    }

    /// The id of event `number`, from 0.
    pub fn of(self, number: usize) -> Option<String> {
        self.0.map(|key| format!("{key}:{number}"))
    }
}

/// How much a batch may set going: what is beyond is to be sent again. So a batch stays within what one invocation may call
/// and write, whatever it is that the subscriptions want.
#[derive(Debug)]
pub struct Budget {
    deliveries: usize,
    bytes: usize,
    is_over: bool,
    is_used: bool,
}

impl Budget {
    /// What a batch has.
    pub fn new(deliveries: usize, bytes: usize) -> Self {
        Budget { deliveries, bytes, is_over: false, is_used: false }
    }

    /// Takes an event's share. The first one is always let through, or it never could be; and after one that is not, no
    /// other is, for they go out in the order in which they came.
    ///
    /// # Errors
    /// 503 where too little is left.
    pub fn take(&mut self, deliveries: usize, bytes: usize) -> Result<(), Problem> {
        let fits = self.deliveries >= deliveries && self.bytes >= bytes;
        if self.is_over || (self.is_used && !fits) {
            self.is_over = true;
            let detail = "The batch makes more deliveries than fit in one. Send this event again, and those after it.";
            return Err(Problem::unavailable(detail));
        }
        self.is_used = true;
        self.deliveries = self.deliveries.saturating_sub(deliveries);
        self.bytes = self.bytes.saturating_sub(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(items: Vec<&[u8]>) -> Vec<&str> {
        items.into_iter().map(|item| std::str::from_utf8(item).unwrap()).collect()
    }

    #[test]
    fn only_lines_need_a_name() {
        for kind in [
            "application/x-ndjson",
            "Application/X-NDJSON; charset=utf-8",
            "application/ndjson",
            "application/jsonl ;x",
        ] {
            assert_eq!(Form::named(kind), Form::Lines, "{kind}");
        }
        for kind in
            ["", "application/json", "text/plain", "x-ndjson", "application/x-ndjson2", "; application/x-ndjson"]
        {
            assert_eq!(Form::named(kind), Form::Array, "{kind}");
        }
    }

    #[test]
    fn an_array_falls_into_its_items() {
        let body = br#" [ {"a": [1, 2]} , null,"],[" , 1e999,{}] "#;
        assert_eq!(texts(Form::Array.split(body).unwrap()), [r#"{"a": [1, 2]}"#, "null", r#""],[""#, "1e999", "{}"]);
    }

    #[test]
    fn lines_are_taken_as_they_are() {
        let body = b"{\"a\":1}\r\n\n  \t\nnot json\n{\"b\":\"\\n\"}";
        assert_eq!(texts(Form::Lines.split(body).unwrap()), [r#"{"a":1}"#, "not json", r#"{"b":"\n"}"#]);
    }

    #[test]
    fn a_batch_that_is_none_is_refused_as_a_whole() {
        let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
        for (body, status) in [
            ("", 400),
            ("[", 400),
            ("[{}", 400),
            ("[{},]", 400),
            ("[{}]]", 400),
            ("[{} {}]", 400),
            ("[nul]", 400),
            ("{\"a\":1}\n{\"a\":2}", 400),
            ("\u{feff}[]", 400),
            ("[]", 422),
            ("{}", 422),
            ("null", 422),
            ("1e999", 422),
            ("\"[]\"", 422),
            (&deep(129), 400),
            (&"[".repeat(100_000), 400),
        ] {
            let problem = Form::Array.split(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status, status, "{body:.20}");
            assert_eq!(
                problem.errors.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(),
                match status {
                    422 => vec![""],
                    _ => vec![],
                }
            );
        }
        assert_eq!(Form::Array.split(deep(128).as_bytes()).unwrap().len(), 1);
        assert_eq!(Form::Array.split(b"[\"\xff\"]").unwrap_err().status, 400);
        for body in ["", "\n\r\n \n"] {
            assert_eq!(Form::Lines.split(body.as_bytes()).unwrap_err().status, 422);
        }
    }

    #[test]
    fn a_thousand_and_no_more() {
        let array = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(Form::Array.split(array(1_000).as_bytes()).unwrap().len(), 1_000);
        assert_eq!(Form::Array.split(array(1_001).as_bytes()).unwrap_err().status, 422);
        assert_eq!(Form::Lines.split("{}\n".repeat(1_000).as_bytes()).unwrap().len(), 1_000);
        assert_eq!(Form::Lines.split("{}\n".repeat(1_001).as_bytes()).unwrap_err().status, 422);
        // However many there are, they are not collected first.
        let many = [b"[".as_slice(), &b"0,".repeat(4_000_000), b"0]"].concat();
        assert_eq!(Form::Array.split(&many).unwrap_err().status, 422);
    }

    #[test]
    fn the_header_numbers_the_events() {
        let longest = "k".repeat(252);
        for key in ["a", &longest] {
            let id = Key::read(Some(key)).unwrap().of(MAX_EVENTS - 1).unwrap();
            assert!(is_id(&id) && id.ends_with(":999"));
        }
        assert_eq!(Key::read(None).unwrap().of(0), None);
        for key in ["", "a b", "é", &"k".repeat(253)] {
            assert_eq!(Key::read(Some(key)).unwrap_err().code, "invalid_header");
        }
    }

    #[test]
    fn a_budget_lets_the_first_through_and_nobody_overtake() {
        let mut budget = Budget::new(100, 1_000);
        assert!(budget.take(5_000, 0).is_ok(), "the first always");
        assert_eq!(budget.take(1, 0).unwrap_err().status, 503);
        let mut budget = Budget::new(100, 1_000);
        assert!(budget.take(60, 100).is_ok());
        assert!(budget.take(41, 0).is_err() && budget.take(0, 0).is_err());
        let mut budget = Budget::new(100, 1_000);
        assert!(budget.take(0, 600).is_ok() && budget.take(0, 400).is_ok() && budget.take(100, 1).is_err());
    }

    proptest! {
        #[test]
        fn what_was_joined_falls_apart_again(values in proptest::collection::vec("[ -~]{0,20}", 1..50)) {
            let items: Vec<String> = values.iter().map(|value| serde_json::to_string(value).unwrap()).collect();
            for (form, body) in [(Form::Array, format!("[{}]", items.join(" ,\n"))), (Form::Lines, items.join("\r\n"))] {
                prop_assert_eq!(texts(form.split(body.as_bytes()).unwrap()), items.clone());
            }
        }

        #[test]
        fn no_body_panics(bytes: Vec<u8>) {
            for form in [Form::Array, Form::Lines] {
                let _ = form.split(&bytes);
            }
        }
    }
}
