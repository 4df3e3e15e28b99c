//! The world that is called: mail relays and shops' endpoints that act, or act and do not say so, or refuse, or never answer.
//!
//! What it has acted on is kept by the notice's id: a receiver drops an id that it knows, so a repeat is no second message, and an
//! id that no committed fact ever named would be a message from nowhere (I7, I12).

use super::coverage::Coverage;
use crate::random::Random;
use std::collections::BTreeMap;
use std::time::Duration;
use weir_notification::effects::job::Verdict;

/// How often of a hundred calls what goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// It acts, and its answer is lost.
    acted_unsaid: u64,
    /// 5xx.
    failing: u64,
    /// 429, with a time to wait.
    busy: u64,
    /// It never answers, and does nothing.
    silent: u64,
    /// 410.
    gone: u64,
}

impl Trouble {
    pub fn draw(random: &mut Random) -> Trouble {
        Trouble {
            acted_unsaid: random.within((0, 20)),
            failing: random.within((0, 25)),
            busy: random.within((0, 15)),
            silent: random.within((0, 10)),
            gone: random.within((0, 5)),
        }
    }
}

/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whoever is called.
pub struct Outside {
    random: Random,
    pub trouble: Trouble,
    /// How often each notice was acted on, by its id.
    acted: BTreeMap<String, u32>,
    /// When it was acted on first, by the world's uptime.
    first: BTreeMap<String, Duration>,
}

impl Outside {
    pub fn new(seed: u64) -> Outside {
        Outside {
            random: Random::new(seed ^ 0x6f75_7473),
            trouble: Trouble::default(),
            acted: BTreeMap::new(),
            first: BTreeMap::new(),
        }
    }

    /// One call: how long it takes, and what its caller will think of it.
    pub fn call(&mut self, id: &str, now: Duration, seen: &mut Coverage) -> (Duration, Verdict) {
        let soon = Duration::from_millis(self.random.within((2, 60)));
        let drawn = self.random.within((0, 99));
        let Trouble { acted_unsaid, failing, busy, silent, gone } = self.trouble;
        let mut up_to = 0;
        let mut within = |share: u64| {
            up_to += share;
            drawn < up_to
        };
        if within(acted_unsaid) {
            seen.hit("notice acted, then timed out");
            self.act(id, now, seen);
            return (PATIENCE, Verdict::retry("timeout: no answer"));
        }
        if within(failing) {
            seen.hit("an endpoint failed");
            return (soon, Verdict::retry("failing: HTTP 503"));
        }
        if within(busy) {
            seen.hit("an endpoint was busy");
            let after = Some(Duration::from_millis(self.random.within((100, 2_000))));
            return (soon, Verdict::Retry { reason: "busy: HTTP 429".to_owned(), after });
        }
        if within(silent) {
            seen.hit("an endpoint never answered");
            return (PATIENCE, Verdict::retry("timeout: no answer"));
        }
        if within(gone) {
            seen.hit("an endpoint was gone");
            return (soon, Verdict::give_up("gone: HTTP 410"));
        }
        self.act(id, now, seen);
        (soon, Verdict::Sent { answer: "HTTP 204".to_owned() })
    }

    fn act(&mut self, id: &str, now: Duration, seen: &mut Coverage) {
        self.first.entry(id.to_owned()).or_insert(now);
        let times = self.acted.entry(id.to_owned()).or_insert(0);
        *times += 1;
        if *times > 1 {
            seen.hit("notice sent again under its id");
        }
    }

    /// When each was acted on first.
    pub fn first(&self) -> &BTreeMap<String, Duration> {
        &self.first
    }

    /// The ids that were acted on, each with how often.
    pub fn acted(&self) -> &BTreeMap<String, u32> {
        &self.acted
    }
}
