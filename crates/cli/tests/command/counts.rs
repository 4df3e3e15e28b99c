//! An installation whose topics have another number of partitions than is configured is refused: a part of the log would be read
//! as if it were the whole, and a record written back to where nobody looks for it.

use crate::corner::{Corner, PARTITIONS};
use weir_proto::topics::CATALOGUE;

const COMMANDS: &[&[&str]] = &[
    &["verify"],
    &["verify", "--log-only", "--running", "--json"],
    &["replay", "orders"],
    &["quarantine", "list"],
    &["quarantine", "list", "--json", "--all"],
    &["quarantine", "redrive"],
];

#[test]
fn another_partition_count_is_refused_by_name_and_number() {
    let corner = Corner::new();
    for wanted in [PARTITIONS - 1, PARTITIONS + 1] {
        for command in COMMANDS {
            let ended = corner.weir_with(wanted, command);
            assert_eq!(ended.code, Some(1), "{command:?}: {ended:?}");
            assert_eq!(ended.said, "", "{command:?}: nothing is told of a log that was not read");
            for entry in CATALOGUE {
                let name = entry.topic.full_name(&corner.config.prefix);
                let sentence = format!("topic {name}: partitions is {PARTITIONS}; it should be {wanted}");
                // The reference topic has one, whatever is configured.
                let differs = entry.topic.partitions(wanted) != entry.topic.partitions(PARTITIONS);
                assert_eq!(ended.complained.contains(&sentence), differs, "{command:?}: {name}: {ended:?}");
            }
        }
    }
}

#[test]
fn the_configured_count_is_taken() {
    let corner = Corner::new();
    corner.weir(&["verify", "--log-only"]);
    assert_eq!(corner.weir(&["replay", "orders"]), "");
    assert_eq!(corner.weir(&["quarantine", "list"]), "0 records in quarantine\n");
    assert_eq!(corner.weir(&["quarantine", "redrive"]), "0 records taken in\n");
}
