//! Properties over whatever comes in whatever order: no pick list before allocated and released (I17), lists go the one
//! legal way (I5), what a list held ends once (I6), and the state stays small.

use super::samples::*;
use super::*;
use proptest::prelude::*;
use weir_decider::Outcome as Taken;

/// Feeds inputs one after the other; every fact that was said.
fn run(inputs: &[Input]) -> (Fulfillment, Vec<Fact>, Vec<Message>) {
    let mut state = Fulfillment::default();
    let (mut facts, mut messages) = (Vec::new(), Vec::new());
    for (at, input) in inputs.iter().enumerate() {
        let at = Millis(at as i64);
        let moment = Moment { key: "order-1", at, world: &() };
        let decision = state.decide(moment, input);
        for fact in &decision.facts {
            state.evolve(at, fact);
        }
        if matches!(decision.outcome, Taken::Accepted) {
            messages.extend(decision.messages);
        }
        facts.extend(decision.facts);
    }
    (state, facts, messages)
}

#[test]
fn the_three_words_in_any_order_make_one_list() {
    let words = [planned(1), released(1), allocated(1, 1)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let inputs: Vec<Input> = order.iter().map(|at| words[*at].clone()).collect();
        // Each is heard twice, as after a torn batch.
        let twice: Vec<Input> = inputs.iter().chain(&inputs).cloned().collect();
        let (_, facts, _) = run(&twice);
        let lists: Vec<&Fact> = facts.iter().filter(|fact| matches!(fact, Fact::PickListIssued(_))).collect();
        assert_eq!(lists, [&list_issued(1, "w1")], "{order:?}");
    }
}

#[test]
fn two_pools_make_one_list_for_each_warehouse_once_both_have_spoken() {
    let mut plan = plan(1);
    plan.lines.push(Line { pool: "cold".to_owned(), ..line("l2", "B", 1) });
    let cold = Allocation { pool: "cold".to_owned(), lines: vec![placed("l2", "B", "w1", 1)], ..word(1, 1) };
    let inputs = [Input::Planned(plan), released(1), allocated(1, 1), Input::Allocation(cold)];
    let (_, facts, _) = run(&inputs);
    let lines = vec![placed("l2", "B", "w1", 1), placed("l1", "A", "w1", 2)];
    assert_eq!(facts.last(), Some(&list_of(1, "w1", lines)));
    let lists = facts.iter().filter(|fact| matches!(fact, Fact::PickListIssued(_)));
    assert_eq!(lists.count(), 1);
}

#[test]
fn a_live_order_of_three_lines_stays_below_a_kilobyte() {
    let order_id = "bfdc8376-97e6-58c1-9934-fa54717d5fb3";
    let mut plan = plan(1);
    let mut word = word(1, 1);
    plan.lines.clear();
    word.lines.clear();
    for n in 0..3 {
        let (line_id, sku) = (format!("1420019000{n}"), format!("SKU-00010{n}"));
        plan.lines.push(line(&line_id, &sku, 2));
        word.lines.push(placed(&line_id, &sku, ["wh-east", "wh-south"][n % 2], 2));
    }
    let mut state = Fulfillment::default();
    for input in [Input::Planned(plan), released(1), Input::Allocation(word)] {
        let moment = Moment { key: order_id, at: Millis(0), world: &() };
        for fact in state.decide(moment, &input).facts {
            state.evolve(Millis(0), &fact);
        }
    }
    assert_eq!(state.lists.len(), 2);
    let bytes = postcard::to_stdvec(&state).expect("the state is plain data");
    assert!(bytes.len() <= 1024, "{} bytes", bytes.len());
    assert_eq!(postcard::from_bytes::<Fulfillment>(&bytes), Ok(state));
}

fn id() -> impl Strategy<Value = String> {
    (1..4u32, prop::sample::select(vec!["w1", "w2"]), 1..3u32).prop_map(|(plan, warehouse, round)| match round {
        1 => format!("order-1:{plan}:{warehouse}"),
        n => format!("order-1:{plan}:{warehouse}:{n}"),
    })
}

fn word_of() -> impl Strategy<Value = Input> {
    let said = prop::sample::select(vec![
        Said::Allocated,
        Said::Allocated,
        Said::Backordered,
        Said::Deallocated,
        Said::Voided,
    ]);
    (1..4u32, 1..8u64, said, prop::sample::select(vec!["w1", "w2"]), 1..3i64).prop_map(
        |(plan, sequence, said, warehouse, quantity)| {
            let mut word = word(plan, sequence);
            word.said = said;
            word.lines = match said {
                Said::Allocated => vec![placed("l1", "A", warehouse, quantity)],
                _ => vec![],
            };
            Input::Allocation(word)
        },
    )
}

