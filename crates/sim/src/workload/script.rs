//! The life of one order, drawn before it begins: what happens at its platform, and when which of it is told.

use super::action::{Says, What};
use super::catalogue::{Catalogue, TENANT};
use super::draw::Draw;
use super::order::{Left, Order, Pay, Tale, Telling};
use super::poison::Poison;
use super::shape::{Channel, Shape};
use std::time::Duration;
use weir_proto::ids;

/// Something that will be written at a time of its own.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A telling of an order, under the delivery id of the telling `id_of`.
    Tell {
        order: u32,
        telling: usize,
        id_of: usize,
        what: What,
    },
    Poison {
        order: u32,
        poison: Poison,
    },
    Receive {
        pool: usize,
        warehouse: usize,
        item: usize,
        quantity: i64,
    },
    Count {
        pool: usize,
        warehouse: usize,
        item: usize,
        delta: i64,
    },
}

/// What may happen to an order after it was placed.
#[derive(Clone, Copy, Debug)]
enum Change {
    Pay(Pay),
    Edit,
    Price,
    Note,
    Address,
    Hold(bool),
    CancelAsked,
    LineCancelAsked,
    Cancelled,
    Completed,
    Left(Left),
}

/// Draws lives.
pub(super) struct Writer<'a> {
    pub(super) shape: &'a Shape,
    pub(super) catalogue: &'a Catalogue,
    pub(super) draw: &'a mut Draw,
}

