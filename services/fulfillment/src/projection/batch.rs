//! A batch of facts reduced to the rows it leaves behind, so that each table is written once or twice however many facts
//! there are.

use prost::Message as _;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_pipeline::projection::postgres::{indexed, indexed_composed};
use weir_proto::log::v1::Meta;
use weir_proto::shipment::v1::{PickListIssued, ShipmentEvent, shipment_event::Event};

/// What a batch comes to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// By order id.
    pub(super) orders: BTreeMap<String, Order>,
    /// Lists of this batch, in the order of issue, as the batch leaves them.
    pub(super) issued: Vec<List>,
    /// New states of lists from before this batch, by list id.
    pub(super) steps: BTreeMap<String, &'static str>,
    /// Orders whose lists from before this batch end, with the state they end in.
    pub(super) ends: BTreeMap<String, &'static str>,
}

#[derive(Debug)]
pub(super) struct Order {
    pub(super) tenant: String,
    pub(super) status: Option<&'static str>,
    pub(super) plan: Option<i32>,
    pub(super) version: i64,
}

#[derive(Debug)]
pub(super) struct List {
    /// As the columns hold them: what was told may be more.
    pub(super) id: String,
    pub(super) warehouse: String,
    pub(super) order_id: String,
    pub(super) tenant: String,
    pub(super) state: &'static str,
    pub(super) issued_at_ms: i64,
    pub(super) told: PickListIssued,
}

/// Whether somebody still has to do something with a list in this state.
pub(super) fn is_active(state: &str) -> bool {
    matches!(state, "open" | "picked" | "packed")
}

impl Batch {
    pub(super) fn of(records: &[Record]) -> Batch {
        let mut batch = Batch::default();
        for record in records {
            match ShipmentEvent::decode(record.value.clone()) {
                Ok(ShipmentEvent { meta: Some(meta), event: Some(event) }) => batch.take(meta, event),
                Ok(_) => {}
                // The stage that owns the topic stops at such a record; rows can wait for what comes of it.
                Err(error) => tracing::warn!(
                    partition = record.partition, offset = record.offset, %error, "fact can not be read"
                ),
            }
        }
        batch
    }

    fn take(&mut self, mut meta: Meta, event: Event) {
        // What the stage says of its own work has no version and is about no order's state.
        if meta.version == 0 {
            return;
        }
        [&mut meta.tenant, &mut meta.key].into_iter().for_each(|text| *text = indexed(text).into_owned());
        let (status, plan) = standing(&event);
        let order = self.orders.entry(meta.key.clone()).or_insert_with(|| Order {
            tenant: meta.tenant.clone(),
            status: None,
            plan: None,
            version: 0,
        });
        order.status = status.or(order.status);
        order.plan = plan.or(order.plan);
        order.version = i64::try_from(meta.version).unwrap_or(i64::MAX);
        match event {
            Event::PickListIssued(told) => self.issued.push(List {
                id: indexed_composed(&told.pick_list_id).into_owned(),
                warehouse: indexed(&told.warehouse).into_owned(),
                order_id: meta.key,
                tenant: meta.tenant,
                state: "open",
                issued_at_ms: meta.at_ms,
                told,
            }),
            Event::Picked(told) => self.step(&told.pick_list_id, "picked"),
            Event::Packed(told) => self.step(&told.pick_list_id, "packed"),
            Event::Shipped(told) => self.step(&told.pick_list_id, "shipped"),
            Event::ShortPicked(told) => self.step(&told.pick_list_id, "short"),
            Event::WorkStopped(_) => self.end(meta.key, "withdrawn"),
            Event::CancelAccepted(_) | Event::RouteNoted(_) => self.end(meta.key, "cancelled"),
            _ => {}
        }
    }

    fn step(&mut self, told: &str, state: &'static str) {
        let id = indexed_composed(told);
        let mut known = self.issued.iter_mut().rev();
        match known.find(|list| list.id == id) {
            Some(list) => list.state = state,
            None => {
                self.steps.insert(id.into_owned(), state);
            }
        }
    }

    fn end(&mut self, order_id: String, state: &'static str) {
        let of_order = self.issued.iter_mut().filter(|list| list.order_id == order_id);
        for list in of_order.filter(|list| is_active(list.state)) {
            list.state = state;
        }
        // What ended them first is what ended them.
        self.ends.entry(order_id).or_insert(state);
    }
}

/// What a fact says of its order's status, in Shopify's words, and of its plan.
fn standing(event: &Event) -> (Option<&'static str>, Option<i32>) {
    let status = match event {
        Event::FulfillmentOrderOpened(told) => {
            return (Some("OPEN"), i32::try_from(told.plan_version).ok());
        }
        Event::PickListIssued(_) => "OPEN",
        Event::Picked(_) | Event::Packed(_) => "IN_PROGRESS",
        Event::Shipped(told) if told.last => "CLOSED",
        Event::WorkStopped(told) if told.reason == "short-pick" => "INCOMPLETE",
        Event::WorkStopped(told) if told.reason == "deallocated" => "ON_HOLD",
        Event::OnHold(_) => "ON_HOLD",
        Event::CancelAccepted(_) | Event::RouteNoted(_) => "CANCELLED",
        _ => return (None, None),
    };
    (Some(status), None)
}
