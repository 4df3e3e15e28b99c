//! The door's journal (STAGE.md §8): deliveries that the log did not take, on a disk of this pod's own until it does.
//!
//! A queue of records in files. An append returns when the record is synced; a drain reads from the front and says what the log
//! has by then. While anything is in it, all that comes is to be appended behind; [`Way`] says so to the door. A record may be
//! drained more than once, after a restart or where a portion was not taken whole; none is left out but what lies behind a break
//! in a file.

mod folder;
mod frame;
mod image;
mod keeper;
mod segment;

pub use frame::RECORD_MAX;
pub use image::{replace, whole};

use folder::{Folder, Left};
use keeper::{Ask, Keeper};
use segment::{MARK, Segment};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};

/// Appends that may wait for the keeper; one more is refused at once.
const WAITING_MAX: usize = 4_096;

/// Which way a delivery takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the log: the journal is empty.
    Direct,
    /// Into the journal, behind what is in it.
    Behind,
    /// Neither, for a moment: the last records are on their way to the log, and whoever comes waits until they are there.
    Turning,
}

/// A place in the journal: a file, and a byte in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    segment: u64,
    offset: u64,
}

/// How the journal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub way: Way,
    /// Not drained yet.
    pub records: u64,
    /// In files, what was drained of the first of them included.
    pub bytes: u64,
    /// The disk has failed; nothing is taken until a restart.
    pub closed: bool,
    head: Position,
    /// Number and length of each file.
    segments: VecDeque<(u64, u64)>,
}

/// Why a record was not taken. After a crash in the same moment it may be found and drained all the same: a repeat is harmless.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the journal has as many bytes as it may")]
    Full,
    #[error("the journal's disk took nothing: {0}")]
    NoRoom(String),
    #[error("the journal is closed since its disk failed: {0}")]
    Closed(String),
    #[error("too much waits for the journal's disk")]
    Busy,
    #[error("a record has at most {RECORD_MAX} bytes")]
    TooLarge,
}

/// Records from the front.
#[derive(Debug, PartialEq, Eq)]
pub struct Portion {
    pub records: Vec<Vec<u8>>,
    /// Behind the last of them.
    pub end: Position,
}

