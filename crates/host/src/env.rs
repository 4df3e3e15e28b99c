//! Reads configuration from the environment, and reports everything that is wrong with it at once.
//!
//! A getter never fails: it notes the fault and hands back a placeholder, so that the next variable is read too. The
//! placeholder never gets into use, because a process with faults does not go past [`Reader::finish`].

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where variables come from: the real environment in a process, a map in a test.
pub trait Environment: Send + Sync {
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }
}

impl<const N: usize> Environment for [(&'static str, &'static str); N] {
    fn get(&self, name: &str) -> Option<String> {
        let found = self.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {wrong}; it should be {should}")]
pub struct Fault {
    pub name: String,
    pub wrong: String,
    pub should: String,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// A value that must not be printed. Debug and Display say `***`; [`Secret::reveal`] marks the place of use.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

/// Collects the configuration of a process and the faults in it.
pub struct Reader<'a> {
    source: &'a dyn Environment,
    faults: Vec<Fault>,
}

/// A type that a variable can hold.
pub trait FromVariable: Sized {
    /// What a right value looks like, to finish the sentence "it should be …".
    const SHOULD: &'static str;
    /// Whether the value may be shown in a fault.
    const SHOWN: bool = true;
    /// The value that stands in for a faulty one until the process gives up.
    fn placeholder() -> Self;
    fn from_variable(text: &str) -> Option<Self>;
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub fn new(source: &'a dyn Environment) -> Self {
        Self { source, faults: Vec::new() }
    }

    /// A variable that must be set.
    pub fn required<T: FromVariable>(&mut self, name: &str) -> T {
        match self.optional(name) {
            Some(value) => value,
            None => {
                // A value that is there but wrong has its fault already.
                if self.text(name).is_none() {
                    self.fault(name, "is not set", T::SHOULD);
                }
                T::placeholder()
            }
        }
    }

    /// A variable with a default.
    pub fn or<T: FromVariable>(&mut self, name: &str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// A variable that may be absent. An empty one counts as absent, as compose files and ConfigMaps produce them.
    pub fn optional<T: FromVariable>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = T::from_variable(&text);
        if value.is_none() {
            self.fault(name, wrong_value(&text, T::SHOWN), T::SHOULD);
        }
        value
    }

    /// Whether a variable holds anything, be it right or wrong.
    pub fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// A variable in a form of the service's own; `should` finishes the sentence "it should be …".
    pub fn parse_or<T>(&mut self, name: &str, default: T, should: &str, parse: impl FnOnce(&str) -> Option<T>) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        match parse(&text) {
            Some(value) => value,
            None => {
                self.fault(name, wrong_value(&text, true), should);
                default
            }
        }
    }

    /// Notes a fault that only the service can see, such as two variables that contradict each other.
    pub fn fault(&mut self, name: &str, wrong: impl Into<String>, should: impl Into<String>) {
        self.faults.push(Fault { name: name.to_owned(), wrong: wrong.into(), should: should.into() });
    }

    /// Notes a fault unless `holds`.
    pub fn check(&mut self, name: &str, holds: bool, wrong: &str, should: &str) {
        if !holds {
            self.fault(name, wrong, should);
        }
    }

    /// Every fault that was met, or leave to go on.
    pub fn finish(self) -> Result<(), Faults> {
        if self.faults.is_empty() { Ok(()) } else { Err(Faults(self.faults)) }
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.source.get(name)?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

fn wrong_value(text: &str, shown: bool) -> String {
    if shown { format!("is `{text}`") } else { "has an unusable value".to_owned() }
}

// === impl Faults ===

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fault(s) in the configuration", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

// === impl Secret ===

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

// === impl FromVariable ===

macro_rules! from_variable {
    ($($type:ty, $should:literal, $placeholder:expr, $parse:expr;)*) => {$(
        impl FromVariable for $type {
            const SHOULD: &'static str = $should;
            fn placeholder() -> Self {
                $placeholder
            }
            fn from_variable(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
        }
    )*};
}

from_variable! {
    String, "a text", Self::new(), |text| Some(text.to_owned());
    u16, "a whole number from 0 to 65535", 0, |text| text.parse().ok();
    u32, "a whole number from 0 up", 0, |text| text.parse().ok();
    u64, "a whole number from 0 up", 0, |text| text.parse().ok();
    usize, "a whole number from 0 up", 0, |text| text.parse().ok();
    i64, "a whole number", 0, |text| text.parse().ok();
    bool, "true or false", false, parse_bool;
    SocketAddr, "an address and port such as 0.0.0.0:8080", SocketAddr::from(([127, 0, 0, 1], 0)), |text| text.parse().ok();
    PathBuf, "a path", Self::new(), |text| Some(Self::from(text));
    Duration, "a whole number of milliseconds", Self::ZERO, |text| text.parse().ok().map(Self::from_millis);
    Vec<String>, "a list with commas", Self::new(), parse_list;
}

impl FromVariable for Secret {
    const SHOULD: &'static str = "a secret text";
    const SHOWN: bool = false;
    fn placeholder() -> Self {
        Self::default()
    }
    fn from_variable(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn parse_list(text: &str) -> Option<Vec<String>> {
    let items = text.split(',').map(|item| item.trim().to_owned());
    let items: Vec<String> = items.filter(|item| !item.is_empty()).collect();
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests;
