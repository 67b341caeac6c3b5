//! The care for one destination: what its failures come to, and what happens when it changes.

use std::rc::Rc;

use super::sender::InHand;
use super::{Inner, WATCH, storage};
use crate::delivery::{Condition, Health, Job, Outcome, Report, Stage, Unheard};
use crate::edge;
use crate::objects::{self, Reply};
use crate::problem::Problem;
use crate::subscription::{Destination, Prepared, Status};
use crate::time::Millis;

/// Where it is kept since when the destination takes nothing. There is no such row while it takes everything.
const FAILING: &str = "failing";
/// Where it is kept what the application has not heard yet.
const REPORT: &str = "report";

impl Inner {
    /// Takes over what an earlier instance knew of failures.
    pub(super) fn recall_failures(&self) -> Result<(), Problem> {
        let is_known = self.is_direct || self.memory.borrow().knows_failures;
        if !is_known {
            let kept = self.log.read(FAILING).map_err(storage)?;
            let mut memory = self.memory.borrow_mut();
            memory.gate.restore(kept.as_deref());
            memory.knows_failures = true;
        }
        Ok(())
    }

    fn keep_failures(&self) -> Result<(), Problem> {
        let kept = self.memory.borrow().gate.kept();
        match kept {
            Some(kept) => self.log.write(FAILING, &kept),
            None => self.log.erase(FAILING),
        }
        .map_err(storage)
    }

    /// Goes by a destination from now on.
    pub(super) fn obey(&self, prepared: &Prepared) -> Result<(), Problem> {
        let lines_up = self.memory.borrow_mut().gate.obey(prepared.destination.pace, prepared.is_active());
        if lines_up && let Err(error) = self.log.line_up(edge::now()) {
            // What was in hand is in nobody's now: it has to be found in the log.
            self.memory.borrow_mut().awake = false;
            self.wake_at(edge::now().saturating_add(WATCH));
            return Err(storage(error));
        }
        Ok(())
    }

    /// What a change of the destination means for what waits.
    pub(super) fn follow(&self, before: Option<&Prepared>, now: &Prepared) -> Result<(), Problem> {
        let was_ordered = before.is_none_or(|before| before.destination.pace.ordered);
        if was_ordered && !now.destination.pace.ordered {
            self.log.break_up().map_err(storage)?;
        }
        if before.is_some_and(|before| before.destination.pace != now.destination.pace) {
            // What waited for others may wait for a time of its own from now on.
            self.wake_at(edge::now().saturating_add(WATCH));
        }
        let resumed = |of: &Prepared| of.destination.resumed_at;
        if before.is_some_and(|before| resumed(before) != resumed(now)) {
            let was_failing = self.memory.borrow_mut().gate.forgive();
            if was_failing {
                self.keep_failures()?;
            }
        }
        self.move_on(now)
    }

    /// What the state of the destination means for what waits. That may be much: the alarm goes on until there is
    /// nothing left.
    pub(super) fn move_on(&self, prepared: &Prepared) -> Result<(), Problem> {
        let now = edge::now();
        let destination = &prepared.destination;
        let moved = match destination.status {
            Status::Deleted => self.log.cancel_all(now).map_err(storage)?,
            Status::Active => self.log.release(now, destination.pace.ordered).map_err(storage)?,
            Status::Paused | Status::Disabled => false,
        };
        if moved {
            self.memory.borrow_mut().gate.more_in_log();
            self.wake_at(now);
        }
        Ok(())
    }

    /// Sees to it that somebody looks after what waits.
    pub(super) fn look_again(&self) {
        let at = self.memory.borrow().gate.look_again(edge::now(), WATCH);
        if let Some(at) = at {
            self.wake_at(at);
        }
    }

    /// Somebody has left the line: the one behind may be the first now.
    pub(super) fn close_up(self: &Rc<Self>) {
        let mut memory = self.memory.borrow_mut();
        if memory.gate.is_ordered() {
            memory.gate.more_in_log();
            drop(memory);
            self.start_senders();
            self.look_again();
        }
    }

