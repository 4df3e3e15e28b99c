//! Deadlines: none passes before its time, by the broker's clock (STAGE.md §4).

use super::House;
use super::checks::may_be;
use super::tail::Records;
use prost::Message;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_proto::topics::Topic;

/// Facts that set a deadline, and the one that says it has passed.
const TOLD: [&str; 3] = ["weir.routing.v1.Planned", "weir.routing.v1.Parked", "weir.routing.v1.PaymentTimedOut"];
/// Wall and broker may be so far apart before deadlines stop.
const APART_MS: i64 = 2_000;

/// A fact of `routes`, as far as it sets a deadline or says that it has passed.
#[derive(Clone, PartialEq, Message)]
struct Deadline {
    #[prost(message, optional, tag = "10")]
    planned: Option<Demanded>,
    #[prost(message, optional, tag = "18")]
    timed_out: Option<TimedOut>,
    #[prost(message, optional, tag = "19")]
    parked: Option<Demanded>,
}

/// Of `Planned` and of `Parked`: both have it under this number.
#[derive(Clone, PartialEq, Message)]
struct Demanded {
    #[prost(message, optional, tag = "2")]
    demand: Option<Demand>,
}

#[derive(Clone, PartialEq, Message)]
struct Demand {
    #[prost(int64, tag = "11")]
    pay_by_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct TimedOut {}

impl House {
    pub(super) fn check_deadlines(&mut self, records: &Records) {
        for (order, detail) in early(records.of(Topic::Routes)) {
            self.breach("deadline", &order, detail);
        }
    }
}

fn early<'a>(routes: impl Iterator<Item = &'a Record>) -> Vec<(String, String)> {
    let mut pay_by: BTreeMap<&str, i64> = BTreeMap::new();
    let mut broken = Vec::new();
    for record in routes.filter(|record| may_be(record, &TOLD)) {
        let Ok(told) = Deadline::decode(&*record.value) else { continue };
        if told.timed_out.is_some() {
            let due = pay_by.get(record.key.as_str()).copied().unwrap_or(0);
            let before = due - record.time.0;
            if before > APART_MS {
                broken.push((record.key.clone(), format!("its payment deadline passed {before} ms before its time")));
            }
        }
        let demand = told.planned.or(told.parked).and_then(|of| of.demand);
        if let Some(demand) = demand.filter(|demand| demand.pay_by_ms > 0) {
            pay_by.insert(&record.key, demand.pay_by_ms);
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::routing::v1 as routing;
    use weir_proto::routing::v1::route_event::Event;

    fn seen(event: Event) -> Deadline {
        let event = routing::RouteEvent { meta: None, event: Some(event) };
        Deadline::decode(&*event.encode_to_vec()).expect("readable")
    }

    #[test]
    fn a_deadline_is_read_from_where_routing_writes_it() {
        let demand = || Some(routing::Demand { pay_by_ms: 7, ..routing::Demand::default() });
        let set = Some(Demanded { demand: Some(Demand { pay_by_ms: 7 }) });
        let planned = routing::Planned { demand: demand(), ..routing::Planned::default() };
        assert_eq!(seen(Event::Planned(planned)), Deadline { planned: set.clone(), ..Deadline::default() });
        let parked = routing::Parked { demand: demand(), ..routing::Parked::default() };
        assert_eq!(seen(Event::Parked(parked)), Deadline { parked: set, ..Deadline::default() });
        assert!(seen(Event::PaymentTimedOut(routing::PaymentTimedOut::default())).timed_out.is_some());
    }
}