/// The journal. Cheap to clone; its folder is free again when the last clone is gone.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    asks: Option<SyncSender<Ask>>,
    standing: watch::Receiver<Standing>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Takes the folder, with what a process before has left in it. `bytes_max` bounds all files together.
    ///
    /// # Errors
    /// Where the folder can't be used, or another process uses it.
    pub fn open(path: &Path, bytes_max: u64) -> io::Result<Journal> {
        let mut folder = Folder::take(path)?;
        let left = folder.left()?;
        Journal::begin(folder, &left, None, bytes_max)
    }

    fn begin(folder: Folder, left: &[Left], active: Option<Segment>, bytes_max: u64) -> io::Result<Journal> {
        let records = left.iter().map(|left| left.records).sum();
        let (sender, standing) = watch::channel(Standing {
            way: if records == 0 { Way::Direct } else { Way::Behind },
            records,
            bytes: left.iter().map(|left| left.len).sum(),
            closed: false,
            head: left.first().map(|left| Position::start(left.number)).unwrap_or_default(),
            segments: left.iter().map(|left| (left.number, left.len)).collect(),
        });
        let path = folder.path().to_owned();
        let (asks, queue) = sync_channel(WAITING_MAX);
        let keeper = Keeper { folder, bytes_max, standing: sender, active, closed: None };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || keeper.serve(&queue))?;
        let inner = Inner { path, asks: Some(asks), standing, thread: Some(thread) };
        Ok(Journal { inner: Arc::new(inner) })
    }

    /// Which way a delivery takes now.
    pub fn way(&self) -> Way {
        self.inner.standing.borrow().way
    }

    /// Follows how it stands; the receiver holds the present.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.inner.standing.clone()
    }

    /// Appends a record, and returns when it is on the disk.
    ///
    /// # Errors
    /// Where it is not: the delivery must not be acknowledged.
    pub async fn append(&self, record: Vec<u8>) -> Result<(), Refused> {
        if record.len() > RECORD_MAX {
            return Err(Refused::TooLarge);
        }
        let (reply, answer) = oneshot::channel();
        let ended = || Refused::Closed("its thread has ended".to_owned());
        let asks = self.inner.asks.as_ref().ok_or_else(ended)?;
        asks.try_send(Ask::Append { record, reply }).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => ended(),
        })?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// At most `records` from the front, and no more behind `bytes`; they stay until [`Journal::drained`]. Reads files: nothing for
    /// a runtime's thread.
    ///
    /// # Errors
    /// Where a file can't be read, or does not hold what was written to it.
    pub fn front(&self, records: usize, bytes: u64) -> io::Result<Portion> {
        let (mut at, segments) = {
            let standing = self.inner.standing.borrow();
            (standing.head, standing.segments.clone())
        };
        let (mut found, mut size) = (Vec::new(), 0);
        for (number, len) in segments {
            if found.len() == records || size >= bytes {
                break;
            }
            if number > at.segment {
                at = Position::start(number);
            }
            let file = self.read(at, len)?;
            for record in frame::all(&file) {
                if found.len() == records || size >= bytes {
                    return Ok(Portion { records: found, end: at });
                }
                at.offset += frame::size(record);
                size += frame::size(record);
                found.push(record.to_vec());
            }
            if at.offset < len {
                let why = format!("file {number} is not sound at byte {}", at.offset);
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        Ok(Portion { records: found, end: at })
    }

    /// The log has everything up to here. False where nobody takes note of it any more.
    pub async fn drained(&self, portion: &Portion) -> bool {
        let (to, records) = (portion.end, portion.records.len() as u64);
        self.ask(|reply| Ask::Drained { to, records, reply }).await
    }

    /// From now on whoever comes waits ([`Way::Turning`]), until everything is drained or [`Journal::turn_back`] is called. What
    /// was asked for before this is in the journal when this returns.
    pub async fn turn(&self) {
        self.ask(|reply| Ask::Turn { reply }).await;
    }

    /// Ends the waiting: who comes goes into the journal again.
    pub async fn turn_back(&self) {
        self.ask(|reply| Ask::TurnBack { reply }).await;
    }

    /// Waits for room among the asks, which an append does not.
    async fn ask(&self, ask: impl FnOnce(oneshot::Sender<()>) -> Ask) -> bool {
        let (reply, answer) = oneshot::channel();
        let (asks, ask) = (self.inner.asks.clone(), ask(reply));
        let sent = tokio::task::spawn_blocking(move || asks.map(|asks| asks.send(ask)));
        drop(sent.await);
        // Nobody answers where the thread has ended; then nothing is appended either.
        answer.await.is_ok()
    }

    fn read(&self, from: Position, len: u64) -> io::Result<Vec<u8>> {
        let wanted = usize::try_from(len.saturating_sub(from.offset)).map_err(io::Error::other)?;
        let mut bytes = vec![0; wanted];
        File::open(segment::path(&self.inner.path, from.segment, "journal"))?.read_exact_at(&mut bytes, from.offset)?;
        Ok(bytes)
    }
}

impl Position {
    fn start(segment: u64) -> Position {
        Position { segment, offset: MARK.len() as u64 }
    }
}

impl Standing {
    /// Behind the last record.
    fn end(&self) -> Position {
        self.segments.back().map_or(self.head, |&(segment, offset)| Position { segment, offset })
    }

    fn grown(&mut self, number: u64, len: u64, bytes: u64, records: u64) {
        self.records += records;
        match self.segments.back_mut() {
            Some((last, known)) if *last == number => {
                *known = len;
                self.bytes += bytes;
            }
            _ => {
                if self.segments.is_empty() {
                    self.head = Position::start(number);
                }
                self.segments.push_back((number, len));
                self.bytes += len;
            }
        }
    }
}

impl Drop for Inner {
    /// What was asked for is still done.
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
    }
}

#[cfg(test)]
impl Journal {
    /// One whose disk fails at the next record, with so many in it.
    pub fn on_a_failing_disk(path: &Path, records: u64) -> Journal {
        let folder = Folder::take(path).expect("a free folder");
        let left = Left { number: 1, records, len: 0 };
        let left: &[Left] = if records == 0 { &[] } else { &[left] };
        Journal::begin(folder, left, Some(Segment::over("/dev/null")), u64::MAX).expect("a thread")
    }
}

#[cfg(test)]
mod tests;
