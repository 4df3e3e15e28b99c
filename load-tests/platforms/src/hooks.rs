//! How a platform goes about a push, and which of its webhooks have fallen silent. Pure.

use crate::platform::Platform;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a push may take, on any platform: the strictest known.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How a platform goes about a push.
pub struct Policy {
    platform: &'static dyn Platform,
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
    pub fn new(platform: &'static dyn Platform, scale: f64) -> Policy {
        Policy { platform, scale }
    }

    /// After so many tries, the last of which was answered with this status and body, or not at all.
    pub fn next(&self, tries: u32, answer: Option<(u16, &[u8])>) -> Next {
        if answer.is_some_and(|(status, body)| self.platform.is_heard(status, body)) {
            return Next::Acknowledged;
        }
        self.platform.pause(tries).map_or(Next::GivenUp, |pause| Next::Again(pause.div_f64(self.scale)))
    }
}

/// The webhooks of one shop, one for each topic.
pub struct Hooks {
    platform: &'static dyn Platform,
    topics: BTreeMap<&'static str, Hook>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Hook {
    disabled: bool,
    failures: u32,
    worst: u32,
}

impl Hooks {
    pub fn new(platform: &'static dyn Platform) -> Hooks {
        Hooks { platform, topics: BTreeMap::new() }
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
        hook.disabled |= self.platform.silences(hook.failures, next == Next::GivenUp);
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
