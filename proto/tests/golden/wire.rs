//! The generated types behind the messages of the topics: read, written, and as JSON.

use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One generated type, without its name in the program.
#[derive(Clone, Copy)]
pub struct Wire {
    /// Full protobuf name.
    pub message: &'static str,
    rewrite: fn(&[u8]) -> Result<Vec<u8>, String>,
    print: fn(&[u8]) -> Result<String, String>,
    parse: fn(&str) -> Result<Vec<u8>, String>,
}

impl Wire {
    pub fn of(message: &'static str) -> Wire {
        match message {
            "weir.delivery.v1.DeliveryEvent" => typed::<weir_proto::delivery::v1::DeliveryEvent>(message),
            "weir.order.v1.OrderEvent" => typed::<weir_proto::order::v1::OrderEvent>(message),
            "weir.routing.v1.RouteEvent" => typed::<weir_proto::routing::v1::RouteEvent>(message),
            "weir.routing.v1.RoutingCommand" => typed::<weir_proto::routing::v1::RoutingCommand>(message),
            "weir.stock.v1.StockCommand" => typed::<weir_proto::stock::v1::StockCommand>(message),
            "weir.stock.v1.StockEvent" => typed::<weir_proto::stock::v1::StockEvent>(message),
            "weir.allocation.v1.AllocationEvent" => typed::<weir_proto::allocation::v1::AllocationEvent>(message),
            "weir.shipment.v1.ShipmentEvent" => typed::<weir_proto::shipment::v1::ShipmentEvent>(message),
            "weir.shipment.v1.ShipmentCommand" => typed::<weir_proto::shipment::v1::ShipmentCommand>(message),
            "weir.notice.v1.NoticeEvent" => typed::<weir_proto::notice::v1::NoticeEvent>(message),
            "weir.notice.v1.NoticeCommand" => typed::<weir_proto::notice::v1::NoticeCommand>(message),
            "weir.reference.v1.ReferenceEvent" => typed::<weir_proto::reference::v1::ReferenceEvent>(message),
            "weir.quarantine.v1.QuarantineEvent" => typed::<weir_proto::quarantine::v1::QuarantineEvent>(message),
            "weir.log.v1.Envelope" => typed::<weir_proto::log::v1::Envelope>(message),
            other => panic!("the catalogue has {other}, and this table has no type for it"),
        }
    }

    /// Decoded, and encoded again.
    pub fn rewritten(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        (self.rewrite)(bytes)
    }

    pub fn json(&self, bytes: &[u8]) -> String {
        (self.print)(bytes).expect("a message that was just encoded")
    }

    /// Whether the bytes and the JSON say the same message, each readable and each written as it was.
    pub fn check(&self, bytes: &[u8], json: &str) -> Result<(), String> {
        if self.rewritten(bytes)? != bytes {
            return Err("decoded and encoded again, the bytes are others".to_owned());
        }
        let now = (self.print)(bytes)?;
        if now != json {
            return Err(format!("its JSON is now\n{now}"));
        }
        if (self.parse)(json)? != bytes {
            return Err("its JSON is read as another message".to_owned());
        }
        Ok(())
    }
}

fn typed<T: Message + Default + Serialize + DeserializeOwned>(message: &'static str) -> Wire {
    Wire {
        message,
        rewrite: |bytes| Ok(decoded::<T>(bytes)?.encode_to_vec()),
        print: |bytes| {
            let text = serde_json::to_string_pretty(&decoded::<T>(bytes)?).map_err(|error| error.to_string())?;
            Ok(text + "\n")
        },
        parse: |json| {
            let read: T = serde_json::from_str(json).map_err(|error| error.to_string())?;
            Ok(read.encode_to_vec())
        },
    }
}

fn decoded<T: Message + Default>(bytes: &[u8]) -> Result<T, String> {
    T::decode(bytes).map_err(|error| error.to_string())
}
