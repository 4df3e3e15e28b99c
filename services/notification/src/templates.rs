//! The texts of notices: in files, built in, and replaced one by one from a directory. All are checked before anything is sent.
//!
//! A mail's first line is its subject. A webhook's template is JSON, and names are filled in inside its strings only, so that
//! no value can break out of them.

mod text;

use crate::domain::{Kind, Medium, Subject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use text::Text;

/// The values for the names in a template.
pub type Values = BTreeMap<String, String>;

/// Every notice has these.
const OF_EVERY_NOTICE: [&str; 7] =
    ["notice_id", "order_id", "channel", "shop", "platform_order_id", "shown_number", "timestamp"];

const BUILT_IN: [(Kind, Medium, &str); 8] = [
    (Kind::Placed, Medium::Email, include_str!("../templates/placed.email.txt")),
    (Kind::Placed, Medium::Webhook, include_str!("../templates/placed.webhook.json")),
    (Kind::Shipped, Medium::Email, include_str!("../templates/shipped.email.txt")),
    (Kind::Shipped, Medium::Webhook, include_str!("../templates/shipped.webhook.json")),
    (Kind::Cancelled, Medium::Email, include_str!("../templates/cancelled.email.txt")),
    (Kind::Cancelled, Medium::Webhook, include_str!("../templates/cancelled.webhook.json")),
    (Kind::Held, Medium::Email, include_str!("../templates/held.email.txt")),
    (Kind::Held, Medium::Webhook, include_str!("../templates/held.webhook.json")),
];

/// Why a template can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {wrong}")]
pub struct TemplateFault {
    pub file: String,
    pub wrong: String,
}

/// Every template, read and checked.
#[derive(Debug)]
pub struct Templates {
    mails: BTreeMap<Kind, (Text, Text)>,
    webhooks: BTreeMap<Kind, Value>,
}

impl Templates {
    /// The built-in ones, each replaced by the file of its name in `directory` where there is one.
    ///
    /// # Errors
    /// Every fault of every template.
    pub fn load(directory: Option<&Path>) -> Result<Templates, Vec<TemplateFault>> {
        Templates::read(|file| match directory.map(|directory| directory.join(file)) {
            Some(path) if path.exists() => std::fs::read_to_string(path).map(Some),
            _ => Ok(None),
        })
    }

    fn read(replaced: impl Fn(&str) -> std::io::Result<Option<String>>) -> Result<Templates, Vec<TemplateFault>> {
        let mut templates = Templates { mails: BTreeMap::new(), webhooks: BTreeMap::new() };
        let mut faults = Vec::new();
        for (kind, medium, built_in) in BUILT_IN {
            let file = file_name(kind, medium);
            let taken = match replaced(&file) {
                Ok(text) => templates.take(kind, medium, text.as_deref().unwrap_or(built_in)),
                Err(error) => Err(format!("can not be read: {error}")),
            };
            if let Err(wrong) = taken {
                faults.push(TemplateFault { file, wrong });
            }
        }
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    fn take(&mut self, kind: Kind, medium: Medium, text: &str) -> Result<(), String> {
        let known = names(kind);
        match medium {
            Medium::Email => {
                let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
                let subject = first.strip_prefix("Subject:").ok_or("the first line should be `Subject: …`")?;
                let mail = (Text::parse(subject.trim(), &known)?, Text::parse(rest.trim_start(), &known)?);
                self.mails.insert(kind, mail);
            }
            Medium::Webhook => {
                let payload: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
                check_payload(&payload, &known)?;
                self.webhooks.insert(kind, payload);
            }
        }
        Ok(())
    }

    /// A mail's subject and body.
    pub fn mail(&self, subject: Subject, values: &Values) -> Option<(String, String)> {
        let (title, body) = self.mails.get(&subject.kind)?;
        // A line break in a value must not end the header that it is filled into.
        let title = title.fill(values).replace(['\r', '\n'], " ");
        Some((title, body.fill(values)))
    }

    /// A webhook's body.
    pub fn webhook(&self, subject: Subject, values: &Values) -> Option<Vec<u8>> {
        let mut payload = self.webhooks.get(&subject.kind)?.clone();
        fill(&mut payload, values);
        Some(payload.to_string().into_bytes())
    }
}

fn file_name(kind: Kind, medium: Medium) -> String {
    let form = match medium {
        Medium::Email => "txt",
        Medium::Webhook => "json",
    };
    format!("{}.{}.{form}", kind.name(), medium.name())
}

/// What a kind's templates may name.
fn names(kind: Kind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        Kind::Placed => &[],
        Kind::Shipped => &["carrier", "tracking_number"],
        Kind::Cancelled => &["reason"],
        Kind::Held => &["reason", "hold_id"],
    };
    OF_EVERY_NOTICE.iter().chain(own).copied().collect()
}

/// Standard Webhooks: a payload is {type, timestamp, data}.
fn check_payload(payload: &Value, known: &[&str]) -> Result<(), String> {
    let lacks = |member: &str| payload.get(member).is_none();
    if let Some(member) = ["type", "timestamp", "data"].into_iter().find(|member| lacks(member)) {
        return Err(format!("has no member `{member}`; a webhook's payload is type, timestamp and data"));
    }
    check_strings(payload, known)
}

fn check_strings(value: &Value, known: &[&str]) -> Result<(), String> {
    match value {
        Value::String(text) => Text::parse(text, known).map(|_| ()),
        Value::Array(items) => items.iter().try_for_each(|item| check_strings(item, known)),
        Value::Object(members) => members.values().try_for_each(|member| check_strings(member, known)),
        _ => Ok(()),
    }
}

fn fill(value: &mut Value, values: &Values) {
    match value {
        Value::String(text) => *text = Text::split(text).fill(values),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, values)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, values)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
