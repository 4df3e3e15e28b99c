//! What came of a send: the first outcome settles the notice, later ones change nothing.

use super::{Fact, Message, Notices, Outcome, Standing};
use weir_decider::plant::planted;
use weir_decider::{Decision, Fault, Ignored};

impl Notices {
    pub(super) fn outcome(&self, outcome: &Outcome) -> Decision<Fact, Message> {
        let Outcome { subject, sent, attempts, detail } = outcome;
        let (subject, attempts, detail) = (*subject, *attempts, detail.clone());
        match self.standing.get(&subject) {
            None => Decision::unreadable(Fault::field(
                "unknown-notice",
                "record_outcome.notice_id",
                "an outcome of a notice that was never due",
            )),
            Some(Standing::Settled) if !planted("notice-settled-again") => Decision::ignore(Ignored::Duplicate),
            Some(_) if *sent => Decision::say(vec![Fact::Sent { subject, attempts, answer: detail }]),
            Some(_) => Decision::say(vec![Fact::Failed { subject, attempts, reason: detail }]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::happened::tests::due;
    use super::*;
    use crate::domain::{Input, Kind, Recipient, Subject};
    use weir_decider::{Decider as _, Millis, given};

    const SHIPPED: Subject = Subject::webhook(Kind::Shipped);

    fn outcome(sent: bool) -> Input {
        let detail = "HTTP 204".to_owned();
        Input::Outcome(Outcome { subject: SHIPPED, sent, attempts: 2, detail })
    }

    fn sent() -> Fact {
        Fact::Sent { subject: SHIPPED, attempts: 2, answer: "HTTP 204".to_owned() }
    }

    #[test]
    fn the_first_outcome_settles_it() {
        given::<Notices>([due(SHIPPED)])
            .when(&outcome(true))
            .then(&[sent()])
            .and()
            .when(&outcome(false))
            .ignores(Ignored::Duplicate);
    }

    #[test]
    fn a_failure_settles_it_too() {
        let failed = Fact::Failed { subject: SHIPPED, attempts: 2, reason: "HTTP 204".to_owned() };
        given::<Notices>([due(SHIPPED)]).when(&outcome(false)).then(&[failed]);
    }

    #[test]
    fn an_outcome_of_nothing_goes_to_quarantine() {
        given::<Notices>([]).when(&outcome(true)).cannot_read("unknown-notice", "record_outcome.notice_id");
    }

    #[test]
    fn a_shipped_order_rests_thirty_days_after_its_last_notice_is_settled() {
        let mut notices = Notices::default();
        notices.evolve(Millis(1), &Fact::RecipientNoted(Recipient::default()));
        notices.evolve(Millis(2), &due(SHIPPED));
        assert_eq!(notices.rest(), None);
        notices.evolve(Millis(3), &sent());
        let rest = notices.rest().expect("nothing more is expected");
        assert_eq!((rest.from, rest.end_state), (Millis(3 + 30 * 86_400_000), 1));
    }

    #[test]
    fn an_order_that_goes_on_does_not_rest() {
        let mut notices = Notices::default();
        notices.evolve(Millis(1), &Fact::RecipientNoted(Recipient::default()));
        assert_eq!(notices.rest(), None);
    }
    #[test]
    fn it_rests_once_it_was_placed_has_ended_and_owes_nothing() {
        let noted = Fact::RecipientNoted(Recipient::default());
        let settled = |subject| Fact::Failed { subject, attempts: 1, reason: String::new() };
        let rest = |facts: &[Fact]| {
            let mut notices = Notices::default();
            facts.iter().for_each(|fact| notices.evolve(Millis(5), fact));
            notices.rest().map(|rest| (rest.from.0 - 5, rest.end_state))
        };
        let cancelled = Subject::webhook(Kind::Cancelled);
        assert_eq!(rest(&[noted.clone(), settled(cancelled)]), Some((2_592_000_000, 2)));
        assert_eq!(rest(&[noted.clone(), settled(SHIPPED), due(cancelled)]), None, "one is due");
        assert_eq!(rest(&[settled(cancelled)]), None, "it was never placed");
        assert_eq!(rest(&[noted, settled(Subject::REVIEW)]), None, "it goes on");
        assert_eq!((Notices::default().deadline(), Notices::default().broken()), (None, None));
    }
}
