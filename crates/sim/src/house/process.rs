//! A process of the house: one worker of one stage, the maker of its snapshots, and notification's post.

use super::kept::Kept;
use super::plan::{Plan, Stage};
use super::post::{Desk, SharedPost};
use super::store::Store;
use crate::SimLog;
use crate::world::{ActorId, World};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_ingest::wire::Clerk;
use weir_notification::wire::Notification;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::stage::{Keeping, Seat};
use weir_pipeline::{Effects, NoEffects, Signals, Topology};
use weir_privacy::TenantKey;
use weir_routing::wire::RoutingTopology;

/// How the name of a maker of snapshots ends; it begins with its process's.
pub const MAKER: &str = " snapshots";

/// What a worker has said of itself.
#[derive(Debug, Default)]
pub struct Said {
    pub ready: bool,
    /// Why it is not, or what stands still.
    pub why: String,
    /// How often it became ready.
    pub times_ready: u64,
    /// Partitions that were stopped, each with the reason.
    pub stopped: Vec<String>,
}

/// A process, running or not.
pub struct Process {
    pub stage: Stage,
    /// "routing-1": a restart has the same name.
    pub instance: String,
    /// As the world knows it: of two of one name the younger has a number.
    pub name: String,
    /// Its transactional id and static member id: "routing.routing-1.0".
    pub seat: String,
    pub worker: ActorId,
    stop: Arc<AtomicBool>,
    said: Arc<Mutex<Said>>,
    pub post: Option<SharedPost>,
    pub frozen_until: Option<Duration>,
    /// Another process has been started under its name: it will be fenced.
    pub doubled: bool,
    /// One of its name that stood still was there beside it: whichever joined last has fenced the other, and may be gone by the time
    /// that the other hears of it.
    pub rivalled: bool,
}

/// What processes are started with.
pub struct Shop {
    pub log: SimLog,
    pub store: Store,
    pub clerk: Arc<Kept<Clerk>>,
    pub routing: Arc<Kept<RoutingTopology>>,
    pub inventory: Arc<Kept<weir_inventory::wire::Stage>>,
    pub fulfillment: Arc<Kept<weir_fulfillment::wire::Wire>>,
    pub notification: Arc<Kept<Notification>>,
}

impl Shop {
    pub fn new(log: SimLog, key: Arc<TenantKey>, store: Store) -> Shop {
        Shop {
            log,
            store,
            clerk: Arc::new(Kept::new(Clerk::new(key))),
            routing: Arc::new(Kept::new(RoutingTopology)),
            inventory: Arc::new(Kept::new(weir_inventory::wire::Stage)),
            fulfillment: Arc::new(Kept::new(weir_fulfillment::wire::Wire)),
            notification: Arc::new(Kept::new(Notification)),
        }
    }
}

impl Process {
    /// Starts it in the world.
    pub fn start(world: &mut World, shop: &Shop, plan: &Plan, stage: Stage, instance: &str) -> Process {
        let doubles =
            (0..).map(|number| if number == 0 { instance.to_owned() } else { format!("{instance} ({number})") });
        let name = doubles.into_iter().find(|name| world.alive(name).is_empty()).unwrap_or_default();
        let said = Arc::new(Mutex::new(Said::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let launch = Launch { world, shop, plan, instance, name: &name, said: &said, stop: &stop };
        let mut post = None;
        let worker = match stage {
            Stage::Clerk => launch.go(&shop.clerk, NoEffects),
            Stage::Routing => launch.go(&shop.routing, NoEffects),
            Stage::Inventory => launch.go(&shop.inventory, NoEffects),
            Stage::Fulfillment => launch.go(&shop.fulfillment, NoEffects),
            Stage::Notification => {
                let shared = SharedPost::default();
                post = Some(shared.clone());
                launch.go(&shop.notification, Desk(shared))
            }
        };
        let seat = format!("{}.{instance}.0", stage.name());
        let instance = instance.to_owned();
        Process {
            stage,
            instance,
            name,
            seat,
            worker,
            stop,
            said,
            post,
            frozen_until: None,
            doubled: false,
            rivalled: false,
        }
    }

    pub fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks it to end in good order.
    pub fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to; one that stands still hears of it later.
    pub fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Ends it at once, wherever it is; nothing is said, and nothing in its memory survives.
    pub fn kill(&self, world: &mut World) {
        world.kill_process(&self.name);
    }

    /// Stands still, all of it, for so long.
    pub fn freeze(&mut self, world: &mut World, length: Duration) {
        world.freeze_process(&self.name, length);
        self.frozen_until = Some(world.now() + length);
    }

    /// Whether it was asked to end.
    pub fn asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Over, all of it: its maker of snapshots ends a moment later than its worker.
    pub fn is_over(&self, world: &World) -> bool {
        world.is_over(self.worker) && world.alive(&self.name).is_empty()
    }
}

/// All that a start needs.
struct Launch<'a> {
    world: &'a mut World,
    shop: &'a Shop,
    plan: &'a Plan,
    instance: &'a str,
    name: &'a str,
    said: &'a Arc<Mutex<Said>>,
    stop: &'a Arc<AtomicBool>,
}

impl Launch<'_> {
    fn go<T: Topology, E: Effects<T> + 'static>(self, topology: &Arc<T>, effects: E) -> ActorId {
        let Launch { world, shop, plan, instance, name, said, stop } = self;
        let heard = said.clone();
        let signals = Signals::new(stop.clone(), move |ready, why| hear(&heard, ready, why));
        let snapshots = Some(Snapshots::on(shop.store.clone()));
        let config = plan.config(instance);
        let seat = Seat::new(topology.clone(), shop.log.clone(), &config, 0, snapshots, signals);
        let (look_every, facts) = plan.keeping;
        let keeper = seat.clone();
        let worker = world.spawn(name, name, move || seat.run_here(effects));
        let keeping =
            Keeping { look_every, facts_min: facts, rest: look_every * 4, facts_rested: facts, facts_max: facts };
        world.spawn(name, &format!("{name}{MAKER}"), move || keeper.keep_snapshots_here(keeping));
        worker
    }
}

fn hear(said: &Mutex<Said>, ready: bool, why: &str) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    if ready && !said.ready {
        said.times_ready += 1;
    }
    if why.contains("is stopped") && said.stopped.last().is_none_or(|last| last != why) {
        said.stopped.push(why.to_owned());
    }
    said.ready = ready;
    said.why = why.to_owned();
}
