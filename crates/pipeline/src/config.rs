//! What an installation says of its log.

/// Where the log is, and how this process sits at it.
#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port,…`.
    pub brokers: String,
    /// Put before every topic, group and transactional id: "weir".
    pub prefix: String,
    /// Partition count of every scaled topic; checked against the broker.
    pub partitions: i32,
    /// Stable name of this process ("routing-0"): a restart under the same name takes its partitions back at once.
    pub instance: String,
    /// Workers of each stage in this process.
    pub workers: usize,
    /// A transaction closes when it is this old; or when the inputs run dry, and the last one was closed this long ago.
    pub commit_interval_ms: u64,
    /// … or after this many inputs.
    pub commit_inputs_max: usize,
    /// How long a finished aggregate is kept whole.
    pub close_after_ms: i64,
    /// How long an edge's record waits for company on its way to the broker.
    pub linger_ms: u64,
    /// How far a stage's threads stand back behind the process's others where cores are scarce: a nice value, 0 to 19.
    pub stage_nice: i32,
}

impl Config {
    /// The settings of one small machine.
    pub fn new(brokers: impl Into<String>, instance: impl Into<String>) -> Config {
        Config {
            brokers: brokers.into(),
            prefix: "weir".to_owned(),
            partitions: 2,
            instance: instance.into(),
            workers: 1,
            commit_interval_ms: 50,
            commit_inputs_max: 500,
            close_after_ms: 30 * 24 * 3_600_000,
            linger_ms: 5,
            stage_nice: 0,
        }
    }

    /// Reads `WEIR_BROKERS`, `WEIR_PREFIX`, `WEIR_PARTITIONS`, `WEIR_INSTANCE`, `WEIR_WORKERS`, `WEIR_COMMIT_MS`, `WEIR_LINGER_MS`,
    /// `WEIR_STAGE_NICE`.
    ///
    /// # Errors
    /// Every fault, one sentence each: the variable, what was wrong, what it should be.
    pub fn from_lookup(service: &str, get: impl Fn(&str) -> Option<String>) -> Result<Config, Vec<String>> {
        let mut faults = Vec::new();
        let mut config = Config::new(
            get("WEIR_BROKERS").unwrap_or_else(|| {
                faults.push("WEIR_BROKERS is not set; it should be host:port of a Kafka broker".to_owned());
                String::new()
            }),
            get("WEIR_INSTANCE").unwrap_or_else(|| format!("{service}-0")),
        );
        if let Some(prefix) = get("WEIR_PREFIX") {
            config.prefix = prefix;
        }
        let mut number = |name: &str, low: u64, high: u64| -> Option<u64> {
            let text = get(name)?;
            match text.parse::<u64>() {
                Ok(n) if (low..=high).contains(&n) => Some(n),
                _ => {
                    faults.push(format!("{name} is {text:?}; it should be a whole number from {low} to {high}"));
                    None
                }
            }
        };
        if let Some(n) = number("WEIR_PARTITIONS", 1, 1024) {
            config.partitions = n as i32;
        }
        if let Some(n) = number("WEIR_WORKERS", 1, 64) {
            config.workers = n as usize;
        }
        if let Some(n) = number("WEIR_COMMIT_MS", 1, 1000) {
            config.commit_interval_ms = n;
        }
        if let Some(n) = number("WEIR_LINGER_MS", 0, 100) {
            config.linger_ms = n;
        }
        if let Some(n) = number("WEIR_STAGE_NICE", 0, 19) {
            config.stage_nice = n as i32;
        }
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }
}
