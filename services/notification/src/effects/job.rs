//! One notice to be sent, what came of an attempt, and who is called.

use crate::domain::{Medium, Parameters, Recipient, Subject};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use weir_decider::Millis;

/// All that sending needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The same over all attempts, restarts and replays.
    pub notice_id: String,
    pub order_id: String,
    /// Who handed it over, so that only that worker can take it back.
    pub worker: usize,
    pub partition: i32,
    pub subject: Subject,
    /// When it became due.
    pub since: Millis,
    pub recipient: Recipient,
    pub parameters: Parameters,
    /// Of the fact that made it due; none after a take-over.
    pub traceparent: Option<String>,
}

/// Whoever answers, or doesn't, for many notices: one breaker each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The one mail relay.
    Relay,
    /// A shop's endpoint.
    Endpoint { tenant: String, channel: String, shop: String },
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent {
        answer: String,
    },
    /// Another attempt may do, at the earliest after `after` if the target said so.
    Retry {
        reason: String,
        after: Option<Duration>,
    },
    /// The target refused for good. The reason begins with a slug: "gone: HTTP 410".
    GiveUp {
        reason: String,
    },
    /// It can't be sent, whoever is asked: there is no address, say. The target was not asked.
    Unsendable {
        reason: String,
    },
}

/// Makes one attempt. `number` counts from 1.
pub trait Attempts: Send + Sync + 'static {
    fn attempt(&self, job: Arc<Job>, number: u32) -> BoxFuture<'static, Verdict>;
}

/// How a notice ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub job: Arc<Job>,
    pub sent: bool,
    pub attempts: u32,
    pub detail: String,
}

/// Writes an outcome, and does not return before it is written.
pub trait Outcomes: Send + Sync + 'static {
    fn record(&self, ended: Ended) -> BoxFuture<'static, ()>;
}

impl Job {
    pub fn target(&self) -> Target {
        let Recipient { tenant, channel, shop, .. } = &self.recipient;
        match self.subject.medium {
            Medium::Email => Target::Relay,
            Medium::Webhook => {
                Target::Endpoint { tenant: tenant.clone(), channel: channel.clone(), shop: shop.clone() }
            }
        }
    }
}

impl Verdict {
    pub fn give_up(reason: impl Into<String>) -> Verdict {
        Verdict::GiveUp { reason: reason.into() }
    }

    /// Why it was not sent.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Verdict::Sent { .. } => None,
            Verdict::Retry { reason, .. } | Verdict::GiveUp { reason } | Verdict::Unsendable { reason } => Some(reason),
        }
    }

    pub fn unsendable(reason: impl Into<String>) -> Verdict {
        Verdict::Unsendable { reason: reason.into() }
    }

    pub fn retry(reason: impl Into<String>) -> Verdict {
        Verdict::Retry { reason: reason.into(), after: None }
    }
}
