//! A rate limit: a leaky bucket, of which each request is one. Pure.

#[derive(Debug)]
pub struct Bucket {
    depth: f64,
    level: f64,
    leak_per_s: f64,
    at_ms: i64,
}

impl Bucket {
    pub fn new(depth: f64, leak_per_s: f64) -> Bucket {
        Bucket { depth, level: 0.0, leak_per_s, at_ms: 0 }
    }

    /// Whether one more goes in.
    pub fn take(&mut self, now_ms: i64) -> bool {
        let passed_s = (now_ms - self.at_ms).max(0) as f64 / 1000.0;
        self.level = (self.level - passed_s * self.leak_per_s).max(0.0);
        self.at_ms = self.at_ms.max(now_ms);
        let fits = self.level + 1.0 <= self.depth;
        if fits {
            self.level += 1.0;
        }
        fits
    }

    /// "12/40"
    pub fn shown(&self) -> String {
        format!("{}/{}", self.level.ceil(), self.depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_at_once_and_then_two_a_second() {
        let mut bucket = Bucket::new(40.0, 2.0);
        assert!((0..40).all(|_| bucket.take(1_000_000)));
        assert_eq!(bucket.shown(), "40/40");
        assert!(!bucket.take(1_000_000));
        assert!(!bucket.take(1_000_499));
        assert!(bucket.take(1_000_500));
        assert!(!bucket.take(1_000_500));
        assert!(bucket.take(1_001_500) && bucket.take(1_001_500) && !bucket.take(1_001_500));
        assert!(bucket.take(1_100_000));
        assert_eq!(bucket.shown(), "1/40", "it does not leak below nothing");
        assert!(bucket.take(1_000_000), "a clock that goes back fills nothing");
    }
}
