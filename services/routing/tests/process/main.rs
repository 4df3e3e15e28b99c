//! The real process on real Kafka and Postgres: orders in, plans and stock commands out, holds answered over gRPC.

mod catalogue;
mod corner;
mod starting;

use corner::{Corner, paid, placed};
use tonic::Code;
use weir_proto::log::v1::{Actor, ActorKind, CommandHead};
use weir_proto::routing::v1::{self as pb, route_event::Event};
use weir_proto::stock::v1::stock_command::Command;
use weir_testkit::wait_for_async;

fn head(command_id: &str) -> Option<CommandHead> {
    let actor = Actor { kind: ActorKind::Person.into(), id: "mei".to_owned(), ..Actor::default() };
    let command_id = command_id.to_owned();
    Some(CommandHead { command_id, tenant: "demo".to_owned(), actor: Some(actor), seen_version: 0 })
}

fn approval(command_id: &str, order: &str, hold: &str) -> pb::ApproveHoldRequest {
    let (order_id, hold_id) = (order.to_owned(), hold.to_owned());
    pb::ApproveHoldRequest { head: head(command_id), order_id, hold_id, note: "looked at".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_become_plans_and_a_person_answers_holds() {
    let corner = Corner::new().await;
    corner.put_reference().await;
    let (clean, big, unpaid) = ("order-clean", "order-big", "order-unpaid");
    corner.put_order(clean, paid(placed(100))).await;
    corner.put_order(big, paid(placed(9_000))).await;
    corner.put_order(unpaid, placed(100)).await;
    let process = corner.start();

    corner.fact(clean, |event| matches!(event, Event::Released(released) if released.plan_version == 1)).await;
    corner.command(clean, |command| matches!(command, Command::Allocate(_))).await;
    corner.command(big, |command| matches!(command, Command::Reserve(_))).await;
    // Nobody pays: the partition's clock moves on while the inputs are read to their end.
    corner.fact(unpaid, |event| matches!(event, Event::PaymentTimedOut(_))).await;
    corner.command(unpaid, |command| matches!(command, Command::Void(_))).await;

    let mut client = process.client().await;
    let request = pb::ListHoldsRequest { tenant: "demo".to_owned(), ..pb::ListHoldsRequest::default() };
    let hold = wait_for_async("the hold to be listed", corner::PATIENCE, || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.list_holds(request).await.ok()?.into_inner().holds.pop() }
    })
    .await;
    let hold_id = hold.hold.expect("it is a hold").hold_id;
    assert_eq!((hold.order_id.as_str(), hold_id.as_str()), (big, "order-big:1:big"));

    let unknown = client.approve_hold(approval(&corner::command_id(), big, "order-big:1:other")).await;
    let status = unknown.expect_err("there is no such hold");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("no such hold"), "{status:?}");

    let id = corner::command_id();
    let ask = || approval(&id, big, &hold_id);
    let first = client.approve_hold(ask()).await.expect("approved").into_inner().receipt.expect("a receipt");
    assert!(!first.repeated && first.version > 0, "{first:?}");
    let again = client.approve_hold(ask()).await.expect("approved").into_inner().receipt.expect("a receipt");
    assert_eq!((again.repeated, again.version), (true, first.version));
    corner.fact(big, |event| matches!(event, Event::Released(released) if released.plan_version == 1)).await;

    let ask = pb::ExplainRequest { tenant: "demo".to_owned(), order_id: big.to_owned() };
    let story = wait_for_async("the whole story", corner::PATIENCE, || {
        let (mut client, ask) = (client.clone(), ask.clone());
        async move {
            let story = client.explain(ask).await.ok()?.into_inner();
            story.steps.iter().any(|step| step.contains("released")).then_some(story)
        }
    })
    .await;
    assert_eq!((story.plans.len(), story.holds.len()), (1, 1));
    let nobody = pb::ExplainRequest { tenant: "demo".to_owned(), order_id: "order-none".to_owned() };
    assert_eq!(client.explain(nobody).await.expect_err("nothing is known").code(), Code::NotFound);

    assert_eq!(process.stop(), Some(0));
    let released = corner.facts(big).into_iter().filter(|event| matches!(event, Event::Released(_))).count();
    assert_eq!(released, 1, "released once");
}
