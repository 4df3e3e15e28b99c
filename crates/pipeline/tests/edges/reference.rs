//! Reference data is written once for each change, and seen by whoever follows it.

use crate::corner::{Corner, PATIENCE};
use std::collections::BTreeMap;
use weir_pipeline::reference::{Published, Publisher, Table};
use weir_proto::reference::v1::{ReferenceEvent, Sku, reference_event::Entity};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

type Titles = BTreeMap<String, (u32, String)>;

fn sku(sku: &str, title: &str) -> (String, ReferenceEvent) {
    let entity = Sku { sku: sku.to_owned(), title: title.to_owned(), ..Sku::default() };
    let event = ReferenceEvent { entity: Some(Entity::Sku(entity)), ..ReferenceEvent::default() };
    (format!("demo/sku/{sku}"), event)
}

fn learn(titles: &mut Titles, key: &str, event: Option<ReferenceEvent>) {
    match event {
        Some(ReferenceEvent { version, entity: Some(Entity::Sku(sku)), .. }) => {
            titles.insert(key.to_owned(), (version, sku.title));
        }
        _ => {
            titles.remove(key);
        }
    }
}

#[test]
fn only_what_differs_is_written_and_every_version_is_kept() {
    let corner = Corner::new();
    let mut publisher = Publisher::new(corner.log.clone());
    let first = publisher.publish(vec![sku("A", "one"), sku("B", "two")]).expect("published");
    assert_eq!(first, Published { written: 2, unchanged: 0 });

    let table: Table<Titles> = Table::follow(&corner.log, corner.signals(), learn).expect("a table");
    // The marker of a transaction that is committed may come after the table has read to what was stable.
    let (titles, next) = wait_for("both titles", PATIENCE, || {
        table.with(|titles, next| (titles.len() == 2).then(|| (titles.clone(), next)))
    });
    assert_eq!(titles.get("demo/sku/A"), Some(&(1, "one".to_owned())));
    // The transaction's marker behind them may have been passed over already.
    assert!((2..=3).contains(&next), "{next}");

    let second = publisher.publish(vec![sku("A", "new"), sku("B", "two")]).expect("published");
    assert_eq!(second, Published { written: 1, unchanged: 1 });
    wait_for("the new title", PATIENCE, || {
        table.with(|titles, _| (titles.get("demo/sku/A")? == &(2, "new".to_owned())).then_some(()))
    });
    let history: Vec<String> = corner.read(Topic::ReferenceHistory, 0).into_iter().map(|r| r.key).collect();
    assert_eq!(history, ["demo/sku/A@1", "demo/sku/B@1", "demo/sku/A@2"]);
}
