//! Writing a source's log, without waiting for it and without letting a flood make it dear.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::edge::{self, Context, Env};
use crate::objects::subscription::Closing;
use crate::source::{Entry, Gate, Recorder};

thread_local! {
    static RECORDERS: RefCell<HashMap<String, Recorder>> = RefCell::default();
}

/// Notes a request; `claim` is the message that it let through, and whether the origin took it.
pub fn record(env: &Env, context: &Context, gate: &Rc<Gate>, entry: Entry, claim: Option<(String, bool)>) {
    let now = edge::now();
    let id = gate.source.id.clone();
    let (entries, gather) = RECORDERS.with_borrow_mut(|recorders| {
        let recorder = recorders.entry(id.clone()).or_insert_with(|| Recorder::new(now));
        let idle = recorder.is_idle();
        let entries = recorder.add(entry, now);
        (entries, idle && !recorder.is_idle())
    });
    if claim.is_some() || !entries.is_empty() {
        write(env, context, gate, Closing { claim, entries });
    }
    if gather {
        // The first that has to wait sees to it that all are written.
        let (env, gate) = (env.clone(), gate.clone());
        context.go_on(async move {
            edge::pause(1_000).await;
            let entries = RECORDERS
                .with_borrow_mut(|recorders| recorders.get_mut(&gate.source.id).map(Recorder::drain))
                .unwrap_or_default();
            if !entries.is_empty() {
                send(&env, &gate, &Closing { claim: None, entries }).await;
            }
        });
    }
}

fn write(env: &Env, context: &Context, gate: &Rc<Gate>, closing: Closing) {
    let (env, gate) = (env.clone(), gate.clone());
    context.go_on(async move { send(&env, &gate, &closing).await });
}

async fn send(env: &Env, gate: &Gate, closing: &Closing) {
    let Ok(body) = crate::body::written(closing) else { return };
    // A claim that is not closed is free again when its time is over: nothing is lost but a line of the log.
    let _ = env.call("SUBSCRIPTION", &super::object_of(gate), "/close", body.as_str()).await;
}
