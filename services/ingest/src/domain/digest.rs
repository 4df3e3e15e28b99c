//! Short memory of long texts: digests instead of the texts, and only the last few.

use serde::{Deserialize, Serialize};

/// FNV-1a over the parts, each closed by a separator. No secret depends on it: a collision makes one's own news unseen.
pub(super) fn digest<T: AsRef<[u8]>>(parts: &[T]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for part in parts {
        part.as_ref().iter().copied().for_each(&mut take);
        take(0xff);
    }
    hash
}

/// The last few digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recent(Vec<u64>);

const KEPT: usize = 16;

impl Recent {
    pub(super) fn knows(&self, digest: u64) -> bool {
        self.0.contains(&digest)
    }

    pub(super) fn note(&mut self, digest: u64) {
        if self.knows(digest) {
            return;
        }
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(digest);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
