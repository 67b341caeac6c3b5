//! What is wrong with a time.

use std::borrow::Cow;

use super::court::{Scene, Trial};
use super::report::Hint;
use crate::body;
use crate::provider::Way;
use crate::signature::{Scheme, Stamp, TimeFormat};
use crate::time::Millis;

/// A time this near to the present was meant to be a time.
const NEAR: Millis = 400 * 86_400_000;
/// As far as clocks of two zones are apart, at most.
const DAY: Millis = 86_400_000;

const FORMATS: [TimeFormat; 4] =
    [TimeFormat::Seconds, TimeFormat::Milliseconds, TimeFormat::Rfc3339, TimeFormat::HttpDate];

/// What a format is called.
pub(super) fn format_name(format: TimeFormat) -> &'static str {
    match format {
        TimeFormat::Seconds => "Unix seconds",
        TimeFormat::Milliseconds => "Unix milliseconds",
        TimeFormat::Rfc3339 => "an RFC 3339 time",
        TimeFormat::HttpDate => "an HTTP date",
    }
}

/// How far two times lie apart.
pub(super) fn span(millis: Millis) -> String {
    let seconds = millis.saturating_abs().div_euclid(1000);
    let (unit, name) = match seconds {
        0 => return format!("{} ms", millis.saturating_abs()),
        1..120 => return format!("{seconds} s"),
        120..7_200 => (60, "minutes"),
        7_200..172_800 => (3_600, "hours"),
        _ => (86_400, "days"),
    };
    format!("{seconds} s (about {} {name})", seconds.saturating_add(unit / 2).div_euclid(unit))
}

/// The time that is signed, as it stands in a header of its own or in the body.
fn text<'a>(scheme: &Scheme, scene: Scene<'a>) -> Option<(Option<usize>, Cow<'a, str>)> {
    match (&scheme.timestamp_header, &scheme.timestamp_field) {
        _ if scheme.format.contains("{timestamp}") => None,
        (Some(name), _) => {
            let at = scene.headers.iter().position(|(other, _)| other.eq_ignore_ascii_case(name))?;
            scene.headers.get(at).map(|(_, value)| (Some(at), Cow::Borrowed(value.as_str())))
        }
        (None, Some(field)) => body::text_at(scene.body, field).map(|text| (None, Cow::Owned(text))),
        (None, None) => None,
    }
}

/// The scheme that reads the time as it was written, where that is not as it should have been, and what to say of it.
pub(super) fn otherwise(scene: Scene<'_>, at: Millis) -> Option<(Scheme, Hint)> {
    let Way::Scheme(scheme) = scene.way else { return None };
    let is_near = |time: &Millis| time.saturating_sub(at).saturating_abs() < NEAR;
    let read = |format: TimeFormat| {
        let other = Scheme { timestamp_format: format, ..scheme.as_ref().clone() };
        let time = match text(scheme, scene) {
            Some((_, text)) => format.read(&text),
            None if scheme.format.contains("{timestamp}") => {
                let headers = super::captured::as_headers(scene.headers);
                let request = scene.request(&headers);
                other.claim(request).and_then(Result::ok).and_then(|claim| claim.stamp).map(|stamp| stamp.at)
            }
            None => None,
        };
        time.filter(is_near).map(|_| other)
    };
    if read(scheme.timestamp_format).is_some() {
        return None;
    }
    let other = FORMATS.into_iter().filter(|format| *format != scheme.timestamp_format).find_map(read)?;
    let (is, meant) = (format_name(other.timestamp_format), format_name(scheme.timestamp_format));
    let detail = format!(
        "The time that came reads as {is}, but it has to be {meant}: send that, or, in a scheme of your own, set \
         `timestampFormat`."
    );
    Some((other, Hint::new("timestamp_unit", detail)))
}

/// The time as it may have been signed while another was sent: at most 3.
pub(super) fn trials(scene: Scene<'_>) -> Vec<Trial> {
    let Way::Scheme(scheme) = scene.way else { return Vec::new() };
    let Some((Some(at), text)) = text(scheme, scene) else { return Vec::new() };
    let others = FORMATS.into_iter().filter_map(|format| {
        let time = scheme.timestamp_format.read(&text)?;
        let written = format.write(time);
        if written == text.as_ref() {
            return None;
        }
        let mut headers = scene.headers.to_vec();
        headers.get_mut(at)?.1 = written;
        let detail = format!(
            "The signature was made over the same time written as {}, which is not what was sent: what is signed has to \
             be the header's text, letter for letter.",
            format_name(format)
        );
        let way = Way::Scheme(Box::new(Scheme { timestamp_format: format, ..scheme.as_ref().clone() }));
        let hints = vec![Hint::new("timestamp_unit", detail)];
        Some(Trial { hints, headers: Some(headers), way: Some(way), ..Trial::default() })
    });
    others.collect()
}

/// What to say of a time that lies too far away: what is wrong where the signature holds, and wrong besides where not.
pub(super) fn apart(stamp: Option<Stamp>, at: Millis, tolerance: Option<u32>, held: bool) -> Hint {
    let lead = if held { "The signature holds, but" } else { "Besides," };
    let Some(stamp) = stamp else {
        let detail = format!(
            "{lead} the token says that it is not to be taken at this time: its `exp` is over, or its `nbf` to come. Send \
             it anew, or set the clocks."
        );
        return Hint::new("clock_off", detail);
    };
    let past = at.saturating_sub(stamp.at);
    let far = span(past);
    let leeway = i64::from(tolerance.unwrap_or_default()).saturating_mul(1000).clamp(60_000, 300_000);
    let hour = 3_600_000;
    let hours = past.saturating_add(hour / 2).div_euclid(hour);
    let from_hours = past.saturating_sub(hours.saturating_mul(hour)).saturating_abs();
    if hours != 0 && past.saturating_abs() < DAY && from_hours <= leeway {
        let detail = format!(
            "{lead} its time is {far} away, close to whole hours: one of the clocks takes local time for UTC. (A request \
             that was captured earlier is judged as of then with `at`.)"
        );
        return Hint::new("clock_off", detail);
    }
    if past > 0 {
        let detail = format!(
            "{lead} it was made {far} before the time it is judged by. A request that was captured earlier is judged as of \
             then with `at`. If it came just now, it is an old one sent again, it waited on the way, or a clock is off."
        );
        return Hint::new("request_old", detail);
    }
    let detail = format!(
        "{lead} it says that it was made {far} after the time it is judged by: the sender's clock is ahead, this one is \
         behind, or `at` is too early."
    );
    Hint::new("clock_off", detail)
}
