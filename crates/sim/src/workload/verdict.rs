//! The books against the facts: every promise that the outside was given, kept or broken.

use super::action::{Says, What};
use super::books::{Accepted, Books, CommandBook, OrderBook};
use super::command::{Id, text};
use super::facts::{Answer, Facts, OrderFacts};
use weir_proto::topics::Topic;

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is known of it.
    Unknown,
    Shipped,
    /// Cancelled by routing, with its reason.
    Cancelled(String),
    CancelAccepted,
    /// By others, as its platform says.
    ShippedOutside,
    /// Waits for a person: the reasons.
    Held(Vec<String>),
    /// Waits for something that is not a person: the reason.
    Parked(String),
    Backordered,
    /// Planned, and waits for its payment.
    Unpaid,
    /// Somebody should have gone on with it.
    Undone(String),
}

impl OrderFacts {
    /// The end that counts: what has left has left, then what was ended, then what it waits for.
    pub fn end(&self) -> End {
        if self.shipped_last {
            return End::Shipped;
        }
        if self.cancel_accepted {
            return End::CancelAccepted;
        }
        if let Some(reason) = &self.route_cancelled {
            return End::Cancelled(reason.clone());
        }
        if self.shipped_outside {
            return End::ShippedOutside;
        }
        if let Some(reason) = &self.on_hold {
            return End::Held(vec![reason.clone()]);
        }
        // After Released a hold is a question to a person, and does not stop the work.
        let pending = self.lists.values().any(|stage| *stage != "shipped");
        if !self.holds.is_empty() && !pending {
            return End::Held(self.holds.values().cloned().collect());
        }
        if let Some(reason) = &self.parked {
            return End::Parked(reason.clone());
        }
        match (self.allocation.map(|(_, state)| state), self.plans, self.released) {
            _ if pending => End::Undone(format!("pick lists {:?}", self.lists)),
            (Some("backordered" | "deallocated" | "partly"), _, 1..) => End::Backordered,
            (_, 1.., 0) => End::Unpaid,
            (_, 0, _) => End::Unknown,
            (state, plans, _) => End::Undone(format!("{plans} plans, released, stock says {state:?}")),
        }
    }
}

impl Books {
    /// Every promise that was broken, in words. None: all is well.
    pub fn check(&self, facts: &Facts) -> Vec<String> {
        let mut faults = facts.oversold.clone();
        faults.extend(facts.overtaken.iter().cloned());
        faults.extend(self.accepted().iter().filter_map(|accepted| lost(accepted, facts)));
        for order in self.orders() {
            let known = facts.orders.get(&order.id);
            let none = OrderFacts::default();
            faults.extend(order.broken(known.unwrap_or(&none)).map(|why| format!("order {}: {why}", order.id)));
        }
        let answered = |(id, command): (&Id, &CommandBook)| {
            let answers = facts.answers.get(id).map(Vec::as_slice).unwrap_or_default();
            let why = command.broken(answers)?;
            Some(format!("command {} on {} ({}): {why}", text(*id), command.key, command.topic))
        };
        faults.extend(self.commands().iter().filter_map(answered));
        faults
    }
}

/// I3: what was acknowledged is in the log, and poison lies where it should.
fn lost(accepted: &Accepted, facts: &Facts) -> Option<String> {
    let Accepted { topic, partition, offset, what, poison, .. } = *accepted;
    if topic == Topic::Deliveries && !facts.deliveries.contains(&(partition, offset)) {
        return Some(format!("{} at {topic}/{partition}/{offset} was acknowledged and is not there", what.name()));
    }
    let wanted = poison?.reason();
    let found = facts.quarantined.get(&(topic.name().to_owned(), partition, offset));
    (found.map(String::as_str) != Some(wanted)).then(|| {
        format!("{poison:?} at {topic}/{partition}/{offset} should be in quarantine for {wanted}, and is for {found:?}")
    })
}

