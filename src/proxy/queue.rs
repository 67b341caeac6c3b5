//! Queue mode: a verified request becomes a delivery, kept and retried like any other, and goes out as it came.

use js_sys::Uint8Array;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use web_sys::Response;

use super::{Judged, Visit};
use crate::edge;
use crate::event::{About, Received, Target};
use crate::handshake;
use crate::header::Headers;
use crate::id::{DELIVERY, EVENT, Id};
use crate::objects::subscription::{Append, RENDERED_LIMIT};
use crate::problem::Problem;
use crate::source::{Outcome, dropped};

/// The data of an event whose body is no JSON.
const NO_DATA: &[u8] = b"null";

/// What the provider is told.
#[derive(Serialize)]
struct Accepted {
    id: String,
    /// One, in the shape of an event's answer.
    deliveries: [Target; 1],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

impl Visit {
    pub(super) async fn enqueue(
        &self,
        judged: Judged,
        headers: &Headers<'_>,
        bytes: &[u8],
    ) -> Result<Response, Problem> {
        let source = &self.gate.source;
        let place = source.place().ok_or_else(|| Problem::not_found("source"))?;
        let id = Id::new(self.began, edge::random_id(), place);
        let target = Target { id: id.with(DELIVERY), subscription: None, source: Some(source.id.clone()) };
        let about = to_raw_value(&self.about(&judged, headers, &target))
            .map_err(|error| Problem::unavailable(error.to_string()))?;
        // What the event's data are is the body, where that is JSON.
        let is_json = crate::body::parsed::<&RawValue>(bytes).is_ok();
        let data = is_json.then_some((0, bytes.len()));
        let head = Append {
            queued: true,
            mark: judged.mark.clone(),
            spare: if is_json { 0 } else { NO_DATA.len() },
            about: Some(&about),
            ..Append::new(id.as_str(), source.provider_name(), bytes.len(), data)
        };
        let mut frame = head.line().map_err(|error| Problem::unavailable(error.to_string()))?;
        // A delivery is one row, which holds 2 MB.
        if frame.len().saturating_add(bytes.len()) > RENDERED_LIMIT {
            self.record(&judged, 413, None, None);
            return Err(Problem::too_large(RENDERED_LIMIT));
        }
        frame.extend_from_slice(bytes);
        frame.extend_from_slice(if is_json { b"" } else { NO_DATA });
        let said = self.tell("/append", Uint8Array::from(frame.as_slice())).await?;
        let (delivery, duplicate) = match said.status {
            204 => (id.with(DELIVERY), false),
            200 => (serde_json::from_str(&said.text).unwrap_or_else(|_| target.id.clone()), true),
            _ => return Err(Problem::unavailable("The request is not stored. Send it again.")),
        };
        if !duplicate {
            edge::measure(|metrics| metrics.deliveries(1));
        }
        let outcome = if duplicate { Outcome::Duplicate } else { judged.outcome };
        self.record(&Judged { outcome, mark: None, ..judged }, 202, None, Some(delivery.clone()));
        if let Some(reply) = handshake::received(&self.gate.provider.handshakes) {
            return Ok(super::written(&reply));
        }
        let event = Id::parse(DELIVERY, &delivery).unwrap_or(id).with(EVENT);
        let deliveries = [Target { id: delivery, ..target }];
        let text = crate::body::written(&Accepted { id: event, deliveries, duplicate })?;
        Ok(edge::respond_json(202, &text))
    }

    /// What is remembered beside the body.
    fn about(&self, judged: &Judged, headers: &Headers<'_>, target: &Target) -> About {
        let resigned = self.gate.source.signing_secret.is_some() && judged.outcome == Outcome::Verified;
        let drop = dropped(headers, resigned);
        let kept = headers.iter().filter(|(name, _)| !drop.contains(name));
        let lines: Vec<&str> = kept.flat_map(|(name, value)| [name, value]).collect();
        About {
            occurred_at: self.began,
            deliveries: vec![target.clone()],
            request: Some(Received {
                method: self.head.method.clone(),
                rest: self.rest.clone(),
                query: self.head.query().to_owned(),
                headers: lines.join("\n"),
                id: judged.message_id.clone(),
                verified: judged.outcome == Outcome::Verified,
            }),
            ..About::default()
        }
    }
}
