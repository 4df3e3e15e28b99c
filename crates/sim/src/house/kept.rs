//! A stage's topology that keeps what it has read of its facts.
//!
//! In a run the same facts are folded again and again: by each take-over, each maker of snapshots and the checks. What they say is
//! read once for all of them; how it is folded is production's own, each time.

use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use weir_decider::{Decider, Fault};
use weir_pipeline::log::Pace;
use weir_pipeline::{Incoming, Outgoing, Record, Told, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

type FactOf<T> = <<T as Topology>::State as Decider>::Fact;

/// A partition's facts that were read, by their offsets.
type Pages<F> = Vec<Option<Page<F>>>;

/// The topology.
pub struct Kept<T: Topology> {
    inner: T,
    /// By partition.
    facts: Mutex<Vec<Pages<FactOf<T>>>>,
}

/// A fact, with the bytes that it was read from: an offset alone could mean another record by now.
struct Page<F> {
    value: Bytes,
    told: Arc<Told<F>>,
}

impl<T: Topology> Kept<T> {
    pub fn new(inner: T) -> Kept<T> {
        Kept { inner, facts: Mutex::new(Vec::new()) }
    }

    fn known(&self, (number, offset): (usize, usize), value: &Bytes) -> Option<Arc<Told<FactOf<T>>>> {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let page = facts.get(number)?.get(offset)?.as_ref()?;
        let same = page.value.as_ptr() == value.as_ptr() && page.value.len() == value.len();
        same.then(|| page.told.clone())
    }

    fn keep(&self, (number, offset): (usize, usize), page: Page<FactOf<T>>) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if facts.len() <= number {
            facts.resize_with(number + 1, Vec::new);
        }
        let pages = &mut facts[number];
        if pages.len() <= offset {
            pages.resize_with(offset + 1, || None);
        }
        pages[offset] = Some(page);
    }
}

impl<T: Topology> Topology for Kept<T>
where
    FactOf<T>: Send + Sync,
{
    type State = T::State;
    type World = T::World;

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn inputs(&self) -> &'static [Topic] {
        self.inner.inputs()
    }

    fn facts(&self) -> Topic {
        self.inner.facts()
    }

    fn outputs(&self) -> &'static [Topic] {
        self.inner.outputs()
    }

    fn pace(&self) -> Pace {
        self.inner.pace()
    }

    fn shape(&self) -> u32 {
        self.inner.shape()
    }

    fn gap_stops_partition(&self) -> bool {
        self.inner.gap_stops_partition()
    }

    fn reads_reference(&self) -> bool {
        self.inner.reads_reference()
    }

    fn read(&self, record: &Record) -> Result<Incoming<<T::State as Decider>::Input>, Fault> {
        self.inner.read(record)
    }

    fn write_fact(&self, meta: Meta, fact: &FactOf<T>) -> Outgoing {
        self.inner.write_fact(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<FactOf<T>, Fault> {
        self.inner.read_fact(record)
    }

    fn read_told(&self, record: &Record) -> Result<Arc<Told<FactOf<T>>>, Fault> {
        let place = usize::try_from(record.partition).ok().zip(usize::try_from(record.offset).ok());
        let Some(place) = place else { return self.inner.read_told(record) };
        if let Some(told) = self.known(place, &record.value) {
            return Ok(told);
        }
        let told = self.inner.read_told(record)?;
        self.keep(place, Page { value: record.value.clone(), told: told.clone() });
        Ok(told)
    }

    fn write_message(&self, meta: Meta, message: &<T::State as Decider>::Message) -> Outgoing {
        self.inner.write_message(meta, message)
    }

    fn learn(&self, world: &mut T::World, key: &str, event: Option<ReferenceEvent>) {
        self.inner.learn(world, key, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use weir_decider::Millis;
    use weir_notification::wire::Notification;
    use weir_pipeline::Headers;
    use weir_pipeline::Said;
    use weir_proto::notice::v1::{NoticeEvent, RecipientNoted, notice_event::Event};

    fn fact(offset: i64, shop: &str) -> Record {
        let noted = RecipientNoted { shop: shop.to_owned(), ..RecipientNoted::default() };
        let event = NoticeEvent { meta: Some(Meta::default()), event: Some(Event::RecipientNoted(noted)) };
        let (key, value) = ("order".to_owned(), event.encode_to_vec().into());
        let headers = Headers::default();
        Record { topic: Topic::Notices, partition: 1, offset, time: Millis(0), key, value, headers }
    }

    fn shop(kept: &Kept<Notification>, record: &Record) -> String {
        match &kept.read_told(record).expect("readable").said {
            Said::Domain(weir_notification::domain::Fact::RecipientNoted(recipient)) => recipient.shop.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_record_is_read_once_and_another_in_its_place_anew() {
        let kept = Kept::new(Notification);
        let record = fact(7, "one");
        let first = kept.read_told(&record).expect("readable");
        let again = kept.read_told(&record).expect("readable");
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(shop(&kept, &record), "one");
        assert_eq!(shop(&kept, &fact(7, "two")), "two");
        assert_eq!(shop(&kept, &fact(8, "three")), "three");
    }
}
