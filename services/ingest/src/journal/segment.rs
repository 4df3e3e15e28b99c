//! One file of the journal. What is appended is on the disk when the call returns, or refused.

use super::frame;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// How each file begins: the format and its version.
pub const MARK: &[u8; 8] = b"weirjnl\x01";

/// The file that is appended to.
pub struct Segment {
    pub number: u64,
    file: File,
    len: u64,
}

/// Why nothing was appended.
#[derive(Debug)]
pub enum Failed {
    /// Nothing of it is in the file; another time it may go.
    NoRoom(io::Error),
    /// What is in the file is not known. After a failed sync the kernel takes pages for written that are not.
    Broken(io::Error),
}

impl Segment {
    /// Makes the file, so that its name survives a crash too.
    ///
    /// # Errors
    /// As [`Failed`] says; the file may be left, without a record in it.
    pub fn create(folder: &Path, number: u64) -> Result<Segment, Failed> {
        let path = path(folder, number, "journal");
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(Failed::NoRoom)?;
        if let Err(error) = file.write_all_at(MARK, 0) {
            let _ = std::fs::remove_file(&path);
            return Err(Failed::NoRoom(error));
        }
        file.sync_all().and_then(|()| sync(folder)).map_err(Failed::Broken)?;
        Ok(Segment { number, file, len: MARK.len() as u64 })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// Appends records that [`frame::put`] has framed.
    ///
    /// # Errors
    /// As [`Failed`] says.
    pub fn append(&mut self, frames: &[u8]) -> Result<(), Failed> {
        if let Err(error) = self.file.write_all_at(frames, self.len) {
            return Err(match self.file.set_len(self.len) {
                Ok(()) => Failed::NoRoom(error),
                Err(_) => Failed::Broken(error),
            });
        }
        self.file.sync_data().map_err(Failed::Broken)?;
        self.len += frames.len() as u64;
        Ok(())
    }
}

/// Where a segment lies: `journal`, or `torn` where it is kept for what is not sound in it.
pub fn path(folder: &Path, number: u64, extension: &str) -> PathBuf {
    folder.join(format!("{number:012}.{extension}"))
}

/// The number in a segment's name.
pub fn number(path: &Path, extension: &str) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(extension)?.strip_suffix('.')?.parse().ok()
}

/// A file's records and the bytes up to the end of the last, its mark included. Nothing where it does not begin as ours do.
pub fn scan(bytes: &[u8]) -> Option<(u64, u64)> {
    let frames = bytes.strip_prefix(MARK)?;
    let (records, taken) = frame::all(frames).fold((0, 0), |(n, taken), record| (n + 1, taken + frame::size(record)));
    Some((records, MARK.len() as u64 + taken))
}

/// Makes what happened to names in a folder survive a crash.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
impl Segment {
    /// Over one of the kernel's own devices, which fail as disks do.
    pub fn over(device: &str) -> Segment {
        let file = OpenOptions::new().write(true).open(device).expect("every Linux has it");
        Segment { number: 1, file, len: MARK.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_sync_leaves_a_file_that_nobody_knows() {
        let failed = Segment::over("/dev/null").append(b"x").expect_err("a device that can't be synced");
        assert!(matches!(failed, Failed::Broken(_)), "{failed:?}");
    }

    #[test]
    fn so_does_a_failed_write_that_can_not_be_taken_back() {
        let failed = Segment::over("/dev/full").append(b"x").expect_err("a device that is always full");
        assert!(matches!(&failed, Failed::Broken(error) if error.kind() == io::ErrorKind::StorageFull), "{failed:?}");
    }
}
