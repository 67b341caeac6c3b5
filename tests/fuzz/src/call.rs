//! A request, and who judges it, as text: so that a seed can be read, and a change of a byte is a change of one thing.

use signet::header::Headers;
use signet::provider::Options;
use signet::signature::Request;
use signet::time::Millis;

/// Where nothing says when.
pub const NOW: Millis = 1_795_500_000_000;

/// What an input says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who judges: `?` and a name.
    pub who: String,
    /// When: `@` and milliseconds.
    pub now: Millis,
    /// The secrets: `#` and one.
    pub secrets: Vec<String>,
    /// The options: `=`, a name, a space and the value.
    pub options: Options,
    /// The method: `>`, it, a space and the URL.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers: name, `: ` and value.
    pub headers: Vec<(String, String)>,
    /// Everything after an empty line.
    pub body: Vec<u8>,
}

impl Default for Call {
    fn default() -> Self {
        Call {
            who: String::new(),
            now: NOW,
            secrets: Vec::new(),
            options: Options::new(),
            method: "POST".into(),
            url: "https://hooks.example.com/in/src_1".into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

impl Call {
    /// Reads an input: any is a call.
    pub fn read(input: &[u8]) -> Self {
        let mut call = Call::default();
        let mut rest = input;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            if line.is_empty() {
                call.body = rest.to_vec();
                break;
            }
            // The runtime hands texts over as UTF-8, whatever came.
            let text = String::from_utf8_lossy(line.get(1..).unwrap_or_default()).into_owned();
            match line.first() {
                Some(b'?') => call.who = text,
                Some(b'@') => call.now = text.parse().unwrap_or(NOW),
                Some(b'#') => call.secrets.push(text),
                Some(b'=') => {
                    let (name, value) = text.split_once(' ').unwrap_or((&text, ""));
                    call.options.insert(name.into(), value.into());
                }
                Some(b'>') => {
                    let (method, url) = text.split_once(' ').unwrap_or((&text, ""));
                    (call.method, call.url) = (method.into(), url.into());
                }
                _ => {
                    let line = String::from_utf8_lossy(line);
                    let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
                    call.headers.push((name.into(), value.into()));
                }
            }
        }
        call
    }

    /// Writes it as an input.
    pub fn write(&self) -> Vec<u8> {
        let mut lines = vec![format!("?{}", self.who), format!(">{} {}", self.method, self.url)];
        if self.now != NOW {
            lines.push(format!("@{}", self.now));
        }
        lines.extend(self.secrets.iter().map(|secret| format!("#{}", secret.replace('\n', "\\n"))));
        lines.extend(self.options.iter().map(|(name, value)| format!("={name} {value}")));
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        [lines.join("\n").as_bytes(), b"\n\n", &self.body].concat()
    }

    /// Its request, read.
    pub fn request<T>(&self, reader: impl FnOnce(Request<'_>) -> T) -> T {
        let headers = Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        reader(Request { method: &self.method, url: &self.url, headers: &headers, body: &self.body })
    }

    /// Whether it is a stranger's to say: some part of the request holds this.
    pub fn says(&self, text: &str) -> bool {
        let within = |part: &[u8]| part.windows(text.len().max(1)).any(|found| found == text.as_bytes());
        within(&self.body)
            || within(self.url.as_bytes())
            || self.headers.iter().any(|(name, value)| within(name.as_bytes()) || within(value.as_bytes()))
    }
}

/// One of a list: that of this name, else any.
pub fn pick<'l, T>(list: &'l [T], name: &str, named: impl Fn(&T) -> &str) -> &'l T {
    let any = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    list.iter().find(|one| named(one) == name).unwrap_or_else(|| &list[any % list.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_is_written() {
        let call = Call {
            who: "stripe".into(),
            now: 1,
            secrets: vec!["a b".into()],
            options: Options::from([("header".into(), "X-A b".into())]),
            headers: vec![("X-A".into(), "b: c".into()), ("Y".into(), String::new())],
            body: b"\n\n\xff".to_vec(),
            ..Call::default()
        };
        assert_eq!(Call::read(&call.write()), call);
        assert_eq!(Call::read(b""), Call::default());
        assert!(call.says("b: c") && !call.says("d"));
    }
}