    /// Whether an attempt is the first in line, where there is a line.
    pub(super) fn is_first(&self, job: &Job<InHand>, now: Millis) -> Result<bool, Problem> {
        if !self.memory.borrow().gate.must_be_first(job) {
            return Ok(true);
        }
        Ok(self.log.first(now).map_err(storage)?.is_some_and(|(first, ..)| first == job.id))
    }

    /// What an attempt that was just recorded comes to for the destination. Nothing here waits for anything, so that it
    /// is written together with the attempt. Whether the application is to hear of it.
    pub(super) fn judge(
        self: &Rc<Self>,
        job: &Job<InHand>,
        outcome: Outcome,
        becomes: Stage,
        gone: bool,
        prepared: &Prepared,
    ) -> Result<bool, Problem> {
        let verdict = self.memory.borrow_mut().gate.outcome(job.id, job.trigger, outcome, becomes, edge::now());
        if verdict.to_be_kept {
            self.keep_failures()?;
        }
        if verdict.report == Some(Condition::Recovered) {
            self.start_senders();
        }
        // A source's origin is its owner's own: it is spared, and nobody is told.
        if prepared.destination.subscription.is_none() {
            return Ok(false);
        }
        if let Some(condition) = verdict.report {
            self.note(condition, None)?;
        }
        match (gone, verdict.disable) {
            (true, _) => self.disable("gone")?,
            (false, true) => self.disable("failing")?,
            (false, false) => {}
        }
        Ok(gone || verdict.disable || verdict.report.is_some())
    }

    /// Nothing goes out any more. In force here at once; the application is told until it knows.
    fn disable(&self, reason: &str) -> Result<(), Problem> {
        let Some(prepared) = self.known()?.filter(|known| known.is_active()) else { return Ok(()) };
        let disabled = Destination { status: Status::Disabled, ..prepared.destination.clone() };
        self.adopt(&crate::body::written(&disabled)?)?;
        self.note(Condition::Disabled, Some(reason))
    }

    /// Notes what the application is to hear.
    fn note(&self, status: Condition, reason: Option<&str>) -> Result<(), Problem> {
        let memory = self.memory.borrow();
        let resumed_at = memory.prepared.as_ref().and_then(|known| known.destination.resumed_at);
        let since = memory.gate.failing_since().filter(|_| reason != Some("gone"));
        drop(memory);
        let mut unheard = self.unheard()?;
        unheard.add(Report { status, reason: reason.map(str::to_owned), since, resumed_at });
        self.keep_unheard(&unheard)?;
        self.wake_at(edge::now().saturating_add(WATCH));
        Ok(())
    }

    fn unheard(&self) -> Result<Unheard, Problem> {
        let kept = self.log.read(REPORT).map_err(storage)?;
        Ok(kept.as_deref().map(Unheard::restore).unwrap_or_default())
    }

    fn keep_unheard(&self, unheard: &Unheard) -> Result<(), Problem> {
        match unheard.kept() {
            Some(kept) => self.log.write(REPORT, &kept),
            None => self.log.erase(REPORT),
        }
        .map_err(storage)
    }

    /// Tells the application what it should know, if anything.
    pub(super) async fn report(&self) {
        if let Err(problem) = self.tell().await {
            edge::log_problem("report", &problem);
            self.wake_at(edge::now().saturating_add(WATCH));
        }
    }

    async fn tell(&self) -> Result<(), Problem> {
        let (application, place) = self.address();
        let path = ["/report/", place].concat();
        while let Some(report) = self.unheard()?.first() {
            let said = self.env.call("APPLICATION", application, &path, crate::body::written(report)?.as_str()).await?;
            if said.status >= 500 {
                return Err(Problem::unavailable("The application did not answer."));
            }
            // Others may have been noted meanwhile.
            let mut unheard = self.unheard()?;
            unheard.heard(report);
            self.keep_unheard(&unheard)?;
        }
        Ok(())
    }

    /// `POST /health`: how the destination does.
    pub(super) fn health(&self) -> objects::Outcome {
        Reply::ok(&self.condition(edge::now())?)
    }

    pub(super) fn condition(&self, now: Millis) -> Result<Health, Problem> {
        let waiting = self.log.pending().map_err(storage)?;
        Ok(self.memory.borrow().gate.health(now, waiting))
    }
}
