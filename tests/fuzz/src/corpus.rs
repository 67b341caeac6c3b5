//! The inputs that are kept: one file for each target, in it one input a line, what is not printable escaped.

use std::fs;
use std::path::PathBuf;

use crate::Target;

fn file(target: &Target) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "corpus", &[target.name, ".txt"].concat()].iter().collect()
}

/// Those of a target; none where there is no file yet.
pub fn kept(target: &Target) -> Vec<Vec<u8>> {
    fs::read_to_string(file(target)).unwrap_or_default().lines().map(unescape).collect()
}

/// How many bytes are kept of a target: the shortest inputs lead to nearly everything.
const MAX_KEPT: usize = 28 << 10;

/// Keeps these, shortest first, those left out that a target begins with anyway.
pub fn keep(target: &Target, mut inputs: Vec<Vec<u8>>) -> std::io::Result<()> {
    let seeds = (target.seeds)();
    inputs.retain(|input| !seeds.contains(input));
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut text = String::new();
    for line in inputs.iter().map(|input| escape(input) + "\n") {
        if text.len() + line.len() > MAX_KEPT {
            break;
        }
        text.push_str(&line);
    }
    fs::write(file(target), text)
}

fn escape(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b' '..=b'~' if *byte != b'\\' => char::from(*byte).to_string(),
        _ => format!("\\{byte:02x}"),
    };
    bytes.iter().map(one).collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|_| *first == b'\\').and_then(|digits| hex::decode(digits).ok());
        rest = if digits.is_some() { &tail[2..] } else { tail };
        bytes.extend(digits.unwrap_or_else(|| vec![*first]));
    }
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_kept_is_read_back() {
        let all: Vec<u8> = (0..=255).chain(*b"\\5c\\n").collect();
        assert_eq!(super::unescape(&super::escape(&all)), all);
        assert!(super::escape(&all).is_ascii() && super::escape(&all).lines().count() == 1);
    }
}
