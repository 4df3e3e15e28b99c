//! A command's answer is found among the service's facts, whatever else lies there.

use crate::corner::{Corner, PATIENCE};
use prost::Message as _;
use std::time::Duration;
use uuid::Uuid;
use weir_pipeline::gateway::{AskError, Gateway};
use weir_pipeline::{Outgoing, Record};
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::log::v1::{Answered, CommandHead, CommandReceipt, Envelope, Meta, Refusal, StageFact};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

fn head() -> CommandHead {
    CommandHead { command_id: Uuid::now_v7().to_string(), tenant: "demo".to_owned(), ..CommandHead::default() }
}

fn body(meta: Meta) -> Vec<u8> {
    Envelope { meta: Some(meta), stage: None }.encode_to_vec()
}

/// Asks, and answers like a stage: with what `answer` makes of the command.
fn ask(
    corner: &Corner,
    gateway: &Gateway,
    head: &CommandHead,
    answer: impl FnOnce(Answered) -> Answered,
) -> Result<CommandReceipt, AskError> {
    let (gateway, head) = (gateway.clone(), head.clone());
    let id = Uuid::parse_str(&head.command_id).expect("an id");
    let asking = corner
        .runtime
        .spawn(async move { gateway.ask(&head, "order-1", "weir.routing.v1.ApproveHold", PATIENCE, body).await });
    let command = wait_for("the command", PATIENCE, || command(corner, id));
    let meta = command.envelope().expect("a meta").0;
    let answered =
        Answered { command_id: meta.command_id, body_hash: meta.body_hash, version: 3, ..Answered::default() };
    let stage = Some(StageFact { fact: Some(Fact::Answered(answer(answered))) });
    let fact = Outgoing {
        topic: Topic::Routes,
        key: "order-1".to_owned(),
        event_type: "weir.log.v1.Answered",
        value: Envelope { meta: Some(Meta { key: meta.key, ..Meta::default() }), stage }.encode_to_vec(),
    };
    corner.runtime.block_on(corner.writer().write(fact, "fact", None)).expect("written");
    corner.runtime.block_on(asking).expect("joined")
}

fn command(corner: &Corner, id: Uuid) -> Option<Record> {
    let all = [corner.read(Topic::RoutingCommands, 0), corner.read(Topic::RoutingCommands, 1)].concat();
    all.into_iter().rfind(|r| r.envelope().is_ok_and(|(meta, _)| meta.command_id == id.as_bytes()))
}

#[test]
fn answers_come_back_as_they_were_given() {
    let corner = Corner::new();
    let writer = corner.writer();
    // Facts from before the gateway's time, and ones that are no answer, are nobody's answer.
    corner.write(&writer, Topic::Routes, "order-1");
    let gateway = Gateway::start(&corner.config, Topic::RoutingCommands, Topic::Routes).expect("a gateway");
    corner.write(&writer, Topic::Routes, "order-1");

    let first = head();
    let receipt = ask(&corner, &gateway, &first, |a| a).expect("accepted");
    let wanted =
        CommandReceipt { command_id: first.command_id.clone(), key: "order-1".to_owned(), version: 3, repeated: false };
    assert_eq!(receipt, wanted);

    let again = ask(&corner, &gateway, &first, |a| Answered { repeated: true, ..a }).expect("accepted");
    assert!(again.repeated);

    let refuse = |code: &str| {
        let refusal = Some(Refusal { code: code.to_owned(), detail: "why".to_owned() });
        move |answered: Answered| Answered { refusal, ..answered }
    };
    let refused = ask(&corner, &gateway, &head(), refuse("too-late"));
    assert!(matches!(refused, Err(AskError::Refused { code, .. }) if code == "too-late"));
    let conflict = ask(&corner, &gateway, &head(), refuse("command-conflict"));
    assert!(matches!(conflict, Err(AskError::Conflict)));
}

#[test]
fn no_answer_is_a_time_out_and_a_bad_head_is_never_sent() {
    let corner = Corner::new();
    let gateway = Gateway::start(&corner.config, Topic::RoutingCommands, Topic::Routes).expect("a gateway");
    // Once through, so that what follows waits for nothing but an answer that never comes.
    ask(&corner, &gateway, &head(), |answered| answered).expect("an answer");
    let asked = head();
    let wait = Duration::from_secs(3);
    let late = corner.runtime.block_on(gateway.ask(&asked, "order-1", "weir.test.v1.Event", wait, body));
    assert!(matches!(late, Err(AskError::TimedOut { command_id }) if command_id == asked.command_id));

    let bad = CommandHead { tenant: String::new(), ..head() };
    let refused = corner.runtime.block_on(gateway.ask(&bad, "order-1", "weir.test.v1.Event", wait, body));
    assert!(matches!(refused, Err(AskError::Head { field: "tenant", .. })));
    assert_eq!(corner.read(Topic::RoutingCommands, 0).len() + corner.read(Topic::RoutingCommands, 1).len(), 2);
}