fn input() -> impl Strategy<Value = Input> {
    let asker = prop::sample::select(vec![
        Asker::Caller,
        Asker::Routing { done_outside: false },
        Asker::Routing { done_outside: true },
    ]);
    prop_oneof![
        4 => (1..4u32).prop_map(planned),
        4 => (1..4u32).prop_map(released),
        8 => word_of(),
        6 => id().prop_map(|id| pick(&id)),
        6 => id().prop_map(|id| pack(&id)),
        6 => (id(), 1..3u32).prop_map(|(id, n)| ship(&id, &format!("T{n}"))),
        2 => (id(), prop::sample::select(ShortReason::ALL.to_vec())).prop_map(
            |(pick_list_id, reason)| {
                Input::ShortPick(ShortOrder { pick_list_id, missing: vec![], reason })
            }
        ),
        1 => (asker, 1..3u32).prop_map(|(asker, n)| {
            let (request_id, reason) = (format!("r-{n}"), "changed mind".to_owned());
            Input::CancelAsked(CancelAsked { request_id, reason, asker })
        }),
        1 => Just(Input::RouteCancelled { reason: "rejected".to_owned() }),
        2 => Just(Input::Held { reason: "reroute-attempts".to_owned() }),
        1 => Just(Input::Scan {
            tracking_number: "T1".to_owned(),
            kind: "delivered".to_owned(),
            scanned_at_ms: 1,
        }),
    ]
}

fn work() -> impl Strategy<Value = Input> {
    let id = || prop::sample::select(vec!["order-1:1:w1", "order-1:1:w2"]);
    prop_oneof![
        8 => id().prop_map(pick),
        8 => id().prop_map(pack),
        8 => id().prop_map(|id| ship(id, "T1")),
        1 => id().prop_map(|id| Input::ShortPick(ShortOrder {
            pick_list_id: id.to_owned(),
            missing: vec![],
            reason: ShortReason::NotFound,
        })),
        1 => input(),
    ]
}

/// The way of one list, as the facts tell it.
#[derive(Default)]
struct Watch {
    opened: u32,
    released: u32,
    allocated: BTreeMap<u32, Vec<Placed>>,
    stages: BTreeMap<String, &'static str>,
    cancelled: bool,
}

impl Watch {
    fn see(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(plan) => {
                assert!(plan.plan > self.opened, "plans only go up");
                self.opened = plan.plan;
            }
            Fact::ReleaseNoted { plan } => self.released = *plan,
            Fact::AllocationNoted(word) => {
                self.allocated.insert(word.plan, word.lines.clone());
            }
            Fact::PickListIssued(list) => self.issue(list),
            Fact::Picked { pick_list_id } => self.step(pick_list_id, "open", "picked"),
            Fact::Packed { pick_list_id, .. } => self.step(pick_list_id, "picked", "packed"),
            Fact::Shipped { pick_list_id, .. } => self.step(pick_list_id, "packed", "shipped"),
            Fact::ShortPicked { pick_list_id, .. } => {
                let before = self.stages.insert(pick_list_id.clone(), "short");
                assert!(matches!(before, Some("open" | "picked")), "{before:?}");
            }
            Fact::WorkStopped { .. } => self.stages.values_mut().for_each(withdraw),
            Fact::CancelAccepted { .. } | Fact::RouteCancelled { .. } => {
                assert!(!self.cancelled, "cancelled twice");
                assert!(!self.stages.values().any(|stage| *stage == "shipped"));
                self.cancelled = true;
            }
            _ => {}
        }
    }

    fn issue(&mut self, list: &PickListIssued) {
        assert_eq!((self.opened, self.released), (list.plan, list.plan), "I17");
        let allocated = self.allocated.get(&list.plan).into_iter().flatten();
        let here: Vec<&Placed> = allocated.filter(|line| line.warehouse == list.warehouse).collect();
        assert_eq!(here, list.lines.iter().collect::<Vec<_>>(), "I17");
        assert!(!self.cancelled, "a cancelled order has no list");
        let before = self.stages.insert(list.pick_list_id.clone(), "open");
        assert_eq!(before, None, "an id is used once");
    }

    fn step(&mut self, id: &str, from: &str, to: &'static str) {
        assert!(!self.cancelled);
        assert_eq!(self.stages.insert(id.to_owned(), to), Some(from), "{id} to {to}");
    }
}

fn withdraw(stage: &mut &'static str) {
    if *stage != "shipped" {
        *stage = "withdrawn";
    }
}

