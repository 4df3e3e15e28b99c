//! What console reads from the environment beside the host's variables.

use std::cell::RefCell;
use weir_host::{Reader, Secret};
use weir_pipeline::Config;
use weir_privacy::{TenantKey, VARIABLE};

/// Console's settings.
pub struct Settings {
    pub log: Config,
    pub database_url: Secret,
    pub tenant_key: Option<TenantKey>,
    pub tenant: String,
}

/// Reads everything, and leaves each fault with the reader.
pub fn read(reader: &mut Reader<'_>) -> Settings {
    let shared = RefCell::new(&mut *reader);
    let log = Config::from_lookup("console", |name| shared.borrow_mut().optional::<String>(name));
    let log = log.unwrap_or_else(|faults| {
        for fault in faults {
            note(reader, &fault);
        }
        Config::new("", "")
    });
    let tenant_key = reader.optional::<Secret>(VARIABLE).and_then(|text| match TenantKey::from_base64(text.reveal()) {
        Ok(key) => Some(key),
        Err(fault) => {
            reader.fault(VARIABLE, fault.to_string(), "32 bytes in base64");
            None
        }
    });
    let database_url: Secret = reader.required("WEIR_DATABASE_URL");
    let sound =
        database_url.reveal().is_empty() || database_url.reveal().parse::<sqlx::postgres::PgConnectOptions>().is_ok();
    reader.check(
        "WEIR_DATABASE_URL",
        sound,
        "is no address of a database",
        "an address such as postgres://weir@127.0.0.1/weir",
    );
    Settings { log, database_url, tenant_key, tenant: reader.or("WEIR_TENANT", "demo".to_owned()) }
}

/// The log's settings say their faults in whole sentences: "NAME is wrong; it should be right".
fn note(reader: &mut Reader<'_>, sentence: &str) {
    let (name, rest) = sentence.split_once(' ').unwrap_or((sentence, "is wrong"));
    let (wrong, should) = rest.split_once("; it should be ").unwrap_or((rest, "as the README says"));
    reader.fault(name, wrong, should);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let source = [("WEIR_PARTITIONS", "many"), ("WEIR_TENANT_KEY", "short"), ("WEIR_DATABASE_URL", "nowhere")];
        let mut reader = Reader::new(&source);
        read(&mut reader);
        let faults = reader.finish().expect_err("all of them are wrong");
        let mut named: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["WEIR_BROKERS", "WEIR_DATABASE_URL", "WEIR_PARTITIONS", "WEIR_TENANT_KEY"]);
    }

    #[test]
    fn a_broker_and_a_database_are_enough() {
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), ("WEIR_DATABASE_URL", "postgres://weir@127.0.0.1/weir")];
        let mut reader = Reader::new(&source);
        let settings = read(&mut reader);
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!((settings.tenant.as_str(), settings.log.instance.as_str()), ("demo", "console-0"));
        assert_eq!(settings.tenant_key, None);
    }
}
