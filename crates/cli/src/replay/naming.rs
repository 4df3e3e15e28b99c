//! Which records an order is named by: their key, or, where a topic has another key, their content.

use super::event;
use serde_json::Value;
use weir_pipeline::Record;
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;

/// What is between the parts of a key that is no order.
const SLASH: char = '/';

/// Where records can lie that this order, or other key, is named by.
pub fn partitions(topic: Topic, order: Option<&str>, count: i32) -> Vec<i32> {
    let key_alone = |order: &str| match topic {
        // Keyed by pool: an order may be named in any.
        Topic::Stock | Topic::StockCommands => order.contains(SLASH),
        // Keyed by the input's key, which may be a pool.
        Topic::Quarantine | Topic::Reference | Topic::ReferenceHistory => false,
        _ => true,
    };
    match order {
        Some(order) if key_alone(order) => vec![partition_of(order.as_bytes(), count)],
        _ => (0..count).collect(),
    }
}

/// Whether a record of a topic that is not keyed by order has this order's id in its content.
pub fn names(record: &Record, order: &str) -> bool {
    match record.topic {
        // Most records name another order: their bytes tell at once.
        Topic::Stock | Topic::StockCommands => has(&record.value, order) && is_a_value(&event(record), order),
        // What could not be read lies there as bytes; an id is too long to be there by chance, other words are not.
        Topic::Quarantine => order.len() >= ID_LENGTH && has(&record.value, order),
        _ => false,
    }
}

/// Of an order's id, which is a UUID.
const ID_LENGTH: usize = 36;

fn has(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Whether some text in it is this, whole.
fn is_a_value(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Array(all) => all.iter().any(|value| is_a_value(value, wanted)),
        Value::Object(fields) => fields.values().any(|value| is_a_value(value, wanted)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use weir_decider::Millis;
    use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
    use weir_proto::stock::v1::{Allocate, Queued, Reserve, StockCommand, StockEvent, stock_command, stock_event};

    const ORDER: &str = "bfdc8376-97e6-58c1-9934-fa54717d5fb3";

    fn record(topic: Topic, message: &impl prost::Message) -> Record {
        let value = message.encode_to_vec().into();
        let (key, headers) = ("demo/main".to_owned(), weir_pipeline::Headers::default());
        Record { topic, partition: 0, offset: 0, time: Millis(0), key, value, headers }
    }

    fn reserve(order: &str) -> StockCommand {
        let reserve = Reserve { order_id: order.to_owned(), ..Reserve::default() };
        StockCommand { command: Some(stock_command::Command::Reserve(reserve)), ..StockCommand::default() }
    }

    #[test]
    fn an_order_is_found_in_a_pools_records() {
        let command = record(Topic::StockCommands, &reserve(ORDER));
        assert!(names(&command, ORDER));
        assert!(!names(&command, &ORDER[..30]), "a part of an id is no id");
        assert!(!names(&record(Topic::StockCommands, &reserve("another")), ORDER));
        let allocate = Allocate { order_id: ORDER.to_owned(), ..Allocate::default() };
        let queued = stock_event::Event::Queued(Queued { allocate: Some(allocate), ..Queued::default() });
        let queued = StockEvent { event: Some(queued), ..StockEvent::default() };
        assert!(names(&record(Topic::Stock, &queued), ORDER), "also where it lies deeper");
        let quarantined = Quarantined { value: reserve(ORDER).encode_to_vec().into(), ..Quarantined::default() };
        let event = Some(quarantine_event::Event::Quarantined(quarantined));
        let quarantined = record(Topic::Quarantine, &QuarantineEvent { event, ..QuarantineEvent::default() });
        assert!(names(&quarantined, ORDER));
        assert!(!names(&quarantined, "main"));
    }

    #[test]
    fn only_what_can_have_it_is_read() {
        assert_eq!(partitions(Topic::Orders, Some(ORDER), 4).len(), 1);
        assert_eq!(partitions(Topic::Orders, None, 4), [0, 1, 2, 3]);
        assert_eq!(partitions(Topic::Stock, Some(ORDER), 4), [0, 1, 2, 3]);
        assert_eq!(partitions(Topic::Stock, Some("demo/main"), 4), [partition_of(b"demo/main", 4)]);
    }
}
