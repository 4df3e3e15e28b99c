//! The whole service on a real log: what is committed is sent, and sent once, over restarts and a lost outcome.

mod catalogue;
mod house;
mod starting;

use house::{DESK, House, MAIL, Outcome};
use std::collections::BTreeSet;
use weir_proto::notice::v1::notice_event::Event;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_announced_once_over_repeats_and_restarts() {
    let house = House::build().await;
    let first = house.run(Outcome::Written).await;
    // The last parcel's news comes before the order itself.
    house.ship("order-1").await;
    house.hold("order-1").await;
    house.place("order-1").await;
    let facts = house.settled(6).await;
    first.stop().await;

    let named = |fact: &Event| match fact {
        Event::NoticeDue(due) => Some((due.kind, due.medium, due.recipient.clone())),
        _ => None,
    };
    let mut due: Vec<_> = facts.iter().filter_map(named).collect();
    assert_eq!(due.len(), 6);
    due.sort();
    due.dedup();
    assert_eq!(due.len(), 6, "each is due once");
    assert!(facts.iter().all(|fact| !matches!(fact, Event::NoticeFailed(_))), "{facts:?}");
    let hooks = ["order.held", "order.placed", "order.shipped"].map(|name| (name.to_owned(), 1));
    assert_eq!(house.webhooks(), hooks);
    assert_eq!(house.mails(), [(DESK.to_owned(), 1), (MAIL.to_owned(), 1), (MAIL.to_owned(), 1)]);

    let second = house.run(Outcome::Written).await;
    house.ship("order-1").await;
    house.place("order-1").await;
    house.place("order-2").await;
    house.settled(8).await;
    second.stop().await;
    let sent: u32 = house.webhooks().iter().map(|(_, times)| times).sum();
    assert_eq!((sent, house.mails().len()), (4, 4), "order-2 was announced, order-1 was not again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_outcome_was_lost_is_sent_again_under_its_id() {
    let house = House::build().await;
    let first = house.run(Outcome::Lost).await;
    house.place("order-1").await;
    house.received(2).await;
    first.stop().await;
    assert_eq!(house.settled_now(), 0);

    let second = house.run(Outcome::Written).await;
    house.settled(2).await;
    second.stop().await;
    assert_eq!(house.webhooks(), [("order.placed".to_owned(), 2)], "one id, twice");
    assert_eq!(house.mails(), [(MAIL.to_owned(), 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_comes_back_and_nothing_is_forgotten_or_decided_twice() {
    const ORDERS: usize = 60;
    let house = House::build().await;
    let first = house.start_process();
    for order in 0..ORDERS {
        house.place(&format!("order-{order}")).await;
    }
    house.received(10).await;
    first.kill();
    let second = house.start_process();
    let facts = house.settled(2 * ORDERS).await;
    assert!(second.ask_to_end().success(), "the drain ends in time");

    let due: Vec<&str> = facts
        .iter()
        .filter_map(|fact| match fact {
            Event::NoticeDue(due) => Some(due.notice_id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(due.len(), 2 * ORDERS);
    assert_eq!(due.iter().collect::<BTreeSet<_>>().len(), 2 * ORDERS);
    assert_eq!((house.webhooks().len(), house.mails().len()), (ORDERS, ORDERS), "each arrived under one id");
}
