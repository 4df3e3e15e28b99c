//! What tells one platform from another. Whatever is the same for all (the plan, the truth, losses, faults, counts) is not here.

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found};
use crate::shop::Shop;
use crate::truth::{Book, Line, Order, Step};
use crate::world::Habits;
use std::time::Duration;

/// One platform's ways.
pub trait Platform: Sync {
    /// The channel's name in Weir, and in the address of the API.
    fn name(&self) -> &'static str;

    /// What a shop is registered with, in the form of Weir's adapter. Words that are given have as many colons.
    fn example(&self) -> Example;

    fn currency(&self) -> &'static str {
        "EUR"
    }

    /// Its orders are numbered from here on.
    fn first_number(&self) -> u64 {
        0
    }

    /// An order's id as the platform writes it.
    fn order_id(&self, order: &Order) -> String {
        order.id.to_string()
    }

    /// A line's id as Weir's adapter reads it.
    fn line_id(&self, line: &Line) -> String {
        line.id.to_string()
    }

    /// The webhook that tells of a step. Each falls silent by itself.
    fn topic(&self, step: Step) -> &'static str;

    /// The bytes that tell of a step, signed or sealed, and their headers. Without a content-type it is JSON.
    fn push(&self, telling: &Telling<'_>) -> Push;

    /// Whether this answer to a push is a success.
    fn is_heard(&self, status: u16, _body: &[u8]) -> bool {
        (200..300).contains(&status)
    }

    /// How long the platform waits after so many tries; nothing: it gives the push up.
    fn pause(&self, tries: u32) -> Option<Duration>;

    /// Whether a webhook falls silent after so many failed requests in a row, the last of which was given up or will be tried again.
    fn silences(&self, _failures: u32, _given_up: bool) -> bool {
        false
    }

    /// How often its API may be asked; nothing: as often as one likes.
    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        None
    }

    /// Checks the credential, or the signature made with it.
    ///
    /// # Errors
    /// What whoever may not ask is told.
    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found>;

    /// What whoever asks too often is told.
    fn busy(&self, _asked: &Asked<'_>) -> Found {
        Found::html(429)
    }

    /// What anybody is told now and then, when something broke.
    fn unwell(&self) -> Found {
        Found::html(500)
    }

    /// Answers whoever was let in.
    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found;
}

/// A secret and a credential, their parts with colons between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    pub secret: &'static str,
    pub credential: &'static str,
}

/// What is to be told, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    pub shop: &'a Shop,
    pub step: Step,
    /// As it is after the step.
    pub order: &'a Order,
    pub delivery: Delivery,
}

/// What tells one push from another. A second sending of it has the same.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// No two pushes of a run have the same.
    pub number: u64,
    /// When the event happened.
    pub at_ms: i64,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}
