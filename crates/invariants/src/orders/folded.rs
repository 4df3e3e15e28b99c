//! An order that has ended, in 16 bytes: with its fingerprint, 24 of the table.

use super::live::Digest;

/// Set in what was due, beside the 30 bits of the notices.
const PLACED: u32 = 1 << 31;
const SHIPPED: u32 = 1 << 30;

/// What is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// Of the order in each fact topic that is keyed by orders.
    pub(super) versions: [u16; 4],
    due: u32,
    released: u16,
    cancelled: bool,
    outside: bool,
}

impl Folded {
    /// None where a number is too large: such an order stays whole.
    pub(super) fn of(versions: [u32; 4], digest: Digest) -> Option<Folded> {
        let mut small = [0; 4];
        for (small, version) in small.iter_mut().zip(versions) {
            *small = u16::try_from(version).ok()?;
        }
        let Digest { due, released, placed, shipped, cancelled, outside } = digest;
        if due & (PLACED | SHIPPED) != 0 {
            return None;
        }
        let due = due | if placed { PLACED } else { 0 } | if shipped { SHIPPED } else { 0 };
        Some(Folded { versions: small, due, released: u16::try_from(released).ok()?, cancelled, outside })
    }

    pub(super) fn digest(&self) -> Digest {
        Digest {
            due: self.due & !(PLACED | SHIPPED),
            released: u32::from(self.released),
            placed: self.due & PLACED != 0,
            shipped: self.due & SHIPPED != 0,
            cancelled: self.cancelled,
            outside: self.outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_is_what_was() {
        for bits in 0..16 {
            let (placed, shipped, cancelled) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            let outside = bits & 8 != 0;
            for (due, released) in [(0, 0), ((1 << 30) - 1, 7), (1 << 29, u32::from(u16::MAX))] {
                let digest = Digest { due, released, placed, shipped, cancelled, outside };
                let folded = Folded::of([1, 2, 3, u32::from(u16::MAX)], digest).expect("it fits");
                assert_eq!((folded.digest(), folded.versions), (digest, [1, 2, 3, u16::MAX]));
            }
        }
    }

    #[test]
    fn what_does_not_fit_stays_whole() {
        assert_eq!(Folded::of([1 << 16, 0, 0, 0], Digest::default()), None);
        assert_eq!(Folded::of([0; 4], Digest { released: 1 << 16, ..Digest::default() }), None);
        assert_eq!(Folded::of([0; 4], Digest { due: 1 << 30, ..Digest::default() }), None);
    }
}
