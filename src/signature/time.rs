//! How timestamps stand in signed messages.

use std::ops::RangeInclusive;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::time::{Millis, parse_rfc3339};

/// The times that an HTTP date can say: the years 0 to 9999.
const HTTP_DATES: RangeInclusive<Millis> = -62_167_219_200_000..=253_402_300_799_999;

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// Unix seconds.
    #[default]
    Seconds,
    /// Unix milliseconds.
    Milliseconds,
    /// RFC 3339.
    Rfc3339,
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP writes dates.
    HttpDate,
}

impl TimeFormat {
    pub(super) fn is_seconds(&self) -> bool {
        *self == TimeFormat::Seconds
    }

    /// Writes a time.
    pub fn write(self, at: Millis) -> String {
        match self {
            TimeFormat::Seconds => at.div_euclid(1000).to_string(),
            TimeFormat::Milliseconds => at.to_string(),
            TimeFormat::Rfc3339 => crate::time::rfc3339(at),
            TimeFormat::HttpDate => {
                // It has four digits for the year. A stranger's seconds reach further.
                let at = at.clamp(*HTTP_DATES.start(), *HTTP_DATES.end());
                // RFC 5322 writes the same day without its zero and the zone as a number.
                let date = DateTime::from_timestamp_millis(at).unwrap_or_default().to_rfc2822();
                let (weekday, rest) = date.split_once(", ").unwrap_or_default();
                let zero = if rest.as_bytes().get(1) == Some(&b' ') { "0" } else { "" };
                [weekday, ", ", zero, rest].concat().replace("+0000", "GMT")
            }
        }
    }

    /// Reads a time. A number is its digits and nothing else: what one reader takes for a time and another does not is
    /// how a check is stepped around.
    pub fn read(self, text: &str) -> Option<Millis> {
        let number = || {
            let digits = matches!(text.len(), 1..=15) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<Millis>().ok().filter(|_| digits)
        };
        match self {
            TimeFormat::Seconds => number()?.checked_mul(1000),
            TimeFormat::Milliseconds => number(),
            // Without a zone it is UTC.
            TimeFormat::Rfc3339 => parse_rfc3339(text).or_else(|| parse_rfc3339(&[text, "Z"].concat())),
            TimeFormat::HttpDate => {
                let read = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|time| time.timestamp_millis());
                // `Thu 07 Sep 2017 06:30:04 UTC`, as Scalr writes it.
                let other =
                    || text.strip_suffix("UTC")?.split_once(' ').map(|(day, rest)| [day, ", ", rest, "GMT"].concat());
                read(text).or_else(|| read(&other()?))
            }
        }
    }

    /// How fine it is, in milliseconds.
    pub fn unit(self) -> Millis {
        match self {
            TimeFormat::Seconds | TimeFormat::HttpDate => 1000,
            TimeFormat::Milliseconds | TimeFormat::Rfc3339 => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_written() {
        for (at, http_date) in [
            (Millis::MIN, "Sat, 01 Jan 0000 00:00:00 GMT"),
            (-62_167_219_200_000, "Sat, 01 Jan 0000 00:00:00 GMT"),
            (253_402_300_799_999, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (253_402_300_800_000, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (999_999_999_999_999_000, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (Millis::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(TimeFormat::HttpDate.write(at), http_date);
            for format in [TimeFormat::Seconds, TimeFormat::Milliseconds, TimeFormat::Rfc3339] {
                assert!(!format.write(at).is_empty());
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let at = 784_111_777_000;
        for (format, text) in [
            (TimeFormat::Seconds, "784111777"),
            (TimeFormat::Milliseconds, "784111777000"),
            (TimeFormat::Rfc3339, "1994-11-06T08:49:37.000Z"),
            (TimeFormat::HttpDate, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(format.write(at), text);
            assert_eq!(format.read(text), Some(at));
        }
        assert_eq!(TimeFormat::Rfc3339.read("2024-03-27T15:42:29.551"), Some(1_711_554_149_551));
        assert_eq!(TimeFormat::HttpDate.read("Thu 07 Sep 2017 06:30:04 UTC"), Some(1_504_765_804_000));
        for text in ["", " 1", "1 ", "+1", "-1", "1.0", "1x", "0x1", "1e3", "１", "1234567890123456", "soon"] {
            assert_eq!(TimeFormat::Seconds.read(text), None, "{text:?}");
            assert_eq!(TimeFormat::Rfc3339.read(text), None, "{text:?}");
            assert_eq!(TimeFormat::HttpDate.read(text), None, "{text:?}");
        }
    }
}
