//! The process: what is started, in which order, and how it ends.
//!
//! Kafka may be away at the start. Where there is a journal, and the shops are known from before, the door takes deliveries all
//! the same; else it is open, answers 503 and is not ready until the log is there. A broker or topic whose settings break what the
//! clerk promises ends the process.

mod gate;

use crate::edge::{Admission, Asking, Book, Door, Lane, Placing, Service, drain, report, router};
use crate::fetch::{self, Asker, Desk};
use crate::journal::Journal;
use crate::pull::{Client, Cursors, Feeder};
use crate::remembered::{self, Memory};
use crate::settings::{self, JournalSettings, Settings};
use crate::wire::{Clerk, Shops};
use gate::Gate;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use weir_host::process::BoxError;
use weir_host::{Boot, Miss, Parts};
use weir_pipeline::gateway::Gateway;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::Table;
use weir_pipeline::snapshot::Snapshots;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, LogError, Signals, stage};
use weir_privacy::TenantKey;
use weir_proto::DESCRIPTORS;
use weir_proto::ingest::v1::ingest_service_server::IngestServiceServer;
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

/// Bytes of a gRPC message: an order of the door's size and what is around it. tonic takes 4 MB by itself, of each stream of a connection.
const MESSAGE_MAX: usize = 512 << 10;

/// Runs the service to its end.
pub fn run() -> ExitCode {
    weir_host::run("ingest", settings::read, start)
}

/// What an attempt at the log needs. Cheap to clone.
#[derive(Clone)]
struct Attempts {
    boot: Boot,
    config: Config,
    key: Arc<TenantKey>,
    book: Book,
    gate: Gate,
    /// The journal's folder, where the shops are remembered too.
    folder: Option<PathBuf>,
    lane: Lane,
    write_within: Duration,
    /// Asks for announced orders.
    fetching: fetch::Handle,
}

async fn start(boot: Boot, settings: Option<Settings>) -> Result<Parts, BoxError> {
    let Settings { log: config, key, limits, write_within, journal, snapshots, database } =
        settings.ok_or("the configuration has faults")?;
    let (key, book, gateway) = (Arc::new(key), Book::default(), Arc::new(OnceLock::new()));
    let gate = Gate::new(&boot.readiness, journal.is_some());
    let folder = journal.as_ref().map(|journal| journal.folder.clone());
    // Reads whole files: nothing for a runtime's thread.
    let journal =
        tokio::task::spawn_blocking(move || journal.map(|journal| open_journal(&journal)).transpose()).await??;
    let lane = Lane { writer: Arc::default(), journal };
    let door = Door::new(book.clone(), lane.clone(), Admission::new(limits));
    let placing = Placing::new(gateway.clone(), key.clone());
    let client = Client::new()?;
    let cursors = database.map(Cursors::new);
    if let Some(cursors) = cursors.clone() {
        pull(&boot, Feeder::new(client.clone(), cursors, lane.clone(), book.clone()))?;
    }
    let asker = Asker::new(client.clone(), book.clone(), lane.clone());
    let (fetching, fetches) = fetch::start(Arc::new(asker), boot.drain.clone());
    boot.task("fetch", async move {
        fetches.await;
        Ok::<(), BoxError>(())
    });
    let asking = Asking { client, book: book.clone(), lane: lane.clone(), cursors, stop: boot.drain.clone() };
    let attempts = Attempts { boot: boot.clone(), config, key, book, gate, folder, lane, write_within, fetching };
    // At once: whoever sends while the log is being reached is answered, and not asked to come again.
    let known = attempts.recall();
    let (waiting, readiness) = (attempts.clone(), boot.readiness.clone());
    boot.task("ingest", async move {
        let kept = waiting.lane.journal.clone();
        let reporting = kept.map(|journal| tokio::spawn(report(journal, readiness.shown("journal"))));
        // A log that takes longer than a delivery may wait is away, as far as readiness is concerned.
        let impatient = tokio::spawn(async move {
            tokio::time::sleep(write_within).await;
            if !waiting.book.follows() {
                waiting.gate.goes_by_memory(known);
            }
        });
        let ended = work(attempts, gateway, snapshots).await;
        impatient.abort();
        if let Some(reporting) = reporting {
            reporting.abort();
        }
        ended
    });
    Ok(Parts::new()
        .http(router(door))
        .grpc(IngestServiceServer::new(Service { placing, asking }).max_decoding_message_size(MESSAGE_MAX))
        .descriptors(DESCRIPTORS))
}

