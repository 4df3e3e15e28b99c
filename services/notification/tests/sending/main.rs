//! Notices on their way to real sockets: a small HTTP receiver and a mail relay on loopback ports of their own.

mod curt;
mod receiver;
mod rig;

use receiver::{Answer, Receiver};
use rig::{PATIENCE, Rig};
use std::collections::BTreeSet;
use weir_channels::Headers;
use weir_channels::standard_webhooks as standard;
use weir_notification::domain::{Kind, Subject};
use weir_testkit::sinks::SmtpSink;
use weir_testkit::wait_for_async;

const SHIPPED: Subject = Subject::webhook(Kind::Shipped);

#[tokio::test]
async fn a_webhook_is_signed_and_holds_what_happened() {
    let receiver = Receiver::listen(vec![]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    let ended = rig.send("order-1", SHIPPED).await;
    assert_eq!((ended.sent, ended.attempts, ended.detail.as_str()), (true, 1, "HTTP 204"));

    let got = receiver.requests().remove(0);
    let header = |name: &str| got.header(name).to_owned();
    let headers = [standard::ID, standard::TIMESTAMP, standard::SIGNATURE].map(|name| (name, header(name)));
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let now_ms = rig::now_ms();
    let verified = standard::verify(&Headers::of(&headers), &got.body, &[rig::SECRET.to_vec()], now_ms, 60_000);
    assert_eq!(verified, Ok(()));
    assert_eq!(header(standard::ID), ended.job.notice_id);
    assert_eq!(header("content-type"), "application/json");

    let payload: serde_json::Value = serde_json::from_slice(&got.body).expect("JSON");
    assert_eq!(payload["type"], "order.shipped");
    assert_eq!(payload["timestamp"], "2026-11-21T22:13:20Z");
    assert_eq!(payload["data"]["order_id"], "order-1");
    assert_eq!(payload["data"]["tracking_number"], "SF1001");
    assert_eq!(payload["data"]["shown_number"], "#1001");
}

#[tokio::test]
async fn a_hold_is_told_to_the_shop_with_its_reason() {
    let receiver = Receiver::listen(vec![]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    let ended = rig.send("order-1", Subject::webhook(Kind::Held)).await;
    assert_eq!((ended.sent, ended.detail.as_str()), (true, "HTTP 204"));
    let body = String::from_utf8(receiver.requests().remove(0).body).expect("it is text");
    let bytes = concat!(
        r##"{"data":{"channel":"shopify","hold_id":"order-1:1:big","order_id":"order-1","platform_order_id":"82098","##,
        r##""reason":"high-value","shop":"acme","shown_number":"#1001"},"##,
        r##""timestamp":"2026-11-21T22:13:20Z","type":"order.held"}"##
    );
    assert_eq!(body, bytes);
}

#[tokio::test]
async fn a_retry_keeps_the_id_and_the_body() {
    let refusals = [Answer::status(500), Answer::status(429).with("retry-after", "0"), Answer::hang_up()];
    let receiver = Receiver::listen(refusals.to_vec()).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    let ended = rig.send("order-1", SHIPPED).await;
    assert_eq!((ended.sent, ended.attempts), (true, 4));
    let got = receiver.requests();
    assert_eq!(got.len(), 4);
    let ids: BTreeSet<&str> = got.iter().map(|request| request.header(standard::ID)).collect();
    assert_eq!(ids, BTreeSet::from([ended.job.notice_id.as_str()]));
    assert!(got.iter().all(|request| request.body == got[0].body));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let elsewhere = Receiver::listen(vec![]).await;
    let redirect = Answer::status(302).with("location", &elsewhere.url("/stolen"));
    let receiver = Receiver::listen(vec![redirect; 8]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    let ended = rig.send("order-1", SHIPPED).await;
    assert_eq!((ended.sent, ended.attempts), (false, 8));
    assert_eq!(ended.detail, "attempts-used-up: redirect-refused: HTTP 302");
    assert_eq!(receiver.requests().len(), 8);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn gone_gives_up_at_once() {
    let receiver = Receiver::listen(vec![Answer::status(410)]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    let ended = rig.send("order-1", SHIPPED).await;
    assert_eq!((ended.sent, ended.attempts, ended.detail.as_str()), (false, 1, "gone: HTTP 410"));
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn an_inner_address_is_not_called_by_number_nor_by_name() {
    let receiver = Receiver::listen(vec![]).await;
    let port = receiver.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "2130706433"] {
        let rig = Rig::strict(&format!("https://{host}:{port}/hook"));
        let ended = rig.send("order-1", SHIPPED).await;
        assert_eq!((ended.sent, ended.attempts), (false, 1), "{host}");
        assert_eq!(ended.detail, "address-refused: it leads to no public address", "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_shop_without_an_endpoint_gets_nothing_and_the_reason_says_so() {
    let rig = Rig::start("", None);
    let ended = rig.send("order-1", SHIPPED).await;
    assert_eq!((ended.sent, ended.detail.as_str()), (false, "no-endpoint: the shop has none"));
}

#[tokio::test]
async fn a_long_answer_is_cut_and_still_an_answer() {
    let receiver = Receiver::listen(vec![Answer::status(200).long(1 << 20)]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    assert!(rig.send("order-1", SHIPPED).await.sent);
}

#[tokio::test]
async fn mails_go_to_the_buyer_and_to_the_desk_with_the_notice_as_their_id() {
    let relay = SmtpSink::listen("127.0.0.1:0").await.expect("a port can be had");
    let rig = Rig::start("", Some(&relay.url()));
    let buyer = rig.send("order-1", Subject::email(Kind::Shipped)).await;
    let desk = rig.send("order-1", Subject::REVIEW).await;
    assert_eq!((buyer.sent, buyer.detail.as_str(), desk.sent), (true, "SMTP 250", true));
    let mails = relay.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.join(",")).collect::<Vec<_>>(), [rig::BUYER, rig::DESK]);
    assert_eq!(mails[0].message_id, format!("<{}@weir>", buyer.job.notice_id));
    assert_eq!(mails[0].subject, "Your order #1001 has been shipped");
}

#[tokio::test]
async fn one_connection_carries_one_mail_after_the_other() {
    let relay = SmtpSink::listen("127.0.0.1:0").await.expect("a port can be had");
    let rig = Rig::start("", Some(&relay.url()));
    for kind in [Kind::Placed, Kind::Shipped] {
        assert!(rig.send("order-1", Subject::email(kind)).await.sent);
    }
    assert_eq!((relay.count(), relay.connections()), (2, 1));
}

#[tokio::test]
async fn a_relay_that_hangs_up_after_each_mail_costs_no_attempt() {
    let rig = Rig::start("", Some(&curt::listen("220 ready").await));
    for kind in [Kind::Placed, Kind::Shipped, Kind::Cancelled] {
        let ended = rig.send("order-1", Subject::email(kind)).await;
        assert!(ended.sent && ended.attempts == 1, "{ended:?}");
    }
}

#[tokio::test]
async fn a_relay_that_lets_nobody_in_is_tried_again() {
    let rig = Rig::start("", Some(&curt::listen("554 no service").await));
    rig.offer("order-1", Subject::email(Kind::Placed));
    wait_for_async("a second attempt", PATIENCE, || async { (rig.attempts() > 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_mail_for_another_order_does_not_open() {
    let relay = SmtpSink::listen("127.0.0.1:0").await.expect("a port can be had");
    let rig = Rig::start("", Some(&relay.url()));
    let ended = rig.send("order-2", Subject::email(Kind::Placed)).await;
    assert_eq!((ended.sent, ended.detail.as_str()), (false, "sealed: the buyer's address does not open"));
    assert_eq!(relay.count(), 0);
}

#[tokio::test]
async fn a_relay_that_is_away_is_tried_again_until_it_is_back() {
    let relay = SmtpSink::listen("127.0.0.1:0").await.expect("a port can be had");
    let url = relay.url();
    drop(relay);
    let rig = Rig::start("", Some(&url));
    rig.offer("order-1", Subject::email(Kind::Placed));
    wait_for_async("a failed attempt", PATIENCE, || async { (rig.attempts() > 0).then_some(()) }).await;
    let address = url.trim_start_matches("smtp://");
    let relay = SmtpSink::listen(address).await.expect("the port is free again");
    let ended = rig.ended().await;
    assert!(ended.sent && ended.attempts > 1, "{ended:?}");
    assert_eq!(relay.count(), 1);
}

#[tokio::test]
async fn what_is_sampled_carries_its_trace_on() {
    let receiver = Receiver::listen(vec![]).await;
    let rig = Rig::start(&receiver.url("/hook"), None);
    rig.send("order-1", SHIPPED).await;
    let got = receiver.requests().remove(0);
    assert_eq!(got.header("traceparent").get(3..35), Some(&rig::TRACE[3..35]));
}

#[tokio::test]
async fn a_drain_finishes_what_runs_and_leaves_the_rest() {
    let receiver = Receiver::listen(vec![Answer::status(500); 8]).await;
    let rig = Rig::start_slow(&receiver.url("/hook"));
    rig.offer("order-1", SHIPPED);
    wait_for_async("the first attempt", PATIENCE, || async { (rig.attempts() > 0).then_some(()) }).await;
    assert_eq!(rig.drained().await, 0, "no outcome is made up");
}
