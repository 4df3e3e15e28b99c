//! How long a platform tries to tell of an event, and when it stops telling at all. Pure.
//!
//! Shopify, known (its changelog of September 2024 and its webhook troubleshooting page): a push fails unless it is answered with 2xx
//! within 5 s; it is tried again 8 times over 4 h, ever more slowly, with the original payload; where failures persist the
//! subscription is removed. Assumed: the pauses double, and there are 8 of them after the first try, so that the first is 4 h / 255;
//! no spread is put on them; `Retry-After` is not looked at; a subscription is removed as soon as one push has failed in all its
//! tries; what was under way by then goes on.
//!
//! WooCommerce, known (`WC_Webhook` in its source): each topic is a webhook of its own; a delivery is made once, by Action Scheduler,
//! and no failed one is made again; 200 to 302 is success, redirects are not followed; failures in a row are counted per webhook and
//! a success sets them to nothing; a disabled webhook takes no further events, and what was queued is still delivered. It disables when
//! there are "more than 5 consecutive failures": by its own counter that is the seventh, by its comment the sixth. Taken here: the
//! sixth, which is the stricter. Its patience is 60 s; taken here: 5 s, which is the stricter too. Assumed: enabling it again sets
//! the counter to nothing.

use crate::shop::Channel;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a push may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

const SHOPIFY_RETRIES: u32 = 8;
const SHOPIFY_SPAN: Duration = Duration::from_secs(4 * 3600);
const WOOCOMMERCE_FAILURES_MAX: u32 = 5;

/// How a channel goes about a push.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    channel: Channel,
    /// Time goes so many times as fast.
    scale: f64,
}

/// What is to be done after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Acknowledged,
    Again(Duration),
    GivenUp,
}

impl Policy {
    pub fn new(channel: Channel, scale: f64) -> Policy {
        Policy { channel, scale }
    }

    /// After so many tries, the last of which was answered like this, or not at all.
    pub fn next(&self, tries: u32, status: Option<u16>) -> Next {
        let success = match self.channel {
            Channel::Shopify => 200..300,
            Channel::WooCommerce => 200..303,
        };
        if status.is_some_and(|status| success.contains(&status)) {
            return Next::Acknowledged;
        }
        match self.channel {
            Channel::Shopify if tries <= SHOPIFY_RETRIES => {
                let first = SHOPIFY_SPAN / (2_u32.pow(SHOPIFY_RETRIES) - 1);
                Next::Again((first * 2_u32.pow(tries.saturating_sub(1))).div_f64(self.scale))
            }
            _ => Next::GivenUp,
        }
    }
}

/// The webhooks of one shop, one for each topic.
#[derive(Debug)]
pub struct Hooks {
    channel: Channel,
    topics: BTreeMap<&'static str, Hook>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Hook {
    disabled: bool,
    failures: u32,
    worst: u32,
}

impl Hooks {
    pub fn new(channel: Channel) -> Hooks {
        Hooks { channel, topics: BTreeMap::new() }
    }

    /// Whether an event of this topic is told.
    pub fn tells(&self, topic: &str) -> bool {
        self.topics.get(topic).is_none_or(|hook| !hook.disabled)
    }

    /// Counts an answer to one request.
    pub fn answered(&mut self, topic: &'static str, next: Next) {
        let hook = self.topics.entry(topic).or_default();
        if next == Next::Acknowledged {
            hook.failures = 0;
            return;
        }
        hook.failures += 1;
        hook.worst = hook.worst.max(hook.failures);
        hook.disabled |= match self.channel {
            Channel::Shopify => next == Next::GivenUp,
            Channel::WooCommerce => hook.failures > WOOCOMMERCE_FAILURES_MAX,
        };
    }

    pub fn enable(&mut self) {
        for hook in self.topics.values_mut() {
            *hook = Hook { worst: hook.worst, ..Hook::default() };
        }
    }

    /// Topics that are not told.
    pub fn disabled(&self) -> impl Iterator<Item = &'static str> {
        self.topics.iter().filter(|(_, hook)| hook.disabled).map(|(topic, _)| *topic)
    }

    /// Of the topic with the most of them.
    pub fn failures_in_a_row(&self) -> u32 {
        self.topics.values().map(|hook| hook.failures).max().unwrap_or(0)
    }

    pub fn worst_failures_in_a_row(&self) -> u32 {
        self.topics.values().map(|hook| hook.worst).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shopify_tries_eight_times_more_over_four_hours() {
        let policy = Policy::new(Channel::Shopify, 1.0);
        let mut pauses = Vec::new();
        while let Next::Again(pause) = policy.next(u32::try_from(pauses.len()).expect("few") + 1, Some(503)) {
            pauses.push(pause);
        }
        assert_eq!(pauses.len(), 8);
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2));
        let all = pauses.iter().sum::<Duration>();
        assert!(all.abs_diff(SHOPIFY_SPAN) < Duration::from_millis(1), "{all:?}");
        let quicker = Policy::new(Channel::Shopify, 60.0).next(1, None);
        assert_eq!(quicker, Next::Again(pauses[0].div_f64(60.0)));
        assert_eq!(policy.next(9, None), Next::GivenUp);
        assert_eq!(policy.next(3, Some(204)), Next::Acknowledged);
        assert!(matches!(policy.next(1, Some(302)), Next::Again(_)));
    }

    #[test]
    fn woocommerce_tries_once() {
        let policy = Policy::new(Channel::WooCommerce, 60.0);
        assert_eq!(policy.next(1, Some(200)), Next::Acknowledged);
        assert_eq!(policy.next(1, Some(302)), Next::Acknowledged);
        for status in [Some(303), Some(429), Some(500), None] {
            assert_eq!(policy.next(1, status), Next::GivenUp);
        }
    }

    #[test]
    fn woocommerce_disables_a_topic_after_more_than_five_failures_in_a_row() {
        let mut hooks = Hooks::new(Channel::WooCommerce);
        (0..5).for_each(|_| hooks.answered("order.created", Next::GivenUp));
        hooks.answered("order.created", Next::Acknowledged);
        (0..5).for_each(|_| hooks.answered("order.created", Next::GivenUp));
        hooks.answered("order.updated", Next::Acknowledged);
        assert!(hooks.tells("order.created"), "an answer between has broken the row");
        assert_eq!((hooks.failures_in_a_row(), hooks.worst_failures_in_a_row()), (5, 5));
        hooks.answered("order.created", Next::GivenUp);
        assert_eq!(hooks.disabled().collect::<Vec<_>>(), ["order.created"]);
        assert!(!hooks.tells("order.created") && hooks.tells("order.updated"));
        hooks.answered("order.created", Next::Acknowledged);
        assert!(!hooks.tells("order.created"), "only a person enables it");
        hooks.enable();
        assert!(hooks.tells("order.created"));
        assert_eq!((hooks.failures_in_a_row(), hooks.worst_failures_in_a_row()), (0, 6));
    }

    #[test]
    fn shopify_removes_a_subscription_when_a_push_has_failed_for_good() {
        let mut hooks = Hooks::new(Channel::Shopify);
        (0..100).for_each(|_| hooks.answered("orders/create", Next::Again(Duration::ZERO)));
        assert!(hooks.tells("orders/create"), "a spell that the retries outlast does no harm");
        hooks.answered("orders/create", Next::GivenUp);
        assert_eq!(hooks.disabled().collect::<Vec<_>>(), ["orders/create"]);
    }
}
