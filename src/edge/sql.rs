//! An object's SQLite, as far as Signet uses it.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{rows, run};

#[wasm_bindgen]
extern "C" {
    /// The runtime's own handle.
    pub type Handle;
}

/// A value for a statement. Integers travel as floats: none here is beyond 2^53.
pub enum Value<'a> {
    /// NULL.
    Null,
    /// A number.
    Number(i64),
    /// Text.
    Text(&'a str),
    /// Bytes that already lie in JavaScript's memory.
    Blob(&'a Uint8Array),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Number(i64::from(number))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a Uint8Array> for Value<'a> {
    fn from(bytes: &'a Uint8Array) -> Self {
        Value::Blob(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer.
pub struct Row(Array);

impl Row {
    /// The column `at` as a whole number.
    pub fn number(&self, at: u32) -> Option<i64> {
        self.0.get(at).as_f64().map(|number| number as i64)
    }

    /// The column `at` as text.
    pub fn text(&self, at: u32) -> Option<String> {
        self.0.get(at).as_string()
    }

    /// The column `at` as bytes, left where they are.
    pub fn blob(&self, at: u32) -> Option<Uint8Array> {
        let value = self.0.get(at);
        (!value.is_null() && !value.is_undefined() && value.is_object()).then(|| Uint8Array::new(&value))
    }
}

/// The SQL storage of an object.
pub struct Sql(Handle);

impl Sql {
    pub(super) fn new(handle: Handle) -> Self {
        Sql(handle)
    }

    /// Runs a statement for what it writes; how many rows that were, index rows among them.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn run(&self, query: &str, params: &[Value<'_>]) -> Result<u32, JsValue> {
        let (json, blobs) = list(params);
        let written = run(&self.0, query, &json, blobs)?;
        super::count(&super::ROWS, written as u64);
        Ok(written as u32)
    }

    /// Runs a statement for its rows.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn rows(&self, query: &str, params: &[Value<'_>]) -> Result<Vec<Row>, JsValue> {
        let (json, blobs) = list(params);
        let rows = rows(&self.0, query, &json, blobs)?;
        Ok(rows.iter().map(|row| Row(row.unchecked_into())).collect())
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn row(&self, query: &str, params: &[Value<'_>]) -> Result<Option<Row>, JsValue> {
        let (json, blobs) = list(params);
        let rows = rows(&self.0, query, &json, blobs)?;
        Ok((rows.length() > 0).then(|| Row(rows.get(0).unchecked_into())))
    }
}

/// The parameters as JSON, and the blobs that JSON can't hold.
fn list(params: &[Value<'_>]) -> (String, Option<Array>) {
    let mut json = String::from("[");
    let mut blobs: Option<Array> = None;
    for param in params {
        if json.len() > 1 {
            json.push(',');
        }
        match param {
            Value::Null => json.push_str("null"),
            Value::Number(number) => json.push_str(&number.to_string()),
            Value::Text(text) => json.push_str(&serde_json::to_string(text).unwrap_or_default()),
            Value::Blob(bytes) => {
                let count = blobs.get_or_insert_with(Array::new).push(bytes);
                json.push_str(&format!("[{}]", count.saturating_sub(1)));
            }
        }
    }
    json.push(']');
    (json, blobs)
}
