//! A Kafka that is simulated: the same seed gives the same log, to the byte and the millisecond.
//!
//! [`Sim`] is one installation. [`Sim::log`] is what stages and readers use, [`Sim::control`] is how a test does harm. The broker is a
//! state machine without threads or I/O (`broker`); the faces of [`weir_pipeline::Log`] on top of it (`log`) behave as librdkafka
//! does. Time is virtual: whoever waits moves it on. `docs/conformance.md` lists the cases that keep it honest.

mod broker;
mod control;
mod current;
pub mod house;
mod log;
#[cfg(feature = "plants")]
pub mod plants;
mod random;
mod settings;
mod wait;
pub mod workload;
mod world;

pub use broker::{Coordination, Target};
pub use control::Control;
pub use log::{Seat, SimLog, SimMember, SimProducer, SimReader};
pub use settings::{Protocol, Settings};
pub use world::{ActorId, Outcome, Report, World};

use broker::Broker;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One simulated installation. Cheap to clone.
#[derive(Clone)]
pub struct Sim {
    broker: Arc<Mutex<Broker>>,
    /// Partition count of every scaled topic.
    scaled: i32,
}

impl Sim {
    pub fn new(settings: Settings) -> Sim {
        let scaled = settings.partitions;
        Sim { scaled, broker: Arc::new(Mutex::new(Broker::new(settings))) }
    }

    /// The log as stages, readers and verifiers see it.
    pub fn log(&self) -> SimLog {
        SimLog::new(self.clone())
    }

    /// The handle of whoever plays the world's malice.
    pub fn control(&self) -> Control {
        Control::new(self.clone())
    }

    /// A panic elsewhere leaves the state as it was after the last whole request.
    fn lock(&self) -> MutexGuard<'_, Broker> {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
