//! Everything that the parts of the simulator share: the shops with their orders and webhooks, and the counts.

use crate::api::bucket::Bucket;
use crate::hooks::{Hooks, Policy};
use crate::shop::Shop;
use crate::truth::Book;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

pub struct World {
    pub shops: Vec<Place>,
    pub tally: Mutex<Tally>,
    habits: Habits,
    /// When the first order may be placed; nothing until the door knows the shops.
    begun_ms: OnceLock<i64>,
    done: AtomicBool,
    random: Mutex<StdRng>,
    stop: watch::Sender<bool>,
}

/// A shop and what the platform has of it.
pub struct Place {
    pub shop: Shop,
    pub policy: Policy,
    pub book: Mutex<Book>,
    pub hooks: Mutex<Hooks>,
    /// How often its API may be asked.
    pub bucket: Option<Mutex<Bucket>>,
}

/// How the platforms' APIs misbehave.
#[derive(Clone, Debug, PartialEq)]
pub struct Habits {
    /// A change is listed at most so long after it happened.
    pub index_lag: Duration,
    /// When, since the begin, every request is answered with 503.
    pub spell: Range<Duration>,
    /// Requests that fail at any time.
    pub faults_percent: f64,
    pub shopify_per_s: f64,
    pub retry_scale: f64,
    pub seed: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub orders: u64,
    /// What happened to orders after they were placed.
    pub steps: u64,
    pub pushes: Pushes,
    pub api: Requests,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pushes {
    /// Those begun; when all is done, each of them is acknowledged or given up.
    pub sent: u64,
    pub acknowledged: u64,
    /// Requests beyond the first of a push.
    pub retries: u64,
    /// Events that nobody is told of.
    pub lost: u64,
    /// Of those sent, second ones of an event.
    pub duplicates: u64,
    pub given_up: u64,
    /// Events that nobody is told of because their webhook is disabled.
    pub withheld: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    pub requests: u64,
    pub refused_429: u64,
    pub answered_5xx: u64,
    pub unauthorized: u64,
    /// Answers that end in the middle.
    pub cut_off: u64,
}

/// What goes wrong with a request to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Away,
    Error,
    CutOff,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl World {
    pub fn new(shops: Vec<Shop>, habits: Habits) -> World {
        let place = |shop: Shop| Place {
            policy: Policy::new(shop.platform, habits.retry_scale),
            book: Mutex::default(),
            hooks: Mutex::new(Hooks::new(shop.platform)),
            bucket: shop.platform.limit(&habits).map(Mutex::new),
            shop,
        };
        World {
            shops: shops.into_iter().map(place).collect(),
            tally: Mutex::default(),
            begun_ms: OnceLock::new(),
            done: AtomicBool::new(false),
            random: Mutex::new(StdRng::seed_from_u64(habits.seed)),
            stop: watch::Sender::new(false),
            habits,
        }
    }

    pub fn find(&self, channel: &str, name: &str) -> Option<&Place> {
        self.shops.iter().find(|place| place.shop.platform.name() == channel && place.shop.name == name)
    }

    pub fn begin(&self, now_ms: i64) -> i64 {
        *self.begun_ms.get_or_init(|| now_ms)
    }

    pub fn begun_ms(&self) -> Option<i64> {
        self.begun_ms.get().copied()
    }

    pub fn finish(&self) {
        self.done.store(true, Ordering::SeqCst);
    }

    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }

    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns when somebody said [`World::stop`].
    pub async fn stopped(&self) {
        // The sender is our own, so it is not gone.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// From when on a listing shows what happens now.
    pub fn listed_from_ms(&self, now_ms: i64) -> i64 {
        let longest_ms = i64::try_from(self.habits.index_lag.as_millis()).unwrap_or(0);
        now_ms + lock(&self.random).random_range(0..=longest_ms)
    }

    /// What goes wrong with a request now.
    pub fn trouble(&self, now_ms: i64) -> Option<Trouble> {
        if self.begun_ms().is_some_and(|begun| self.habits.spell.contains(&millis(now_ms - begun))) {
            return Some(Trouble::Away);
        }
        let mut random = lock(&self.random);
        if random.random_range(0.0..100.0) >= self.habits.faults_percent {
            return None;
        }
        Some(if random.random() { Trouble::Error } else { Trouble::CutOff })
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn habits() -> Habits {
        Habits {
            index_lag: Duration::ZERO,
            spell: Duration::ZERO..Duration::ZERO,
            faults_percent: 0.0,
            shopify_per_s: 2.0,
            retry_scale: 1.0,
            seed: 1,
        }
    }

    #[test]
    fn the_spell_lasts_from_then_to_then() {
        let spell = Duration::from_secs(30)..Duration::from_secs(90);
        let world = World::new(Vec::new(), Habits { spell, ..habits() });
        assert_eq!(world.trouble(1_050_000), None, "before the begin there is none");
        assert_eq!(world.begin(1_000_000), 1_000_000);
        let troubles = [29_999, 30_000, 89_999, 90_000].map(|after| world.trouble(1_000_000 + after));
        assert_eq!(troubles, [None, Some(Trouble::Away), Some(Trouble::Away), None]);
    }

    #[test]
    fn faults_and_lags_come_at_their_rate() {
        let lag = Duration::from_millis(500);
        let world = World::new(Vec::new(), Habits { faults_percent: 10.0, index_lag: lag, ..habits() });
        let troubles: Vec<Trouble> = (0..10_000).filter_map(|_| world.trouble(0)).collect();
        assert!((800..1_200).contains(&troubles.len()), "{}", troubles.len());
        for kind in [Trouble::Error, Trouble::CutOff] {
            assert!(troubles.iter().filter(|trouble| **trouble == kind).count() > 300, "{kind:?}");
        }
        let lags: Vec<i64> = (0..1_000).map(|_| world.listed_from_ms(1_000)).collect();
        assert!(lags.iter().all(|at| (1_000..=1_500).contains(at)));
        assert!(lags.iter().any(|at| *at < 1_100) && lags.iter().any(|at| *at > 1_400));
    }
}
