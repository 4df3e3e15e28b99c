//! The thread that owns the files: it writes what has gathered, syncs once for all of it, and only then answers.

use super::folder::Folder;
use super::segment::{Failed, Segment};
use super::{Position, Refused, Standing, Way, frame};
use std::collections::VecDeque;
use std::sync::mpsc::Receiver;
use tokio::sync::{oneshot, watch};

/// A segment that is longer is not appended to any more. After a restart the first one is drained from its beginning once more, so with
/// the portion that was under way this is how much may come twice.
const SEGMENT_BYTES: u64 = 4 << 20;
/// How much is synced at a time.
const GROUP_BYTES: usize = 1 << 20;

/// What is asked of the keeper.
pub enum Ask {
    Append { record: Vec<u8>, reply: oneshot::Sender<Result<(), Refused>> },
    Turn { reply: oneshot::Sender<()> },
    TurnBack { reply: oneshot::Sender<()> },
    Drained { to: Position, records: u64, reply: oneshot::Sender<()> },
}

/// The owner of the files.
pub struct Keeper {
    pub folder: Folder,
    pub bytes_max: u64,
    pub standing: watch::Sender<Standing>,
    pub active: Option<Segment>,
    /// Why nothing is taken any more.
    pub closed: Option<String>,
}

/// Records that wait for the same sync.
#[derive(Default)]
struct Group {
    frames: Vec<u8>,
    replies: Vec<oneshot::Sender<Result<(), Refused>>>,
}

impl Keeper {
    /// Serves until nobody is left who could ask.
    pub fn serve(mut self, asks: &Receiver<Ask>) {
        let mut ahead = VecDeque::new();
        while let Some(ask) = ahead.pop_front().or_else(|| asks.recv().ok()) {
            match ask {
                Ask::Append { record, reply } => {
                    let mut group = Group::default();
                    group.take(&record, reply);
                    for ask in asks.try_iter() {
                        match ask {
                            Ask::Append { record, reply } => group.take(&record, reply),
                            other => ahead.push_back(other),
                        }
                        if group.frames.len() >= GROUP_BYTES || !ahead.is_empty() {
                            break;
                        }
                    }
                    self.append(group);
                }
                Ask::Turn { reply } => {
                    self.change(|standing| standing.way = Way::Turning);
                    answer(reply, ());
                }
                Ask::TurnBack { reply } => {
                    self.change(|standing| {
                        if standing.way == Way::Turning {
                            standing.way = Way::Behind;
                        }
                    });
                    answer(reply, ());
                }
                Ask::Drained { to, records, reply } => {
                    self.drained(to, records);
                    answer(reply, ());
                }
            }
        }
    }

    fn append(&mut self, group: Group) {
        let outcome = self.written(&group.frames);
        if outcome.is_ok()
            && let Some(active) = &self.active
        {
            let (number, len, records) = (active.number, active.len(), group.replies.len() as u64);
            self.change(|standing| {
                standing.grown(number, len, group.frames.len() as u64, records);
                // While it turns, what comes was on its way before; whoever waits for the turn goes on waiting.
                if standing.way == Way::Direct {
                    standing.way = Way::Behind;
                }
            });
        }
        for reply in group.replies {
            answer(reply, outcome.clone());
        }
    }

    fn written(&mut self, frames: &[u8]) -> Result<(), Refused> {
        if let Some(why) = &self.closed {
            return Err(Refused::Closed(why.clone()));
        }
        if self.standing.borrow().bytes + frames.len() as u64 > self.bytes_max {
            return Err(Refused::Full);
        }
        match self.put(frames) {
            Ok(()) => Ok(()),
            Err(Failed::NoRoom(error)) => Err(Refused::NoRoom(error.to_string())),
            Err(Failed::Broken(error)) => {
                let why = error.to_string();
                tracing::error!(why, "the journal's disk failed; nothing is journaled until a restart");
                self.closed = Some(why.clone());
                self.change(|standing| standing.closed = true);
                Err(Refused::Closed(why))
            }
        }
    }

    fn put(&mut self, frames: &[u8]) -> Result<(), Failed> {
        let active = match self.active.take() {
            Some(active) if active.len() < SEGMENT_BYTES => active,
            _ => {
                let number = self.folder.number();
                Segment::create(self.folder.path(), number)?
            }
        };
        self.active.insert(active).append(frames)
    }

    /// Forgets what the log has by now; where that is everything, deliveries go to the log again.
    fn drained(&mut self, to: Position, records: u64) {
        let end = self.standing.borrow().end();
        let done = |number: u64, len: u64| number < to.segment || (number == to.segment && len <= to.offset);
        let active = self.active.as_ref().map(|active| active.number);
        let mut gone = Vec::new();
        self.change(|standing| {
            standing.head = to;
            standing.records = standing.records.saturating_sub(records);
            let whole = to == end;
            while let Some(&(number, len)) = standing.segments.front() {
                // The active one may go only when nothing is behind it.
                if !done(number, len) || (Some(number) == active && !whole) {
                    break;
                }
                standing.segments.pop_front();
                standing.bytes = standing.bytes.saturating_sub(len);
                gone.push(number);
            }
            if whole {
                standing.way = Way::Direct;
            }
        });
        for number in gone {
            if active == Some(number) {
                self.active = None;
            }
            if let Err(error) = self.folder.dismiss(number) {
                tracing::warn!(%error, number, "a drained file of the journal can't be deleted; it will be drained again");
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Standing)) {
        self.standing.send_modify(change);
    }
}

impl Group {
    fn take(&mut self, record: &[u8], reply: oneshot::Sender<Result<(), Refused>>) {
        frame::put(&mut self.frames, record);
        self.replies.push(reply);
    }
}

fn answer<T>(reply: oneshot::Sender<T>, said: T) {
    // Whoever asked may have hung up; what was done stays done.
    let _ = reply.send(said);
}
