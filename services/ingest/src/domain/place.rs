//! Where an order goes, as far as the clerk must know: enough to see that it changed, and nothing that could be read.
//!
//! A platform that tells no address, or leaves out the person it has forgotten by then, takes nothing away. What is known and
//! can't be read is not compared: a change is told, never guessed.

use super::digest::digest;
use serde::{Deserialize, Serialize};

/// Two digests: of what lies open in an address, and of what is sealed in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    region: u64,
    door: u64,
}

const NOT_TOLD: u64 = 0;
const UNREADABLE: u64 = u64::MAX;

/// What is sealed in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    NotTold,
    /// No key that is known opens it.
    Unreadable,
    /// A keyed hash of it.
    Known(String),
}

impl Place {
    pub fn new(region: &[String], door: &Door) -> Place {
        Place {
            region: if region.iter().all(String::is_empty) { NOT_TOLD } else { digest(region) },
            door: match door {
                Door::NotTold => NOT_TOLD,
                Door::Unreadable => UNREADABLE,
                Door::Known(hash) => digest(&[hash]),
            },
        }
    }

    /// Whether a body that tells `told` has the order go somewhere else.
    pub(super) fn differs(self, told: Place) -> bool {
        let news = |known: u64, told: u64| told != NOT_TOLD && told != known;
        let readable = self.door != UNREADABLE && told.door != UNREADABLE;
        news(self.region, told.region) || (readable && news(self.door, told.door))
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        [self.region.to_be_bytes(), self.door.to_be_bytes()].concat()
    }
}
