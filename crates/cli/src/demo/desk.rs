//! The review desk: approves what the demo's own rule holds, as soon as routing lists it.

use super::calls::{ask, head, is_refusal};
use super::catalogue::REVIEW_RULE;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tonic::transport::Channel;
use weir_proto::routing::v1::routing_service_client::RoutingServiceClient;
use weir_proto::routing::v1::{ApproveHoldRequest, ListHoldsRequest, OpenHold};

const PAGE: u32 = 500;
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What the desk has done.
#[derive(Default)]
pub struct Desk {
    pub approved: AtomicU64,
    /// Refused for a reason, such as an order that was cancelled meanwhile.
    pub refused: AtomicU64,
}

/// Works until told to stop. Holds of other runs and of other rules are left to others.
pub async fn work(
    channel: Channel,
    tenant: String,
    ours: Arc<HashSet<String>>,
    desk: Arc<Desk>,
    stop: Arc<AtomicBool>,
) {
    let client = RoutingServiceClient::new(channel);
    let mut done = HashSet::new();
    while !stop.load(Ordering::Relaxed) {
        let holds = list(&client, &tenant).await;
        for hold in holds.into_iter().filter(|hold| ours.contains(&hold.order_id)) {
            let Some(held) = hold.hold else { continue };
            if held.rule != REVIEW_RULE || done.contains(&held.hold_id) {
                continue;
            }
            let request = ApproveHoldRequest {
                head: Some(head(&tenant, "demo-desk", "review")),
                order_id: hold.order_id,
                hold_id: held.hold_id.clone(),
                note: "looks good".to_owned(),
            };
            let answer = ask(request, |request| {
                let mut client = client.clone();
                async move { client.approve_hold(request).await }
            });
            match answer.await {
                Ok(_) => desk.approved.fetch_add(1, Ordering::Relaxed),
                Err(status) if is_refusal(&status) => desk.refused.fetch_add(1, Ordering::Relaxed),
                // Not done: it is seen again in the next round.
                Err(_) => continue,
            };
            done.insert(held.hold_id);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// All open holds. While routing or its database is away there are none to be seen.
async fn list(client: &RoutingServiceClient<Channel>, tenant: &str) -> Vec<OpenHold> {
    let mut holds = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            ListHoldsRequest { tenant: tenant.to_owned(), page_size: PAGE, page_token, reason: String::new() };
        let Ok(response) = client.clone().list_holds(request).await else {
            return holds;
        };
        let page = response.into_inner();
        holds.extend(page.holds);
        if page.next_page_token.is_empty() {
            return holds;
        }
        page_token = page.next_page_token;
    }
}
