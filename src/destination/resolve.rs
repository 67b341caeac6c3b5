//! Where a name leads, as a resolver says that is asked over HTTPS (the JSON form that Cloudflare and Google answer).
//!
//! This is advice, given when somebody enters a URL: a name can lead elsewhere a minute later, and it is the platform that
//! refuses to connect to private networks. So what a resolver does not say, or says wrongly, forbids nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Deserialize;
use url::{Host, Url};

use super::address::{is_public_v4, is_public_v6};

/// DNS's numbers of the records that hold addresses.
const A: u16 = 1;
const AAAA: u16 = 28;

/// What to ask `resolver` about the host of `url`: about its IPv4 and about its IPv6 addresses. Nothing where the host is
/// an address itself.
pub fn questions(resolver: &str, url: &str) -> Option<[String; 2]> {
    let parsed = Url::parse(url).ok()?;
    let Some(Host::Domain(name)) = parsed.host() else { return None };
    let ask = |kind: &str| {
        let mark = if resolver.contains('?') { '&' } else { '?' };
        format!("{resolver}{mark}name={name}&type={kind}")
    };
    Some([ask("A"), ask("AAAA")])
}

/// Whether an answer names an address that is not public.
///
/// # Errors
/// It is no answer.
pub fn leads_inside(answer: &str) -> Result<bool, serde_json::Error> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "Status")]
        _status: u16,
        #[serde(rename = "Answer", default)]
        records: Option<Vec<Record>>,
    }
    #[derive(Deserialize)]
    struct Record {
        #[serde(rename = "type")]
        kind: u16,
        data: String,
    }
    let Answer { records, .. } = serde_json::from_str(answer)?;
    // Aliases on the way stand in the answer too, each a name; what they end in counts.
    let is_private = |Record { kind, data }: Record| match kind {
        A => data.parse::<Ipv4Addr>().is_ok_and(|address| !is_public_v4(address)),
        AAAA => data.parse::<Ipv6Addr>().is_ok_and(|address| !is_public_v6(address)),
        _ => false,
    };
    Ok(records.unwrap_or_default().into_iter().any(is_private))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(records: &[(u16, &str)]) -> String {
        let record =
            |(kind, data): &(u16, &str)| format!(r#"{{"name":"a.com","type":{kind},"TTL":60,"data":"{data}"}}"#);
        let records: Vec<String> = records.iter().map(record).collect();
        format!(
            r#"{{"Status":0,"TC":false,"Question":[{{"name":"a.com","type":1}}],"Answer":[{}]}}"#,
            records.join(",")
        )
    }

    #[test]
    fn any_private_address_counts() {
        for (records, inside) in [
            (&[(1, "8.8.8.8")][..], false),
            (&[(1, "8.8.8.8"), (1, "1.1.1.1")], false),
            (&[(5, "lb.example.net."), (1, "8.8.8.8")], false),
            (&[(28, "2606:4700::1111")], false),
            (&[(28, "::ffff:8.8.8.8")], false),
            (&[], false),
            (&[(5, "localhost.")], false),
            // A signature over the answer, a text that looks like an address.
            (&[(46, "10.0.0.1"), (16, "10.0.0.1")], false),
            (&[(1, "10.0.0.1")], true),
            (&[(1, "8.8.8.8"), (1, "127.0.0.1")], true),
            (&[(5, "inside.example.net."), (1, "192.168.1.1")], true),
            (&[(1, "169.254.169.254")], true),
            (&[(1, "100.64.0.1")], true),
            (&[(28, "::1")], true),
            (&[(28, "fd00::1")], true),
            (&[(28, "::ffff:10.0.0.1")], true),
            (&[(28, "64:ff9b::a00:1")], true),
            (&[(28, "2606:4700::1111"), (28, "fe80::1")], true),
        ] {
            assert_eq!(leads_inside(&answer(records)).ok(), Some(inside), "{records:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for text in ["", "null", "[]", "{}", "<html>", r#"{"Status":"0"}"#, r#"{"Status":0,"Answer":{}}"#] {
            assert!(leads_inside(text).is_err(), "{text}");
        }
        for text in [r#"{"Status":3}"#, r#"{"Status":0,"Answer":null}"#, r#"{"Status":2,"Comment":["x"],"Answer":[]}"#]
        {
            assert_eq!(leads_inside(text).ok(), Some(false), "{text}");
        }
    }

    #[test]
    fn names_alone_are_asked_about() {
        let asked = questions("https://dns.example/dns-query", "https://user.example.com:8443/a?b#c").unwrap();
        assert_eq!(asked[0], "https://dns.example/dns-query?name=user.example.com&type=A");
        assert_eq!(asked[1], "https://dns.example/dns-query?name=user.example.com&type=AAAA");
        let asked = questions("https://dns.example/resolve?do=1", "http://a.com./").unwrap();
        assert_eq!(asked[0], "https://dns.example/resolve?do=1&name=a.com.&type=A");
        for url in ["http://8.8.8.8/", "http://[2606:4700::1]/", "http://2130706433/", "nope", ""] {
            assert_eq!(questions("https://dns.example/", url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(text: String, data: String) {
            let _ = leads_inside(&text);
            let record = serde_json::json!({"Status": 0, "Answer": [{"type": 1, "data": data}]});
            let _ = leads_inside(&record.to_string());
        }
    }
}