impl Writer<'_> {
    /// An order that is placed at this time of the world, and everything that will be told of it.
    pub(super) fn order(&mut self, index: u32, placed: Duration) -> (Order, Vec<(Duration, Due)>) {
        let mut order = self.blank(index, placed);
        let channel = self.catalogue.shops[order.shop].channel;
        let pays_at_once = !order.on_delivery && !self.draw.chance(self.shape.pay_later);
        let pay = if pays_at_once { Pay::Paid } else { Pay::Pending };
        let held = channel == Channel::Generic && self.draw.chance(self.shape.platform_holds);
        order.tellings.push(Telling { hold: held, ..Telling::first(order.placed_ms, pay) });
        let mut changes = self.changes(&order, channel, held);
        changes.extend(self.leaves(&mut order, channel));
        changes.sort_by_key(|(after, _)| *after);
        for (after_ms, change) in changes {
            let last = order.tellings[order.tellings.len() - 1];
            order.tellings.push(changed(last, change, channel, order.placed_ms + after_ms as i64));
        }
        let dues = self.tell_all(index, &order, placed);
        (order, dues)
    }

    /// An order of which only nonsense is told.
    pub(super) fn nonsense(&mut self, index: u32, placed: Duration) -> Order {
        let mut order = self.blank(index, placed);
        order.tellings.push(Telling::first(order.placed_ms, Pay::Paid));
        order
    }

    fn blank(&mut self, index: u32, placed: Duration) -> Order {
        let (draw, catalogue) = (&mut *self.draw, self.catalogue);
        let shop = draw.index(catalogue.shops.len());
        let registered = &catalogue.shops[shop].registered;
        let number = 1_000_000 + u64::from(index);
        let is_large = draw.chance(self.shape.reviewed);
        let mut lines: Vec<(usize, i64)> = Vec::with_capacity(2);
        for _ in 0..draw.within(1, 2) {
            let item = catalogue.drawn(draw, self.shape.hot);
            // Two lines of one order may well want the same thing.
            lines.push((item, draw.within(1, 2) as i64));
        }
        if is_large {
            lines[0] = (catalogue.crate_item(), 1);
        }
        Order {
            shop,
            number,
            id: ids::order_id(TENANT, &registered.channel, &registered.shop, &number.to_string()),
            lines,
            region: catalogue.region(draw),
            buyer: draw.within(1, 100_000),
            placed_ms: self.shape.begins_ms + placed.as_millis() as i64,
            on_delivery: draw.chance(self.shape.on_delivery),
            unmapped: draw.chance(self.shape.unmapped),
            tellings: Vec::with_capacity(3),
        }
    }

    /// What happens, and how many milliseconds after the placing.
    fn changes(&mut self, order: &Order, channel: Channel, held: bool) -> Vec<(u64, Change)> {
        let (shape, draw) = (self.shape, &mut *self.draw);
        let mut changes = Vec::new();
        let mut paid_after = Some(0);
        if order.tellings[0].pay == Pay::Pending {
            let deadline = shape.pay_within_ms as u64;
            // Some come when it is too late.
            let after = draw.within(50, deadline * 6 / 5);
            paid_after = (!order.on_delivery && !draw.chance(shape.never_pay)).then_some(after);
            if let Some(after) = paid_after {
                if channel != Channel::WooCommerce && draw.chance(shape.in_parts) {
                    changes.push((after / 2, Change::Pay(Pay::Part)));
                }
                changes.push((after, Change::Pay(Pay::Paid)));
            }
        }
        let mut happens = |share, low, high| draw.chance(share).then(|| draw.within(low, high));
        let simple = [
            (shape.edits, Change::Edit),
            (shape.edits / 4, Change::Edit),
            (shape.prices, Change::Price),
            (shape.notes, Change::Note),
            (shape.addresses, Change::Address),
        ];
        changes.extend(simple.into_iter().filter_map(|(share, change)| Some((happens(share, 20, 4_000)?, change))));
        if held {
            changes.extend(happens(8_000, 500, 5_000).map(|after| (after, Change::Hold(false))));
        }
        if channel == Channel::Generic {
            changes.extend(happens(shape.cancel_asked, 20, 6_000).map(|after| (after, Change::CancelAsked)));
            changes.extend(happens(shape.cancel_asked / 4, 20, 2_000).map(|after| (after, Change::LineCancelAsked)));
        }
        let ends = match happens(shape.cancelled, 20, 8_000) {
            Some(after) if channel != Channel::Counter => Some((after, Change::Cancelled)),
            _ => happens(shape.completed, 5_000, 15_000).map(|after| (after, Change::Completed)),
        };
        changes.extend(ends);
        if let Some(paid) = paid_after {
            changes.extend(
                happens(shape.refunds, paid + 10, paid + 6_000).map(|after| (after, Change::Pay(Pay::Refunded))),
            );
        }
        changes
    }

    /// Somebody else ships it: before it is told for the first time, before it is paid, or long after it was released here.
    /// WooCommerce has no word for it but that the order is completed.
    fn leaves(&mut self, order: &mut Order, channel: Channel) -> Vec<(u64, Change)> {
        let (share, draw) = (self.shape.left, &mut *self.draw);
        if !matches!(channel, Channel::Generic | Channel::Shopify) || !draw.chance(share) {
            return Vec::new();
        }
        let after = draw.within(10, 8_000);
        match draw.within(0, 3) {
            0 => order.tellings[0].left = Left::All,
            1 => return vec![(after, Change::Left(Left::Part)), (after * 2, Change::Left(Left::All))],
            2 => return vec![(after, Change::Left(Left::Part))],
            _ => return vec![(after, Change::Left(Left::All))],
        }
        Vec::new()
    }

    fn tell_all(&mut self, index: u32, order: &Order, placed: Duration) -> Vec<(Duration, Due)> {
        let (shape, draw) = (self.shape, &mut *self.draw);
        let mut dues = Vec::with_capacity(order.tellings.len() + 1);
        let cancelled = order.tellings.iter().position(|telling| telling.tale == Tale::Cancelled);
        let cancelled_first = cancelled.is_some() && draw.chance(shape.cancelled_first);
        for (telling, told) in order.tellings.iter().enumerate() {
            let happened = placed + Duration::from_millis((told.event_ms - order.placed_ms) as u64);
            let mut due = happened + draw.length((1, 40));
            if draw.chance(shape.reorder) {
                due += draw.length((200, 4_000));
            }
            if cancelled_first && telling == 0 {
                due += draw.length((8_000, 10_000));
            }
            let tell = |id_of, what| Due::Tell { order: index, telling, id_of, what };
            dues.push((due, tell(telling, what_of(order, telling))));
            let mut copies = 0;
            while copies < 3 && draw.chance(shape.duplicates) {
                // Some at the very same instant, some when the sender has lost patience.
                let later = if draw.chance(3_000) { Duration::ZERO } else { draw.length((1, 5_000)) };
                dues.push((due + later, tell(telling, What::Duplicate)));
                copies += 1;
            }
            if draw.chance(shape.late_copies) {
                dues.push((due + shape.late, tell(telling, What::Late)));
            }
            if telling > 0 && draw.chance(shape.other_bodies) {
                dues.push((due + draw.length((1, 500)), tell(telling - 1, What::OtherBody)));
            }
        }
        if draw.chance(shape.backfill) {
            let telling = draw.index(order.tellings.len());
            let what = What::Backfill;
            let due = placed + draw.length((3_000, 12_000));
            dues.push((due, Due::Tell { order: index, telling, id_of: telling, what }));
        }
        dues
    }
}

