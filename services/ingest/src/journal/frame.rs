//! A record in a file: four bytes of length, four of checksum, then its bytes. Both numbers are little-endian; the checksum is
//! CRC-32C (RFC 3720, appendix B.4) over the length and the bytes.

/// Bytes of one record at most, as many as the log takes; a longer length is none that was written here.
pub const RECORD_MAX: usize = 2_000_000;

const HEAD: usize = 8;

/// Adds a record.
pub fn put(frames: &mut Vec<u8>, record: &[u8]) {
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX).to_le_bytes();
    frames.extend_from_slice(&length);
    frames.extend_from_slice(&checksum(length, record).to_le_bytes());
    frames.extend_from_slice(record);
}

/// Bytes that a record takes in a file.
pub fn size(record: &[u8]) -> u64 {
    (HEAD + record.len()) as u64
}

/// The first record. Nothing where no whole and sound one begins.
pub fn first(frames: &[u8]) -> Option<&[u8]> {
    let length: [u8; 4] = frames.get(..4)?.try_into().ok()?;
    let wanted = u32::from_le_bytes(frames.get(4..HEAD)?.try_into().ok()?);
    let bytes = usize::try_from(u32::from_le_bytes(length)).ok().filter(|bytes| *bytes <= RECORD_MAX)?;
    let record = frames.get(HEAD..HEAD + bytes)?;
    (checksum(length, record) == wanted).then_some(record)
}

/// The records up to the first that is not whole and sound.
pub fn all(mut frames: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let record = first(frames)?;
        frames = &frames[HEAD + record.len()..];
        Some(record)
    })
}

fn checksum(length: [u8; 4], record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bytes as they lie on disks: what a later version must still read.
    #[test]
    fn golden_bytes() {
        let mut frames = Vec::new();
        put(&mut frames, b"weir");
        assert_eq!(frames, [4, 0, 0, 0, 0xe6, 0x65, 0xe5, 0xa2, b'w', b'e', b'i', b'r']);
    }

    proptest! {
        #[test]
        fn what_is_put_comes_back(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut frames = Vec::new();
            records.iter().for_each(|record| put(&mut frames, record));
            prop_assert_eq!(records.iter().map(|record| size(record)).sum::<u64>(), frames.len() as u64);
            prop_assert_eq!(all(&frames).collect::<Vec<_>>(), records);
        }

        #[test]
        fn one_changed_byte_is_noticed(record in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), by in 1u8..) {
            let mut frames = Vec::new();
            put(&mut frames, &record);
            let at = at.index(frames.len());
            frames[at] ^= by;
            prop_assert_eq!(first(&frames), None);
        }

        /// Whatever lies on the disk: nothing panics, and nothing longer than the file is asked for.
        #[test]
        fn any_bytes_are_read(frames in proptest::collection::vec(any::<u8>(), 0..400)) {
            let taken: u64 = all(&frames).map(size).sum();
            prop_assert!(taken <= frames.len() as u64);
        }
    }
}
