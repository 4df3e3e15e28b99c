//! Plan numbers in 16 bytes: the newest, and which of the 64 up to it.

/// A set of plans, which only go up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plans {
    newest: u32,
    /// Bit n stands for the plan n below the newest.
    mask: u64,
}

impl Plans {
    /// Those up to this one, as far as is still known.
    pub(super) fn up_to(newest: u32) -> Plans {
        Plans { newest, mask: if newest == 0 { 0 } else { u64::MAX } }
    }

    /// False where it was there already, or is older than 64 plans.
    pub(super) fn insert(&mut self, plan: u32) -> bool {
        if plan > self.newest {
            self.mask = self.mask.checked_shl(plan - self.newest).unwrap_or(0) | 1;
            self.newest = plan;
            return true;
        }
        let bit = 1u64.checked_shl(self.newest - plan).unwrap_or(0);
        let fresh = bit != 0 && self.mask & bit == 0;
        self.mask |= bit;
        fresh
    }

    pub(super) fn remove(&mut self, plan: u32) {
        if let Some(below) = self.newest.checked_sub(plan) {
            self.mask &= !1u64.checked_shl(below).unwrap_or(0);
        }
    }

    pub(super) fn contains(&self, plan: u32) -> bool {
        let below = self.newest.checked_sub(plan);
        below.is_some_and(|below| self.mask & 1u64.checked_shl(below).unwrap_or(0) != 0)
    }

    pub(super) fn newest(&self) -> u32 {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_new_once() {
        let mut plans = Plans::default();
        assert!(!plans.contains(0) && plans.insert(1) && plans.insert(3) && !plans.insert(1) && plans.insert(2));
        plans.remove(2);
        assert!(plans.contains(1) && !plans.contains(2) && plans.contains(3) && !plans.contains(4));
        assert!(plans.insert(200) && !plans.contains(3) && !plans.insert(3), "long gone");
    }
}
