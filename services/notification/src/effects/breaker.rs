//! A circuit breaker: a target that fails and fails is left alone, and then asked by one attempt alone.

use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 5;

/// Whether a target is asked at all.
#[derive(Debug)]
pub struct Breaker {
    cooling: Duration,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        rounds: u32,
    },
    /// One attempt is on its way, to see.
    Probing {
        rounds: u32,
    },
}

/// What the breaker says to one more attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Now,
    NotBefore(Instant),
    /// When the probe is back.
    Later,
}

impl Breaker {
    /// `cooling` is the first pause; it doubles, up to 16-fold, as long as probes fail.
    pub fn new(cooling: Duration) -> Breaker {
        Breaker { cooling, state: State::Closed { failures: 0 } }
    }

    /// Asks for one attempt. Where it says [`Admission::Now`] the attempt must be made, and its result told.
    pub fn admit(&mut self, now: Instant) -> Admission {
        match self.state {
            State::Closed { .. } => Admission::Now,
            State::Open { until, .. } if now < until => Admission::NotBefore(until),
            State::Open { rounds, .. } => {
                self.state = State::Probing { rounds };
                Admission::Now
            }
            State::Probing { .. } => Admission::Later,
        }
    }

    /// The target answered, even if only to refuse this one notice.
    pub fn answered(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The target failed; `pause` is how long it asked to be left alone.
    pub fn failed(&mut self, now: Instant, pause: Option<Duration>) {
        let open = |rounds: u32| {
            let cooling = self.cooling.saturating_mul(1 << rounds.min(4));
            State::Open { until: now + cooling.max(pause.unwrap_or_default()), rounds }
        };
        match self.state {
            State::Closed { failures } if failures + 1 >= FAILURES_MAX || pause.is_some() => self.state = open(0),
            State::Closed { failures } => self.state = State::Closed { failures: failures + 1 },
            // An attempt that began before it opened; the news is no news.
            State::Open { .. } => {}
            State::Probing { rounds } => self.state = open(rounds + 1),
        }
    }

    /// The attempt came to nothing before the target was asked.
    pub fn not_asked(&mut self, now: Instant) {
        if let State::Probing { rounds } = self.state {
            self.state = State::Open { until: now, rounds };
        }
    }

    /// Whether there is nothing to remember of the target.
    pub fn is_sound(&self) -> bool {
        self.state == State::Closed { failures: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLING: Duration = Duration::from_secs(1);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(COOLING);
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.admit(now), Admission::Now);
            breaker.failed(now, None);
        }
        breaker
    }

    #[test]
    fn it_opens_on_the_fifth_failure_in_a_row_and_lets_one_probe_through() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now), Admission::NotBefore(now + COOLING));
        assert_eq!(breaker.admit(now + COOLING), Admission::Now);
        assert_eq!(breaker.admit(now + COOLING), Admission::Later);
        breaker.answered();
        assert_eq!(breaker.admit(now + COOLING), Admission::Now);
        assert!(breaker.is_sound());
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let probed = now + COOLING;
        assert_eq!(breaker.admit(probed), Admission::Now);
        breaker.failed(probed, None);
        assert_eq!(breaker.admit(probed), Admission::NotBefore(probed + 2 * COOLING));
    }

    #[test]
    fn a_probe_that_never_asked_makes_way_for_the_next() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let probed = now + COOLING;
        assert_eq!(breaker.admit(probed), Admission::Now);
        breaker.not_asked(probed);
        assert_eq!(breaker.admit(probed), Admission::Now);
    }

    #[test]
    fn a_target_that_asks_for_a_pause_gets_it_at_once() {
        let now = Instant::now();
        let mut breaker = Breaker::new(COOLING);
        breaker.failed(now, Some(30 * COOLING));
        assert_eq!(breaker.admit(now), Admission::NotBefore(now + 30 * COOLING));
    }

    #[test]
    fn failures_that_are_not_in_a_row_do_not_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(COOLING);
        for _ in 0..20 {
            breaker.failed(now, None);
            breaker.answered();
        }
        assert_eq!(breaker.admit(now), Admission::Now);
    }
}
