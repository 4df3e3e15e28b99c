//! Stand-ins for whoever receives what Weir sends: a mail server and a webhook endpoint that keep
//! what comes, in memory, on a loopback port of their own.

mod http;
mod smtp;

pub use http::{ReceivedWebhook, WebhookSink};
pub use smtp::{ReceivedMail, SmtpSink};
