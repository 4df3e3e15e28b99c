//! An order is placed: who hears of it is known from now on, for this notice and for those that came before it.

use super::{Fact, Kind, Message, Notices, Parameters, Recipient, Standing, Subject};
use weir_decider::{Decision, Ignored};

impl Notices {
    pub(super) fn placed(&self, recipient: &Recipient) -> Decision<Fact, Message> {
        if self.recipient.is_some() {
            return Decision::ignore(Ignored::Duplicate);
        }
        let mut facts = vec![Fact::RecipientNoted(recipient.clone())];
        let has_mail = !recipient.ship_to.is_empty();
        let mut say = |subject, parameters| facts.push(Fact::Due { subject, parameters });
        if has_mail {
            say(Subject::email(Kind::Placed), Parameters::new());
        }
        say(Subject::webhook(Kind::Placed), Parameters::new());
        for kind in [Kind::Shipped, Kind::Cancelled] {
            if let (true, Some(told)) = (has_mail, self.standing.get(&Subject::webhook(kind))) {
                say(Subject::email(kind), told.parameters());
            }
        }
        Decision::say(facts)
    }
}

impl Standing {
    fn parameters(&self) -> Parameters {
        match self {
            Standing::Due { parameters, .. } => parameters.clone(),
            Standing::Settled => Parameters::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::happened::tests::{due, shipped, shipped_with};
    use super::*;
    use crate::domain::Input;
    use weir_decider::given;

    pub(crate) fn buyer_with_mail() -> Recipient {
        let text = |text: &str| text.to_owned();
        Recipient {
            tenant: text("demo"),
            channel: text("shopify"),
            shop: text("acme"),
            platform_order_id: text("1"),
            shown_number: text("#1001"),
            ship_to: vec![7],
        }
    }

    #[test]
    fn a_buyer_with_an_address_hears_of_it_by_mail_and_the_shop_by_webhook() {
        let recipient = buyer_with_mail();
        given::<Notices>([]).when(&Input::Placed(recipient.clone())).then(&[
            Fact::RecipientNoted(recipient),
            due(Subject::email(Kind::Placed)),
            due(Subject::webhook(Kind::Placed)),
        ]);
    }

    #[test]
    fn a_buyer_without_an_address_gets_no_mail() {
        let recipient = Recipient { ship_to: Vec::new(), ..buyer_with_mail() };
        let noted = Fact::RecipientNoted(recipient.clone());
        given::<Notices>([])
            .when(&Input::Placed(recipient))
            .then(&[noted.clone(), due(Subject::webhook(Kind::Placed))]);
        given::<Notices>([noted]).when(&shipped("SF1")).then(&[shipped_with(Subject::webhook(Kind::Shipped), "SF1")]);
    }

    #[test]
    fn a_second_placing_is_a_duplicate() {
        let recipient = buyer_with_mail();
        given::<Notices>([Fact::RecipientNoted(recipient.clone())])
            .when(&Input::Placed(recipient))
            .ignores(Ignored::Duplicate);
    }

    #[test]
    fn what_happened_before_the_placing_is_mailed_with_what_was_told_of_it() {
        let recipient = buyer_with_mail();
        given::<Notices>([shipped_with(Subject::webhook(Kind::Shipped), "SF1")])
            .when(&Input::Placed(recipient.clone()))
            .then(&[
                Fact::RecipientNoted(recipient),
                due(Subject::email(Kind::Placed)),
                due(Subject::webhook(Kind::Placed)),
                shipped_with(Subject::email(Kind::Shipped), "SF1"),
            ]);
    }
}
