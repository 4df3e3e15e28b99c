//! The topic catalogue (DESIGN.md §1): what each topic carries, under which key, who writes it and how long it is kept.
//!
//! This is the one place. Topics are created from it, checked against it at start-up, and `docs/topology.golden` is printed
//! from it. Each service's `tests/` compare its rows with what the service's code does.

use std::fmt;

/// A topic by its catalogue name; the installation's prefix is added at the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    Deliveries,
    Orders,
    Routes,
    StockCommands,
    Stock,
    Allocations,
    Shipments,
    Notices,
    RoutingCommands,
    ShipmentCommands,
    NoticeCommands,
    Reference,
    ReferenceHistory,
    Quarantine,
}

/// How many partitions a topic has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitions {
    /// As many as the installation says: all of these are co-partitioned.
    Scaled,
    /// A fixed count, whatever the installation.
    Fixed(i32),
}

/// How long records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// For ever: state is folded from it.
    Endless,
    Days(i64),
    /// The newest record of each key for ever.
    Compacted,
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub topic: Topic,
    pub name: &'static str,
    /// Full protobuf name of the value.
    pub message: &'static str,
    pub key: &'static str,
    /// Services, and `weir` where one of its commands is made to write here: `quarantine redrive` writes back into every input
    /// of a stage.
    pub writers: &'static [&'static str],
    /// Services that take it in, as an input, for a projection, for answers to commands, or as reference data; a stage's fold of
    /// its own facts goes without saying. So do `weir replay`, `verify` and `demo`, which read whatever they are asked for.
    pub readers: &'static [&'static str],
    pub partitions: Partitions,
    pub retention: Retention,
}

use Partitions::{Fixed, Scaled};
use Retention::{Compacted, Days, Endless};

