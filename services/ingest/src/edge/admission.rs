//! Who gets in while too much comes: shed early and say when to come back, before everybody waits.

use crate::wire::Registered;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_host::{Problem, kind};

/// How much the door takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Believed deliveries under way, over all shops.
    pub in_flight: usize,
    /// Kept for urgent shops beside that.
    pub in_flight_urgent: usize,
}

/// The door's admission. Cheap to clone.
#[derive(Clone)]
pub struct Admission {
    all: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
    buckets: Arc<Mutex<BTreeMap<String, Bucket>>>,
}

/// A shop's budget: refilled evenly, two seconds deep.
#[derive(Debug)]
struct Bucket {
    /// In thousandths of a request.
    level: u64,
    at: Instant,
}

const BURST_SECONDS: u64 = 2;
/// How long a sender is asked to stay away when the whole door is full.
const AWAY: Duration = Duration::from_secs(1);

impl Admission {
    pub fn new(limits: Limits) -> Admission {
        Admission {
            all: Arc::new(Semaphore::new(limits.in_flight)),
            urgent: Arc::new(Semaphore::new(limits.in_flight_urgent)),
            buckets: Arc::default(),
        }
    }

    /// Whether there is a place, without taking it: what would find none later need not be read. Nobody holds a place who has not
    /// shown a signature, else half a request on each of some thousand connections would keep everybody out.
    ///
    /// # Errors
    /// As [`Admission::enter`].
    pub fn look(&self, shop: &Registered) -> Result<(), Problem> {
        let free = |places: &Semaphore| places.available_permits() > 0;
        match free(&self.all) || shop.urgent && free(&self.urgent) {
            true => Ok(()),
            false => Err(full()),
        }
    }

    /// A place for a believed delivery, until it is kept. Nobody waits for one.
    ///
    /// # Errors
    /// `overloaded`, with the time after which a repeat makes sense.
    pub fn enter(&self, shop: &Registered) -> Result<OwnedSemaphorePermit, Problem> {
        let place = self.all.clone().try_acquire_owned();
        let place = match place {
            Err(_) if shop.urgent => self.urgent.clone().try_acquire_owned(),
            place => place,
        };
        place.map_err(|_| full())
    }

    /// Takes one of the deliveries that the shop may send. To be asked for signed ones only: else whoever knows the shop's address
    /// could use up its budget, and its own would be turned away.
    ///
    /// # Errors
    /// `overloaded`, with the time after which a repeat makes sense.
    pub fn spend(&self, shop: &Registered, now: Instant) -> Result<(), Problem> {
        match self.has_one(shop, now) {
            true => Ok(()),
            false => {
                let one = Duration::from_millis(1000 / u64::from(shop.budget_per_second.max(1)));
                Err(overloaded("The shop has used up its budget.", one.max(Duration::from_millis(100))))
            }
        }
    }

    fn has_one(&self, shop: &Registered, now: Instant) -> bool {
        let rate = u64::from(shop.budget_per_second);
        if rate == 0 {
            return true;
        }
        let full = rate * BURST_SECONDS * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry(format!("{}/{}", shop.channel, shop.shop)).or_insert_with(|| Bucket { level: full, at: now });
        let passed_ms = u64::try_from(now.saturating_duration_since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        bucket.level = bucket.level.saturating_add(passed_ms.saturating_mul(rate)).min(full);
        bucket.at = bucket.at.max(now);
        let has_one = bucket.level >= 1000;
        if has_one {
            bucket.level -= 1000;
        }
        has_one
    }
}

/// What the whole door answers while it has no room.
pub(super) fn full() -> Problem {
    overloaded("More is coming in than can be taken.", AWAY)
}

fn overloaded(detail: &str, after: Duration) -> Problem {
    Problem::new(kind::OVERLOADED, detail).retry_after(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(name: &str, budget_per_second: u32, urgent: bool) -> Registered {
        Registered {
            tenant: "demo".to_owned(),
            channel: "generic".to_owned(),
            shop: name.to_owned(),
            budget_per_second,
            urgent,
            ..Registered::default()
        }
    }

    #[test]
    fn a_full_door_sheds_and_keeps_places_for_urgent_shops() {
        let admission = Admission::new(Limits { in_flight: 1, in_flight_urgent: 1 });
        let first = admission.enter(&shop("a", 0, false)).expect("a free place");
        let refused = admission.enter(&shop("a", 0, false)).expect_err("full");
        assert_eq!((refused.kind(), refused.retry_delay()), (kind::OVERLOADED, Some(AWAY)));
        let _urgent = admission.enter(&shop("b", 0, true)).expect("kept for urgent shops");
        assert!(admission.enter(&shop("b", 0, true)).is_err(), "those are counted too");
        drop(first);
        assert!(admission.enter(&shop("a", 0, false)).is_ok());
    }

    #[test]
    fn a_look_finds_what_there_is_and_takes_nothing() {
        let admission = Admission::new(Limits { in_flight: 1, in_flight_urgent: 1 });
        for _ in 0..3 {
            assert!(admission.look(&shop("a", 0, false)).is_ok());
        }
        let _first = admission.enter(&shop("a", 0, false)).expect("a free place");
        let refused = admission.look(&shop("a", 0, false)).expect_err("full");
        assert_eq!((refused.kind(), refused.retry_delay()), (kind::OVERLOADED, Some(AWAY)));
        assert!(admission.look(&shop("b", 0, true)).is_ok(), "places are kept for urgent shops");
        let _urgent = admission.enter(&shop("b", 0, true)).expect("a place of those");
        assert!(admission.look(&shop("b", 0, true)).is_err());
    }

    #[test]
    fn a_budget_is_two_seconds_deep_and_refills_evenly() {
        let admission = Admission::new(Limits { in_flight: 1, in_flight_urgent: 0 });
        let now = Instant::now();
        let spend = |at| admission.spend(&shop("a", 10, false), at).is_ok();
        let taken = (0..50).filter(|_| spend(now)).count();
        assert_eq!(taken, 20);
        assert!(!spend(now + Duration::from_millis(99)));
        assert!(spend(now + Duration::from_millis(100)));
        assert!(!spend(now + Duration::from_millis(100)));
        assert!(admission.spend(&shop("other", 10, false), now).is_ok(), "budgets are each shop's own");
    }

    #[test]
    fn a_place_costs_no_budget() {
        let admission = Admission::new(Limits { in_flight: 1, in_flight_urgent: 0 });
        let tight = shop("a", 1, false);
        for _ in 0..50 {
            drop(admission.enter(&tight).expect("a free place"));
        }
        assert!(admission.spend(&tight, Instant::now()).is_ok());
    }
}
