//! A row of the timeline as an entry: its bytes as text and JSON.

use crate::text;
use crate::wire::Event;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use weir_proto::console::v1::TimelineEntry;
use weir_proto::log::v1::Position;
use weir_proto::topics::Topic;

/// `None`, and a line in the log, where the row is none of ours: one bad row must not hide the others.
pub(super) fn entry(row: &PgRow) -> Option<TimelineEntry> {
    match read(row) {
        Ok(entry) => entry,
        Err(error) => {
            tracing::error!(error = %error, "row of the timeline can not be read");
            None
        }
    }
}

pub(super) fn is_quarantine(row: &PgRow) -> bool {
    row.try_get::<&str, _>("topic").is_ok_and(|topic| topic == Topic::Quarantine.name())
}

fn read(row: &PgRow) -> Result<Option<TimelineEntry>, sqlx::Error> {
    let topic: String = row.try_get("topic")?;
    let body: Vec<u8> = row.try_get("body")?;
    let Some(known) = Topic::parse(&topic) else {
        return Ok(None);
    };
    let decoded = Event::decode(known, &body).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let Some(event) = decoded else {
        return Ok(None);
    };
    let meta = event.meta().cloned().unwrap_or_default();
    // An enum number of a newer writer has no name in JSON; the sentence is told all the same.
    let json = event.json().map(|json| json.to_string()).unwrap_or_default();
    Ok(Some(TimelineEntry {
        position: Some(Position { topic, partition: row.try_get("partition")?, offset: row.try_get("offset")? }),
        at_ms: if meta.at_ms > 0 { meta.at_ms } else { row.try_get("logged_at_ms")? },
        r#type: row.try_get("type")?,
        version: meta.version,
        text: text::sentence(&event),
        cause: meta.cause,
        actor: text::actor(meta.actor.as_ref()),
        json,
    }))
}