/// Feeds the inputs, and lets as long pass before each of these as makes a wait too long: every fact, and the messages.
fn run_slowly(inputs: &[(bool, Input)]) -> (Vec<Fact>, Vec<Message>) {
    let mut state = Fulfillment::default();
    let (mut facts, mut messages) = (Vec::new(), Vec::new());
    let mut at = Millis(0);
    for (late, input) in inputs {
        if *late {
            at = at.plus(24 * 3_600_000);
        }
        while state.deadline().is_some_and(|deadline| deadline <= at) {
            let due = state.expire(Moment { key: "order-1", at, world: &() });
            assert!(matches!(due.facts[..], [Fact::Stuck { .. }]) && due.messages.is_empty(), "{due:?}");
            due.facts.iter().for_each(|fact| state.evolve(at, fact));
            facts.extend(due.facts);
        }
        let decision = state.decide(Moment { key: "order-1", at, world: &() }, input);
        decision.facts.iter().for_each(|fact| state.evolve(at, fact));
        facts.extend(decision.facts);
        messages.extend(decision.messages);
    }
    (facts, messages)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_is_legal(inputs in prop::collection::vec(input(), 1..60)) {
        let (state, facts, messages) = run(&inputs);
        let mut watch = Watch::default();
        facts.iter().for_each(|fact| watch.see(fact));
        let shipped = facts.iter().filter(|fact| matches!(fact, Fact::Shipped { .. })).count();
        let issues = messages.iter().filter(|message| matches!(message, Message::Issue { .. }));
        prop_assert_eq!(issues.count(), shipped);
        let ends = messages.iter().filter(|message| matches!(message, Message::NoteOutcome(_)));
        prop_assert!(ends.count() <= 1);
        let mut again = Fulfillment::default();
        facts.iter().enumerate().for_each(|(at, fact)| again.evolve(Millis(at as i64), fact));
        prop_assert_eq!(again.lists, state.lists);
    }

    /// Waits that take too long are told of, each once, and nothing else comes of it.
    #[test]
    fn a_wait_that_takes_too_long_changes_nothing(
        inputs in prop::collection::vec((any::<bool>(), input()), 1..60)
    ) {
        let in_time: Vec<(bool, Input)> = inputs.iter().map(|(_, input)| (false, input.clone())).collect();
        let (mut facts, messages) = run_slowly(&inputs);
        let mut told = BTreeSet::new();
        facts.retain(|fact| match fact {
            Fact::Stuck { plan, waits_for, .. } => {
                assert!(told.insert((*plan, waits_for.slug())), "told twice of plan {plan}");
                false
            }
            _ => true,
        });
        prop_assert_eq!((facts, messages), run_slowly(&in_time));
    }

    /// Hands at two lists that are there: deeper than chance alone comes.
    #[test]
    fn every_way_of_two_lists_is_legal(work in prop::collection::vec(work(), 1..30)) {
        let mut plan = plan(1);
        plan.lines.push(line("l2", "B", 1));
        let mut word = word(1, 1);
        word.lines.push(placed("l2", "B", "w2", 1));
        let mut inputs = vec![Input::Planned(plan), released(1), Input::Allocation(word)];
        inputs.extend(work);
        let (_, facts, messages) = run(&inputs);
        let mut watch = Watch::default();
        facts.iter().for_each(|fact| watch.see(fact));
        let last = facts.iter().any(|fact| matches!(fact, Fact::Shipped { last: true, .. }));
        prop_assert_eq!(last, watch.stages.values().all(|stage| *stage == "shipped"));
        let noted = messages.contains(&Message::NoteOutcome(super::Outcome::Shipped));
        prop_assert_eq!(noted, last);
    }

    /// One order's own words, shuffled among each other but each heard in its topic's order, always come to a list.
    #[test]
    fn any_interleaving_of_two_plans_ends_in_the_newest_list(
        picks in prop::collection::vec(any::<bool>(), 6)
    ) {
        let mut routes = vec![planned(1), released(1), planned(2), released(2)].into_iter();
        let mut stock = vec![allocated(1, 1), allocated(2, 2)].into_iter();
        let mut inputs = Vec::new();
        for from_routes in picks {
            let (first, second) = (&mut routes, &mut stock);
            inputs.extend(if from_routes { first.next().or_else(|| second.next()) } else { second.next().or_else(|| first.next()) });
        }
        let (state, facts, _) = run(&inputs);
        let newest: Vec<&String> = state.lists.keys().collect();
        prop_assert_eq!(newest, ["order-1:2:w1"]);
        let mut watch = Watch::default();
        facts.iter().for_each(|fact| watch.see(fact));
    }
}