fn changed(last: Telling, change: Change, channel: Channel, event_ms: i64) -> Telling {
    match change {
        // Only our own shops tell a refund as a payment.
        Change::Pay(Pay::Refunded) if channel != Channel::Generic => {
            Telling { pay: Pay::Refunded, ..last.then(Tale::Updated, event_ms) }
        }
        Change::Pay(pay) => Telling { pay: last.pay.max(pay), ..last.then(Tale::Paid, event_ms) },
        Change::Edit => Telling { edits: last.edits + 1, ..last.then(Tale::Updated, event_ms) },
        Change::Price => Telling { prices: last.prices + 1, ..last.then(Tale::Updated, event_ms) },
        Change::Note => Telling { note: last.note + 1, ..last.then(Tale::Updated, event_ms) },
        Change::Address => Telling { address: last.address + 1, ..last.then(Tale::Updated, event_ms) },
        Change::Hold(hold) => Telling { hold, ..last.then(Tale::Updated, event_ms) },
        Change::CancelAsked => last.then(Tale::CancelAsked, event_ms),
        Change::LineCancelAsked => last.then(Tale::LineCancelAsked, event_ms),
        Change::Cancelled => last.then(Tale::Cancelled, event_ms),
        Change::Completed => last.then(Tale::Completed, event_ms),
        Change::Left(left) => Telling { left, ..last.then(Tale::Shipped, event_ms) },
    }
}

/// What a telling is, as against the one before it.
fn what_of(order: &Order, telling: usize) -> What {
    let told = order.tellings[telling];
    let before = telling.checked_sub(1).map(|before| order.tellings[before]);
    match told.tale {
        Tale::Created => What::Placed,
        Tale::CancelAsked => What::CancelAsked,
        Tale::LineCancelAsked => What::LineCancelAsked,
        Tale::Cancelled => What::Cancelled,
        Tale::Completed => What::Completed,
        Tale::Shipped => What::Left,
        Tale::Paid if told.pay == Pay::Part => What::PaidPart,
        Tale::Paid if told.pay == Pay::Refunded => What::Refunded,
        Tale::Paid => What::PaidLater,
        Tale::Updated if before.is_some_and(|before| before.pay != told.pay) => What::Refunded,
        Tale::Updated if before.is_some_and(|before| before.hold != told.hold) => What::Held,
        Tale::Updated if before.is_some_and(|before| before.prices != told.prices) => What::Repriced,
        Tale::Updated => What::Edited,
    }
}

/// What a telling says of its order in this channel.
pub(super) fn says(order: &Order, telling: Telling, channel: Channel) -> Says {
    let is_thin = channel == Channel::Generic
        && !matches!(telling.tale, Tale::Created | Tale::Updated | Tale::Completed | Tale::Shipped);
    let tells_payment = !is_thin || telling.tale == Tale::Paid;
    let facts = [
        (!is_thin, Says::PLACED),
        (!is_thin && order.on_delivery, Says::ON_DELIVERY),
        (tells_payment && telling.pay >= Pay::Paid, Says::PAID),
        // WooCommerce calls an order paid that it calls completed.
        (channel == Channel::WooCommerce && telling.tale == Tale::Completed, Says::PAID),
        (tells_payment && telling.pay == Pay::Part, Says::PART_PAID),
        (tells_payment && telling.pay == Pay::Refunded, Says::REFUNDED),
        (!is_thin && order.tellings[0].pay == Pay::Paid, Says::PAID_AT_ONCE),
        (matches!(telling.tale, Tale::CancelAsked | Tale::LineCancelAsked), Says::CANCEL_ASKED),
        (telling.tale == Tale::Cancelled, Says::CANCELLED),
        (telling.edits > 0 && !is_thin, Says::EDITED),
        (!is_thin && (telling.left == Left::All || telling.tale == Tale::Completed), Says::LEFT),
        (!is_thin && order.tellings[0].left == Left::All, Says::LEFT_AT_ONCE),
    ];
    facts.into_iter().filter(|(holds, _)| *holds).fold(Says::NOTHING, |all, (_, one)| all.and(one))
}
