//! What an installation says of its notices. Every fault is told at once, those of the templates too.

use crate::effects::address::Policy;
use crate::effects::backoff::Backoff;
use crate::effects::dispatcher::Limits;
use crate::effects::mail::Mails;
use crate::templates::Templates;
use lettre::message::Mailbox;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;
use weir_host::{Reader, Secret};
use weir_pipeline::snapshot::Snapshots;
use weir_privacy::TenantKey;

/// All of it, read and checked.
pub struct Config {
    pub log: weir_pipeline::Config,
    pub key: TenantKey,
    pub mails: Mails,
    pub templates: Templates,
    pub policy: Policy,
    pub limits: Limits,
    /// Where snapshots are kept; without it every start folds from the beginning.
    pub snapshots: Option<Snapshots>,
}

/// Reads the environment. Nothing where it has faults, which the reader tells.
pub fn read(reader: &mut Reader<'_>) -> Option<Config> {
    let log = read_log(reader);
    let key = read_key(reader);
    let limits = read_limits(reader);
    let mails = read_mails(reader);
    let templates = read_templates(reader);
    let policy = Policy { allow_loopback: reader.or("WEIR_ALLOW_LOOPBACK_TARGETS", false) };
    let snapshots = read_snapshots(reader);
    Some(Config { log: log?, key: key?, mails: mails?, templates: templates?, policy, limits, snapshots })
}

fn read_log(reader: &mut Reader<'_>) -> Option<weir_pipeline::Config> {
    let shared = RefCell::new(&mut *reader);
    let config =
        weir_pipeline::Config::from_lookup("notification", |name| shared.borrow_mut().optional::<String>(name));
    let faults = match config {
        Ok(config) => return Some(config),
        Err(faults) => faults,
    };
    for fault in faults {
        // "WEIR_X is …; it should be …"
        let (name, rest) = fault.split_once(' ').unwrap_or((&fault, ""));
        let (wrong, should) = rest.split_once("; it should be ").unwrap_or((rest, "another value"));
        reader.fault(name, wrong, should);
    }
    None
}

fn read_key(reader: &mut Reader<'_>) -> Option<TenantKey> {
    let text: Secret = reader.required(weir_privacy::VARIABLE);
    if text.reveal().is_empty() {
        return None;
    }
    match TenantKey::from_base64(text.reveal()) {
        Ok(key) => Some(key),
        Err(fault) => {
            reader.fault(weir_privacy::VARIABLE, fault.to_string(), "32 bytes in base64");
            None
        }
    }
}

fn read_mails(reader: &mut Reader<'_>) -> Option<Mails> {
    let should = "a mailbox such as Weir <orders@example.com>";
    let mailbox = |text: &str| text.parse::<Mailbox>().ok().map(Some);
    let from = reader.parse_or("WEIR_MAIL_FROM", "Weir <weir@localhost>".parse().ok(), should, mailbox);
    let url: Secret = reader.required("WEIR_SMTP_URL");
    if url.reveal().is_empty() {
        return None;
    }
    match Mails::new(url.reveal(), from?) {
        Ok(mails) => Some(mails),
        Err(fault) => {
            let should = "one such as smtp://relay:25 or smtp://user:password@relay?tls=required";
            reader.fault("WEIR_SMTP_URL", fault.to_string(), should);
            None
        }
    }
}

fn read_templates(reader: &mut Reader<'_>) -> Option<Templates> {
    let directory: Option<PathBuf> = reader.optional("WEIR_TEMPLATES");
    let missing = directory.as_ref().filter(|directory| !directory.is_dir());
    if let Some(directory) = missing {
        reader.fault(
            "WEIR_TEMPLATES",
            format!("is `{}`, no directory", directory.display()),
            "a directory of templates",
        );
        return None;
    }
    let faults = match Templates::load(directory.as_deref()) {
        Ok(templates) => return Some(templates),
        Err(faults) => faults,
    };
    for fault in faults {
        reader.fault("WEIR_TEMPLATES", format!("{}: {}", fault.file, fault.wrong), "templates that can be filled");
    }
    None
}

fn read_snapshots(reader: &mut Reader<'_>) -> Option<Snapshots> {
    let url: Secret = reader.optional("WEIR_DATABASE_URL")?;
    let snapshots = Snapshots::of_service(url.reveal(), "notification");
    if snapshots.is_err() {
        reader.fault("WEIR_DATABASE_URL", "is no address of a database", "one such as postgres://user@host/weir");
    }
    snapshots.ok()
}

fn read_limits(reader: &mut Reader<'_>) -> Limits {
    let backoff = Backoff {
        first: reader.or("WEIR_SEND_RETRY_MS", Backoff::USUAL.first),
        attempts_max: reader.or("WEIR_SEND_ATTEMPTS", Backoff::USUAL.attempts_max),
    };
    let limits = Limits {
        backoff,
        running_max: reader.or("WEIR_SEND_CONCURRENCY", 64),
        per_target_max: reader.or("WEIR_SEND_PER_TARGET", 16),
        give_up_after: reader.or("WEIR_SEND_GIVE_UP_MS", Duration::from_secs(24 * 3600)),
    };
    let whole = "is zero";
    reader.check("WEIR_SEND_RETRY_MS", !backoff.first.is_zero(), whole, "a number of milliseconds above zero");
    reader.check("WEIR_SEND_ATTEMPTS", backoff.attempts_max > 0, whole, "a number above zero");
    reader.check("WEIR_SEND_CONCURRENCY", limits.running_max > 0, whole, "a number above zero");
    reader.check("WEIR_SEND_PER_TARGET", limits.per_target_max > 0, whole, "a number above zero");
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    #[tokio::test]
    async fn the_least_environment_is_enough() {
        let source =
            [("WEIR_BROKERS", "127.0.0.1:9092"), ("WEIR_SMTP_URL", "smtp://127.0.0.1:25"), ("WEIR_TENANT_KEY", KEY)];
        let mut reader = Reader::new(&source);
        let config = read(&mut reader).expect("it is good");
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!(config.log.instance, "notification-0");
        assert!(!config.policy.allow_loopback);
        assert_eq!(config.limits.backoff.attempts_max, 8);
    }

    #[tokio::test]
    async fn every_fault_is_told_and_no_secret_with_it() {
        let source = [
            ("WEIR_PARTITIONS", "none"),
            ("WEIR_SMTP_URL", "relay-hunter2"),
            ("WEIR_TENANT_KEY", "hunter2"),
            ("WEIR_MAIL_FROM", "nobody"),
            ("WEIR_TEMPLATES", "/nowhere"),
            ("WEIR_SEND_RETRY_MS", "0"),
            ("WEIR_ALLOW_LOOPBACK_TARGETS", "perhaps"),
            ("WEIR_DATABASE_URL", "hunter2"),
        ];
        let mut reader = Reader::new(&source);
        assert!(read(&mut reader).is_none());
        let faults = reader.finish().expect_err("nine are wrong");
        let mut named: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        named.sort_unstable();
        let expected = [
            "WEIR_ALLOW_LOOPBACK_TARGETS",
            "WEIR_BROKERS",
            "WEIR_DATABASE_URL",
            "WEIR_MAIL_FROM",
            "WEIR_PARTITIONS",
            "WEIR_SEND_RETRY_MS",
            "WEIR_SMTP_URL",
            "WEIR_TEMPLATES",
            "WEIR_TENANT_KEY",
        ];
        assert_eq!(named, expected);
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }
}