/// Pulls shops whenever log and database are there.
fn pull(boot: &Boot, feeder: Feeder) -> Result<(), BoxError> {
    let handle = tokio::runtime::Handle::current();
    boot.thread("pulls", move |drain| {
        handle.block_on(feeder.run(drain));
        Ok::<(), BoxError>(())
    })?;
    Ok(())
}

/// Reaches the log, starts what needs it, and waits for the end.
async fn work(
    attempts: Attempts,
    gateway: Arc<OnceLock<Gateway>>,
    snapshots: Option<Snapshots>,
) -> Result<(), BoxError> {
    let (boot, reached) = (attempts.boot.clone(), attempts.gate.log().clone());
    let connecting = attempts.clone();
    let connect = move || KafkaLog::connect(&connecting.config).map_err(missed);
    let Some(log) = boot.reach(&reached, connect).await? else {
        return Ok(());
    };
    // First: the clerk needs nothing of what the door opens, and deliveries may wait for it.
    attempts.decide(&log, snapshots)?;
    attempts.write()?;
    let opening = attempts.clone();
    let open = move || opening.open(&log).map_err(missed);
    let Some(opened) = boot.reach(&reached, open).await? else {
        return Ok(());
    };
    // Nobody else fills it.
    let _ = gateway.set(opened);
    attempts.gate.log_reached();
    boot.drain.requested().await;
    Ok(())
}

/// A broker that is away may come; one that refuses will not come right by itself.
fn missed(error: LogError) -> Miss {
    match error {
        LogError::Fatal(why) => Miss::refused(why),
        error => Miss::Away(error.to_string()),
    }
}

impl Attempts {
    /// Starts the clerk's workers; each is a part of the process that must not end before the drain.
    fn decide(&self, log: &KafkaLog, snapshots: Option<Snapshots>) -> Result<(), BoxError> {
        let gate = self.gate.clone();
        let signals = Signals::new(self.boot.drain.flag(), move |holds, why| gate.clerk(holds, why));
        let clerk = Arc::new(Clerk::new(self.key.clone()));
        let desk = |worker| Desk::new(worker, self.fetching.clone());
        for worker in stage::spawn(clerk, log.clone(), &self.config, desk, snapshots, &signals)? {
            self.boot.joined(format!("stage {}", worker.name), worker.thread)?;
        }
        Ok(())
    }

    /// Lets deliveries into the log, from now on and out of the journal.
    fn write(&self) -> Result<(), BoxError> {
        let writer = Writer::connect(&self.config, "ingest", self.write_within)?;
        // Nobody else fills it.
        let _ = self.lane.writer.set(writer);
        let Some(journal) = self.lane.journal.clone() else { return Ok(()) };
        let (lane, stop) = (self.lane.clone(), self.boot.drain.clone());
        self.boot.task("journal", async move {
            drain(lane, journal, stop).await;
            Ok::<(), BoxError>(())
        });
        Ok(())
    }

    /// Reads the shops, and opens the way for commands.
    fn open(&self, log: &KafkaLog) -> Result<Gateway, LogError> {
        let (following, key) = (Signals::new(self.boot.drain.flag(), |_, _| {}), self.key.clone());
        let memory = self.folder.as_deref().map(Memory::start).transpose();
        let (memory, complete) = memory.map_err(|e| LogError::Fatal(e.to_string()))?.unzip();
        let learn = move |shops: &mut Shops, name: &str, event: Option<ReferenceEvent>| {
            if let Some(memory) = &memory {
                memory.note(name, event.as_ref());
            }
            shops.learn(&key, name, event);
        };
        let table = Table::follow(log, following, learn)?;
        let gateway = Gateway::start(&self.config, Topic::Deliveries, Topic::Orders)?;
        if let Some(complete) = complete {
            complete.tell();
        }
        self.book.follow(table);
        Ok(gateway)
    }

    /// Reads the shops as they were last known, and says how many there are. They count until the topic was read.
    fn recall(&self) -> usize {
        let Some(folder) = &self.folder else { return 0 };
        match remembered::read(folder, &self.key) {
            Ok((shops, known)) => {
                self.book.remember(shops);
                known
            }
            Err(error) => {
                tracing::warn!(%error, "the shops are not known from before; the door waits for the log");
                0
            }
        }
    }
}

fn open_journal(settings: &JournalSettings) -> Result<Journal, BoxError> {
    let JournalSettings { folder, bytes_max } = settings;
    Journal::open(folder, *bytes_max).map_err(|error| {
        let folder = folder.display();
        format!("the journal in {folder} can't be opened: {error}; give each process a folder of its own that it may write to").into()
    })
}
