//! Queries and pages of lists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::id::Id;
use crate::problem::Problem;
use crate::time::{Millis, parse_rfc3339};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 250;

/// What a list was asked for.
#[derive(Debug)]
pub struct Page<'a> {
    /// How many, 1 to 250.
    pub limit: u32,
    cursor: Option<Cow<'a, str>>,
    rest: Parameters<'a>,
}

impl<'a> Page<'a> {
    /// Reads a query with `limit`, `cursor` and the parameters in `known`.
    ///
    /// # Errors
    /// 422 for a parameter that is unknown, given twice or out of its range.
    pub fn read(query: &'a str, known: &[&str]) -> Result<Self, Problem> {
        let mut rest = parameters(query, &[known, &["limit", "cursor"]].concat())?;
        let limit = match rest.remove("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit) && text.bytes().all(|byte| byte.is_ascii_digit()))
                .ok_or_else(|| Problem::query("limit", "must be a whole number from 1 to 250"))?,
        };
        let cursor = rest.remove("cursor");
        Ok(Page { limit, cursor, rest })
    }

    /// Reads a query with the parameters in `known` alone, for an answer that is no list.
    ///
    /// # Errors
    /// 422 for a parameter that is unknown or given twice.
    pub fn whole(query: &'a str, known: &[&str]) -> Result<Self, Problem> {
        Ok(Page { limit: DEFAULT_LIMIT, cursor: None, rest: parameters(query, known)? })
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.rest.get(name).map(AsRef::as_ref)
    }

    /// A parameter that is a time.
    ///
    /// # Errors
    /// 422 for what is no RFC 3339 time.
    pub fn time(&self, name: &str) -> Result<Option<Millis>, Problem> {
        match self.get(name) {
            None => Ok(None),
            // A plus sign that nobody escaped arrives as a space.
            Some(text) => parse_rfc3339(&text.replace(' ', "+"))
                .map(Some)
                .ok_or_else(|| Problem::query(name, "must be an RFC 3339 time")),
        }
    }

    /// The id that the page starts below; above every id for the first page.
    ///
    /// # Errors
    /// 422 for a cursor that this list never gave.
    pub fn below(&self, prefix: &str) -> Result<String, Problem> {
        match &self.cursor {
            None => Ok([prefix, "~"].concat()),
            Some(cursor) => Id::parse_bare(cursor).map(|id| id.with(prefix)).ok_or_else(unknown_cursor),
        }
    }

    /// A list that is short enough to be made as a whole, from where the cursor stands: each item's name and JSON.
    ///
    /// # Errors
    /// 422 for a cursor that this list never gave.
    pub fn answer_whole(&self, mut items: Vec<(String, String)>) -> Result<String, Problem> {
        if let Some(cursor) = &self.cursor {
            let at = items.iter().position(|(name, _)| name == cursor).ok_or_else(unknown_cursor)?;
            items.drain(..=at);
        }
        let limit = self.limit as usize;
        let next =
            if items.len() > limit { items.get(limit.saturating_sub(1)).map(|(name, _)| name.clone()) } else { None };
        Ok(written(items.into_iter().take(limit).map(|(_, item)| item).collect(), next.as_deref()))
    }

    /// The answer, from one item more than the page holds where there are more: each item's JSON, and its id.
    pub fn answer(&self, mut items: Vec<String>, ids: Vec<String>) -> String {
        let limit = self.limit as usize;
        let next = match items.len() > limit {
            true => ids.get(limit.saturating_sub(1)).and_then(|id| id.split_once('_')).map(|(_, bare)| bare),
            false => None,
        };
        items.truncate(limit);
        written(items, next)
    }
}

type Parameters<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

fn parameters<'a>(query: &'a str, known: &[&str]) -> Result<Parameters<'a>, Problem> {
    let mut found = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !known.contains(&name.as_ref()) {
            return Err(Problem::query(&name, "is not a known parameter"));
        }
        if found.contains_key(&name) {
            return Err(Problem::query(&name, "is given more than once"));
        }
        found.insert(name, value);
    }
    Ok(found)
}

/// Cursors are ids and names: nothing in them needs escaping.
fn written(items: Vec<String>, next: Option<&str>) -> String {
    let next = next.map_or("null".to_owned(), |cursor| format!("\"{cursor}\""));
    format!("{{\"data\":[{}],\"nextCursor\":{next}}}", items.join(","))
}

fn unknown_cursor() -> Problem {
    Problem::query("cursor", "is not one that this list has answered").coded("invalid_cursor")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_query_and_refuses_nonsense() {
        let page =
            Page::read("limit=250&status=failed&since=2026-05-18T12:00:00%2B02:00", &["status", "since"]).unwrap();
        assert_eq!((page.limit, page.get("status")), (250, Some("failed")));
        assert_eq!(page.time("since").unwrap(), parse_rfc3339("2026-05-18T10:00:00Z"));
        assert_eq!(page.below("del_").unwrap(), "del_~");
        for query in ["limit=0", "limit=251", "limit=+5", "limit=a", "limit=5&limit=6", "stauts=failed"] {
            assert_eq!(Page::read(query, &["status"]).unwrap_err().status, 422, "{query}");
        }
        for cursor in ["x", "del_", "%00", "0123456789abcdefghjkmnpqrst'"] {
            let query = format!("cursor={cursor}");
            assert_eq!(Page::read(&query, &[]).unwrap().below("del_").unwrap_err().code, "invalid_cursor", "{cursor}");
        }
    }

    #[test]
    fn the_cursor_is_the_last_item_shown() {
        let page = Page::read("limit=2", &[]).unwrap();
        let items = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        let ids = |count: usize| (0..count).map(|at| format!("del_{at}")).collect::<Vec<_>>();
        assert_eq!(page.answer(items(3), ids(3)), r#"{"data":[0,1],"nextCursor":"1"}"#);
        assert_eq!(page.answer(items(2), ids(2)), r#"{"data":[0,1],"nextCursor":null}"#);
    }

    #[test]
    fn a_short_list_is_cut_where_the_cursor_stands() {
        let items = || ["a", "b", "c"].map(|name| (name.to_owned(), format!("\"{name}!\""))).to_vec();
        for (query, expected) in [
            ("", r#"{"data":["a!","b!","c!"],"nextCursor":null}"#),
            ("limit=2", r#"{"data":["a!","b!"],"nextCursor":"b"}"#),
            ("limit=2&cursor=b", r#"{"data":["c!"],"nextCursor":null}"#),
            ("cursor=c", r#"{"data":[],"nextCursor":null}"#),
        ] {
            assert_eq!(Page::read(query, &[]).unwrap().answer_whole(items()).unwrap(), expected, "{query}");
        }
        assert_eq!(Page::read("cursor=d", &[]).unwrap().answer_whole(items()).unwrap_err().code, "invalid_cursor");
    }

    proptest! {
        #[test]
        fn no_query_panics(query: String) {
            if let Ok(page) = Page::read(&query, &["since"]) {
                let _ = (page.below("del_"), page.time("since"));
            }
        }
    }
}
