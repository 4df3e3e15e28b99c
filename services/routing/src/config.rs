//! What an installation says of routing. Every fault is told at once.

use sqlx::postgres::PgConnectOptions;
use std::cell::RefCell;
use weir_host::{Reader, Secret};

pub const ENV_DATABASE_URL: &str = "WEIR_DATABASE_URL";

pub const ENV_DATABASE_SCHEMA: &str = "WEIR_DATABASE_SCHEMA";

/// The service's own schema, unless it is told another.
const SCHEMA: &str = "routing";

pub struct Config {
    pub log: weir_pipeline::Config,
    /// With the service's schema as search path.
    pub database: PgConnectOptions,
    pub schema: String,
}

/// Reads the environment. Nothing where it has faults, which the reader tells.
pub fn read(reader: &mut Reader<'_>) -> Option<Config> {
    let log = read_log(reader);
    let schema = reader.or(ENV_DATABASE_SCHEMA, SCHEMA.to_owned());
    let plain = schema.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    reader.check(ENV_DATABASE_SCHEMA, plain, "has other characters", "made of a to z, 0 to 9 and _");
    let database = read_database(reader, &schema);
    Some(Config { log: log?, database: database?, schema })
}

fn read_log(reader: &mut Reader<'_>) -> Option<weir_pipeline::Config> {
    let shared = RefCell::new(&mut *reader);
    let config = weir_pipeline::Config::from_lookup("routing", |name| shared.borrow_mut().optional::<String>(name));
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

fn read_database(reader: &mut Reader<'_>, schema: &str) -> Option<PgConnectOptions> {
    // It may hold a password, so its value is never shown.
    let url: Secret = reader.required(ENV_DATABASE_URL);
    if url.reveal().is_empty() {
        return None;
    }
    match url.reveal().parse::<PgConnectOptions>() {
        Ok(options) => Some(options.options([("search_path", schema)])),
        Err(_) => {
            reader.fault(
                ENV_DATABASE_URL,
                "is no database's address",
                "one such as postgres://weir@127.0.0.1:5432/weir",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_environment_is_enough() {
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), (ENV_DATABASE_URL, "postgres://weir@127.0.0.1:5432/weir")];
        let mut reader = Reader::new(&source);
        let config = read(&mut reader).expect("it is good");
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!((config.log.instance.as_str(), config.schema.as_str()), ("routing-0", "routing"));
    }

    #[test]
    fn every_fault_is_told_and_no_password_with_it() {
        let source = [("WEIR_WORKERS", "many"), (ENV_DATABASE_URL, "hunter2"), (ENV_DATABASE_SCHEMA, "a\"b")];
        let mut reader = Reader::new(&source);
        assert!(read(&mut reader).is_none());
        let faults = reader.finish().expect_err("four are wrong");
        let mut named: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["WEIR_BROKERS", ENV_DATABASE_SCHEMA, ENV_DATABASE_URL, "WEIR_WORKERS"]);
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }
}
