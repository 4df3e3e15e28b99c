//! Whatever comes in whatever order: released once a plan, never unpaid or held, and stock is allocated only then.

use super::super::input::{CancellationAsked, LineDelta, Reroute};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_decider::{Decider, Millis, Moment, Outcome};

/// An input, or the passing of the deadline.
#[derive(Clone, Debug)]
enum Step {
    Take(Box<Input>),
    Due,
}

fn take(input: Input) -> Step {
    Step::Take(Box::new(input))
}

fn payment() -> impl Strategy<Value = Payment> {
    prop::sample::select(vec![
        Payment::Pending,
        Payment::Authorized,
        Payment::PartlyPaid,
        Payment::Paid,
        Payment::Refunded,
        Payment::Voided,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let holds = [
        "1:big",
        "2:big",
        "1:platform-hold",
        "2:no-warehouse",
        "1:edited-after-release",
        "1:reroute-attempts",
        "0:partly-shipped-outside",
        "1:partly-shipped-outside",
        "1:shipped-outside-after-release",
    ];
    let hold = prop::sample::select(holds.to_vec()).prop_map(|name| answer(&format!("{KEY}:{name}")));
    let excluded = prop::sample::subsequence(vec!["east".to_owned(), "west".to_owned()], 0..=1);
    prop_oneof![
        4 => (payment(), prop::bool::weighted(0.8)).prop_map(|(payment, is_mapped)| {
            let mut placed = Placed { payment, ..placed() };
            placed.order.lines[0].sku = if is_mapped { "SKU-1" } else { "" }.to_owned();
            take(Input::Placed(Box::new(placed)))
        }),
        3 => payment().prop_map(|payment| take(Input::PaymentSeen(payment, None))),
        2 => hold.clone().prop_map(|answer| take(Input::ApproveHold(answer))),
        1 => hold.prop_map(|answer| take(Input::RejectHold(answer))),
        2 => (1..4_u32, excluded, 0..5_u32).prop_map(|(plan, excluded, attempt)| {
            take(Input::Reroute(Reroute { plan, excluded, reason: "not-found".to_owned(), attempt }))
        }),
        2 => (-2..3_i64, any::<bool>()).prop_map(|(quantity, brings_sku)| {
            let sku = brings_sku.then(|| "SKU-1".to_owned());
            take(Input::LinesChanged(vec![LineDelta { line_id: "1".to_owned(), quantity, sku }]))
        }),
        1 => any::<bool>().prop_map(|far| {
            let mut region = placed().order.region;
            if far {
                region.province = "Hubei".to_owned();
            }
            take(Input::AddressChangeAsked { ship_to: b"new".to_vec(), region })
        }),
        1 => any::<bool>().prop_map(|on| take(Input::PlatformHolds(vec!["fraud".to_owned(); usize::from(on)]))),
        1 => Just(take(Input::CancelledOutside { reason: "buyer".to_owned() })),
        1 => any::<bool>().prop_map(|wholly| take(Input::ShippedOutside { wholly })),
        1 => Just(take(Input::CancellationAsked(CancellationAsked::default()))),
        1 => Just(take(Input::NoteRefusal { request_id: String::new(), reason: "too-late".to_owned() })),
        1 => Just(take(Input::NoteOutcome { outcome: "cancelled".to_owned() })),
        1 => Just(take(Input::NoteOutcome { outcome: "shipped".to_owned() })),
        1 => Just(Step::Due),
    ]
}

/// What an observer of facts and messages alone may claim.
#[derive(Default)]
struct Observer {
    released: BTreeSet<u32>,
    open: BTreeSet<String>,
    /// Cancelled, or shipped by others.
    ended: bool,
    version: u32,
    payment: Payment,
}

impl Observer {
    fn watch(&mut self, fact: &Fact) -> Result<(), TestCaseError> {
        match fact {
            Fact::Planned { plan, demand, .. } => {
                if let Some(demand) = demand {
                    self.payment = demand.payment;
                }
                prop_assert_eq!(plan.version, self.version + 1, "plans are numbered without a gap");
                prop_assert!(!self.ended, "planned after the end");
                self.version = plan.version;
            }
            Fact::Held(held) => prop_assert!(self.open.insert(held.hold_id.clone()), "hold ids are never used twice"),
            Fact::HoldResolved { hold_id, .. } => {
                prop_assert!(self.open.remove(hold_id), "{} was not open", hold_id)
            }
            Fact::Released { plan } => {
                prop_assert!(self.released.insert(*plan), "released twice");
                prop_assert_eq!(*plan, self.version, "only the newest plan is released");
                prop_assert!(self.open.is_empty(), "released with {:?} open", self.open);
                let paid = (Payment::Paid..=Payment::Refunded).contains(&self.payment);
                prop_assert!(paid, "released unpaid");
                prop_assert!(!self.ended, "released after the end");
            }
            Fact::PaymentNoted { payment, .. } => self.payment = *payment,
            Fact::Parked { demand, .. } => self.payment = demand.payment,
            Fact::RouteCancelled { .. } | Fact::ShippedOutside { .. } => {
                prop_assert!(!self.ended, "ended twice");
                self.ended = true;
                self.open.clear();
            }
            Fact::ShippingNoted { outcome } if outcome == "cancelled" => self.open.clear(),
            _ => {}
        }
        Ok(())
    }
}

/// What an order owes, from its facts alone.
#[derive(Default)]
struct Owed {
    terms: Option<Terms>,
    pay_by: i64,
    payment: Payment,
    /// Placed, and neither released nor ended.
    waits: bool,
}

impl Owed {
    /// When the order is given up unless it is paid for.
    fn until(&self) -> Option<Millis> {
        let terms = self.terms.unwrap_or_default();
        let owes = self.waits && terms == Terms::Prepaid && !terms.met_by(self.payment) && self.pay_by > 0;
        owes.then_some(Millis(self.pay_by))
    }

    fn watch(&mut self, at: Millis, world: &World, fact: &Fact) -> Result<(), TestCaseError> {
        match fact {
            Fact::Planned { demand, due, .. } => {
                let (was, was_owed) = (self.terms, self.waits && self.terms != Some(Terms::CashOnDelivery));
                self.waits = true;
                demand.iter().for_each(|demand| self.hear(demand));
                if let Some(due) = due {
                    (self.terms, self.pay_by) = (Some(due.terms), due.pay_by);
                }
                let rule = world.rule_set("demo").and_then(|set| set.rules[0].terms);
                let by_rule = rule.or(was).unwrap_or_default();
                prop_assert_eq!(self.terms, Some(by_rule), "a plan is under the terms of its world");
                let late_at_once = !was_owed && self.until().is_some_and(|until| until <= at);
                prop_assert!(!late_at_once, "what is asked for now is not late at once");
            }
            Fact::Parked { demand, .. } => {
                self.waits = true;
                self.hear(demand);
            }
            Fact::Released { .. } => {
                let terms = self.terms.unwrap_or_default();
                prop_assert!(terms.met_by(self.payment), "released on {:?} with {:?}", terms, self.payment);
                self.waits = false;
            }
            Fact::Rerouted { .. } => self.waits = true,
            Fact::PaymentNoted { payment, .. } => self.payment = *payment,
            Fact::RouteCancelled { .. } | Fact::ShippedOutside { .. } | Fact::ShippingNoted { .. } => {
                self.waits = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn hear(&mut self, demand: &Demand) {
        (self.terms, self.pay_by, self.payment) = (demand.order.terms, demand.order.pay_by, demand.payment);
    }
}

/// With and without the shop, a hold, and a rule for the terms.
fn any_world() -> impl Strategy<Value = World> {
    let terms = prop::sample::select(vec![None, Some(Terms::Prepaid), Some(Terms::CashOnDelivery)]);
    (terms, any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(terms, holds, no_shop)| {
        let hold = review().hold.filter(|_| holds);
        let mut world = world_with(Rule { name: "terms".to_owned(), terms, hold, ..Rule::default() });
        if no_shop {
            world.tenants.get_mut("demo").expect("the tenant is there").shops.clear();
        }
        world
    })
}

fn allocated(message: &Message) -> Option<u32> {
    match message {
        Message::Allocate { plan, .. } => Some(*plan),
        _ => None,
    }
}

proptest! {
    #[test]
    fn released_once_paid_and_unheld(steps in prop::collection::vec(step(), 1..40), with_rule in any::<bool>()) {
        let world = if with_rule { world_with(review()) } else { world() };
        let mut state = Routing::default();
        let mut observer = Observer::default();
        for (number, step) in steps.iter().enumerate() {
            let at = Millis(100 * (number as i64 + 1));
            let moment = || Moment { key: KEY, at, world: &world };
            let decision = match step {
                Step::Take(input) => state.decide(moment(), input),
                Step::Due => state.expire(moment()),
            };
            if !matches!(decision.outcome, Outcome::Accepted) {
                prop_assert!(decision.facts.is_empty() && decision.messages.is_empty());
            }
            for fact in &decision.facts {
                state.evolve(at, fact);
                observer.watch(fact)?;
            }
            let said: Vec<u32> = decision.facts.iter().filter_map(|fact| match fact {
                Fact::Released { plan } => Some(*plan),
                _ => None,
            }).collect();
            let told: Vec<u32> = decision.messages.iter().filter_map(allocated).collect();
            prop_assert_eq!(said, told, "stock is allocated with the release, and only then");
            if state.deadline().is_some_and(|deadline| deadline <= at) {
                let due = state.expire(moment());
                prop_assert!(!due.facts.is_empty(), "a deadline that passed says something");
            }
        }
    }

    #[test]
    fn what_is_owed_is_what_was_said(steps in prop::collection::vec((any_world(), step()), 1..40)) {
        let mut state = Routing::default();
        let mut owed = Owed::default();
        for (number, (world, step)) in steps.iter().enumerate() {
            let at = Millis(400 * (number as i64 + 1));
            let moment = || Moment { key: KEY, at, world };
            let decision = match step {
                Step::Take(input) => state.decide(moment(), input),
                Step::Due => state.expire(moment()),
            };
            for fact in &decision.facts {
                state.evolve(at, fact);
                owed.watch(at, world, fact)?;
            }
            prop_assert_eq!(state.pay_deadline(), owed.until());
            if state.deadline().is_some_and(|deadline| deadline <= at) {
                let due = state.expire(moment());
                prop_assert!(!due.facts.is_empty(), "a deadline that passed says something");
            }
        }
    }
}
