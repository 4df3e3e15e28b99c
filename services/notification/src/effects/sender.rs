//! From a job to an attempt: find the address, open what is sealed, fill the template, send, and leave a span.

use super::endpoints::Endpoints;
use super::job::{Attempts, Job, Verdict};
use super::mail::{Mail, Mails};
use super::webhook::{Delivery, Webhooks};
use crate::domain::{Addressee, Medium};
use crate::templates::{Templates, Values};
use futures::future::BoxFuture;
use opentelemetry::trace::SpanKind;
use prost::Message as _;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weir_host::semconv::attribute;
use weir_host::trace;
use weir_privacy::TenantKey;
use weir_proto::order::v1::ShipTo;
use weir_proto::reference::v1::Endpoint;

/// Sends notices for real. Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Parts>);

/// What sending needs.
pub struct Parts {
    pub endpoints: Arc<dyn Endpoints>,
    pub key: TenantKey,
    pub templates: Templates,
    pub mails: Mails,
    pub webhooks: Webhooks,
}

impl Attempts for Sender {
    fn attempt(&self, job: Arc<Job>, number: u32) -> BoxFuture<'static, Verdict> {
        let parts = self.0.clone();
        Box::pin(async move { parts.traced(&job, number).await })
    }
}

impl Sender {
    pub fn new(parts: Parts) -> Sender {
        Sender(Arc::new(parts))
    }
}

impl Parts {
    /// An attempt within a span of its own, if the order's trace is kept.
    async fn traced(&self, job: &Job, number: u32) -> Verdict {
        let name = format!("send {}", job.subject.kind.name());
        let parent = job.traceparent.as_deref();
        let mut span = parent.and_then(|parent| trace::child(parent, name, SpanKind::Client));
        let traceparent = span.as_ref().map(trace::Child::traceparent).or_else(|| parent.map(str::to_owned));
        let verdict = self.send(job, traceparent.as_deref()).await;
        if let Some(span) = &mut span {
            span.attr(attribute::NOTICE_ID, job.notice_id.clone());
            span.attr(attribute::NOTICE_MEDIUM, job.subject.medium.name());
            span.attr(attribute::NOTICE_ATTEMPT, i64::from(number));
            if let Some(reason) = verdict.failure() {
                span.failed(reason.to_owned());
            }
        }
        verdict
    }

    async fn send(&self, job: &Job, traceparent: Option<&str>) -> Verdict {
        let sent = match job.subject.medium {
            Medium::Email => self.mail(job).await,
            Medium::Webhook => self.webhook(job, traceparent).await,
        };
        sent.unwrap_or_else(Verdict::unsendable)
    }

    async fn webhook(&self, job: &Job, traceparent: Option<&str>) -> Result<Verdict, &'static str> {
        let endpoint = self.endpoint(job).filter(|endpoint| !endpoint.url.is_empty());
        let endpoint = endpoint.ok_or("no-endpoint: the shop has none")?;
        let context = format!("endpoint/{}/{}", job.recipient.channel, job.recipient.shop);
        let sealed = endpoint.secret.unwrap_or_default();
        let opened = self.key.open_bytes(&context, &sealed);
        let secret = opened.map_err(|_| "sealed: the endpoint's secret does not open")?;
        let body = self.templates.webhook(job.subject, &values(job)).ok_or("no-template: there is none")?;
        let delivery = Delivery { url: &endpoint.url, secret: &secret, id: &job.notice_id, body, traceparent };
        Ok(self.webhooks.deliver(delivery).await)
    }

    async fn mail(&self, job: &Job) -> Result<Verdict, &'static str> {
        let to = self.mail_address(job)?;
        let mail = self.templates.mail(job.subject, &values(job));
        let (subject, body) = mail.ok_or("no-template: there is none")?;
        Ok(self.mails.deliver(Mail { id: &job.notice_id, to: &to, subject, body }).await)
    }

    fn mail_address(&self, job: &Job) -> Result<String, &'static str> {
        let address = match job.subject.to {
            Addressee::Buyer => {
                let ship_to = ShipTo::decode(job.recipient.ship_to.as_slice()).unwrap_or_default();
                let sealed = ship_to.personal.unwrap_or_default();
                let personal = self.key.open(&job.order_id, &sealed);
                personal.map_err(|_| "sealed: the buyer's address does not open")?.email
            }
            Addressee::ReviewDesk | Addressee::Shop => {
                self.endpoint(job).map(|endpoint| endpoint.review_email).unwrap_or_default()
            }
        };
        if address.is_empty() { Err("no-address: there is none to send to") } else { Ok(address) }
    }

    fn endpoint(&self, job: &Job) -> Option<Endpoint> {
        self.endpoints.find(&job.recipient.tenant, &job.recipient.channel, &job.recipient.shop)
    }
}

/// Everything that a template may name.
fn values(job: &Job) -> Values {
    let mut values = job.parameters.clone();
    let recipient = &job.recipient;
    let shown = Some(&recipient.shown_number).filter(|number| !number.is_empty());
    for (name, value) in [
        ("notice_id", job.notice_id.as_str()),
        ("order_id", &job.order_id),
        ("channel", &recipient.channel),
        ("shop", &recipient.shop),
        ("platform_order_id", &recipient.platform_order_id),
        ("shown_number", shown.unwrap_or(&recipient.platform_order_id)),
        ("timestamp", &timestamp(job.since.0)),
    ] {
        values.insert(name.to_owned(), value.to_owned());
    }
    values
}

/// When the notice became due, so that every attempt has the same body.
fn timestamp(at_ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