/// Every topic, in the order of the design.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        topic: Topic::Deliveries,
        name: "deliveries",
        message: "weir.delivery.v1.DeliveryEvent",
        key: "order, else the subject",
        writers: &["ingest", "weir"],
        readers: &["ingest"],
        partitions: Scaled,
        retention: Days(90),
    },
    Entry {
        topic: Topic::Orders,
        name: "orders",
        message: "weir.order.v1.OrderEvent",
        key: "order",
        writers: &["ingest", "weir"],
        readers: &["routing", "notification", "console", "ingest"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::Routes,
        name: "routes",
        message: "weir.routing.v1.RouteEvent",
        key: "order",
        writers: &["routing", "weir"],
        readers: &["fulfillment", "notification", "console", "routing"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::StockCommands,
        name: "stock-commands",
        message: "weir.stock.v1.StockCommand",
        key: "pool",
        writers: &["routing", "fulfillment", "inventory", "weir"],
        readers: &["inventory"],
        partitions: Scaled,
        retention: Days(30),
    },
    Entry {
        topic: Topic::Stock,
        name: "stock",
        message: "weir.stock.v1.StockEvent",
        key: "pool",
        writers: &["inventory"],
        readers: &["inventory"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::Allocations,
        name: "allocations",
        message: "weir.allocation.v1.AllocationEvent",
        key: "order",
        writers: &["inventory", "weir"],
        readers: &["fulfillment", "console"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::Shipments,
        name: "shipments",
        message: "weir.shipment.v1.ShipmentEvent",
        key: "order",
        writers: &["fulfillment", "weir"],
        readers: &["fulfillment", "notification", "console"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::Notices,
        name: "notices",
        message: "weir.notice.v1.NoticeEvent",
        key: "order",
        writers: &["notification"],
        readers: &["console"],
        partitions: Scaled,
        retention: Endless,
    },
    Entry {
        topic: Topic::RoutingCommands,
        name: "routing-commands",
        message: "weir.routing.v1.RoutingCommand",
        key: "order",
        writers: &["routing", "fulfillment", "weir"],
        readers: &["routing"],
        partitions: Scaled,
        retention: Days(30),
    },
    Entry {
        topic: Topic::ShipmentCommands,
        name: "shipment-commands",
        message: "weir.shipment.v1.ShipmentCommand",
        key: "order",
        writers: &["fulfillment", "weir"],
        readers: &["fulfillment"],
        partitions: Scaled,
        retention: Days(30),
    },
    Entry {
        topic: Topic::NoticeCommands,
        name: "notice-commands",
        message: "weir.notice.v1.NoticeCommand",
        key: "order",
        writers: &["notification", "weir"],
        readers: &["notification"],
        partitions: Scaled,
        retention: Days(30),
    },
    Entry {
        topic: Topic::Reference,
        name: "reference",
        message: "weir.reference.v1.ReferenceEvent",
        key: "tenant/kind/id",
        writers: &["weir"],
        readers: &["ingest", "routing", "notification", "weir"],
        partitions: Fixed(1),
        retention: Compacted,
    },
    Entry {
        topic: Topic::ReferenceHistory,
        name: "reference-history",
        message: "weir.reference.v1.ReferenceEvent",
        key: "tenant/kind/id@version",
        writers: &["weir"],
        readers: &[],
        partitions: Fixed(1),
        retention: Endless,
    },
    Entry {
        topic: Topic::Quarantine,
        name: "quarantine",
        message: "weir.quarantine.v1.QuarantineEvent",
        key: "the input's key",
        writers: &["ingest", "routing", "inventory", "fulfillment", "notification", "weir"],
        readers: &["console", "weir"],
        partitions: Scaled,
        retention: Days(90),
    },
];

/// A stage: its inputs, the facts that are its memory, and what it writes to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageEntry {
    /// Names the consumer group and the transactional ids.
    pub name: &'static str,
    pub service: &'static str,
    pub inputs: &'static [Topic],
    pub facts: Topic,
    pub outputs: &'static [Topic],
}

/// Every stage, in the order of the flow. A service's topology must say the same; `docs/topology.golden` is printed from here.
pub const STAGES: &[StageEntry] = &[
    StageEntry { name: "clerk", service: "ingest", inputs: &[Topic::Deliveries], facts: Topic::Orders, outputs: &[] },
    StageEntry {
        name: "routing",
        service: "routing",
        inputs: &[Topic::Orders, Topic::RoutingCommands],
        facts: Topic::Routes,
        outputs: &[Topic::StockCommands],
    },
    StageEntry {
        name: "inventory",
        service: "inventory",
        inputs: &[Topic::StockCommands],
        facts: Topic::Stock,
        outputs: &[Topic::Allocations],
    },
    StageEntry {
        name: "fulfillment",
        service: "fulfillment",
        inputs: &[Topic::Routes, Topic::Allocations, Topic::ShipmentCommands],
        facts: Topic::Shipments,
        outputs: &[Topic::StockCommands, Topic::RoutingCommands],
    },
    StageEntry {
        name: "notification",
        service: "notification",
        inputs: &[Topic::Orders, Topic::Routes, Topic::Shipments, Topic::NoticeCommands],
        facts: Topic::Notices,
        outputs: &[],
    },
];

/// What the catalogue lets this service read.
pub fn read_by(service: &str) -> Vec<Topic> {
    CATALOGUE.iter().filter(|entry| entry.readers.contains(&service)).map(|entry| entry.topic).collect()
}

/// What the catalogue lets this service write.
pub fn written_by(service: &str) -> Vec<Topic> {
    CATALOGUE.iter().filter(|entry| entry.writers.contains(&service)).map(|entry| entry.topic).collect()
}

/// The stages of this service.
pub fn stages_of(service: &str) -> Vec<StageEntry> {
    STAGES.iter().filter(|stage| stage.service == service).copied().collect()
}

impl Topic {
    /// The catalogue's row.
    pub fn entry(self) -> &'static Entry {
        &CATALOGUE[self as usize]
    }

    /// The name without the installation's prefix.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The topic of that name, if the catalogue has it.
    pub fn parse(name: &str) -> Option<Topic> {
        CATALOGUE.iter().find(|e| e.name == name).map(|e| e.topic)
    }

    /// The name at the broker.
    pub fn full_name(self, prefix: &str) -> String {
        format!("{prefix}.{}", self.name())
    }

    /// Partition count where the installation has `scaled` partitions.
    pub fn partitions(self, scaled: i32) -> i32 {
        match self.entry().partitions {
            Scaled => scaled,
            Fixed(count) => count,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_finds_its_own_row() {
        for entry in CATALOGUE {
            assert_eq!(entry.topic.entry().name, entry.name);
            assert_eq!(Topic::parse(entry.name), Some(entry.topic));
        }
    }
}
