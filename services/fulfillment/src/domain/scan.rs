//! What the world saw of a parcel. Never refused: a scan that contradicts what is known opens an exception.

use super::{Fact, Fulfillment, Verdict};
use weir_decider::Decision;

pub(super) fn decide(state: &Fulfillment, tracking_number: &str, kind: &str, scanned_at_ms: i64) -> Verdict {
    let mut facts =
        vec![Fact::ScanRecorded { tracking_number: tracking_number.to_owned(), kind: kind.to_owned(), scanned_at_ms }];
    // One exception for each parcel: its next scans are news of a known contradiction.
    if state.is_cancelled() && !state.exceptions.contains(tracking_number) {
        let (tracking_number, kind) = (tracking_number.to_owned(), kind.to_owned());
        facts.push(Fact::ShippedAfterCancel { tracking_number, kind });
    }
    Decision::say(facts)
}

#[cfg(test)]
mod tests {
    //! Every scan is recorded, in whatever state the order is.
    use super::super::samples::*;
    use super::*;
    use crate::domain::Input;
    use weir_decider::given;

    fn scan(kind: &str) -> Input {
        let (tracking_number, kind) = ("T1".to_owned(), kind.to_owned());
        Input::Scan { tracking_number, kind, scanned_at_ms: 5 }
    }

    fn recorded(kind: &str) -> Fact {
        let (tracking_number, kind) = ("T1".to_owned(), kind.to_owned());
        Fact::ScanRecorded { tracking_number, kind, scanned_at_ms: 5 }
    }

    #[test]
    fn a_scan_is_recorded_even_of_an_order_nobody_knows() {
        for facts in [vec![], issued()] {
            let verdict = given::<Fulfillment>(facts).when(&scan("first-scan"));
            verdict.then(&[recorded("first-scan")]);
        }
    }

    #[test]
    fn a_scan_of_a_cancelled_order_opens_one_exception() {
        let exception = Fact::ShippedAfterCancel { tracking_number: "T1".to_owned(), kind: "handed-over".to_owned() };
        given::<Fulfillment>([opened(1), cancel_accepted("r-1")])
            .when(&scan("handed-over"))
            .then(&[recorded("handed-over"), exception])
            .and()
            .when(&scan("delivered"))
            .then(&[recorded("delivered")]);
    }
}
