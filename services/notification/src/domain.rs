//! What is announced of an order, to whom, and that it is announced once (I7).
//!
//! A notice is decided when both are known: that the thing happened, and who is to hear of it. The topics that tell these
//! have no common order. So a thing that comes before its order is remembered as the shop's webhook that it makes due; the
//! buyer's e-mail follows when the order is placed, and nothing is sent before that.

mod happened;
mod outcome;
mod placed;
mod subject;

pub use subject::{Addressee, Kind, Medium, Subject};

use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_decider::{Decider, Decision, Ignored, Millis, Moment, Rest};

/// What a notice's template is filled with, by name.
pub type Parameters = BTreeMap<String, String>;

/// How long a finished order is kept whole after its last notice: 30 days.
const REST_AFTER_MS: i64 = 30 * 24 * 3_600_000;

/// What every notice of an order needs, from its placing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub tenant: String,
    pub channel: String,
    pub shop: String,
    pub platform_order_id: String,
    pub shown_number: String,
    /// Sealed, and opened by the sender alone. Empty: the buyer has no e-mail address.
    pub ship_to: Vec<u8>,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Placed(Recipient),
    /// A kind of thing happened to the order, told with what its template needs.
    Happened {
        kind: Kind,
        parameters: Parameters,
    },
    Outcome(Outcome),
    /// Says nothing that is announced.
    Other,
}

/// What came of sending a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub subject: Subject,
    pub sent: bool,
    pub attempts: u32,
    pub detail: String,
}

/// What is said of an order's notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    RecipientNoted(Recipient),
    Due {
        subject: Subject,
        parameters: Parameters,
    },
    Sent {
        subject: Subject,
        attempts: u32,
        answer: String,
    },
    /// Given up.
    Failed {
        subject: Subject,
        attempts: u32,
        reason: String,
    },
}

/// This stage tells nobody by message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {}

/// The notices of one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    recipient: Option<Recipient>,
    standing: LiteMap<Subject, Standing>,
    /// Time of the newest fact, in ms.
    touched: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    Due { since: i64, parameters: Parameters },
    Settled,
}

/// A notice that may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready<'a> {
    pub subject: Subject,
    pub since: Millis,
    pub parameters: &'a Parameters,
    pub recipient: &'a Recipient,
}

impl Notices {
    /// What is due, not settled, and has its recipient.
    pub fn ready(&self) -> impl Iterator<Item = Ready<'_>> {
        let recipient = self.recipient.as_ref();
        self.standing.iter().filter_map(move |(subject, standing)| {
            let Standing::Due { since, parameters } = standing else {
                return None;
            };
            let since = Millis(*since);
            Some(Ready { subject: *subject, since, parameters, recipient: recipient? })
        })
    }

    fn has(&self, subject: Subject) -> bool {
        self.standing.contains_key(&subject)
    }

    /// How the order ended, if it did: 1 shipped, 2 cancelled.
    fn end_state(&self) -> Option<u32> {
        let ends = [(Kind::Shipped, 1), (Kind::Cancelled, 2)];
        let ended = ends.iter().find(|(kind, _)| self.has(Subject::webhook(*kind)));
        ended.map(|(_, number)| *number)
    }
}

impl Decider for Notices {
    type Input = Input;
    type Fact = Fact;
    type Message = Message;
    type World = ();

    fn decide(&self, _: Moment<'_, ()>, input: &Input) -> Decision<Fact, Message> {
        match input {
            Input::Placed(recipient) => self.placed(recipient),
            Input::Happened { kind, parameters } => self.happened(*kind, parameters),
            Input::Outcome(outcome) => self.outcome(outcome),
            Input::Other => Decision::ignore(Ignored::Irrelevant),
        }
    }

    fn evolve(&mut self, at: Millis, fact: &Fact) {
        self.touched = self.touched.max(at.0);
        match fact {
            Fact::RecipientNoted(recipient) => self.recipient = Some(recipient.clone()),
            Fact::Due { subject, parameters } => {
                let due = Standing::Due { since: at.0, parameters: parameters.clone() };
                self.standing.insert(*subject, due);
            }
            Fact::Sent { subject, .. } | Fact::Failed { subject, .. } => {
                self.standing.insert(*subject, Standing::Settled);
            }
        }
    }

    /// At rest once the order has ended and every notice is settled. An order that was never placed is not: its notices wait.
    fn rest(&self) -> Option<Rest> {
        let end_state = self.end_state()?;
        let settled = self.standing.values().all(|standing| *standing == Standing::Settled);
        let from = Millis(self.touched).plus(REST_AFTER_MS);
        (settled && self.recipient.is_some()).then_some(Rest { from, end_state })
    }
}
