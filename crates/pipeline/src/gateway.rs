//! The command path: a command goes into the service's command topic, its answer is found in the service's facts.
//!
//! Nothing is decided here. The waiter is registered before the command is sent, and the follower stands at the end of the
//! facts before that, so no answer is missed; one that never comes is a time-out, never silence. The follower reads only while
//! somebody waits: a service that is seldom asked does not read its own facts back for nothing.

mod follower;
mod head;
mod waiting;

use crate::writer::Writer;
use crate::{Config, LogError, Outgoing};
use opentelemetry::trace::TraceContextExt as _;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, timeout_at};
use waiting::{Found, Waiting};
use weir_proto::log::v1::{CommandHead, CommandReceipt, Meta};
use weir_proto::topics::Topic;

/// How long the producer tries to write a command.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// Sends commands and finds their answers. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    writer: Writer,
    commands: Topic,
    waiting: Arc<Waiting>,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The head can't be used; names the field of CommandHead.
    #[error("invalid command head: {field} {why}")]
    Head { field: &'static str, why: String },
    /// The service decided against it. `code` is a slug of docs/errors/.
    #[error("refused: {code}")]
    Refused { code: String, detail: String },
    /// The same command id came with another body.
    #[error("the command id was used for another command")]
    Conflict,
    /// The command is in the log; no answer was seen in time. Asking again with the same id gets the first answer.
    #[error("no answer in time for command {command_id}")]
    TimedOut { command_id: String },
    #[error("the log took no command")]
    Unavailable(#[source] LogError),
}

impl Gateway {
    /// Makes ready to follow the service's fact topic, and opens a producer.
    ///
    /// # Errors
    /// Where the broker can't be reached.
    pub fn start(config: &Config, commands: Topic, facts: Topic) -> Result<Gateway, LogError> {
        let waiting = Arc::new(Waiting::default());
        follower::start(config, facts, &waiting)?;
        let writer = Writer::connect(config, &config.instance, WRITE_PATIENCE)?;
        Ok(Gateway { writer, commands, waiting })
    }

    /// Asks, and waits for the answer at most `wait`. `encode` makes the command topic's message around the given meta.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn ask(
        &self,
        head: &CommandHead,
        key: &str,
        event_type: &'static str,
        wait: Duration,
        encode: impl Fn(Meta) -> Vec<u8>,
    ) -> Result<CommandReceipt, AskError> {
        let deadline = Instant::now() + wait;
        let now_ms = wall_ms();
        let id = head::check(head, now_ms)?;
        let body_hash: [u8; 16] = hash_of(&encode(Meta { seen_version: head.seen_version, ..Meta::default() }));
        let meta = Meta {
            tenant: head.tenant.clone(),
            key: key.to_owned(),
            command_id: id.as_bytes().to_vec(),
            actor: head.actor.clone(),
            at_ms: now_ms,
            body_hash: body_hash.to_vec(),
            seen_version: head.seen_version,
            ..Meta::default()
        };
        let record = Outgoing { topic: self.commands, key: key.to_owned(), event_type, value: encode(meta) };
        let command_id = id.to_string();
        let timed_out = || AskError::TimedOut { command_id: command_id.clone() };
        let answer = self.waiting.register(id.into_bytes(), body_hash, key);
        if timeout_at(deadline, self.waiting.followed()).await.is_err() {
            let why = "the facts, where the answer would be found, can't be followed".to_owned();
            return Err(AskError::Unavailable(LogError::Transient(why)));
        }
        match timeout_at(deadline, self.writer.write(record, &command_id, traceparent().as_deref())).await {
            Ok(Ok(_)) => {}
            // It may be in the log: only the caller's repeat finds out.
            Ok(Err(LogError::Unknown(why))) => {
                tracing::warn!(why, "nobody knows whether the command was written");
                return Err(timed_out());
            }
            Ok(Err(error)) => return Err(AskError::Unavailable(error)),
            Err(_) => return Err(timed_out()),
        }
        let found = timeout_at(deadline, answer.found()).await.map_err(|_| timed_out())?;
        receipt(found.ok_or_else(timed_out)?, command_id.clone(), key)
    }
}

fn receipt(found: Found, command_id: String, key: &str) -> Result<CommandReceipt, AskError> {
    match found {
        Found::Conflict => Err(AskError::Conflict),
        Found::Answer(answered) => match answered.refusal {
            Some(refusal) => Err(AskError::Refused { code: refusal.code, detail: refusal.detail }),
            None => Ok(CommandReceipt {
                command_id,
                key: key.to_owned(),
                version: answered.version,
                repeated: answered.repeated,
            }),
        },
    }
}

/// First 16 bytes of the SHA-256.
fn hash_of(body: &[u8]) -> [u8; 16] {
    let digest = Sha256::digest(body);
    std::array::from_fn(|i| digest[i])
}

/// The caller's trace, where one is active: W3C Trace Context §3.2.
fn traceparent() -> Option<String> {
    let context = opentelemetry::Context::current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
