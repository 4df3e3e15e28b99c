//! Deadlines: none passes before its time, by the broker's clock (STAGE.md §4).

use super::House;
use std::collections::BTreeMap;
use weir_pipeline::Record;
use weir_proto::routing::v1::{RouteEvent, route_event};
use weir_proto::topics::Topic;

/// Wall and broker may be so far apart before deadlines stop.
const APART_MS: i64 = 2_000;

impl House {
    pub(super) fn check_deadlines(&mut self, records: &BTreeMap<Topic, Vec<Record>>) {
        for (order, detail) in early(&records[&Topic::Routes]) {
            self.breach("deadline", &order, detail);
        }
    }
}

fn early(routes: &[Record]) -> Vec<(String, String)> {
    let mut pay_by: BTreeMap<&str, i64> = BTreeMap::new();
    let mut broken = Vec::new();
    for record in routes {
        let Ok(RouteEvent { event: Some(event), .. }) = record.decode() else { continue };
        let demand = match event {
            route_event::Event::Planned(planned) => planned.demand,
            route_event::Event::Parked(parked) => parked.demand,
            route_event::Event::PaymentTimedOut(_) => {
                let due = pay_by.get(record.key.as_str()).copied().unwrap_or(0);
                let before = due - record.time.0;
                if before > APART_MS {
                    broken
                        .push((record.key.clone(), format!("its payment deadline passed {before} ms before its time")));
                }
                None
            }
            _ => None,
        };
        if let Some(demand) = demand.filter(|demand| demand.pay_by_ms > 0) {
            pay_by.insert(&record.key, demand.pay_by_ms);
        }
    }
    broken
}
