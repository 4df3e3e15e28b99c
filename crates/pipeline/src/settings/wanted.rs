//! What STAGE.md §7 asks of brokers and topics.

use super::{Finding, Verdict};
use weir_proto::topics::{Entry, Retention};

/// Largest record batch that a topic takes. A stage's record may have 1.9 MB, an order's facts being larger than what came in;
/// the door takes a body of 256 KiB at most.
pub(super) const MESSAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;
pub(super) const DAY_MS: i64 = 86_400_000;
/// Replicas that production has, and how many of them must have a record before it counts.
pub(super) const REPLICAS: i64 = 3;
pub(super) const REPLICAS_IN_SYNC: i64 = 2;

/// What a value must be like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Must {
    Be(&'static str),
    BeAtLeast(i64),
    BeAtMost(i64),
    /// At least so many milliseconds; -1 is for ever.
    LastAtLeast(i64),
}

/// One setting and what is wanted of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) setting: &'static str,
    pub(super) must: Must,
    /// What it means where it is not so.
    pub(super) otherwise: Verdict,
    pub(super) why: &'static str,
}

const fn fault(setting: &'static str, must: Must, why: &'static str) -> Rule {
    Rule { setting, must, otherwise: Verdict::Fault, why }
}

/// Of every broker.
pub(super) const BROKER: &[Rule] = &[
    fault("auto.create.topics.enable", Must::Be("false"), "a topic made by accident has the wrong shape"),
    fault(
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        Must::BeAtMost(1000),
        "readers wait behind a dead writer's open transaction",
    ),
    fault(
        "transaction.partition.verification.enable",
        Must::Be("true"),
        "a late record of an ended transaction would hang its partition",
    ),
    fault("transaction.max.timeout.ms", Must::BeAtLeast(4000), "stages open transactions of 4 s"),
    fault("unclean.leader.election.enable", Must::Be("false"), "an unclean leader forgets committed facts"),
];

/// Of a topic.
pub(super) fn topic(entry: &Entry, single_broker: bool) -> Vec<Rule> {
    let policy = match entry.retention {
        Retention::Compacted => "compact",
        Retention::Endless | Retention::Days(_) => "delete",
    };
    let mut rules = vec![
        fault("message.timestamp.type", Must::Be("LogAppendTime"), "deadlines run on the broker's time"),
        fault("cleanup.policy", Must::Be(policy), "state is folded from every record, reference data from the newest"),
        fault("max.message.bytes", Must::BeAtLeast(MESSAGE_BYTES_MAX), "a large delivery must fit"),
        fault("unclean.leader.election.enable", Must::Be("false"), "an unclean leader forgets committed facts"),
        Rule {
            setting: "min.insync.replicas",
            must: Must::BeAtLeast(REPLICAS_IN_SYNC),
            otherwise: if single_broker { Verdict::Note } else { Verdict::Fault },
            why: "one lost machine must not take acknowledged records with it",
        },
    ];
    match entry.retention {
        Retention::Endless => {
            rules.push(fault("retention.ms", Must::Be("-1"), "state is folded from the whole topic"));
            rules.push(fault("retention.bytes", Must::Be("-1"), "state is folded from the whole topic"));
        }
        Retention::Days(days) => {
            let why = "a stage that stood still must find its inputs";
            rules.push(fault("retention.ms", Must::LastAtLeast(days * DAY_MS), why));
            rules.push(fault("retention.bytes", Must::Be("-1"), why));
        }
        Retention::Compacted => {}
    }
    rules
}

/// What a setting's value means.
pub(super) fn judge(part: &str, rule: &Rule, found: Option<&str>) -> Finding {
    let number = found.and_then(|text| text.parse::<i64>().ok());
    let (good, wanted) = match rule.must {
        Must::Be(wanted) => (found == Some(wanted), wanted.to_owned()),
        Must::BeAtLeast(least) => (number.is_some_and(|n| n >= least), format!("at least {least}")),
        Must::BeAtMost(most) => (number.is_some_and(|n| n <= most), format!("at most {most}")),
        Must::LastAtLeast(least) => (number.is_some_and(|n| n == -1 || n >= least), format!("at least {least}")),
    };
    Finding {
        part: part.to_owned(),
        setting: rule.setting.to_owned(),
        found: found.unwrap_or("not told").to_owned(),
        wanted,
        verdict: if good { Verdict::Good } else { rule.otherwise },
        why: rule.why,
    }
}

/// Whether the topic is there, with as many partitions as the catalogue says.
pub(super) fn partitions(part: &str, found: Option<usize>, wanted: i32) -> Finding {
    let good = found.and_then(|count| i32::try_from(count).ok()) == Some(wanted);
    Finding {
        part: part.to_owned(),
        setting: "partitions".to_owned(),
        found: found.map_or_else(|| "missing".to_owned(), |count| count.to_string()),
        wanted: wanted.to_string(),
        verdict: if good { Verdict::Good } else { Verdict::Fault },
        why: "a key's partition must never change; another count means new topics and a copy",
    }
}

/// How many replicas the topic has.
pub(super) fn replication(part: &str, found: usize, single_broker: bool) -> Finding {
    let good = i64::try_from(found).is_ok_and(|count| count >= REPLICAS);
    let otherwise = if single_broker { Verdict::Note } else { Verdict::Fault };
    Finding {
        part: part.to_owned(),
        setting: "replication.factor".to_owned(),
        found: found.to_string(),
        wanted: format!("at least {REPLICAS}"),
        verdict: if good { Verdict::Good } else { otherwise },
        why: "one lost machine must not take acknowledged records with it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::topics::Topic;

    fn verdict(topic_: Topic, single: bool, setting: &str, found: &str) -> Verdict {
        let rules = topic(topic_.entry(), single);
        let rule = rules.iter().find(|r| r.setting == setting).expect("a rule for the setting");
        judge("topic", rule, Some(found)).verdict
    }

    #[test]
    fn only_reference_is_compacted_and_facts_are_kept_for_ever() {
        assert_eq!(verdict(Topic::Reference, true, "cleanup.policy", "delete"), Verdict::Fault);
        assert_eq!(verdict(Topic::Orders, true, "cleanup.policy", "compact"), Verdict::Fault);
        assert_eq!(verdict(Topic::Orders, true, "retention.ms", "604800000"), Verdict::Fault);
        assert_eq!(verdict(Topic::Deliveries, true, "retention.ms", "604800000"), Verdict::Fault);
        assert_eq!(verdict(Topic::Deliveries, true, "retention.ms", "-1"), Verdict::Good);
    }

    #[test]
    fn one_machine_can_not_have_replicas_but_three_must() {
        assert_eq!(verdict(Topic::Orders, true, "min.insync.replicas", "1"), Verdict::Note);
        assert_eq!(verdict(Topic::Orders, false, "min.insync.replicas", "1"), Verdict::Fault);
        assert_eq!(replication("topic", 1, false).verdict, Verdict::Fault);
    }
}
