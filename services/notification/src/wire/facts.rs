//! The stage's own facts, in the topic `notices`.
//!
//! A fact about a settled notice names it by its id alone; the order's key tells which of its notices that is.

use super::names;
use crate::domain::{Fact, Parameters, Recipient, Subject};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::{Outgoing, Record};
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::notice_event::Event;
use weir_proto::notice::v1::{NoticeDue, NoticeEvent, NoticeFailed, NoticeSent, Parameter, RecipientNoted};
use weir_proto::order::v1::ShipTo;
use weir_proto::topics::Topic;

pub(super) fn write(meta: Meta, fact: &Fact) -> Outgoing {
    let key = meta.key.clone();
    let (event_type, event) = match fact {
        Fact::RecipientNoted(recipient) => ("weir.notice.v1.RecipientNoted", Event::RecipientNoted(noted(recipient))),
        Fact::Due { subject, parameters } => {
            ("weir.notice.v1.NoticeDue", Event::NoticeDue(due(&key, *subject, parameters)))
        }
        Fact::Sent { subject, attempts, answer } => {
            let notice_id = names::notice_id(&key, *subject);
            let sent = NoticeSent { notice_id, attempts: *attempts, answer: answer.clone() };
            ("weir.notice.v1.NoticeSent", Event::NoticeSent(sent))
        }
        Fact::Failed { subject, attempts, reason } => {
            let notice_id = names::notice_id(&key, *subject);
            let failed = NoticeFailed { notice_id, attempts: *attempts, reason: reason.clone() };
            ("weir.notice.v1.NoticeFailed", Event::NoticeFailed(failed))
        }
    };
    let value = NoticeEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Outgoing { topic: Topic::Notices, key, event_type, value }
}

pub(super) fn read(record: &Record) -> Result<Fact, Fault> {
    let NoticeEvent { meta, event } = record.decode()?;
    let meta = meta.ok_or_else(|| Fault::field("field-missing", "meta", "the fact carries none"))?;
    let subject = |id: &str| names::subject_of(&meta.key, id).ok_or_else(|| unknown(id));
    Ok(match event {
        Some(Event::RecipientNoted(noted)) => Fact::RecipientNoted(Recipient {
            tenant: meta.tenant,
            channel: noted.channel,
            shop: noted.shop,
            platform_order_id: noted.platform_order_id,
            shown_number: noted.shown_number,
            ship_to: noted.ship_to.map(|ship_to| ship_to.encode_to_vec()).unwrap_or_default(),
        }),
        Some(Event::NoticeDue(due)) => Fact::Due {
            subject: names::subject(&due).ok_or_else(|| unknown(&due.notice_id))?,
            parameters: due.parameters.into_iter().map(|one| (one.name, one.value)).collect(),
        },
        Some(Event::NoticeSent(sent)) => {
            Fact::Sent { subject: subject(&sent.notice_id)?, attempts: sent.attempts, answer: sent.answer }
        }
        Some(Event::NoticeFailed(failed)) => {
            Fact::Failed { subject: subject(&failed.notice_id)?, attempts: failed.attempts, reason: failed.reason }
        }
        Some(Event::Stage(_)) | None => {
            return Err(Fault::field("field-missing", "event", "the fact carries no event that is known"));
        }
    })
}

fn noted(recipient: &Recipient) -> RecipientNoted {
    let sealed = Some(recipient.ship_to.as_slice()).filter(|bytes| !bytes.is_empty());
    RecipientNoted {
        // The bytes were encoded by `wire::inputs`; others can't come in.
        ship_to: sealed.and_then(|bytes| ShipTo::decode(bytes).ok()),
        channel: recipient.channel.clone(),
        shop: recipient.shop.clone(),
        platform_order_id: recipient.platform_order_id.clone(),
        shown_number: recipient.shown_number.clone(),
    }
}

fn due(key: &str, subject: Subject, parameters: &Parameters) -> NoticeDue {
    let parameter = |(name, value): (&String, &String)| Parameter { name: name.clone(), value: value.clone() };
    NoticeDue {
        notice_id: names::notice_id(key, subject),
        kind: names::kind(subject.kind).into(),
        medium: names::medium(subject.medium).into(),
        recipient: subject.to.name().to_owned(),
        parameters: parameters.iter().map(parameter).collect(),
    }
}

fn unknown(id: &str) -> Fault {
    Fault::field("unknown-notice", "notice_id", format!("{id} is no notice of this order"))
}
