//! An order as its platform knows it, and what the platform tells of it from time to time.

use super::catalogue::{Catalogue, FREIGHT_MINOR};

/// By how much a new price is dearer than the one before it.
const PRICE_STEP_MINOR: i64 = 35;

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Index of the shop.
    pub(super) shop: usize,
    /// The platform's id of it.
    pub(super) number: u64,
    /// The id that Weir gives it.
    pub(super) id: String,
    /// Items and quantities.
    pub(super) lines: Vec<(usize, i64)>,
    pub(super) region: usize,
    pub(super) buyer: u64,
    /// Unix ms.
    pub(super) placed_ms: i64,
    pub(super) on_delivery: bool,
    /// Its first line names nothing that is sold.
    pub(super) unmapped: bool,
    pub(super) tellings: Vec<Telling>,
}

/// What is told. Each is a state of the whole order, of which some channels tell a part only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Telling {
    pub(super) tale: Tale,
    /// When it happened at the platform, Unix ms.
    pub(super) event_ms: i64,
    /// Counts the changes of the order.
    pub(super) version: i64,
    pub(super) pay: Pay,
    /// How far the lines were edited: 1 one more unit of the first, 2 another line, 3 the second line gone.
    pub(super) edits: u8,
    /// How often the price of the first line was changed: the quantities stay.
    pub(super) prices: u8,
    pub(super) note: u8,
    pub(super) address: u8,
    /// The platform forbids shipping for now.
    pub(super) hold: bool,
    /// What has left, whoever sent it.
    pub(super) left: Left,
}

/// How much of an order has left, as its platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    Nothing,
    Part,
    All,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tale {
    Created,
    Paid,
    Updated,
    CancelAsked,
    /// One line of it.
    LineCancelAsked,
    Cancelled,
    Completed,
    /// By hand, or by another house.
    Shipped,
}

/// What has been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pay {
    Pending,
    Part,
    Paid,
    Refunded,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quirk {
    #[default]
    None,
    FloatMoney,
    NoCurrency,
    CutOff,
    UnknownType,
    /// Placed long before anybody remembers.
    Ancient,
    /// So much text that the fact about it fits no topic.
    Oversize,
}

/// A line as it stands: its id, item, quantity, unit price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) item: usize,
    pub(super) quantity: i64,
    pub(super) price_minor: i64,
    pub(super) unmapped: bool,
}

impl Order {
    /// The lines as they are told.
    pub(super) fn lines<'a>(&'a self, catalogue: &'a Catalogue, told: Telling) -> impl Iterator<Item = Line> + 'a {
        let edits = told.edits;
        let added = (edits >= 2).then_some((0, 1));
        let dearer = move |at: usize| if at == 0 { i64::from(told.prices) * PRICE_STEP_MINOR } else { 0 };
        let place = move |(at, (item, quantity)): (usize, (usize, i64))| Line {
            id: self.number * 10 + at as u64,
            item,
            quantity: if at == 0 && edits >= 1 { quantity + 1 } else { quantity },
            price_minor: catalogue.items[item].price_minor + dearer(at),
            unmapped: self.unmapped && at == 0,
        };
        let gone = move |line: &Line| edits >= 3 && line.id % 10 == 1 && self.lines.len() > 1;
        let all = self.lines.iter().copied().chain(added).enumerate().map(place);
        all.filter(move |line| !gone(line))
    }

    pub(super) fn total_minor(&self, catalogue: &Catalogue, told: Telling) -> i64 {
        self.lines(catalogue, told).map(|line| line.price_minor * line.quantity).sum::<i64>() + FREIGHT_MINOR
    }
}

impl Telling {
    pub(super) fn first(event_ms: i64, pay: Pay) -> Telling {
        let (edits, prices, note, address) = (0, 0, 0, 0);
        let left = Left::Nothing;
        Telling { tale: Tale::Created, event_ms, version: 1, pay, edits, prices, note, address, hold: false, left }
    }

    /// The same, after something else happened.
    pub(super) fn then(self, tale: Tale, event_ms: i64) -> Telling {
        Telling { tale, event_ms, version: self.version + 1, ..self }
    }
}

impl Quirk {
    pub(super) const DAY_MS: i64 = 86_400_000;

    /// When the platform says that the order was placed.
    pub(super) fn placed_ms(self, order: &Order) -> i64 {
        if self == Quirk::Ancient { order.placed_ms - 500 * Quirk::DAY_MS } else { order.placed_ms }
    }
}
