//! Calls that another object makes for the Worker: a line of JSON says what goes where, the parts follow byte for byte. What
//! several calls have in common, an event's body above all, is in it once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// How many calls a parcel holds: one invocation makes a thousand, where the deployment's plan is an old one, and each is
/// tried three times.
pub const CALLS: usize = 300;
/// How many bytes a parcel holds, unless a single call has more.
pub const BYTES: usize = 4 * 1024 * 1024;

/// How many objects are called at the same time, and how many bytes that may hold in memory.
const AT_ONCE: usize = 50;
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// How many of the calls, whose bodies have these sizes, are made at the same time: one at least.
pub fn together(sizes: impl IntoIterator<Item = usize>) -> usize {
    let sums = sizes.into_iter().scan(0usize, |sum, size| {
        *sum = sum.saturating_add(size);
        Some(*sum)
    });
    sums.take(AT_ONCE).take_while(|sum| *sum <= BYTES_AT_ONCE).count().max(1)
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    path: String,
    /// The length of each part.
    parts: Vec<usize>,
    /// Where each call goes, and the parts that it is made of.
    calls: Vec<(String, Vec<usize>)>,
}

/// A parcel that is being packed.
#[derive(Debug)]
pub struct Parcel<'a> {
    index: Index,
    parts: Vec<&'a [u8]>,
    known: HashMap<(*const u8, usize), usize>,
    bytes: usize,
}

impl<'a> Parcel<'a> {
    /// An empty one, of calls with one path.
    pub fn new(path: &str) -> Self {
        let index = Index { path: path.to_owned(), ..Index::default() };
        Parcel { index, parts: Vec::new(), known: HashMap::new(), bytes: 0 }
    }

    /// Adds a call of the object at a place, its body made of `parts`. Whether there was room; the first call always has.
    pub fn add(&mut self, place: &str, parts: &[&'a [u8]]) -> bool {
        let new = |part: &&&[u8]| !self.known.contains_key(&(part.as_ptr(), part.len()));
        let more = parts.iter().filter(new).fold(0usize, |sum, part| sum.saturating_add(part.len()));
        let bytes = self.bytes.saturating_add(more);
        if !self.is_empty() && (self.len() >= CALLS || bytes > BYTES) {
            return false;
        }
        let mut used = Vec::with_capacity(parts.len());
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let next = self.parts.len();
            let at = *self.known.entry((part.as_ptr(), part.len())).or_insert(next);
            if at == next {
                self.parts.push(part);
                self.index.parts.push(part.len());
            }
            used.push(at);
        }
        self.bytes = bytes;
        self.index.calls.push((place.to_owned(), used));
        true
    }

    /// How many calls are in it.
    pub fn len(&self) -> usize {
        self.index.calls.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.index.calls.is_empty()
    }

    /// All of it.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn pack(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&self.index)?;
        bytes.push(b'\n');
        for part in &self.parts {
            bytes.extend_from_slice(part);
        }
        Ok(bytes)
    }
}

/// A call out of a parcel.
#[derive(Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Where it goes.
    pub place: String,
    /// What its body is made of.
    pub parts: Vec<&'a [u8]>,
}

/// The path and the calls of a parcel; `None` for what is none.
pub fn unpack(bytes: &[u8]) -> Option<(String, Vec<Call<'_>>)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let index: Index = crate::body::parsed(bytes.get(..end)?).ok()?;
    let mut rest = bytes.get(end..)?.get(1..)?;
    let mut parts = Vec::with_capacity(index.parts.len().min(bytes.len()));
    for length in index.parts {
        let (part, more) = rest.split_at_checked(length)?;
        parts.push(part);
        rest = more;
    }
    let calls = index.calls.into_iter().map(|(place, used)| {
        let used: Option<Vec<&[u8]>> = used.into_iter().map(|at| parts.get(at).copied()).collect();
        Some(Call { place, parts: used? })
    });
    Some((index.path, calls.collect::<Option<_>>()?)).filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_many_have_in_common_travels_once() {
        let body = vec![b'x'; 1_000_000];
        let heads: Vec<String> = (0..CALLS).map(|number| format!("head {number}\n")).collect();
        let mut parcel = Parcel::new("/append");
        for head in &heads {
            assert!(parcel.add("place1", &[head.as_bytes(), &body, b""]));
        }
        assert!(!parcel.add("place1", &[b"one more", &body]), "no more than so many");
        let packed = parcel.pack().unwrap();
        assert!(packed.len() < 1_020_000, "{}", packed.len());
        let (path, calls) = unpack(&packed).unwrap();
        assert_eq!((path.as_str(), calls.len()), ("/append", CALLS));
        assert_eq!(calls[299].parts, [b"head 299\n".as_slice(), &body]);
    }

    #[test]
    fn what_is_called_together_is_bounded() {
        assert_eq!(together([]), 1);
        assert_eq!(together(vec![1; 200]), AT_ONCE);
        assert_eq!(together(vec![BYTES_AT_ONCE / 4; 200]), 4);
        assert_eq!(together(vec![BYTES_AT_ONCE * 2; 200]), 1);
    }

    #[test]
    fn a_parcel_is_bounded_unless_a_single_call_is_larger() {
        let large = [vec![b'a'; BYTES], vec![b'b'; BYTES], vec![b'c'; 1]];
        let mut parcel = Parcel::new("/append");
        assert!(parcel.add("a", &[&large[0], &large[1]]));
        assert!(!parcel.add("a", &[&large[2]]));
        assert!(!parcel.is_empty() && parcel.len() == 1);
    }

    proptest! {
        #[test]
        fn comes_out_as_it_went_in(bodies: Vec<Vec<u8>>, calls in proptest::collection::vec(("[a-z0-9]{6}", proptest::collection::vec(0usize..8, 0..5)), 0..20)) {
            let mut parcel = Parcel::new("/p");
            let mut expected = Vec::new();
            for (place, used) in &calls {
                let parts: Vec<&[u8]> = used.iter().filter_map(|at| bodies.get(*at).map(Vec::as_slice)).collect();
                prop_assert!(parcel.add(place, &parts));
                expected.push((place.clone(), parts.concat()));
            }
            let packed = parcel.pack().unwrap();
            let (_, unpacked) = unpack(&packed).unwrap();
            let unpacked: Vec<_> = unpacked.into_iter().map(|call| (call.place, call.parts.concat())).collect();
            prop_assert_eq!(unpacked, expected);
            for end in 0..packed.len().min(300) {
                let _ = unpack(&packed[..end]);
            }
        }

        #[test]
        fn no_parcel_panics(bytes: Vec<u8>) {
            let _ = unpack(&bytes);
        }
    }
}
