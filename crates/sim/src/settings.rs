//! What a simulated installation is like.

/// A length or point of virtual time, in microseconds since the simulation began.
pub(crate) type Micros = u64;

pub(crate) const MILLI: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

pub(crate) fn micros(length: std::time::Duration) -> Micros {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

/// Which transaction protocol producers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The epoch stays after a transaction: librdkafka 2.12, and the Java client before 4.0.
    V1,
    /// The epoch grows with each transaction (KIP-890).
    V2,
}

/// The settings of an installation; the defaults are those of STAGE.md §7.
#[derive(Clone, Debug)]
pub struct Settings {
    pub seed: u64,
    /// Partition count of every scaled topic.
    pub partitions: i32,
    pub protocol: Protocol,
    /// Wall time at which the simulation begins.
    pub begins_ms: i64,
    /// Shortest and longest time that a request takes, in microseconds.
    pub latency_us: (u64, u64),
    /// How long after a transaction's end its marker reaches a partition, drawn for each, in microseconds.
    pub marker_us: (u64, u64),
    /// How long after something becomes visible a consumer that waits for it has it, for each pace, in microseconds. Whoever is
    /// no actor of a world waits for less: until it is visible.
    pub eager_us: (u64, u64),
    pub prompt_us: (u64, u64),
    pub batched_us: (u64, u64),
    pub transaction_timeout_ms: u64,
    /// How often the coordinator looks for transactions that have lasted too long.
    pub cleanup_interval_ms: u64,
    pub session_timeout_ms: u64,
    pub heartbeat_interval_ms: u64,
    pub max_poll_interval_ms: u64,
    /// True: whoever waits in vain moves the clock on. False: waiting returns at once, and only [`crate::Control::pass`] moves it,
    /// for a scheduler that runs many loops in turn.
    pub waiting_passes_time: bool,
}

impl Settings {
    pub fn new(seed: u64) -> Settings {
        Settings {
            seed,
            partitions: 2,
            protocol: Protocol::V1,
            begins_ms: 1_795_300_000_000,
            latency_us: (200, 1_200),
            marker_us: (300, 3_000),
            eager_us: (100, 1_000),
            prompt_us: (500, 10_000),
            batched_us: (20_000, 300_000),
            transaction_timeout_ms: 4_000,
            cleanup_interval_ms: 1_000,
            session_timeout_ms: 6_000,
            heartbeat_interval_ms: 1_500,
            max_poll_interval_ms: 15_000,
            waiting_passes_time: true,
        }
    }
}
