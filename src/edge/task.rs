//! Running futures.
//!
//! The runner that comes with wasm-bindgen queues a microtask for every start and every wake, a twelfth of the time of
//! an event. A future here only ever wakes from the callback of a promise, which is a microtask already: so it is polled
//! right there, and at its start right where it is started.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// A future that was started. While it is being polled its work is out of its place.
struct Task {
    work: Option<Work>,
    woken: bool,
    waker: Waker,
}

#[derive(Default)]
struct Tasks {
    next: u64,
    tasks: HashMap<u64, Task>,
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
}

struct Handle(u64);

impl Wake for Handle {
    fn wake(self: Arc<Self>) {
        poll(self.0);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        poll(self.0);
    }
}

/// Starts a future and lets it run as far as it gets; the rest follows as its promises are kept.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    let id = TASKS.with_borrow_mut(|tasks| {
        let id = tasks.next;
        tasks.next = id.wrapping_add(1);
        let waker = Waker::from(Arc::new(Handle(id)));
        tasks.tasks.insert(id, Task { work: Some(Box::pin(work)), woken: false, waker });
        id
    });
    poll(id);
}

/// A promise for what a future comes to.
pub fn promise<T: Into<JsValue>>(work: impl Future<Output = T> + 'static) -> Promise {
    let mut work = Some(work);
    Promise::new(&mut |resolve: Function, _reject| {
        if let Some(work) = work.take() {
            spawn(async move {
                let value = work.await.into();
                // A promise can always be kept.
                let _ = resolve.call1(&JsValue::UNDEFINED, &value);
            });
        }
    })
}

fn poll(id: u64) {
    loop {
        let taken = TASKS.with_borrow_mut(|tasks| {
            let task = tasks.tasks.get_mut(&id)?;
            let Some(work) = task.work.take() else {
                // It is being polled further up the stack, and will be once more.
                task.woken = true;
                return None;
            };
            task.woken = false;
            Some((work, task.waker.clone()))
        });
        let Some((mut work, waker)) = taken else { return };
        let done = work.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(());
        let again = TASKS.with_borrow_mut(|tasks| {
            if done {
                tasks.tasks.remove(&id);
                return false;
            }
            let Some(task) = tasks.tasks.get_mut(&id) else {
                return false;
            };
            task.work = Some(work);
            task.woken
        });
        if !again {
            return;
        }
    }
}
