//! Asks a shop's platform for orders, and brings into the log what it answers.
//!
//! An order that came as announced is entered, and one that is older than announced as well, once: it can be worked on meanwhile. Where
//! the log would hold an order that can't be placed (it can't be read, or is too old to be placed for the first time) the no follows
//! behind it: the clerk takes them in order, and a no behind an order that was placed changes nothing.

use super::question::{Asking, At, Failed, Question, Told, Unaskable};
use crate::domain::HORIZON_MS;
use crate::edge::{Book, Lane, denied, now_ms};
use crate::pull::{Client, Platform, PullFault};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use opentelemetry::{KeyValue, global};
use std::collections::HashMap;
use std::time::Duration;
use weir_channels::Mapped;
use weir_channels::listing::Listed;
use weir_host::semconv::{self, attribute};
use weir_host::trace;

/// What an order that the clerk will hardly place is older than: the clerk's own clock may be a day off.
const TOO_OLD_MS: i64 = HORIZON_MS - 24 * 3_600_000;

/// Asks with the client that pulls use, so that a shop's rate is one. Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    client: Client,
    book: Book,
    lane: Lane,
}

/// What the platform has of an order.
struct Found {
    listed: Listed,
    checksum: u32,
    /// Nothing where it can't be read.
    mapped: Option<Mapped>,
}

impl Asker {
    pub fn new(client: Client, book: Book, lane: Lane) -> Asker {
        Asker { client, book, lane }
    }

    fn platform(&self, at: &At) -> Result<Platform, Unaskable> {
        let found = self.book.find(&at.channel, &at.shop).filter(|_| self.book.follows()).ok_or(Unaskable::Yet)?;
        let shop = found.shop.ok_or(Unaskable::Because("no such shop is known: `weir shop add` names it"))?;
        let because = "no API of it is known: `weir shop add … --api … --api-credential …` names it";
        Platform::of(&self.client, &shop).ok_or(Unaskable::Because(because))
    }

    async fn asked(&self, at: &At, questions: &[Question]) -> Result<Vec<Told>, Failed> {
        let platform = self.platform(at).map_err(|unaskable| match unaskable {
            Unaskable::Yet => house("the shops are not known yet"),
            Unaskable::Because(why) => Failed::Shop { why: why.to_owned(), wished: Duration::ZERO },
        })?;
        let is_ours = |question: &&Question| platform.order_id(&question.id) == question.order_id;
        let ids: Vec<String> = questions.iter().filter(is_ours).map(|question| question.id.clone()).collect();
        let mut found = match ids.as_slice() {
            [] => HashMap::new(),
            ids => by_id(&platform, platform.named(ids).await.map_err(refused)?),
        };
        let mut told = Vec::with_capacity(questions.len());
        for question in questions {
            told.push(match found.remove(&question.id) {
                _ if !is_ours(&question) => Told::Foreign,
                None if question.is_last => self.deny(&platform, question, "the platform knows no such order").await?,
                None => Told::Unknown,
                Some(found) => self.enter(&platform, question, found).await?,
            });
        }
        Ok(told)
    }

    async fn enter(&self, platform: &Platform, question: &Question, found: Found) -> Result<Told, Failed> {
        let Found { listed, checksum, mapped } = found;
        if !Platform::fits(&listed) {
            return self.deny(platform, question, "the platform's order is too large to be taken in").await;
        }
        if question.entered != Some(checksum) {
            let reference = self.book.reference().ok_or_else(|| house("it is not reached"))?;
            platform.enter(&self.lane, reference, vec![listed]).await.map_err(house)?;
            let counter = semconv::FETCH_ORDERS.counter(&global::meter(trace::TRACER));
            counter.add(1, &[KeyValue::new(attribute::CHANNEL, platform.channel())]);
        }
        match mapped {
            None => self.deny(platform, question, "the platform's order can't be read and lies in quarantine").await,
            Some(mapped) if mapped.version < question.version => match question.is_last {
                true => self.deny(platform, question, "the platform shows an older order than it has announced").await,
                false => Ok(Told::Older(checksum)),
            },
            Some(mapped) if is_too_old(&mapped) => {
                self.deny(platform, question, "the order was placed too long ago to be taken in now").await
            }
            Some(_) => Ok(Told::Answered),
        }
    }

    /// Tells the clerk that what was announced up to this version does not come.
    async fn deny(&self, platform: &Platform, question: &Question, reason: &str) -> Result<Told, Failed> {
        let shop = &platform.shop;
        let (channel, name, order_id) = (&shop.channel, &shop.shop, &question.order_id);
        tracing::warn!(channel, shop = name, order_id, reason, "an announced order does not come");
        let record = denied(shop, &question.order_id, &question.id, question.version, reason);
        self.lane.tell(record).await.map_err(house)?;
        Ok(Told::Answered)
    }
}

impl Asking for Asker {
    fn ids_max(&self, at: &At) -> Result<usize, Unaskable> {
        self.platform(at).map(|platform| platform.ids_max())
    }

    fn ask(&self, at: At, questions: Vec<Question>) -> BoxFuture<'static, Result<Vec<Told>, Failed>> {
        let asker = self.clone();
        async move {
            let came = asker.asked(&at, &questions).await;
            if let (Err(Failed::Shop { .. } | Failed::Request { .. }), Some(adapter)) =
                (&came, weir_channels::adapter(&at.channel))
            {
                let counter = semconv::FETCH_FAILURES.counter(&global::meter(trace::TRACER));
                counter.add(1, &[KeyValue::new(attribute::CHANNEL, adapter.channel())]);
            }
            came
        }
        .boxed()
    }
}

/// By the platform's id; of two copies of an order the newer one.
fn by_id(platform: &Platform, orders: Vec<Listed>) -> HashMap<String, Found> {
    let mut found: HashMap<String, Found> = HashMap::new();
    for listed in orders {
        let Some(id) = platform.id(&listed) else { continue };
        let mapped = platform.map(&listed).ok().filter(|mapped| mapped.order.is_some());
        let new = Found { checksum: crc32c::crc32c(&listed.body), listed, mapped };
        let version = |found: &Found| found.mapped.as_ref().map(|mapped| mapped.version);
        if found.get(&id).is_none_or(|known| version(&new) > version(known)) {
            found.insert(id, new);
        }
    }
    found
}

fn is_too_old(mapped: &Mapped) -> bool {
    let identity = mapped.order.as_ref().and_then(|draft| draft.order.identity.as_ref());
    identity.is_some_and(|identity| identity.placed_at_ms < now_ms().saturating_sub(TOO_OLD_MS))
}

/// Whose fault it is, as far as the platform's answer tells.
fn refused(fault: PullFault) -> Failed {
    let (why, wished) = (fault.to_string(), fault.wished());
    match fault {
        PullFault::Refused(401 | 403) | PullFault::Credential | PullFault::Busy(_) => Failed::Shop { why, wished },
        _ => Failed::Request { why },
    }
}

fn house(error: impl std::fmt::Display) -> Failed {
    Failed::House { why: format!("the log did not take it: {error}") }
}
