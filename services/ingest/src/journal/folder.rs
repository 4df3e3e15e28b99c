//! The journal's folder: whose it is, and what a process that ended has left in it.

use super::segment::{self, MARK};
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A folder that is ours until this is dropped, or the process ends.
pub struct Folder {
    path: PathBuf,
    _lock: File,
    /// Files that go on behind their last sound record.
    torn: BTreeSet<u64>,
    /// A number that no file in the folder has.
    next: u64,
}

/// A segment that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub number: u64,
    pub records: u64,
    /// Up to the end of its last sound record.
    pub len: u64,
}

impl Folder {
    /// Makes the folder where there is none, and takes it.
    ///
    /// # Errors
    /// Where it can't be made or written to, or another process has it.
    pub fn take(path: &Path) -> io::Result<Folder> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => io::Error::new(ErrorKind::ResourceBusy, "another process has it"),
            std::fs::TryLockError::Error(error) => error,
        })?;
        Ok(Folder { path: path.to_owned(), _lock: lock, torn: BTreeSet::new(), next: 1 })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number for a file, each once: one that could not be made leaves its number out.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// What lies in the folder, oldest first. Nothing is written but names, so that a full disk can be drained: a file without a sound
    /// record is deleted, or renamed where something else is in it.
    ///
    /// # Errors
    /// Where a file can't be read.
    pub fn left(&mut self) -> io::Result<Vec<Left>> {
        let mut numbers = BTreeSet::new();
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            numbers.extend(segment::number(&path, "journal"));
            let known = segment::number(&path, "journal").or_else(|| segment::number(&path, "torn"));
            self.next = self.next.max(known.map_or(1, |number| number.saturating_add(1)));
        }
        let mut left = Vec::new();
        for number in numbers {
            let found = self.look(number)?;
            match found.records {
                0 => self.dismiss(number)?,
                _ => left.push(found),
            }
        }
        Ok(left)
    }

    fn look(&mut self, number: u64) -> io::Result<Left> {
        let path = segment::path(&self.path, number, "journal");
        let bytes = std::fs::read(&path)?;
        let (records, len) = segment::scan(&bytes).unwrap_or((0, 0));
        let rest = bytes.get(usize::try_from(len).unwrap_or(usize::MAX)..).unwrap_or_default();
        // A crash between making a file and marking it leaves less than a mark.
        if !MARK.starts_with(rest) {
            // Mostly what was being written in the moment of a crash, and never acknowledged.
            let (file, unsound) = (path.display(), rest.len());
            tracing::warn!(%file, len, unsound, "a file of the journal goes on behind its last sound record; it will be kept");
            self.torn.insert(number);
        }
        Ok(Left { number, records, len })
    }

    /// Deletes a file of which the log has every sound record. One that goes on behind them is kept, under another name.
    ///
    /// # Errors
    /// Where the file can't be deleted or renamed.
    pub fn dismiss(&mut self, number: u64) -> io::Result<()> {
        let path = segment::path(&self.path, number, "journal");
        match self.torn.remove(&number) {
            true => std::fs::rename(path, segment::path(&self.path, number, "torn")),
            false => std::fs::remove_file(path),
        }
    }
}
