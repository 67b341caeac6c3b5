//! Times are milliseconds since the Unix epoch inside, RFC 3339 in UTC with milliseconds on the wire.

use chrono::{DateTime, SecondsFormat, Utc};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// `2026-05-18T12:00:00.000Z`. A time that no calendar can print (beyond the year 262,000) prints as the epoch.
pub fn rfc3339(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an RFC 3339 time with any offset; fractions beyond the millisecond are cut off.
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP date. Answers the time it names.
pub fn parse_retry_after(value: &str, now: Millis) -> Option<Millis> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than an i64 holds still means "very late", and the caller caps it.
        let seconds = value.parse::<i64>().unwrap_or(i64::MAX);
        return Some(now.saturating_add(seconds.saturating_mul(1000)));
    }
    DateTime::parse_from_rfc2822(value).ok().map(|time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_the_same_time() {
        assert_eq!(rfc3339(1_779_105_600_000), "2026-05-18T12:00:00.000Z");
        assert_eq!(parse_rfc3339("2026-05-18T12:00:00Z"), Some(1_779_105_600_000));
        assert_eq!(parse_rfc3339("2026-05-18T14:00:00.0009+02:00"), Some(1_779_105_600_000));
        assert_eq!(parse_rfc3339("2026-05-18"), None);
        assert_eq!(parse_rfc3339("2026-02-30T00:00:00Z"), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        for (value, expected) in [
            ("120", Some(now + 120_000)),
            (" 0 ", Some(now)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(now + 60_000)),
            ("-5", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(parse_retry_after(value, now), expected, "{value:?}");
        }
    }
}
