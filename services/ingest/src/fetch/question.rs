//! An order to be asked for, a question about it, and what may come of that.

use futures::future::BoxFuture;
use std::time::Duration;

/// A shop at its platform. Each is asked by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub channel: String,
    pub shop: String,
}

/// An order that the stage wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub order_id: String,
    /// Who handed it over, so that only that worker can take it back.
    pub worker: usize,
    pub partition: i32,
    pub at: At,
    /// The platform's.
    pub id: String,
    /// What the platform's order must have reached; 0: any will do.
    pub version: i64,
    pub since_ms: i64,
    /// A notice has just come; otherwise it was wanted before.
    pub is_news: bool,
    /// It told no version. Then nothing shows that what is known is what it meant, but that the platform was asked after it.
    pub is_blind: bool,
}

/// One order of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub order_id: String,
    pub id: String,
    pub version: i64,
    /// The checksum of what came last time: the same need not be entered again.
    pub entered: Option<u32>,
    /// The platform has had its time: a no is told to the clerk.
    pub is_last: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The log has the order, or why there will be none.
    Answered,
    /// The platform's copy is older than what was announced; by its checksum.
    Older(u32),
    /// The platform knows no such order.
    Unknown,
    /// It was not asked: the shop belongs to another tenant by now.
    Foreign,
}

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Whatever is asked: the credential is refused, or the platform wants to be left alone for a time.
    Shop { why: String, wished: Duration },
    /// The platform is away or unwell, or one of the orders is more than it can bear.
    Request { why: String },
    /// The log is away.
    House { why: String },
}

/// Why a shop can't be asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unaskable {
    /// The shops are not known yet.
    Yet,
    /// In words for whoever looks after it.
    Because(&'static str),
}

/// Asks platforms, and brings what comes into the log.
pub trait Asking: Send + Sync + 'static {
    /// How many orders may be asked for at a time.
    ///
    /// # Errors
    /// Why the shop can't be asked at all.
    fn ids_max(&self, at: &At) -> Result<usize, Unaskable>;

    /// What came of each question, in their order.
    fn ask(&self, at: At, questions: Vec<Question>) -> BoxFuture<'static, Result<Vec<Told>, Failed>>;
}
