//! A service's refusal as a person reads it.

use crate::installation::{Installation, not_answering};
use tonic::Status;

/// What a service said, or that it does not answer.
pub fn refused(status: &Status, service: &str, installation: &Installation) -> anyhow::Error {
    let said = anyhow::anyhow!("{}", status.message());
    // An answer of ours has details; without them the call never got there, or not back.
    if status.details().is_empty() { said.context(not_answering(service, installation)) } else { said }
}
