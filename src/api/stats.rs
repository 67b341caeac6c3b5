//! How deliveries went: of one subscription, and of all of an application.

use futures_util::future::join_all;

use super::deliveries::{AT_ONCE, held, places, silent};
use super::{Answer, Call};
use crate::delivery::Health;
use crate::edge;
use crate::objects::subscription::Counted;
use crate::problem::Problem;
use crate::stats::{Destinations, Parts, Series, View};

/// `GET /v1/subscriptions/{id}/stats`
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let parts = Parts::read(call.query(), edge::now())?;
    let subscription = call.param(0);
    let places = places(&call, subscription).await?;
    let mut series = Series::new(parts);
    for counted in join_all(places.iter().map(|place| count(&call, place, parts, false))).await {
        series.merge(&counted?.0);
    }
    Ok(Answer::json(200, crate::body::written(&View::of(subscription, &series))?))
}

/// `GET /v1/stats`: what was deleted counts among all, and is no destination any more.
pub async fn all(call: Call) -> Result<Answer, Problem> {
    let parts = Parts::read(call.query(), edge::now())?;
    let held = held(&call).await?;
    let mut series = Series::new(parts);
    let mut destinations = Destinations::default();
    for held in held.chunks(AT_ONCE) {
        let asked = join_all(held.iter().map(|held| count(&call, &held.place, parts, true))).await;
        for (held, counted) in held.iter().zip(asked) {
            let (counted, health) = counted?;
            series.merge(&counted);
            if !held.deleted {
                destinations.add(&held.subscription, &held.source, &counted.total(), health);
            }
        }
    }
    Ok(Answer::json(200, crate::body::written(&View::of_application(&series, destinations))?))
}

/// What the deliveries of one object come to, and, for who asks, how its destination does. It looks at some thousands of
/// rows at a time, so that others get their turn.
async fn count(call: &Call, place: &str, parts: Parts, health: bool) -> Result<(Series, Health), Problem> {
    let mut series = Series::new(parts);
    let mut found = Health::default();
    let mut from = String::new();
    loop {
        let what = if health && from.is_empty() { "health" } else { "alone" };
        let path = ["/stats/", &parts.stored(), "/", what].concat();
        let said = call.gateway.object("SUBSCRIPTION", place, &path, from.as_str()).await?;
        let counted: Counted = serde_json::from_str(&said.text).map_err(|_| silent())?;
        series.restore(&counted.series).ok_or_else(silent)?;
        found = counted.health.unwrap_or(found);
        match counted.next.filter(|next| *next > from) {
            Some(next) => from = next,
            None => return Ok((series, found)),
        }
    }
}
