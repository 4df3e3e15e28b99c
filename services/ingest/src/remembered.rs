//! The shops as they were last known, in a file beside the journal: for a process that starts while the log is away.
//!
//! The file holds the reference records as they were read, secrets sealed as they came. It is replaced whole, and a file that is
//! not sound counts as none. It is used only until the topic itself can be read.

use crate::journal::{replace, whole};
use crate::wire::Shops;
use prost::Message as _;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use weir_privacy::TenantKey;
use weir_proto::reference::v1::ReferenceEvent;

/// Shops change seldom, and many at once when they do.
const GATHER: Duration = Duration::from_millis(500);

/// A reference record. Its fields only grow.
#[derive(Clone, PartialEq, prost::Message)]
struct Remembered {
    #[prost(string, tag = "1")]
    key: String,
    /// Nothing: a tombstone, which is never in the file.
    #[prost(message, optional, tag = "2")]
    event: Option<ReferenceEvent>,
}

/// Takes note of what is read.
pub struct Memory {
    noted: Sender<Remembered>,
}

/// Told when the topic was read to its end. Nothing is written before: half of the shops would be worse than an older file.
pub struct Complete(Sender<()>);

impl Memory {
    /// Notes what comes, on a thread of its own.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(folder: &Path) -> io::Result<(Memory, Complete)> {
        let path = file(folder);
        let (noted, records) = channel();
        let (complete, begin) = channel();
        std::thread::Builder::new().name("remembered".to_owned()).spawn(move || keep(&path, &records, &begin))?;
        Ok((Memory { noted }, Complete(complete)))
    }

    /// Notes a record, where it is of a shop.
    pub fn note(&self, key: &str, event: Option<&ReferenceEvent>) {
        if Shops::concerns(key) {
            // The thread ends when this does.
            let _ = self.noted.send(Remembered { key: key.to_owned(), event: event.cloned() });
        }
    }
}

impl Complete {
    pub fn tell(self) {
        let _ = self.0.send(());
    }
}

/// The shops in the file, and how many there are.
///
/// # Errors
/// Where there is no file, or it is not sound.
pub fn read(folder: &Path, key: &TenantKey) -> io::Result<(Shops, usize)> {
    let records = whole(&file(folder))?;
    let mut shops = Shops::default();
    for record in &records {
        let Remembered { key: name, event } = Remembered::decode(record.as_slice())?;
        shops.learn(key, &name, event);
    }
    Ok((shops, records.len()))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("shops")
}

fn keep(path: &Path, records: &Receiver<Remembered>, begin: &Receiver<()>) {
    if begin.recv().is_err() {
        return;
    }
    let mut known = Known::default();
    loop {
        records.try_iter().for_each(|record| known.learn(record));
        if let Err(error) = replace(path, known.in_order().map(Remembered::encode_to_vec)) {
            tracing::warn!(%error, "the shops can't be noted for a start while the log is away");
        }
        match records.recv() {
            Ok(record) => known.learn(record),
            Err(_) => return,
        }
        std::thread::sleep(GATHER);
    }
}

/// The last record of each key. The order in which they came is kept: of two tenants with the same address the first has it.
#[derive(Default)]
struct Known {
    place: BTreeMap<String, u64>,
    records: BTreeMap<u64, Remembered>,
    next: u64,
}

impl Known {
    fn learn(&mut self, record: Remembered) {
        if record.event.is_none() {
            if let Some(place) = self.place.remove(&record.key) {
                self.records.remove(&place);
            }
            return;
        }
        let place = *self.place.entry(record.key.clone()).or_insert(self.next);
        self.next += 1;
        self.records.insert(place, record);
    }

    fn in_order(&self) -> impl Iterator<Item = &Remembered> {
        self.records.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::reference::v1::{Shop, reference_event::Entity};
    use weir_testkit::wait_for;

    const KEY: [u8; 32] = [7; 32];

    fn shop(name: &str, budget_per_second: u32) -> ReferenceEvent {
        let shop = Shop { channel: "generic".to_owned(), shop: name.to_owned(), budget_per_second, ..Shop::default() };
        ReferenceEvent { entity: Some(Entity::Shop(shop)), ..ReferenceEvent::default() }
    }

    fn budget(folder: &Path, name: &str) -> Option<u32> {
        let (shops, _) = read(folder, &TenantKey::new(KEY)).ok()?;
        shops.find("generic", name).map(|shop| shop.budget_per_second)
    }

    #[test]
    fn the_last_of_each_shop_is_read_again_and_a_removed_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (memory, complete) = Memory::start(folder.path()).expect("a thread");
        memory.note("demo/shop/generic/a", Some(&shop("a", 1)));
        memory.note("demo/shop/generic/b", Some(&shop("b", 1)));
        memory.note("demo/sku/TEA", Some(&shop("no", 1)));
        assert!(read(folder.path(), &TenantKey::new(KEY)).is_err(), "nothing is written before all is known");
        complete.tell();
        let patience = Duration::from_secs(20);
        wait_for("the file", patience, || budget(folder.path(), "b"));
        memory.note("demo/shop/generic/a", Some(&shop("a", 2)));
        memory.note("demo/shop/generic/b", None);
        wait_for("the change", patience, || (budget(folder.path(), "a") == Some(2)).then_some(()));
        assert_eq!((budget(folder.path(), "b"), budget(folder.path(), "no")), (None, None));
    }

    #[test]
    fn of_two_tenants_with_one_address_the_first_has_it_after_a_change_too() {
        let mut known = Known::default();
        let record = |tenant: &str, budget| Remembered {
            key: format!("{tenant}/shop/generic/a"),
            event: Some(shop("a", budget)),
        };
        [record("z", 1), record("a", 2), record("z", 3)].into_iter().for_each(|record| known.learn(record));
        let keys: Vec<&str> = known.in_order().map(|record| record.key.as_str()).collect();
        assert_eq!(keys, ["z/shop/generic/a", "a/shop/generic/a"]);
    }

    #[test]
    fn a_file_that_is_not_sound_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        replace(&file(folder.path()), std::iter::once(vec![1, 2, 3])).expect("written");
        assert!(read(folder.path(), &TenantKey::new(KEY)).is_err(), "no record");
        let good = Remembered { key: "demo/shop/generic/a".to_owned(), event: Some(shop("a", 1)) };
        replace(&file(folder.path()), std::iter::once(good.encode_to_vec())).expect("written");
        let mut bytes = std::fs::read(file(folder.path())).expect("read");
        assert!(budget(folder.path(), "a").is_some());
        bytes.pop();
        std::fs::write(file(folder.path()), bytes).expect("written");
        assert!(read(folder.path(), &TenantKey::new(KEY)).is_err(), "a file cut short");
    }
}