impl OrderBook {
    /// I3 and I4 of one order.
    pub fn broken(&self, facts: &OrderFacts) -> Option<String> {
        let says = self.says;
        let placed = u32::from(says.has(Says::PLACED));
        if facts.placed != placed {
            return Some(format!("{placed} times placed by its platform, {} times here", facts.placed));
        }
        if let Some((notice, times)) = facts.notices.iter().find(|(_, times)| **times > 1) {
            return Some(format!("notice {notice} became due {times} times"));
        }
        if placed == 0 {
            return None;
        }
        let end = facts.end();
        let ended_by_others = says.has_any(Says::CANCELLED.and(Says::CANCEL_ASKED).and(Says::REJECTED));
        let pays = says.has_any(Says::PAID.and(Says::ON_DELIVERY));
        let fits = match &end {
            End::Shipped | End::Backordered => pays || says.has(Says::REFUNDED),
            End::Held(_) | End::Parked(_) => true,
            // A payment that was not there at once may have come too late.
            End::Cancelled(reason) if reason == "payment-timeout" => {
                !says.has_any(Says::PAID_AT_ONCE.and(Says::ON_DELIVERY))
            }
            End::Cancelled(reason) if reason == "no lines left" => says.has_any(Says::EDITED.and(Says::CANCEL_ASKED)),
            End::Cancelled(_) | End::CancelAccepted => ended_by_others,
            End::ShippedOutside => says.has(Says::LEFT),
            // On delivery, an order waits for nobody's money.
            End::Unpaid | End::Undone(_) | End::Unknown => false,
        };
        if !fits {
            return Some(format!("{says:?} can't end as {end:?}"));
        }
        // Whatever was paid for it: each of its whole bodies says that it has left.
        if says.has(Says::LEFT_AT_ONCE) && (facts.plans > 0 || facts.released > 0 || facts.shipped > 0) {
            return Some("it came shipped by others, and was planned here".to_owned());
        }
        let told_cancelled = says.has(Says::CANCELLED) && matches!(end, End::Backordered);
        told_cancelled.then(|| "its platform has cancelled it, and it still waits for stock".to_owned())
    }
}

impl CommandBook {
    /// I8 of one command id.
    pub fn broken(&self, answers: &[Answer]) -> Option<String> {
        let is_conflict = |answer: &&Answer| answer.refusal.as_deref() == Some("command-conflict");
        let decided: Vec<&Answer> = answers.iter().filter(|answer| !is_conflict(answer)).collect();
        let (written, most) = (self.written + self.others, self.written + self.others + self.unknown);
        let count = answers.len() as u32;
        if count < written || count > most {
            return Some(format!("{written} to {most} copies in the log, {count} answers"));
        }
        let Some(first) = decided.first() else {
            return (written > 0).then(|| "it was never decided".to_owned());
        };
        if decided.iter().filter(|answer| !answer.repeated).count() != 1 || first.repeated {
            return Some("it was not decided once".to_owned());
        }
        let same = |answer: &&&Answer| {
            answer.body_hash == first.body_hash && answer.version == first.version && answer.refusal == first.refusal
        };
        if let Some(other) = decided.iter().find(|answer| !same(answer)) {
            return Some(format!("one answer is {first:?}, another {other:?}"));
        }
        let of_another = answers.iter().filter(is_conflict).any(|answer| answer.body_hash == first.body_hash);
        if of_another {
            return Some("the body that was decided was called a conflict as well".to_owned());
        }
        let accepted_stale = self.is_stale && !matches!(first.refusal.as_deref(), Some("version-conflict" | "closed"));
        accepted_stale.then(|| format!("it carries a version that has passed, and was answered {first:?}"))
    }
}

impl What {
    /// Whether it must be seen in a run that is long enough, whatever its shape.
    pub fn is_usual(self) -> bool {
        matches!(self, What::Receipt | What::Placed | What::Pick | What::Pack | What::Ship)
    }
}
