//! One line for a person on each event: what happened, with the names that a desk uses. Made when it is read, so that a better
//! wording serves old events too.

mod fulfil;
mod intake;

use crate::wire::Event;
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::log::v1::{Actor, StageFact};
use weir_proto::money::v1::Money;

/// The sentence of an event.
pub fn sentence(event: &Event) -> String {
    if let Some(fact) = event.stage_fact() {
        return stage(fact);
    }
    match event {
        Event::Order(event) => intake::order(event),
        Event::Route(event) => intake::route(event),
        Event::Allocation(event) => fulfil::allocation(event),
        Event::Shipment(event) => fulfil::shipment(event),
        Event::Notice(event) => fulfil::notice(event),
        Event::Quarantine(event) => intake::quarantine(event),
    }
}

/// "person ann (review-desk)". Empty where nobody is named.
pub fn actor(actor: Option<&Actor>) -> String {
    let Some(actor) = actor else {
        return String::new();
    };
    let kind = actor.kind().as_str_name().trim_start_matches("ACTOR_KIND_").to_lowercase();
    let kind = if kind == "unspecified" { "" } else { kind.as_str() };
    let name = [kind, &actor.id].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match actor.role.as_str() {
        "" => name,
        role => format!("{name} ({role})"),
    }
}

fn stage(fact: &StageFact) -> String {
    match &fact.fact {
        Some(Fact::Took(took)) => format!("{} took the partition over", took.owner),
        Some(Fact::Ignored(ignored)) => format!("{} inputs changed nothing", ignored.inputs.len()),
        Some(Fact::Blocked(blocked)) => format!("blocked: {}", blocked.reason),
        Some(Fact::Resumed(resumed)) => match &resumed.position {
            Some(at) => format!("what waited is taken in: {}/{}@{}", at.topic, at.partition, at.offset),
            None => unknown(),
        },
        Some(Fact::Unblocked(_)) => "unblocked".to_owned(),
        Some(Fact::Closed(_)) => "closed: at rest, only its digest is kept in memory".to_owned(),
        Some(Fact::Answered(answered)) => match &answered.refusal {
            None => "command accepted".to_owned(),
            Some(refusal) => format!("command refused: {}{}", refusal.code, because(&refusal.detail)),
        },
        None => unknown(),
    }
}

fn unknown() -> String {
    "an event that this console does not know".to_owned()
}

/// " (reason)", or nothing.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// Minor units with their currency, as they are: how many digits stand behind the point is the currency's business.
fn money(amount: Option<&Money>) -> String {
    amount.map(|money| format!("{} {} (minor units)", money.minor, money.currency)).unwrap_or_default()
}

/// "2 × SKU-1, 1 × SKU-9".
fn quantities<'a>(lines: impl Iterator<Item = (i64, &'a str)>) -> String {
    lines.map(|(quantity, sku)| format!("{quantity} × {sku}")).collect::<Vec<_>>().join(", ")
}
