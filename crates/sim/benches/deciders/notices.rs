//! Buyer and shop hear of an order and of its shipment, each by one notice that is sent.

use weir_notification::domain::{Input, Kind, Outcome, Parameters, Recipient, Subject};

pub fn inputs() -> Vec<Input> {
    let recipient = Recipient {
        tenant: "demo".to_owned(),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "1001".to_owned(),
        shown_number: "#1001".to_owned(),
        ship_to: vec![0; 256],
    };
    let parameters: Parameters = [("tracking_number".to_owned(), "SF1234567890".to_owned())].into();
    let mut inputs = vec![Input::Placed(recipient), Input::Happened { kind: Kind::Shipped, parameters }];
    for kind in [Kind::Placed, Kind::Shipped] {
        for subject in [Subject::email(kind), Subject::webhook(kind)] {
            let detail = "250".to_owned();
            inputs.push(Input::Outcome(Outcome { subject, sent: true, attempts: 1, detail }));
        }
    }
    inputs
}
