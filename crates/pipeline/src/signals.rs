//! How a loop and its process talk: the process says stop, the loop says ready.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type OnReady = Arc<dyn Fn(bool, &str) + Send + Sync>;

/// Shared by a process and one of its loops.
#[derive(Clone)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    on_ready: OnReady,
}

impl Signals {
    /// `stop` turns true once; `on_ready` hears whether the loop is up, and why not.
    pub fn new(stop: Arc<AtomicBool>, on_ready: impl Fn(bool, &str) + Send + Sync + 'static) -> Signals {
        Signals { stop, on_ready: Arc::new(on_ready) }
    }

    /// One for each of several loops: ready once all are, and the reasons of all.
    pub(crate) fn of_each(&self, count: usize) -> Vec<Signals> {
        let told = Arc::new(Mutex::new(vec![(false, String::new()); count]));
        let each = |number: usize| {
            let (told, whole) = (told.clone(), self.on_ready.clone());
            Signals::new(self.stop.clone(), move |ready, why| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told[number] = (ready, why.to_owned());
                let reasons: Vec<&str> = told.iter().map(|(_, why)| &**why).filter(|why| !why.is_empty()).collect();
                whole(told.iter().all(|(ready, _)| *ready), &reasons.join("; "));
            })
        };
        (0..count).map(each).collect()
    }

    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub fn ready(&self, ready: bool, why: &str) {
        (self.on_ready)(ready, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_loops_are_ready_together_and_none_hides_what_another_says() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let said = heard.clone();
        let whole = Signals::new(Arc::default(), move |ready, why| {
            said.lock().expect("no panic while it is held").push((ready, why.to_owned()));
        });
        let each = whole.of_each(2);
        each[0].ready(true, "partition 3 is stopped");
        each[1].ready(true, "");
        each[1].ready(false, "joining");
        let heard = heard.lock().expect("no panic while it is held");
        let wanted = [
            (false, "partition 3 is stopped"),
            (true, "partition 3 is stopped"),
            (false, "partition 3 is stopped; joining"),
        ];
        assert_eq!(*heard, wanted.map(|(ready, why)| (ready, why.to_owned())));
    }
}
