//! What a service does with topics, gathered from its code: to be compared with what the topic catalogue says of it.
//!
//! A stage and a projection say their topics by themselves. Gateways, writers and reference tables are wired up where the process
//! starts, so those are found in the sources. All topics go by the names of the catalogue's enum, as its `Debug` prints them:
//! this crate knows none of ours.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// The topics that a service reads and writes.
#[derive(Debug)]
pub struct Wiring {
    /// Sources, without blanks and without tests.
    sources: Vec<String>,
    reads: BTreeSet<String>,
    writes: BTreeSet<String>,
}

impl Wiring {
    /// Looks through the sources of the crate in this folder: `env!("CARGO_MANIFEST_DIR")`.
    ///
    /// # Panics
    /// When they can't be read, or are laid out so that a topic can't be told.
    pub fn of(manifest_dir: &str) -> Wiring {
        let mut sources = Vec::new();
        collect(&Path::new(manifest_dir).join("src"), &mut sources);
        assert!(!sources.is_empty(), "{manifest_dir} has no sources");
        let mut wiring = Wiring { sources, reads: BTreeSet::new(), writes: BTreeSet::new() };
        wiring.look();
        wiring
    }

    /// Adds a stage as its topology says it. Whatever it can't read goes to `Quarantine`.
    #[must_use]
    pub fn stage<T: Debug>(mut self, inputs: &[T], facts: T, outputs: &[T]) -> Wiring {
        self.reads.extend(inputs.iter().map(name));
        self.writes.extend(outputs.iter().map(name));
        self.writes.extend([name(&facts), "Quarantine".to_owned()]);
        self
    }

    /// Adds a projection as it says itself.
    #[must_use]
    pub fn projection<T: Debug>(mut self, topics: &[T]) -> Wiring {
        self.reads.extend(topics.iter().map(name));
        self
    }

    /// Compares with what the catalogue says.
    ///
    /// # Panics
    /// When it says another thing, or when a source names a topic that is neither read nor written.
    pub fn must_be<T: Debug>(&self, reads: &[T], writes: &[T]) {
        let set = |topics: &[T]| topics.iter().map(name).collect::<BTreeSet<_>>();
        let (reads, writes) = (set(reads), set(writes));
        assert_eq!(self.reads, reads, "the service reads what is on the left; the catalogue says what is on the right");
        assert_eq!(
            self.writes, writes,
            "the service writes what is on the left; the catalogue says what is on the right"
        );
        let named = self.sources.iter().flat_map(|source| after(source, "Topic::")).filter_map(variant);
        for topic in named {
            assert!(
                reads.contains(topic) || writes.contains(topic),
                "a source names {topic}, which the service has no use for"
            );
        }
    }

    fn look(&mut self) {
        for source in &self.sources {
            // Gateway::start(config, commands, facts)
            for call in after(source, "Gateway::start(") {
                let arguments: Vec<&str> = call.split(')').next().unwrap_or_default().split(',').collect();
                let topic = |n: usize| arguments.get(n).and_then(|a| a.strip_prefix("Topic::")).and_then(variant);
                let (Some(commands), Some(facts)) = (topic(1), topic(2)) else {
                    panic!("a gateway's topics are not named where it starts: {arguments:?}");
                };
                self.writes.insert(commands.to_owned());
                self.reads.insert(facts.to_owned());
            }
            let written = after(source, "Outgoing{topic:Topic::").filter_map(variant);
            self.writes.extend(written.map(str::to_owned));
            let learns = source.contains("Table::follow(") || source.contains("fnreads_reference(&self)->bool{true}");
            if learns {
                self.reads.insert("Reference".to_owned());
            }
        }
    }
}

fn name<T: Debug>(topic: &T) -> String {
    format!("{topic:?}")
}

/// What follows each mention.
fn after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark).map(move |(at, _)| &text[at + mark.len()..])
}

/// The enum's variant at the beginning; a function has a small letter.
fn variant(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    Some(&text[..end]).filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn collect(folder: &Path, into: &mut Vec<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let is_tests = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_tests {
            continue;
        }
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            into.push(squeezed(&text));
        }
    }
}

/// Without comments, blanks, and the tests at the end.
fn squeezed(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic;

    #[derive(Debug)]
    enum Topic {
        Asked,
        Said,
        Told,
        Heard,
        Quarantine,
        Reference,
    }

    const SOURCE: &str = "
        /// Not [`Topic::Nothing`].
        let gateway = Gateway::start(&config, Topic::Asked, Topic::Said)?;
        let shops = Table::follow(&log, signals, learn)?;
        Outgoing { topic: Topic::Told, key }
        Topic::parse(name)
#[cfg(test)]
mod tests { fn of(topic: Topic) -> bool { topic == Topic::Elsewhere } }";

    fn wiring() -> Wiring {
        let mut wiring = Wiring { sources: vec![squeezed(SOURCE)], reads: BTreeSet::new(), writes: BTreeSet::new() };
        wiring.look();
        wiring
    }

    #[test]
    fn all_that_is_wired_up_is_found() {
        let wiring = wiring().stage(&[Topic::Heard], Topic::Said, &[]).projection(&[Topic::Said]);
        let writes = [Topic::Asked, Topic::Told, Topic::Said, Topic::Quarantine];
        wiring.must_be(&[Topic::Heard, Topic::Said, Topic::Reference], &writes);
    }

    #[test]
    fn a_catalogue_that_says_another_thing_is_told() {
        let whole = [Topic::Said, Topic::Reference];
        let fails =
            |reads: &[Topic], writes: &[Topic]| panic::catch_unwind(|| wiring().must_be(reads, writes)).is_err();
        assert!(!fails(&whole, &[Topic::Asked, Topic::Told]));
        assert!(fails(&whole[..1], &[Topic::Asked, Topic::Told]), "what is read and not in the catalogue");
        assert!(fails(&whole, &[Topic::Asked]), "what is written and not in the catalogue");
        assert!(fails(&whole, &[Topic::Asked, Topic::Told, Topic::Heard]), "what the catalogue has and nobody writes");
    }

    #[test]
    fn a_topic_that_is_only_named_is_told() {
        let mut wiring = wiring();
        wiring.sources.push(squeezed("writer.write(to(Topic::Heard), id)"));
        let told = panic::catch_unwind(|| {
            wiring.must_be(&[Topic::Said, Topic::Reference], &[Topic::Asked, Topic::Told]);
        });
        let told = told.expect_err("nothing says what becomes of it");
        assert!(told.downcast_ref::<String>().is_some_and(|message| message.contains("Heard")));
    }
}
