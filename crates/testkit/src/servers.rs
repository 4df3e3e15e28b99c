//! The one set of servers that all tests of a machine share.

use std::collections::HashMap;
use std::env;
use std::sync::OnceLock;

use crate::{scripts, unique_prefix};

/// Addresses of a Kafka, a Postgres and a Redis that really run.
#[derive(Clone, Debug)]
pub struct Servers {
    /// `host:port` of the Kafka broker.
    pub brokers: String,
    /// A database whose `public` schema nobody should write to: take [`Servers::schema`].
    pub database_url: String,
    /// A Redis in which every test keeps below its own prefix.
    pub redis_url: String,
}

impl Servers {
    /// The shared servers: those that `WEIR_BROKERS`, `WEIR_DATABASE_URL` and `WEIR_REDIS_URL` name
    /// when all three are set, else our own below `.state/test`, started by whoever comes first and
    /// left running for the next test. `scripts/test` stops them.
    ///
    /// # Panics
    /// When they cannot be started; the message holds what the script said.
    pub fn shared() -> &'static Servers {
        static SHARED: OnceLock<Servers> = OnceLock::new();
        SHARED.get_or_init(|| Self::from_environment().unwrap_or_else(Self::start))
    }

    /// A Redis key prefix that no other test has.
    pub fn redis_namespace(&self) -> String {
        format!("{}:", unique_prefix())
    }

    fn from_environment() -> Option<Servers> {
        Some(Servers {
            brokers: env::var("WEIR_BROKERS").ok()?,
            database_url: env::var("WEIR_DATABASE_URL").ok()?,
            redis_url: env::var("WEIR_REDIS_URL").ok()?,
        })
    }

    fn start() -> Servers {
        let state = scripts::checkout().join(".state").join("test");
        scripts::run(&state, &scripts::Environment::new(), "servers", &["up", "--free-ports"]);
        Self::from_addresses(&scripts::addresses(&state))
    }

    pub(crate) fn from_addresses(addresses: &HashMap<String, String>) -> Servers {
        let take =
            |name: &str| addresses.get(name).unwrap_or_else(|| panic!("scripts/env does not print {name}")).clone();
        Servers {
            brokers: take("WEIR_BROKERS"),
            database_url: take("WEIR_DATABASE_URL"),
            redis_url: take("WEIR_REDIS_URL"),
        }
    }
}
