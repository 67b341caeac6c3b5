//! Writing a source's log, without waiting for it and without letting a flood make it dear.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::edge::{self, Context, Env};
use crate::objects::subscription::Closing;
use crate::source::{Entry, Gate, Next, Recorder};

thread_local! {
    static RECORDERS: RefCell<HashMap<String, Recorder>> = RefCell::default();
}

/// Notes a request; `claim` is the message that it let through, and whether the origin took it.
pub fn record(env: &Env, context: &Context, gate: &Rc<Gate>, entry: Entry, claim: Option<(String, bool)>) {
    let now = edge::now();
    let id = gate.source.id.clone();
    let next = RECORDERS
        .with_borrow_mut(|recorders| recorders.entry(id.clone()).or_insert_with(|| Recorder::new(now)).add(entry, now));
    let (entries, gather) = match next {
        Next::Write(entries) => (entries, false),
        Next::Gather => (Vec::new(), true),
        Next::Wait => (Vec::new(), false),
    };
    if claim.is_some() || !entries.is_empty() {
        write(env, context, gate, Closing { claim, entries });
    }
    if gather {
        let (env, gate) = (env.clone(), gate.clone());
        context.go_on(async move {
            edge::pause(1_000).await;
            let entries = RECORDERS.with_borrow_mut(|recorders| {
                let recorder = recorders.get_mut(&id);
                recorder.map(|recorder| recorder.drain(edge::now())).unwrap_or_default()
            });
            send(&env, &gate, &Closing { claim: None, entries }).await;
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
