//! A small file that is replaced whole: after a crash it holds what it held before, or all of what was to be in it.

use super::frame;
use super::segment::{self, MARK};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Puts these records in the file's place.
///
/// # Errors
/// Where it can't be written; the file before is still there.
pub fn replace(path: &Path, records: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
    let mut bytes = MARK.to_vec();
    records.for_each(|record| frame::put(&mut bytes, &record));
    let next = path.with_extension("next");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    path.parent().map_or(Ok(()), segment::sync)
}

/// The records in the file.
///
/// # Errors
/// Where it can't be read, or is not sound to its last byte.
pub fn whole(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)?;
    let sound = segment::scan(&bytes).is_some_and(|(_, len)| len == bytes.len() as u64);
    let frames = bytes.strip_prefix(MARK).filter(|_| sound);
    let frames = frames.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the file is not sound"))?;
    Ok(frame::all(frames).map(<[u8]>::to_vec).collect())
}
