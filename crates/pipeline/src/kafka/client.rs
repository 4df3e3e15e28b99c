//! The client settings of STAGE.md §7 and PERFORMANCE.md §9, in one place.

use crate::Config;
use crate::log::Pace;
use rdkafka::ClientConfig;

/// What every client has.
pub(crate) fn base(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", format!("{}.{}", config.prefix, config.instance))
        .set("socket.nagle.disable", "true")
        // A broker that restarts is back within seconds; waiting longer between tries only delays recovery.
        .set("reconnect.backoff.max.ms", "1000")
        .set("topic.metadata.refresh.interval.ms", "30000");
    client
}

/// What every reader of the log has: committed records only, no jump that nobody asked for, checksums verified.
pub(crate) fn reading(config: &Config, pace: Pace) -> ClientConfig {
    let (bytes_min, wait_ms_max) = match pace {
        Pace::Eager => ("1", "250"),
        Pace::Prompt => ("16384", "30"),
        Pace::Batched => ("65536", "200"),
    };
    let mut client = base(config);
    client
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "error")
        .set("check.crcs", "true")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", wait_ms_max)
        .set("fetch.min.bytes", bytes_min)
        .set("queued.max.messages.kbytes", "16384")
        .set("queued.min.messages", "20000");
    client
}

/// A seat in a group.
pub(crate) fn member(config: &Config, group: &str, instance: &str, pace: Pace) -> ClientConfig {
    let mut client = reading(config, pace);
    client
        .set("group.id", format!("{}.{group}", config.prefix))
        .set("group.instance.id", format!("{}.{instance}", config.prefix))
        .set("partition.assignment.strategy", "range")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500")
        .set("max.poll.interval.ms", "15000")
        // Where a stage's inputs end is read from these (STAGE.md §4).
        .set("statistics.interval.ms", "500");
    client
}

/// A transactional producer.
pub(crate) fn transactional(config: &Config, transactional_id: &str) -> ClientConfig {
    let mut client = base(config);
    client
        .set("transactional.id", format!("{}.{transactional_id}", config.prefix))
        .set("transaction.timeout.ms", "4000")
        .set("message.timeout.ms", "3500")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("message.max.bytes", MESSAGE_BYTES_MAX)
        .set("linger.ms", LINGER_MS)
        .set("retry.backoff.ms", RETRY_BACKOFF_MS.to_string())
        .set("retry.backoff.max.ms", "1000")
        .set("queue.buffering.max.kbytes", "65536");
    client
}

/// Largest record, a little below what a topic takes: the default would refuse the largest delivery, and what a stage may say.
pub(crate) const MESSAGE_BYTES_MAX: &str = "2000000";
/// Enough for records that are handed over in one go to share a request, even where the thread is put aside in between. The client
/// spins for as long as a partition has records queued behind five or more in flight, and through what a wait leaves of a
/// millisecond: hence whole portions, and a linger a little longer than whole milliseconds (ADR 8).
pub(crate) const LINGER_MS: &str = "2.3";
/// A `send_offsets` or `commit` that took 0.8 of this may have been retried inside (STAGE.md §3).
pub(crate) const RETRY_BACKOFF_MS: u64 = 200;
