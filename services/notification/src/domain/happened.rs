//! Something happened to the order: each kind is announced once, however many records tell of it.

use super::{Fact, Kind, Message, Notices, Parameters, Subject};
use weir_decider::{Decision, Ignored};

impl Notices {
    pub(super) fn happened(&self, kind: Kind, parameters: &Parameters) -> Decision<Fact, Message> {
        let to_whom = match kind {
            // In old logs only the desk was told. Such an order's hold is told already, and not once more to the shop.
            Kind::Held if self.has(Subject::REVIEW) => Vec::new(),
            Kind::Held => vec![Subject::REVIEW, Subject::webhook(kind)],
            _ if self.buyer_has_mail() => vec![Subject::email(kind), Subject::webhook(kind)],
            // Unknown, or none. If it is unknown the placing says the mail.
            _ => vec![Subject::webhook(kind)],
        };
        let fresh = to_whom.into_iter().filter(|subject| !self.has(*subject));
        let facts: Vec<Fact> = fresh.map(|subject| Fact::Due { subject, parameters: parameters.clone() }).collect();
        if facts.is_empty() { Decision::ignore(Ignored::Duplicate) } else { Decision::say(facts) }
    }

    fn buyer_has_mail(&self) -> bool {
        self.recipient.as_ref().is_some_and(|recipient| !recipient.ship_to.is_empty())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::{Input, Recipient};
    use weir_decider::given;

    pub(crate) fn due(subject: Subject) -> Fact {
        Fact::Due { subject, parameters: Parameters::new() }
    }

    pub(crate) fn shipped_with(subject: Subject, tracking_number: &str) -> Fact {
        Fact::Due { subject, parameters: tracking(tracking_number) }
    }

    pub(crate) fn shipped(tracking_number: &str) -> Input {
        Input::Happened { kind: Kind::Shipped, parameters: tracking(tracking_number) }
    }

    fn tracking(number: &str) -> Parameters {
        Parameters::from([("tracking_number".to_owned(), number.to_owned())])
    }

    fn happened(kind: Kind) -> Input {
        Input::Happened { kind, parameters: Parameters::new() }
    }

    fn noted() -> Fact {
        Fact::RecipientNoted(Recipient { ship_to: vec![7], ..Recipient::default() })
    }

    #[test]
    fn the_buyer_and_the_shop_hear_of_a_shipment_and_of_a_cancel() {
        for kind in [Kind::Shipped, Kind::Cancelled] {
            given::<Notices>([noted()])
                .when(&happened(kind))
                .then(&[due(Subject::email(kind)), due(Subject::webhook(kind))])
                .and()
                .when(&happened(kind))
                .ignores(Ignored::Duplicate);
        }
    }

    #[test]
    fn the_review_desk_and_the_shop_hear_of_the_first_hold() {
        given::<Notices>([noted()])
            .when(&happened(Kind::Held))
            .then(&[due(Subject::REVIEW), due(Subject::webhook(Kind::Held))])
            .and()
            .when(&happened(Kind::Held))
            .ignores(Ignored::Duplicate);
    }

    #[test]
    fn a_hold_that_only_the_desk_was_told_of_is_not_told_again() {
        let sent = Fact::Sent { subject: Subject::REVIEW, attempts: 1, answer: "SMTP 250".to_owned() };
        for old_log in [vec![noted(), due(Subject::REVIEW)], vec![noted(), due(Subject::REVIEW), sent]] {
            given::<Notices>(old_log).when(&happened(Kind::Held)).ignores(Ignored::Duplicate);
        }
    }

    #[test]
    fn what_comes_before_the_order_waits_for_it() {
        let waiting = given::<Notices>([]).when(&shipped("SF1"));
        let waiting = waiting.then(&[shipped_with(Subject::webhook(Kind::Shipped), "SF1")]).and();
        assert_eq!(waiting.state().ready().count(), 0);
        let known = waiting.when(&Input::Placed(Recipient::default())).and();
        let ready: Vec<Subject> = known.state().ready().map(|ready| ready.subject).collect();
        assert_eq!(ready, [Subject::webhook(Kind::Placed), Subject::webhook(Kind::Shipped)]);
    }

    #[test]
    fn what_is_not_announced_is_irrelevant() {
        given::<Notices>([]).when(&Input::Other).ignores(Ignored::Irrelevant);
    }
}
