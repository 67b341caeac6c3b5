//! W3C Trace Context: what a producer says of the trace that an event is part of, and what receivers are told of it.
//!
//! Who posts an event under a trace finds its deliveries under the same one: same id and flags, each attempt a span of
//! its own. What is not well formed is as if it had not come (section 3.2 of the recommendation).

/// How long `tracestate` may be; a longer one is left out, and the trace goes on without.
const MAX_STATE: usize = 512;

/// A trace that somebody is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits, a hyphen, and the two of the flags.
    head: String,
    state: Option<String>,
}

impl Trace {
    /// Reads the two headers.
    pub fn read(parent: &str, state: Option<&str>) -> Option<Self> {
        let rest = parent.strip_prefix("00-")?;
        let (id, rest) = rest.split_once('-')?;
        let (span, flags) = rest.split_once('-')?;
        let fits = is_hex(id, 32) && is_hex(span, 16) && is_hex(flags, 2);
        if !fits || is_zero(id) || is_zero(span) {
            return None;
        }
        let state = state.filter(|state| is_state(state)).map(str::to_owned);
        Some(Trace { head: [id, "-", flags].concat(), state })
    }

    /// Reads what [`Trace::stored`] has written.
    pub fn restore(text: &str) -> Option<Self> {
        let (head, state) = match text.split_once(' ') {
            Some((head, state)) => (head, Some(state)),
            None => (text, None),
        };
        let (id, flags) = head.split_once('-')?;
        let fits = is_hex(id, 32) && is_hex(flags, 2);
        fits.then(|| Trace { head: head.to_owned(), state: state.map(str::to_owned) })
    }

    /// As it lies with a delivery.
    pub fn stored(&self) -> String {
        match &self.state {
            Some(state) => [&self.head, " ", state].concat(),
            None => self.head.clone(),
        }
    }

    /// The trace's id.
    pub fn id(&self) -> &str {
        self.head.split_once('-').map_or("", |(id, _)| id)
    }

    /// `traceparent` for a span of this trace, under 64 random bits.
    fn parent(&self, random: u64) -> String {
        let (id, flags) = self.head.split_once('-').unwrap_or_default();
        // Zero is nobody's.
        format!("00-{id}-{:016x}-{flags}", random.max(1))
    }

    /// Sets the headers of a span among `lines`, names and values in turn, over whatever else goes by these names.
    pub fn set(&self, lines: Vec<String>, random: u64) -> Vec<String> {
        let mut kept = Vec::with_capacity(lines.len().saturating_add(4));
        let mut lines = lines.into_iter();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            if !crate::header::is_of_the_trace(&name) {
                kept.extend([name, value]);
            }
        }
        kept.extend(["traceparent".into(), self.parent(random)]);
        if let Some(state) = &self.state {
            kept.extend(["tracestate".into(), state.clone()]);
        }
        kept
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

/// What can be passed on as it is.
fn is_state(text: &str) -> bool {
    matches!(text.len(), 1..=MAX_STATE) && text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn lines(trace: &Trace, before: &[&str]) -> Vec<String> {
        trace.set(before.iter().map(|text| (*text).to_owned()).collect(), 0x00f0_67aa_0ba9_02b7)
    }

    #[test]
    fn a_span_of_the_same_trace() {
        let trace =
            Trace::read(&format!("00-{ID}-00f067aa0ba902b0-01"), Some("rojo=00f067aa0ba902b7,congo=t61\"\\")).unwrap();
        assert_eq!(trace.id(), ID);
        assert_eq!(
            lines(&trace, &["A", "b", "TraceParent", "x", "Tracestate", "y"]),
            [
                "A",
                "b",
                "traceparent",
                &format!("00-{ID}-00f067aa0ba902b7-01"),
                "tracestate",
                "rojo=00f067aa0ba902b7,congo=t61\"\\"
            ]
        );
        let plain = Trace::read(&format!("00-{ID}-00f067aa0ba902b0-00"), None).unwrap();
        assert_eq!(lines(&plain, &[]), ["traceparent", &format!("00-{ID}-00f067aa0ba902b7-00")]);
        assert_eq!(plain.parent(0), format!("00-{ID}-0000000000000001-00"));
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for parent in [
            "",
            "00",
            &format!("00-{ID}-00f067aa0ba902b7"),
            &format!("00-{ID}-00f067aa0ba902b7-1"),
            &format!("00-{ID}-00f067aa0ba902b7-01-"),
            &format!("00-{ID}-00f067aa0ba902b7-01-what"),
            &format!("00-{ID}-00f067aa0ba902b7-01, 00-{ID}-00f067aa0ba902b7-01"),
            &format!("01-{ID}-00f067aa0ba902b7-01"),
            &format!("ff-{ID}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            &format!("00-{ID}-00F067AA0BA902B7-01"),
            &format!("00-{ID}-0000000000000000-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{}-00f067aa0ba902b7-01", &ID[1..]),
            &format!("00-{ID}-g0f067aa0ba902b7-01"),
            &format!(" 00-{ID}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(Trace::read(parent, Some("a=b")), None, "{parent}");
        }
    }

    #[test]
    fn a_state_that_cannot_go_on_is_left_behind() {
        let parent = format!("00-{ID}-00f067aa0ba902b7-01");
        let state = |text: &str| Trace::read(&parent, Some(text)).unwrap().state;
        let longest = "a".repeat(512);
        assert_eq!(state(&longest).as_deref(), Some(longest.as_str()));
        for text in ["", "a=é", "a=b\nX: y", "a=\r", &"a".repeat(513)] {
            assert_eq!(state(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_was_spoilt_in_store_is_none() {
        for text in ["", " ", "x", ID, &format!("{ID}-"), &format!("{ID}-0x a=b"), &format!("00-{ID}-01")] {
            assert_eq!(Trace::restore(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_span_is_read_as_of_the_same_trace(
            id in "[0-9a-f]{31}[1-9a-f]", span in "[0-9a-f]{15}[1-9a-f]", flags in "[0-9a-f]{2}",
            state in proptest::option::of("[ -~]{1,512}"), random: u64,
        ) {
            let trace = Trace::read(&format!("00-{id}-{span}-{flags}"), state.as_deref()).unwrap();
            prop_assert_eq!(&trace.state, &state);
            let restored = Trace::restore(&trace.stored());
            prop_assert_eq!(restored.as_ref(), Some(&trace));
            prop_assert_eq!(Trace::read(&trace.parent(random), state.as_deref()), Some(trace));
        }

        #[test]
        fn no_header_panics(parent: String, state: String) {
            let _ = Trace::read(&parent, Some(&state));
            let _ = Trace::restore(&parent);
        }
    }
}
