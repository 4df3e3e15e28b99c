//! The warehouses: pick, pack and ship what fulfillment lists, a few picks short, over gRPC as a warehouse system would.

use super::calls::{ask, head, is_refusal};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::transport::Channel;
use weir_proto::fulfillment::v1::fulfillment_service_client::FulfillmentServiceClient;
use weir_proto::fulfillment::v1::{
    ListPickListsRequest, OpenPickList, PackRequest, PickRequest, ShipRequest, ShortPickRequest,
};
use weir_proto::ids;
use weir_proto::shipment::v1::{MissingLine, Pack, Pick, PickListIssued, Ship, ShortPick};

const PAGE: u32 = 500;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a projection may take to show why a step was refused.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the warehouses have done, in pick lists.
#[derive(Default)]
pub struct Work {
    pub picked: AtomicU64,
    pub short: AtomicU64,
    pub packed: AtomicU64,
    pub shipped: AtomicU64,
    /// Refused for a reason, such as an order that was cancelled meanwhile.
    pub refused: AtomicU64,
    /// Not answered in time; seen again in a later round.
    pub unanswered: AtomicU64,
}

/// How fast they work.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Pick lists begun in a second, in each warehouse, while orders pour in; then as many as the hands can do.
    pub per_second: f64,
    /// Pick lists under way at once in each warehouse.
    pub hands: usize,
    pub short_percent: f64,
}

/// One warehouse.
pub struct Warehouse {
    pub channel: Channel,
    pub tenant: String,
    pub name: String,
    pub pace: Pace,
    pub work: Arc<Work>,
    /// Set when the campaign is over.
    pub hurry: Arc<AtomicBool>,
    pub stop: Arc<AtomicBool>,
}

impl Warehouse {
    /// Works until told to stop.
    pub async fn run(self) {
        let warehouse = Arc::new(self);
        let hands = Arc::new(Semaphore::new(warehouse.pace.hands.max(1)));
        let known: Arc<Mutex<HashSet<String>>> = Arc::default();
        let mut allowance = Allowance::new(warehouse.pace.per_second);
        while !warehouse.stop.load(Ordering::Relaxed) {
            let open = warehouse.list().await;
            for list in open {
                let Some(id) = list.pick_list.as_ref().map(|list| list.pick_list_id.clone()) else {
                    continue;
                };
                // The projection is a little late, so that what was just done is still listed.
                if !known.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone()) {
                    continue;
                }
                if !warehouse.hurry.load(Ordering::Relaxed) {
                    allowance.wait().await;
                }
                let Ok(hand) = hands.clone().acquire_owned().await else {
                    return;
                };
                let (warehouse, known) = (warehouse.clone(), known.clone());
                tokio::spawn(async move {
                    if !warehouse.handle(list, hand).await {
                        known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                    }
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn client(&self) -> FulfillmentServiceClient<Channel> {
        FulfillmentServiceClient::new(self.channel.clone())
    }

    /// The oldest open pick lists. While fulfillment or its database is away there are none to be seen.
    async fn list(&self) -> Vec<OpenPickList> {
        let mut open = Vec::new();
        let mut page_token = String::new();
        // A few pages are work enough for one round.
        for _ in 0..8 {
            let request = ListPickListsRequest {
                tenant: self.tenant.clone(),
                warehouse: self.name.clone(),
                page_size: PAGE,
                page_token,
            };
            let Ok(response) = self.client().list_pick_lists(request).await else {
                break;
            };
            let page = response.into_inner();
            open.extend(page.pick_lists);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        open
    }

    /// False where it must be looked at again.
    async fn handle(&self, open: OpenPickList, _hand: OwnedSemaphorePermit) -> bool {
        let Some(list) = &open.pick_list else {
            return true;
        };
        match self.steps(&open, list).await {
            Ok(()) => true,
            // What was listed may be older than what was done, after an outage by far: the next look shows the true state, and
            // a pick list that is over is no longer listed.
            Err(status) if is_refusal(&status) => {
                self.work.refused.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(LOOK_AGAIN).await;
                false
            }
            Err(_) => {
                self.work.unanswered.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    async fn steps(&self, open: &OpenPickList, list: &PickListIssued) -> Result<(), Status> {
        let order_id = &open.order_id;
        if open.state == "open" {
            if is_short(&list.pick_list_id, self.pace.short_percent) {
                self.short(order_id, list).await?;
                self.work.short.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            let pick = Some(Pick { pick_list_id: list.pick_list_id.clone() });
            let request = PickRequest { head: Some(self.head()), order_id: order_id.clone(), pick };
            ask(request, |request| {
                let mut client = self.client();
                async move { client.pick(request).await }
            })
            .await?;
            self.work.picked.fetch_add(1, Ordering::Relaxed);
        }
        if open.state != "packed" {
            let pack = Some(Pack { pick_list_id: list.pick_list_id.clone(), weight_grams: 750 });
            let request = PackRequest { head: Some(self.head()), order_id: order_id.clone(), pack };
            ask(request, |request| {
                let mut client = self.client();
                async move { client.pack(request).await }
            })
            .await?;
            self.work.packed.fetch_add(1, Ordering::Relaxed);
        }
        let tracking = ids::derived(&["demo-tracking", &list.pick_list_id]).replace('-', "").to_uppercase();
        let ship = Some(Ship {
            pick_list_id: list.pick_list_id.clone(),
            carrier: "demo-post".to_owned(),
            tracking_number: format!("DP{}", &tracking[..12]),
        });
        let request = ShipRequest { head: Some(self.head()), order_id: order_id.clone(), ship };
        ask(request, |request| {
            let mut client = self.client();
            async move { client.ship(request).await }
        })
        .await?;
        self.work.shipped.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// One unit of the first line is not at its place.
    async fn short(&self, order_id: &str, list: &PickListIssued) -> Result<(), Status> {
        let missing = list.lines.first().map(|line| MissingLine { line_id: line.line_id.clone(), quantity: 1 });
        let short_pick = Some(ShortPick {
            pick_list_id: list.pick_list_id.clone(),
            missing: missing.into_iter().collect(),
            reason: "not-found".to_owned(),
        });
        let request = ShortPickRequest { head: Some(self.head()), order_id: order_id.to_owned(), short_pick };
        ask(request, |request| {
            let mut client = self.client();
            async move { client.short_pick(request).await }
        })
        .await
        .map(drop)
    }

    fn head(&self) -> weir_proto::log::v1::CommandHead {
        head(&self.tenant, &self.name, "picker")
    }
}

/// The same pick lists are short in every look at them.
fn is_short(pick_list_id: &str, percent: f64) -> bool {
    let sum = pick_list_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((sum >> 11) % 10_000) as f64 / 100.0 < percent
}

/// Spaces out the beginnings.
struct Allowance {
    gap: Duration,
    next: Instant,
}

impl Allowance {
    fn new(per_second: f64) -> Allowance {
        Allowance { gap: Duration::from_secs_f64(1.0 / per_second.max(0.1)), next: Instant::now() }
    }

    async fn wait(&mut self) {
        self.next = self.next.max(Instant::now()) + self.gap;
        tokio::time::sleep_until((self.next - self.gap).into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wished_share_of_picks_is_short_and_always_the_same_ones() {
        let ids: Vec<String> = (0..20_000).map(|n| ids::derived(&["order", &n.to_string()]) + ":1:north").collect();
        let short = ids.iter().filter(|id| is_short(id, 1.0)).count();
        assert!((150..250).contains(&short), "{short}");
        assert!(ids.iter().all(|id| !is_short(id, 0.0) && is_short(id, 100.0)));
    }
}
