//! Outcomes go back into the log, on the stage's own command topic, and only the stage makes them facts.
//!
//! An outcome has no command id: the notice's own id says what it is about, and a second outcome of it is a duplicate.

use super::job::{Ended, Outcomes};
use futures::future::BoxFuture;
use prost::Message as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_pipeline::Outgoing;
use weir_pipeline::writer::Writer;
use weir_proto::ids;
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::notice::v1::{NoticeCommand, RecordOutcome, notice_command::Command};
use weir_proto::topics::Topic;

/// The longest wait between two tries at the log.
const LONGEST: Duration = Duration::from_secs(5);

/// Writes to `notice-commands`.
#[derive(Clone)]
pub struct OutcomeLog(Writer);

impl OutcomeLog {
    pub fn new(writer: Writer) -> OutcomeLog {
        OutcomeLog(writer)
    }
}

impl Outcomes for OutcomeLog {
    fn record(&self, ended: Ended) -> BoxFuture<'static, ()> {
        let writer = self.0.clone();
        Box::pin(async move {
            let id = ids::derived(&[&ended.job.notice_id, "outcome"]);
            let traceparent = ended.job.traceparent.clone();
            let record = command(ended);
            let mut wait = Duration::from_millis(100);
            while let Err(error) = writer.write(record.clone(), &id, traceparent.as_deref()).await {
                tracing::warn!(order_id = record.key, error = %error, "outcome not written, trying again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST);
            }
        })
    }
}

/// The record that tells how a notice ended.
pub fn command(ended: Ended) -> Outgoing {
    let Ended { job, sent, attempts, detail } = ended;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let meta = Meta {
        tenant: job.recipient.tenant.clone(),
        key: job.order_id.clone(),
        at_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        actor: Some(Actor { kind: ActorKind::Service.into(), id: "notification".to_owned(), ..Actor::default() }),
        ..Meta::default()
    };
    let notice_id = job.notice_id.clone();
    let outcome = RecordOutcome { notice_id, sent, attempts, detail };
    let value = NoticeCommand { meta: Some(meta), command: Some(Command::RecordOutcome(outcome)) };
    Outgoing {
        topic: Topic::NoticeCommands,
        key: job.order_id.clone(),
        event_type: "weir.notice.v1.RecordOutcome",
        value: value.encode_to_vec(),
    }
}
