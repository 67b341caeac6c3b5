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

    /// That besides `limit` nothing is given with `name` but some of `others`.
    ///
    /// # Errors
    /// 422 for anything else.
    pub fn alone_with(&self, name: &str, others: &[&str]) -> Result<(), Problem> {
        let given = self.rest.keys().map(AsRef::as_ref).chain(self.cursor.as_ref().map(|_| "cursor"));
        match given.into_iter().find(|given| *given != name && !others.contains(given)) {
            Some(other) => Err(Problem::query(other, &["does not go with ", name].concat())),
            None => Ok(()),
        }
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

/// A list that is put together from what several have, of whom each has looked down to some point and no further.
#[derive(Debug)]
pub struct Merged {
    limit: usize,
    /// Ids and items.
    items: Vec<(String, String)>,
    /// Nobody knows of everybody what lies below; none where everybody has looked at everything.
    seen: Option<String>,
}

impl Merged {
    /// One of so many items at most, and of one more that shows that there are more.
    pub fn new(limit: u32) -> Self {
        Merged { limit: limit as usize, items: Vec::new(), seen: None }
    }

    /// What one of them has: its newest, with their ids, and the bare id down to which these are all.
    pub fn add(&mut self, items: impl IntoIterator<Item = (String, String)>, seen: Option<String>) {
        self.items.extend(items);
        self.seen = self.seen.take().max(seen);
        self.items.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        self.items.retain(|(id, _)| self.seen.as_deref().is_none_or(|seen| bare(id) >= seen));
        // What does not fit on the page need not be kept: the next one finds it again.
        if self.items.len() > self.limit {
            self.items.truncate(self.limit.saturating_add(1));
            self.seen = self.items.last().map(|(id, _)| bare(id).to_owned());
        }
    }

    /// The page. It ends where its last item stands, or, where it is not full, where somebody has stopped looking.
    pub fn answer(mut self) -> String {
        if self.items.len() > self.limit {
            self.items.truncate(self.limit);
            self.seen = self.items.last().map(|(id, _)| bare(id).to_owned());
        }
        written(self.items.into_iter().map(|(_, item)| item).collect(), self.seen.as_deref())
    }
}

/// The first of what several have, in the order of a text.
#[derive(Debug)]
pub struct Soonest {
    limit: usize,
    /// Whens, and items.
    items: Vec<(String, String)>,
}

impl Soonest {
    /// So many items at most.
    pub fn new(limit: u32) -> Self {
        Soonest { limit: limit as usize, items: Vec::new() }
    }

    /// One more, behind those of the same time.
    pub fn add(&mut self, when: String, item: String) {
        let at = self.items.partition_point(|(other, _)| *other <= when);
        if at < self.limit {
            self.items.truncate(self.limit.saturating_sub(1));
            self.items.insert(at, (when, item));
        }
    }

    /// The list, which has no other page.
    pub fn answer(self) -> String {
        written(self.items.into_iter().map(|(_, item)| item).collect(), None)
    }
}

fn bare(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, bare)| bare)
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

    #[test]
    fn what_stands_alone_takes_little_beside_it() {
        let alone = |query: &str| {
            Page::read(query, &["retrying", "source", "type"]).unwrap().alone_with("retrying", &["source"])
        };
        for query in ["retrying=true", "retrying=true&source=x&limit=5"] {
            assert_eq!(alone(query), Ok(()), "{query}");
        }
        for (query, other) in [("retrying=true&type=a", "type"), ("cursor=x&retrying=true&source=x", "cursor")] {
            let problem = alone(query).unwrap_err();
            assert_eq!((problem.status, problem.detail), (422, format!("{other}: does not go with retrying")));
        }
    }

    #[test]
    fn the_soonest_of_several_come_first() {
        for (limit, expected) in [(1, r#""d""#), (3, r#""d","a","e""#), (9, r#""d","a","e","f","b","c""#)] {
            let mut soonest = Soonest::new(limit);
            for (when, name) in [("2", "a"), ("7", "b"), ("9", "c"), ("1", "d"), ("2", "e"), ("3", "f")] {
                soonest.add(when.to_owned(), format!("\"{name}\""));
            }
            assert_eq!(soonest.answer(), format!(r#"{{"data":[{expected}],"nextCursor":null}}"#));
        }
    }

    #[test]
    fn a_merged_page_ends_where_somebody_has_stopped() {
        let item = |id: &str| (["del_", id].concat(), format!("\"{id}\""));
        let seen = |id: &str| Some(id.to_owned());
        let mut page = Merged::new(3);
        page.add([item("9"), item("4")], seen("3"));
        page.add([item("8"), item("6"), item("5")], seen("5"));
        page.add([item("2")], None);
        assert_eq!(page.answer(), r#"{"data":["9","8","6"],"nextCursor":"6"}"#);
        let mut page = Merged::new(3);
        page.add([], seen("7"));
        page.add([item("8"), item("6"), item("5")], None);
        assert_eq!(page.answer(), r#"{"data":["8"],"nextCursor":"7"}"#);
        let mut page = Merged::new(3);
        page.add([item("8"), item("6")], None);
        page.add([item("5")], None);
        assert_eq!(page.answer(), r#"{"data":["8","6","5"],"nextCursor":null}"#);
    }

    proptest! {
        /// However many have something, and however far each looks at a time: page by page comes every item, newest first,
        /// once.
        #[test]
        fn merged_pages_hold_everything_once(
            owners in proptest::collection::vec(proptest::collection::btree_set(0u32..400, 0..60), 1..6),
            wanted in 1u32..5, limit in 1u32..8, looks in proptest::collection::vec(1usize..30, 1..6),
        ) {
            // Each looks at so many of its own rows, of which every `wanted`th is asked for.
            let id = |row: u32, owner: usize| format!("{row:03}{owner}");
            let is_wanted = |row: u32| row.is_multiple_of(wanted);
            let (mut shown, mut below, mut pages) = (Vec::new(), "~".to_owned(), 0);
            loop {
                let mut page = Merged::new(limit);
                for (owner, rows) in owners.iter().enumerate() {
                    let look = looks[owner % looks.len()];
                    let left: Vec<String> = rows.iter().rev().map(|row| id(*row, owner)).filter(|id| *id < below).collect();
                    let mut found: Vec<String> = left.iter().take(look)
                        .filter(|id| is_wanted(id[..3].parse().unwrap())).cloned().collect();
                    let mut seen = if left.len() > look { left.get(look - 1).cloned() } else { None };
                    found.truncate(limit as usize + 1);
                    if found.len() > limit as usize {
                        seen = found.last().cloned();
                    }
                    page.add(found.into_iter().map(|id| (format!("del_{id}"), format!("\"{id}\""))), seen);
                }
                let answer: serde_json::Value = serde_json::from_str(&page.answer()).unwrap();
                let data = answer["data"].as_array().unwrap();
                prop_assert!(data.len() <= limit as usize);
                shown.extend(data.iter().map(|id| id.as_str().unwrap().to_owned()));
                pages += 1;
                prop_assert!(pages < 1_000, "the pages come to an end");
                match answer["nextCursor"].as_str() {
                    Some(next) => {
                        prop_assert!(next < below.as_str(), "every page gets further");
                        below = next.to_owned();
                    }
                    None => break,
                }
            }
            let mut all: Vec<String> = owners.iter().enumerate()
                .flat_map(|(owner, rows)| rows.iter().filter(|row| is_wanted(**row)).map(move |row| id(*row, owner)))
                .collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            prop_assert_eq!(shown, all);
        }

        #[test]
        fn no_query_panics(query: String) {
            if let Ok(page) = Page::read(&query, &["since"]) {
                let _ = (page.below("del_"), page.time("since"));
            }
        }
    }
}
