//! Why an order went where it went, told from its facts alone.

use super::problem;
use prost::Message as _;
use sqlx::PgPool;
use weir_host::{Problem, kind};
use weir_proto::routing::v1::{ChangeKind, ExplainResponse, HoldResolution, Plan, RouteEvent, route_event::Event};

const SELECT: &str = "select event from steps where tenant = $1 and order_id = $2 order by version";

pub(super) async fn explain(pool: &PgPool, tenant: &str, order_id: &str) -> Result<ExplainResponse, Problem> {
    let events: Vec<Vec<u8>> =
        sqlx::query_scalar(SELECT).bind(tenant).bind(order_id).fetch_all(pool).await.map_err(problem::of_query)?;
    if events.is_empty() {
        return Err(Problem::new(kind::NOT_FOUND, format!("Routing has said nothing of the order {order_id}.")));
    }
    let mut story = ExplainResponse::default();
    for bytes in events {
        let event = RouteEvent::decode(bytes.as_slice()).map_err(|error| Problem::internal(&error))?;
        if let Some(event) = event.event {
            tell(&mut story, event);
        }
    }
    Ok(story)
}

fn tell(story: &mut ExplainResponse, event: Event) {
    match event {
        Event::Planned(planned) => {
            if let Some(plan) = planned.plan {
                story.steps.extend(sentences_of_plan(&plan));
                story.plans.push(plan);
            }
        }
        Event::Held(held) => {
            let by = if held.rule.is_empty() { String::new() } else { format!(" by rule {}", held.rule) };
            story.steps.push(format!("Held{by}: {}. {} answers.", held.reason, held.owner_group));
            story.holds.push(held);
        }
        // An order that is tried again and again in vain is told of once.
        other => story.steps.extend(sentence(&other).filter(|said| story.steps.last() != Some(said))),
    }
}

fn sentences_of_plan(plan: &Plan) -> Vec<String> {
    let mut sentences = Vec::new();
    let how = if plan.soft { "reserved softly until it is released" } else { "allocated at once" };
    let attempt = if plan.attempt > 0 { format!(", attempt {}", plan.attempt) } else { String::new() };
    sentences.push(format!("Plan {}{attempt}: {} line(s), {how}.", plan.version, plan.lines.len()));
    if let Some(explanation) = &plan.explanation {
        for rule in explanation.rules.iter().filter(|rule| rule.matched) {
            let (set, version) = (&explanation.rule_set, explanation.rule_set_version);
            sentences.push(format!("Rule {} of {set} version {version} matched: {}.", rule.rule, rule.why));
        }
        sentences.extend(explanation.notes.iter().map(|note| format!("Plan {}: {note}.", plan.version)));
    }
    for candidate in &plan.candidates {
        let cost = candidate.parcel_cost.clone().unwrap_or_default();
        let (warehouse, minor, currency) = (&candidate.warehouse, cost.minor, cost.currency);
        sentences
            .push(format!("Warehouse {warehouse} may serve it, a parcel costs {minor} minor units of {currency}."));
    }
    sentences
}

fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::HoldResolved(resolved) => {
            let how = match resolved.resolution() {
                HoldResolution::Approved => "approved",
                HoldResolution::Lifted => "lifted",
                HoldResolution::Rejected | HoldResolution::Unspecified => "rejected",
            };
            format!("Hold {} was {how}.", resolved.hold_id)
        }
        Event::Released(released) => format!("Plan {} was released to fulfillment.", released.plan_version),
        Event::ChangeAsked(asked) => {
            let what = match asked.kind() {
                ChangeKind::Unspecified | ChangeKind::Cancel => "cancel",
                ChangeKind::Address => "change the address",
                ChangeKind::Hold => "hold",
                ChangeKind::Resume => "resume",
            };
            format!("Fulfillment was asked to {what}: {}.", asked.reason)
        }
        Event::Rerouted(rerouted) => {
            let without = rerouted.excluded_warehouses.join(", ");
            format!(
                "Plan {} was given up: {}. Left out from now on: {without}.",
                rerouted.plan_version, rerouted.reason
            )
        }
        Event::RouteCancelled(cancelled) => format!("Cancelled: {}.", cancelled.reason),
        Event::PaymentNoted(noted) => format!("Payment noted: {}.", noted.state().as_str_name()),
        Event::PaymentTimedOut(_) => "The time to pay ran out.".to_owned(),
        Event::Parked(parked) => format!("Not planned yet: {}.", parked.reason),
        Event::ShippingNoted(noted) => format!("Fulfillment told the end: {}.", noted.outcome),
        Event::ChangeRefused(refused) => {
            format!("Fulfillment refused the request {}: {}.", refused.request_id, refused.reason)
        }
        Event::Stuck(stuck) => {
            format!("{} has owed its answer to the request {} for too long.", stuck.waits_for, stuck.request_id)
        }
        Event::ShippedOutside(_) => "Shipped already, says the platform: nothing is shipped from here.".to_owned(),
        Event::Planned(_) | Event::Held(_) | Event::Stage(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::money::v1::Money;
    use weir_proto::routing::v1 as pb;

    #[test]
    fn what_is_tried_in_vain_is_told_once() {
        let mut story = ExplainResponse::default();
        let parked = |reason: &str| Event::Parked(pb::Parked { reason: reason.to_owned(), demand: None });
        for reason in ["unknown-shop", "unknown-shop", "unmapped-sku"] {
            tell(&mut story, parked(reason));
        }
        assert_eq!(story.steps, ["Not planned yet: unknown-shop.", "Not planned yet: unmapped-sku."]);
    }

    #[test]
    fn an_order_tells_its_story() {
        let outcome = |rule: &str, matched| pb::RuleOutcome { rule: rule.to_owned(), matched, why: "so".to_owned() };
        let plan = pb::Plan {
            version: 1,
            soft: true,
            lines: vec![pb::DemandLine::default()],
            candidates: vec![pb::Candidate {
                warehouse: "east".to_owned(),
                parcel_cost: Some(Money { minor: 500, currency: "CNY".to_owned() }),
                ..pb::Candidate::default()
            }],
            explanation: Some(pb::Explanation {
                rule_set: "default".to_owned(),
                rule_set_version: 7,
                rules: vec![outcome("big", true), outcome("small", false)],
                notes: vec!["warehouse west left out: closed".to_owned()],
            }),
            ..pb::Plan::default()
        };
        let held = pb::Held {
            reason: "high-value".to_owned(),
            rule: "big".to_owned(),
            owner_group: "review".to_owned(),
            ..pb::Held::default()
        };
        let mut story = ExplainResponse::default();
        tell(&mut story, Event::Planned(pb::Planned { plan: Some(plan), demand: None }));
        tell(&mut story, Event::Held(held));
        tell(&mut story, Event::Released(pb::Released { plan_version: 1 }));
        assert_eq!((story.plans.len(), story.holds.len()), (1, 1));
        assert_eq!(
            story.steps,
            [
                "Plan 1: 1 line(s), reserved softly until it is released.",
                "Rule big of default version 7 matched: so.",
                "Plan 1: warehouse west left out: closed.",
                "Warehouse east may serve it, a parcel costs 500 minor units of CNY.",
                "Held by rule big: high-value. review answers.",
                "Plan 1 was released to fulfillment.",
            ]
        );
    }
}
