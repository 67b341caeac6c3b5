//! An event on its way to the objects: who gets it, under which ids, and in what form.

use std::collections::HashMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::frame::{Append, RENDERED_LIMIT};
use super::{About, Event, MAX_TARGETS, Target, fingerprint};
use crate::id::{DELIVERY, EVENT, Id, Place, SUBSCRIPTION};
use crate::problem::Problem;
use crate::profile::{Facts, Profile, Rendered};
use crate::snapshot::View;
use crate::time::Millis;

/// How much a row holds: a body, the data that it does not hold, and what else is remembered of the event.
const ROW_LIMIT: usize = 1_990_000;
/// About how long a frame's head is.
const HEAD: usize = 300;

/// What the ledger remembers of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The id that the producer knows.
    pub id: String,
    /// The 28 characters that its deliveries' ids are made from.
    pub core: String,
    /// What makes two bodies the same.
    pub fingerprint: String,
    /// The key that posted it, where it is an application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Everybody who gets it.
    #[serde(with = "super::targets")]
    pub targets: Vec<Target>,
    /// The event itself, where no delivery holds it.
    #[serde(default)]
    pub event: Option<String>,
}

/// A delivery on its way to its object.
#[derive(Debug)]
pub struct Frame {
    /// Of which event.
    pub item: usize,
    /// The line that stands first.
    pub head: Vec<u8>,
    /// The body, which several may share.
    pub body: Rc<Rendered>,
    /// The event's data, where the body does not hold them and this is the place that remembers them.
    pub spare: Vec<u8>,
}

impl Frame {
    /// What it is made of.
    pub fn parts(&self) -> [&[u8]; 3] {
        [&self.head, &self.body.bytes, &self.spare]
    }

    /// How long it is.
    pub fn size(&self) -> usize {
        self.parts().iter().fold(0usize, |sum, part| sum.saturating_add(part.len()))
    }
}

/// A delivery, and where it goes.
pub type Placed = (Place, Frame);

/// The body under each profile, by the profile's name.
type Bodies<'a> = HashMap<&'a str, Rc<Rendered>>;

/// What is the same for all that one call posts.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The application as it is known here.
    pub view: &'a View,
    /// The key that posts, where it is an application's.
    pub key: Option<&'a str>,
    /// The trace that it is part of, as it is stored.
    pub trace: Option<&'a str>,
    /// When it came.
    pub now: Millis,
    /// For how long a repeated request completes what the first one may have left undone.
    pub completes: Millis,
}

/// An event on its way to the objects.
#[derive(Debug)]
pub struct Posting<'a> {
    setting: Setting<'a>,
    event: Event<'a>,
    bytes: &'a [u8],
    /// The id that its producer knows.
    id: String,
    /// What its deliveries' ids are made from, and where the event is remembered.
    core: Id,
    is_brought: bool,
    targets: Vec<Target>,
    bodies: Bodies<'a>,
    /// What is remembered of the event beside its type and data, at one of the places that it goes to.
    about: Box<RawValue>,
    duplicate: bool,
}

/// What the producer is told.
#[derive(Serialize)]
struct Accepted<'a> {
    id: &'a str,
    deliveries: &'a [Target],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

