//! A body as it comes in, and the memory that bodies may take of which nobody knows yet who sent them.
//!
//! Only bytes that have arrived count: a length that is said costs nothing, so whoever says much and sends little keeps nobody out.

use super::admission::full;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError};
use std::error::Error;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_host::{Problem, kind};

/// Larger than any order of a platform, and small enough that a crowd of them fits into memory.
pub(super) const BODY_MAX: usize = 256 * 1024;

/// A thousand of the largest bodies, or many more of the usual ones.
const BUDGET_BYTES: usize = 256 << 20;

/// The bytes that all bodies may have together, from their arrival until their deliveries are kept. Cheap to clone.
#[derive(Clone)]
pub(super) struct Budget(Arc<Semaphore>);

/// What of the budget one body has; it goes back when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Held(Option<OwnedSemaphorePermit>);

impl Default for Budget {
    fn default() -> Budget {
        Budget::of(BUDGET_BYTES)
    }
}

impl Budget {
    fn of(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(bytes)))
    }

    /// Adds so many bytes to what is held. Nobody waits for them: who waits would hold what others wait for.
    fn take(&self, bytes: usize, held: &mut Held) -> Result<(), Problem> {
        let count = u32::try_from(bytes).map_err(|_| full())?;
        let more = self.0.clone().try_acquire_many_owned(count).map_err(|_| full())?;
        match &mut held.0 {
            Some(first) => first.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// Reads a body to its end.
///
/// # Errors
/// `body-too-large`; `body-timeout`, where it did not come in whole; `overloaded`, where the budget is used up.
pub(super) async fn read(mut body: Body, budget: &Budget) -> Result<(Bytes, Held), Problem> {
    let mut held = Held::default();
    // Most bodies come in one piece, which is not copied. Pieces are: a thousand small ones would keep a thousand buffers.
    let (mut first, mut joined) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unread(&error))?;
        let Ok(chunk) = frame.into_data() else { continue };
        if first.len() + joined.len() + chunk.len() > BODY_MAX {
            return Err(too_large());
        }
        budget.take(chunk.len(), &mut held)?;
        if first.is_empty() && joined.is_empty() {
            first = chunk;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&chunk);
        }
    }
    let whole = if joined.is_empty() { first } else { Bytes::from(joined) };
    Ok((whole, held))
}

/// Why a body did not come in whole.
fn unread(error: &axum::Error) -> Problem {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<LengthLimitError>() {
            return too_large();
        }
        cause = inner.source();
    }
    Problem::new(kind::BODY_TIMEOUT, "The body stopped coming before its end.")
}

fn too_large() -> Problem {
    Problem::new(kind::BODY_TOO_LARGE, format!("A body has at most {BODY_MAX} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt as _, StreamExt as _, stream};
    use std::io;

    fn pieces(pieces: &[&'static [u8]]) -> Vec<io::Result<Bytes>> {
        pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect()
    }

    fn of(pieces: Vec<io::Result<Bytes>>) -> Body {
        Body::from_stream(stream::iter(pieces))
    }

    fn outcome(body: Body, budget: &Budget) -> Result<(Bytes, Held), Problem> {
        read(body, budget).now_or_never().expect("nothing is waited for")
    }

    fn refused(body: Body, budget: &Budget) -> Problem {
        outcome(body, budget).expect_err("this can't be read")
    }

    #[test]
    fn a_body_is_all_its_pieces_and_holds_as_many_bytes_until_it_is_let_go() {
        let budget = Budget::of(100);
        for (body, length) in [
            (Body::empty(), 0),
            (Body::from("one piece"), 9),
            (of(pieces(&[b"", b"o", b"", b"ne", b" pi", b"ece", b""])), 9),
        ] {
            let (bytes, held) = outcome(body, &budget).expect("readable");
            assert_eq!((bytes.len(), budget.0.available_permits()), (length, 100 - length));
            assert!(bytes.is_empty() || bytes == "one piece");
            drop(held);
            assert_eq!(budget.0.available_permits(), 100);
        }
    }

    #[test]
    fn one_piece_is_not_copied() {
        let piece = Bytes::from(vec![b'x'; 1000]);
        let (bytes, _held) = outcome(Body::from(piece.clone()), &Budget::default()).expect("readable");
        assert_eq!(bytes.as_ptr(), piece.as_ptr());
    }

    #[test]
    fn a_used_up_budget_sheds_and_what_was_held_goes_back() {
        let budget = Budget::of(10);
        let (_, held) = outcome(Body::from("1234"), &budget).expect("there is room");
        let refusal = refused(of(pieces(&[b"1234", b"567"])), &budget);
        assert_eq!(refusal.kind(), kind::OVERLOADED);
        assert!(refusal.retry_delay().is_some());
        assert_eq!(budget.0.available_permits(), 6, "nothing of what is refused is held");
        drop(held);
        assert!(outcome(of(pieces(&[b"1234", b"567"])), &budget).is_ok());
    }

    /// A sender that stops half way holds what it has sent, and not what it has said it would send.
    #[test]
    fn only_what_has_arrived_counts() {
        let budget = Budget::of(BODY_MAX);
        let begun = stream::iter(pieces(&[b"half"])).chain(stream::pending());
        let mut slow = Box::pin(read(Body::from_stream(begun), &budget));
        assert!(slow.as_mut().now_or_never().is_none(), "it waits");
        assert_eq!(budget.0.available_permits(), BODY_MAX - 4);
        drop(slow);
        assert_eq!(budget.0.available_permits(), BODY_MAX);
    }

    #[test]
    fn what_is_too_large_or_stops_is_named() {
        let budget = Budget::default();
        let full = vec![b' '; BODY_MAX];
        assert!(outcome(Body::from(full.clone()), &budget).is_ok());
        let more = of(vec![Ok(Bytes::from(full)), Ok(Bytes::from_static(b" "))]);
        assert_eq!(refused(more, &budget).kind(), kind::BODY_TOO_LARGE);
        let broken = of(vec![Ok(Bytes::from_static(b"{")), Err(io::Error::from(io::ErrorKind::TimedOut))]);
        assert_eq!(refused(broken, &budget).kind(), kind::BODY_TIMEOUT);
        assert_eq!(budget.0.available_permits(), BUDGET_BYTES);
    }
}
