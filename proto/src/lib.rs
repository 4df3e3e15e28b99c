//! What Weir's services say to each other: generated types, the topic catalogue, and the headers of a record.
//!
//! Sees nothing but prost and tonic. How wire becomes domain is each service's own `wire.rs`.

pub mod headers;
pub mod ids;
pub mod limits;
pub mod partition;
pub mod topics;

/// The descriptor set of every file, for reflection and for `/schemas`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

macro_rules! packages {
    ($($area:ident),+ $(,)?) => {$(
        #[allow(clippy::all, missing_docs)]
        pub mod $area {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/weir.", stringify!($area), ".v1.rs"));
                include!(concat!(env!("OUT_DIR"), "/weir.", stringify!($area), ".v1.serde.rs"));
            }
        }
    )+};
}

packages!(
    money,
    privacy,
    log,
    order,
    delivery,
    routing,
    stock,
    allocation,
    shipment,
    notice,
    reference,
    quarantine,
    ingest,
    inventory,
    fulfillment,
    console,
);