impl<'a> Posting<'a> {
    /// Decides who gets the event, and under which ids, and renders its bodies. Whatever could refuse the event does so here,
    /// before anything of it is stored.
    ///
    /// # Errors
    /// 413 and 422 for what is too much.
    pub fn plan(setting: Setting<'a>, event: Event<'a>, bytes: &'a [u8], unique: u64) -> Result<Self, Problem> {
        let subscribers = setting.view.snapshot.subscriptions.iter();
        let mut places: Vec<(Place, u32, Option<String>)> = subscribers
            .filter(|subscriber| subscriber.interest.wants(&event.kind, &event.attributes))
            .filter_map(|it| Some((Id::parse(SUBSCRIPTION, &it.id)?.place(), it.shards, Some(it.id.clone()))))
            .collect();
        if let Some(url) = &event.webhook_url {
            let host = url.split('/').nth(2).unwrap_or_default();
            places.push((Place::for_host(host), 1, None));
        }
        if places.len() > MAX_TARGETS {
            let detail = format!("The event has {} deliveries; one may have {MAX_TARGETS}.", places.len());
            return Err(Problem::new(422, "too_many_deliveries", detail));
        }
        let at = |place: Place, shards| match place.is_direct() {
            true => Id::new(setting.now, unique, place),
            false => Id::new(setting.now, unique, place).sharded(place, shards),
        };
        let core = match (places.first(), &event.id) {
            (Some((place, shards, _)), _) => at(*place, *shards),
            (None, Some(id)) => Id::new(setting.now, unique, Place::for_event(id)),
            (None, None) => Id::new(setting.now, unique, Place::for_event(&unique.to_string())),
        };
        let targets = places
            .into_iter()
            .map(|(place, shards, subscription)| Target {
                id: at(place, shards).with(DELIVERY),
                subscription,
                source: None,
            })
            .collect();
        let id = event.id.clone().unwrap_or_else(|| core.with(EVENT));
        let mut posting = Posting {
            setting,
            is_brought: event.id.is_some(),
            event,
            bytes,
            id,
            core,
            targets,
            bodies: Bodies::new(),
            about: RawValue::NULL.to_owned(),
            duplicate: false,
        };
        posting.about = posting.remembered()?;
        posting.render_each()?;
        Ok(posting)
    }

    /// The event's id where it was made here, for the log.
    pub fn event(&self) -> String {
        self.core.with(EVENT)
    }

    /// The characters that it has in common with its deliveries.
    pub fn core(&self) -> Id {
        self.core
    }

    /// How many deliveries it has.
    pub fn deliveries(&self) -> usize {
        self.targets.len()
    }

    /// Whether its id was accepted before.
    pub fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    /// How much memory it takes on its way.
    pub fn weight(&self) -> usize {
        let heads = self.targets.len().saturating_mul(HEAD).saturating_add(self.about.get().len());
        self.bodies.values().fold(heads, |sum, body| sum.saturating_add(body.bytes.len()))
    }

    /// How much is written of it, about: each body once for everybody who gets it.
    pub fn volume(&self) -> usize {
        let largest = self.bodies.values().map(|body| body.bytes.len()).max().unwrap_or(0);
        self.targets.len().saturating_mul(largest.saturating_add(HEAD))
    }

