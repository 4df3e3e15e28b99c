//! What a stage stands still for: an invariant that its log breaks.

/// An invariant by its id in the catalogue (`crates/invariants`), and what shows that it does not hold.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Broken {
    pub invariant: &'static str,
    pub why: String,
}

impl Broken {
    /// Versions have a gap, or a fact does not fit what was said before it.
    pub(super) const STEPS: &'static str = "I5";
    /// A fact can't be read.
    const FOLD: &'static str = "I9";
    /// Facts are there whose input's offset is not.
    const WHOLE: &'static str = "I11";
    /// A fact of another than the owner.
    const FENCED: &'static str = "I12";

    pub(super) fn steps(why: String) -> Broken {
        Broken { invariant: Broken::STEPS, why }
    }

    pub(super) fn fold(why: String) -> Broken {
        Broken { invariant: Broken::FOLD, why }
    }

    pub(super) fn whole(why: String) -> Broken {
        Broken { invariant: Broken::WHOLE, why }
    }

    pub(super) fn fenced(why: String) -> Broken {
        Broken { invariant: Broken::FENCED, why }
    }
}
