//! Facts as far as the books need them: of what they do not ask for, no copy is made. A field has the number of its arm.

use prost::Message;
use weir_proto::routing::v1::{Held, HoldResolved, RouteCancelled};
use weir_proto::stock::v1::{Adjusted, Issued, Received, Restocked, Shortage};

/// An arm of which it is enough that it is there.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Arm {}

/// A fact of `orders`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Order {
    #[prost(message, optional, tag = "10")]
    pub(super) placed: Option<Arm>,
    #[prost(message, optional, tag = "11")]
    pub(super) payment: Option<Arm>,
    #[prost(message, optional, tag = "13")]
    pub(super) cancelled: Option<Arm>,
    #[prost(message, optional, tag = "16")]
    pub(super) lines_changed: Option<Arm>,
    #[prost(message, optional, tag = "20")]
    pub(super) observed: Option<Arm>,
}

/// A fact of `routes`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Route {
    #[prost(message, optional, tag = "10")]
    pub(super) planned: Option<Arm>,
    #[prost(message, optional, tag = "11")]
    pub(super) held: Option<Held>,
    #[prost(message, optional, tag = "12")]
    pub(super) hold_resolved: Option<HoldResolved>,
    #[prost(message, optional, tag = "13")]
    pub(super) released: Option<Arm>,
    #[prost(message, optional, tag = "14")]
    pub(super) change_asked: Option<Arm>,
    #[prost(message, optional, tag = "15")]
    pub(super) rerouted: Option<Arm>,
    #[prost(message, optional, tag = "16")]
    pub(super) cancelled: Option<RouteCancelled>,
    #[prost(message, optional, tag = "23")]
    pub(super) shipped_outside: Option<Arm>,
    #[prost(message, optional, tag = "18")]
    pub(super) payment_timed_out: Option<Arm>,
    #[prost(message, optional, tag = "19")]
    pub(super) parked: Option<Parked>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Parked {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
}

/// A fact of `stock`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Stock {
    #[prost(message, optional, tag = "10")]
    pub(super) received: Option<Received>,
    #[prost(message, optional, tag = "11")]
    pub(super) adjusted: Option<Adjusted>,
    #[prost(message, optional, tag = "17")]
    pub(super) issued: Option<Issued>,
    #[prost(message, optional, tag = "18")]
    pub(super) restocked: Option<Restocked>,
    #[prost(message, optional, tag = "21")]
    pub(super) shortage: Option<Shortage>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::{order::v1 as order, routing::v1 as routing, stock::v1 as stock};

    fn seen<M: Message + Default>(event: &impl Message) -> M {
        M::decode(&*event.encode_to_vec()).expect("readable")
    }

    #[test]
    fn an_arm_is_known_by_its_number() {
        use order::order_event::Event;
        let of = |event| seen::<Order>(&order::OrderEvent { meta: None, event: Some(event) });
        assert!(of(Event::OrderPlaced(order::OrderPlaced { order: Some(order::Order::default()) })).placed.is_some());
        assert!(of(Event::PaymentReceived(order::PaymentReceived::default())).payment.is_some());
        assert!(of(Event::OrderCancelled(order::OrderCancelled::default())).cancelled.is_some());
        assert!(of(Event::LinesChanged(order::LinesChanged::default())).lines_changed.is_some());
        assert!(of(Event::OrderObserved(order::OrderObserved::default())).observed.is_some());
        assert_eq!(of(Event::NoteChanged(order::NoteChanged::default())), Order::default());
    }

    #[test]
    fn routing_says_the_same_in_both() {
        use routing::route_event::Event;
        let of = |event| seen::<Route>(&routing::RouteEvent { meta: None, event: Some(event) });
        assert!(of(Event::Planned(routing::Planned::default())).planned.is_some());
        assert!(of(Event::Released(routing::Released::default())).released.is_some());
        assert!(of(Event::ChangeAsked(routing::ChangeAsked::default())).change_asked.is_some());
        assert!(of(Event::Rerouted(routing::Rerouted::default())).rerouted.is_some());
        assert!(of(Event::PaymentTimedOut(routing::PaymentTimedOut::default())).payment_timed_out.is_some());
        assert!(of(Event::ShippedOutside(routing::ShippedOutside::default())).shipped_outside.is_some());
        let held = Held { hold_id: "h".to_owned(), reason: "r".to_owned(), ..Held::default() };
        assert_eq!(of(Event::Held(held.clone())).held, Some(held));
        let resolved = HoldResolved { hold_id: "h".to_owned(), ..HoldResolved::default() };
        assert_eq!(of(Event::HoldResolved(resolved.clone())).hold_resolved, Some(resolved));
        let cancelled = RouteCancelled { reason: "r".to_owned(), ..RouteCancelled::default() };
        assert_eq!(of(Event::RouteCancelled(cancelled.clone())).cancelled, Some(cancelled));
        let demand = Some(routing::Demand::default());
        let parked = routing::Parked { reason: "unmapped".to_owned(), demand };
        assert_eq!(of(Event::Parked(parked)).parked, Some(Parked { reason: "unmapped".to_owned() }));
    }

    #[test]
    fn inventory_says_the_same_in_both() {
        use stock::stock_event::Event;
        let of = |event| seen::<Stock>(&stock::StockEvent { meta: None, event: Some(event) });
        let received = Received { sku: "s".to_owned(), quantity: 3, ..Received::default() };
        assert_eq!(of(Event::Received(received.clone())).received, Some(received));
        let adjusted = Adjusted { sku: "s".to_owned(), delta: -3, ..Adjusted::default() };
        assert_eq!(of(Event::Adjusted(adjusted.clone())).adjusted, Some(adjusted));
        let shortage = Shortage { sku: "s".to_owned(), quantity: 3, ..Shortage::default() };
        assert_eq!(of(Event::Shortage(shortage.clone())).shortage, Some(shortage));
        assert!(of(Event::Issued(Issued::default())).issued.is_some());
        assert!(of(Event::Restocked(Restocked::default())).restocked.is_some());
        assert_eq!(of(Event::Allocated(stock::Allocated::default())), Stock::default());
    }
}