    /// The part of the ledger that has to know of the event, and what: of an id that the producer chose, so that it is never
    /// sent twice, and of an event that nobody wants, so that it can be read again.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn claim(&self) -> Result<Option<(Place, String)>, Problem> {
        if !self.is_brought && !self.targets.is_empty() {
            return Ok(None);
        }
        let view = || self.about().view(&self.id, &self.event.kind, self.event.data, self.core.time());
        let entry = Entry {
            id: self.id.clone(),
            core: self.core.as_str().to_owned(),
            fingerprint: if self.is_brought { fingerprint(self.bytes) } else { String::new() },
            key: self.setting.key.map(str::to_owned),
            targets: self.targets.clone(),
            event: self.targets.is_empty().then(view),
        };
        let place = if self.targets.is_empty() { self.core.place() } else { Place::for_event(&self.id) };
        Ok(Some((place, crate::body::written(&entry)?)))
    }

    /// The id was accepted before: then this is that posting again.
    ///
    /// # Errors
    /// 409 where it is another event.
    pub fn is_known(&mut self, known: Entry) -> Result<(), Problem> {
        if self.is_brought && known.fingerprint != fingerprint(self.bytes) {
            let detail = "An event with this id and another body was accepted before.";
            return Err(Problem::new(409, "id_conflict", detail));
        }
        let core = Id::parse_bare(&known.core).ok_or_else(|| Problem::unavailable("The ledger can't be read."))?;
        // It may be this very posting, whose answer did not arrive the first time.
        if core != self.core {
            self.core = core;
            self.targets = known.targets;
            self.duplicate = true;
            self.about = self.remembered()?;
            self.render_each()?;
        }
        Ok(())
    }

    /// Whether what is to be delivered may have been left undone.
    pub fn is_to_be_stored(&self) -> bool {
        !self.duplicate || self.setting.now.saturating_sub(self.core.time()) < self.setting.completes
    }

    /// What the producer is told.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn answer(&self) -> Result<String, Problem> {
        crate::body::written(&Accepted { id: &self.id, deliveries: &self.targets, duplicate: self.duplicate })
    }

    fn about(&self) -> About {
        About {
            occurred_at: self.occurred_at(),
            attributes: self.event.attributes.clone(),
            deliveries: self.targets.clone(),
            request: None,
        }
    }

    fn remembered(&self) -> Result<Box<RawValue>, Problem> {
        to_raw_value(&self.about()).map_err(|error| Problem::unavailable(error.to_string()))
    }

    fn occurred_at(&self) -> Millis {
        self.event.occurred_at.unwrap_or(self.core.time())
    }

    /// The body under each profile that is asked for.
    fn render_each(&mut self) -> Result<(), Problem> {
        let mut bodies = Bodies::new();
        for target in &self.targets {
            let Some(profile) = self.profile(target) else { continue };
            if !bodies.contains_key(profile.name.as_str()) {
                let rendered = self.render(profile, target)?;
                if bodies.is_empty() {
                    self.fits_home(&rendered)?;
                }
                bodies.insert(profile.name.as_str(), Rc::new(rendered));
            }
        }
        self.bodies = bodies;
        Ok(())
    }

    /// Whether the first delivery's row has room for what remembers the event for all of them.
    fn fits_home(&self, rendered: &Rendered) -> Result<(), Problem> {
        let parts = [rendered.bytes.len(), self.beside(rendered), self.about.get().len()];
        if parts.iter().fold(0usize, |sum, part| sum.saturating_add(*part)) <= ROW_LIMIT {
            return Ok(());
        }
        let detail = format!(
            "With its attributes and its {} deliveries the event would have more than {ROW_LIMIT} bytes.",
            self.targets.len()
        );
        Err(Problem::new(413, "body_too_large", detail))
    }

    /// The length of the data that are stored beside a body.
    fn beside(&self, rendered: &Rendered) -> usize {
        if rendered.data.is_none() { self.event.data.get().len() } else { 0 }
    }

    /// The profile of a target; none for a subscription that was deleted since an event was first posted.
    fn profile(&self, target: &Target) -> Option<&'a Profile> {
        let view = self.setting.view;
        match &target.subscription {
            None => view.profile(&view.snapshot.profile),
            Some(id) => view.profile(&view.subscriber(id)?.profile),
        }
    }

    fn render(&self, profile: &Profile, target: &Target) -> Result<Rendered, Problem> {
        let facts = Facts {
            event_id: &self.id,
            event_type: &self.event.kind,
            occurred_at: self.occurred_at(),
            data: self.event.data,
            delivery_id: &target.id,
            subscription_id: target.subscription.as_deref().unwrap_or_default(),
        };
        profile.render(&facts, RENDERED_LIMIT)
    }

    /// The frames of its deliveries from number `from` on, as many as `room` bytes hold, one at least; with the number of the
    /// delivery that comes next, if any does. Bodies that were rendered before take no room.
    ///
    /// # Errors
    /// Where one can't be written.
    pub fn frames(&self, item: usize, from: usize, room: &mut usize) -> Result<(Vec<Placed>, Option<usize>), Problem> {
        let mut frames = Vec::new();
        for (number, target) in self.targets.iter().enumerate().skip(from) {
            if *room == 0 {
                return Ok((frames, Some(number)));
            }
            let (Some(profile), Some(id)) = (self.profile(target), Id::parse(DELIVERY, &target.id)) else {
                continue;
            };
            let mut weight = HEAD;
            let body = match self.bodies.get(profile.name.as_str()) {
                Some(body) if !profile.body.is_per_delivery() => body.clone(),
                _ => {
                    let body = self.render(profile, target)?;
                    weight = weight.saturating_add(body.bytes.len());
                    Rc::new(body)
                }
            };
            *room = room.saturating_sub(weight);
            frames.push((id.place(), self.frame(item, id, target, body)?));
        }
        Ok((frames, None))
    }

    fn frame(&self, item: usize, id: Id, target: &Target, body: Rc<Rendered>) -> Result<Frame, Problem> {
        // The first of them remembers the event for all.
        let about = (id == self.core).then_some(&*self.about);
        let spare = if about.is_some() && body.data.is_none() { self.event.data.get().as_bytes() } else { &[] };
        let head = Append {
            event: (self.is_brought || id != self.core).then(|| self.id.clone()),
            url: if target.subscription.is_none() { self.event.webhook_url.clone() } else { None },
            not_before: self.event.deliver_at,
            key: self.setting.key,
            trace: self.setting.trace.map(str::to_owned),
            spare: spare.len(),
            about,
            ..Append::new(id.as_str(), &self.event.kind, body.bytes.len(), body.data)
        };
        let head = head.line().map_err(|error| Problem::unavailable(error.to_string()))?;
        Ok(Frame { item, head, body, spare: spare.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame;
    use super::*;
    use crate::destination;
    use serde_json::json;

    const NOW: Millis = 1_779_105_600_000;

    fn view(subscriptions: &[(&str, u32, &str)]) -> View {
        let subscriptions: Vec<_> = subscriptions
            .iter()
            .map(|(id, shards, profile)| json!({"id": id, "events": ["*"], "profile": profile, "shards": shards}))
            .collect();
        View::read(&json!({"version": 1, "profile": "standard", "subscriptions": subscriptions}).to_string()).unwrap()
    }

    fn id_at(number: u32) -> String {
        Id::new(NOW, u64::from(number), Place::for_subscription(number << 12)).with(SUBSCRIPTION)
    }

    fn plan<'a>(view: &'a View, body: &'a str, unique: u64) -> Result<Posting<'a>, Problem> {
        let setting = Setting { view, key: Some("key_1"), trace: None, now: NOW, completes: 86_400_000 };
        let event = Event::read(body.as_bytes(), None, NOW, destination::tests::PUBLIC)?;
        Posting::plan(setting, event, body.as_bytes(), unique)
    }

    fn many(count: u32) -> Vec<String> {
        (1..=count).map(id_at).collect()
    }

    fn plain(ids: &[String]) -> View {
        view(&ids.iter().map(|id| (id.as_str(), 1, "standard")).collect::<Vec<_>>())
    }

    fn all_frames(posting: &Posting<'_>, room: usize) -> Vec<Placed> {
        let (mut found, mut next) = (Vec::new(), Some(0));
        while let Some(from) = next {
            let (mut frames, rest) = posting.frames(7, from, &mut room.clone()).unwrap();
            assert!(!frames.is_empty() || rest.is_none(), "it goes on");
            found.append(&mut frames);
            next = rest;
        }
        found
    }

    #[test]
    fn everybody_gets_a_frame_that_the_log_can_read() {
        let ids = many(500);
        let view = plain(&ids);
        let body = r#"{"type":"a.b","data":{"n": 1},"webhookUrl":"https://example.com/x","id":"mine"}"#;
        let posting = plan(&view, body, 7).unwrap();
        assert_eq!(posting.deliveries(), 501);
        for room in [1, 1_000, 1_000_000] {
            let frames = all_frames(&posting, room);
            assert_eq!(frames.len(), 501);
            for (number, (place, frame)) in frames.iter().enumerate() {
                let bytes = frame.parts().concat();
                let read = frame::read_all(&bytes).unwrap();
                let append = &read[0].append;
                let id = Id::parse_bare(append.id).unwrap();
                assert_eq!((id.place(), frame.item, read.len()), (*place, 7, 1));
                assert!(id.same_event(posting.core()));
                assert_eq!(append.about.is_some(), number == 0, "one place remembers it");
                assert_eq!(append.event.as_deref(), Some("mine"));
                assert_eq!(append.url.is_some(), number == 500);
            }
            let about: About = serde_json::from_str(
                frame::read_all(&frames[0].1.parts().concat()).unwrap()[0].append.about.unwrap().get(),
            )
            .unwrap();
            assert_eq!(about.deliveries.len(), 501);
        }
    }

    #[test]
    fn a_subscription_that_objects_share_gets_each_event_at_one_of_them() {
        let id = id_at(9);
        let view = view(&[(&id, 8, "standard")]);
        let places: std::collections::HashSet<Place> = (0..200u64)
            .map(|unique| {
                let posting =
                    plan(&view, r#"{"type":"a","data":1}"#, unique.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
                let frames = all_frames(&posting, 1);
                assert_eq!(frames.len(), 1);
                assert_eq!(posting.core().place(), frames[0].0, "which is where it is remembered");
                frames[0].0
            })
            .collect();
        assert_eq!(places.len(), 8);
    }

    #[test]
    fn what_is_too_much_is_refused_before_anything_is_stored() {
        let ids = many(MAX_TARGETS as u32 + 1);
        let refused = plan(&plain(&ids), r#"{"type":"a","data":1}"#, 1).unwrap_err();
        assert_eq!((refused.status, refused.code), (422, "too_many_deliveries"));
        let view = plain(&ids[1..]);
        assert_eq!(plan(&view, r#"{"type":"a","data":1}"#, 1).unwrap().deliveries(), MAX_TARGETS);
        // What remembers it has to fit in a row: most of a megabyte beside all these deliveries.
        for (length, fits) in [(1_000_000, true), (1_500_000, false)] {
            let body = format!("{{\"type\":\"a\",\"data\":\"{}\"}}", "x".repeat(length));
            let planned = plan(&view, &body, 1);
            assert_eq!(planned.as_ref().err().map(|problem| problem.status), (!fits).then_some(413));
        }
    }

    #[test]
    fn a_known_id_is_that_posting_again() {
        let ids = many(3);
        let (before, after) = (plain(&ids[..2]), plain(&ids[1..]));
        let body = r#"{"type":"a","data":1,"id":"mine"}"#;
        let first = plan(&before, body, 1).unwrap();
        let (place, entry) = first.claim().unwrap().unwrap();
        assert_eq!(place, Place::for_event("mine"));
        let known: Entry = serde_json::from_str(&entry).unwrap();

        let mut again = plan(&after, r#"{"id":"mine", "data":1,"type":"a"}"#, 2).unwrap();
        again.is_known(known.clone()).unwrap();
        assert!(again.is_duplicate() && again.core() == first.core());
        assert_eq!(again.answer().unwrap().replace(",\"duplicate\":true", ""), first.answer().unwrap());
        // One that was deleted since is left out, one that came since is not told.
        let places: Vec<Place> = all_frames(&again, 1_000).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [Id::parse(SUBSCRIPTION, &ids[1]).unwrap().place()]);

        let mut other = plan(&after, r#"{"id":"mine","data":2,"type":"a"}"#, 2).unwrap();
        assert_eq!(other.is_known(known.clone()).unwrap_err().code, "id_conflict");
        // The answer to its own claim was lost, and it was claimed twice.
        let mut own = plan(&before, body, 1).unwrap();
        own.is_known(known).unwrap();
        assert!(!own.is_duplicate());
    }

    #[test]
    fn the_ledger_hears_of_what_nobody_wants_and_of_ids_alone() {
        let ids = many(1);
        let wanted = plain(&ids);
        assert!(plan(&wanted, r#"{"type":"a","data":1}"#, 1).unwrap().claim().unwrap().is_none());
        let nobody = view(&[]);
        let posting = plan(&nobody, r#"{"type":"a","data":1}"#, 1).unwrap();
        let (place, entry) = posting.claim().unwrap().unwrap();
        assert!(place.is_ledger() && place == posting.core().place());
        let entry: Entry = serde_json::from_str(&entry).unwrap();
        assert!(entry.event.unwrap().contains(&posting.event()) && entry.targets.is_empty());
    }
}
