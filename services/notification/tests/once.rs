//! Whatever comes, in whatever order and as often as it likes: each notice is decided once, and settled once (I7).

use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_decider::{Decider as _, Millis, Moment};
use weir_notification::domain::{Fact, Input, Kind, Notices, Outcome, Parameters, Recipient, Subject};

fn input() -> impl Strategy<Value = Input> {
    let parameters = Parameters::from([("reason".to_owned(), "why".to_owned())]);
    prop_oneof![
        any::<bool>().prop_map(|mail| {
            let ship_to = if mail { vec![7] } else { Vec::new() };
            Input::Placed(Recipient { ship_to, ..Recipient::default() })
        }),
        (1..Kind::ALL.len()).prop_map(move |index| {
            let parameters = parameters.clone();
            Input::Happened { kind: Kind::ALL[index], parameters }
        }),
        (0..Subject::ALL.len(), any::<bool>()).prop_map(|(index, sent)| {
            let detail = String::new();
            Input::Outcome(Outcome { subject: Subject::ALL[index], sent, attempts: 1, detail })
        }),
        Just(Input::Other),
    ]
}

/// Decides and folds; how often each notice was due and settled, and the state that came of it.
fn run(inputs: &[Input]) -> (BTreeMap<Subject, u32>, BTreeMap<Subject, u32>, Notices) {
    let (mut due, mut settled) = (BTreeMap::new(), BTreeMap::new());
    let mut notices = Notices::default();
    for (at, input) in inputs.iter().enumerate() {
        let at = Millis(at as i64);
        let decision = notices.decide(Moment { key: "order-1", at, world: &() }, input);
        for fact in &decision.facts {
            match fact {
                Fact::Due { subject, .. } => *due.entry(*subject).or_default() += 1,
                Fact::Sent { subject, .. } | Fact::Failed { subject, .. } => *settled.entry(*subject).or_default() += 1,
                Fact::RecipientNoted(_) => {}
            }
            notices.evolve(at, fact);
        }
    }
    (due, settled, notices)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn each_notice_is_due_once_and_settled_once(inputs in vec(input(), 0..40)) {
        let (due, settled, notices) = run(&inputs);
        prop_assert!(due.values().all(|times| *times == 1), "{due:?}");
        prop_assert!(settled.values().all(|times| *times == 1), "{settled:?}");
        let placed = inputs.iter().any(|input| matches!(input, Input::Placed(_)));
        let ready: Vec<Subject> = notices.ready().map(|ready| ready.subject).collect();
        let open: Vec<Subject> = due.keys().copied().filter(|subject| !settled.contains_key(subject)).collect();
        prop_assert_eq!(ready, if placed { open } else { Vec::new() });
    }

    #[test]
    fn the_order_of_arrival_does_not_change_what_is_announced(
        mail in any::<bool>(),
        order in Just(vec![0, 1, 2, 3, 1, 2, 3, 0]).prop_shuffle(),
    ) {
        let ship_to = if mail { vec![7] } else { Vec::new() };
        let input = |index: &usize| match index {
            0 => Input::Placed(Recipient { ship_to: ship_to.clone(), ..Recipient::default() }),
            index => Input::Happened { kind: Kind::ALL[*index], parameters: Parameters::new() },
        };
        let inputs: Vec<Input> = order.iter().map(input).collect();
        let (due, _, _) = run(&inputs);
        let expected = Subject::ALL.iter().copied().filter(|subject| mail || *subject == Subject::REVIEW || *subject == Subject::webhook(subject.kind));
        prop_assert_eq!(due.keys().copied().collect::<Vec<_>>(), {
            let mut all: Vec<Subject> = expected.collect();
            all.sort();
            all
        });
    }
}
