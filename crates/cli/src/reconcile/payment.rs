//! How far a payment has come, as the clerk ranks it: the furthest word is the truth, whoever says it.

use weir_proto::order::v1::PaymentState;

/// Each outdoes those before it. As ingest's own order, which a test holds it to.
const RANKS: [PaymentState; 8] = [
    PaymentState::Unspecified,
    PaymentState::Pending,
    PaymentState::Authorized,
    PaymentState::Voided,
    PaymentState::PartlyPaid,
    PaymentState::Paid,
    PaymentState::PartlyRefunded,
    PaymentState::Refunded,
];

/// Whether this is news to whoever has that word for it. That a payment is pending is no news: the clerk tells it of no order.
pub fn is_further(theirs: PaymentState, ours: &str) -> bool {
    // A word that is not known here is a newer build's; nothing can be said of it.
    let ours = RANKS.iter().position(|state| word(*state) == ours);
    let theirs = RANKS.iter().position(|state| *state == theirs);
    theirs > Some(1) && ours.is_some() && theirs > ours
}

/// As the console has it: "paid", "partly-paid"; empty where nothing was said.
pub fn word(state: PaymentState) -> String {
    match state {
        PaymentState::Unspecified => String::new(),
        known => known.as_str_name().trim_start_matches("PAYMENT_STATE_").to_lowercase().replace('_', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_ingest::domain::PaymentState as Clerks;

    #[test]
    fn states_rank_as_the_clerk_ranks_them() {
        use Clerks as C;
        let mut clerks =
            [C::Unknown, C::Pending, C::Authorized, C::PartlyPaid, C::Paid, C::PartlyRefunded, C::Refunded, C::Voided];
        clerks.sort_unstable();
        let ours = RANKS.map(|state| format!("{state:?}").replace("Unspecified", "Unknown"));
        assert_eq!(ours, clerks.map(|state| format!("{state:?}")));
    }

    #[test]
    fn words_are_the_consoles() {
        for state in RANKS {
            assert_eq!(word(state), weir_console::wire::payment_name(state));
        }
    }

    #[test]
    fn only_a_word_that_goes_further_is_news() {
        for (theirs, ours) in [
            (PaymentState::Paid, "pending"),
            (PaymentState::Paid, ""),
            (PaymentState::PartlyPaid, "voided"),
            (PaymentState::Refunded, "paid"),
        ] {
            assert!(is_further(theirs, ours), "{theirs:?} {ours}");
        }
        for (theirs, ours) in [
            (PaymentState::Paid, "paid"),
            (PaymentState::Pending, ""),
            (PaymentState::Unspecified, "paid"),
            (PaymentState::Voided, "paid"),
            (PaymentState::Paid, "paid-in-shells"),
        ] {
            assert!(!is_further(theirs, ours), "{theirs:?} {ours}");
        }
    }
}
