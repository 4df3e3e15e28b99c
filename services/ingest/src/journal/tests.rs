//! What is acknowledged comes out again, in its order, whatever happens to the process; what does not fit is refused.

use super::*;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ROOM: u64 = 64 << 20;
const MEGABYTE: usize = 1 << 20;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path(), ROOM).expect("a free folder")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn append(runtime: &Runtime, journal: &Journal, records: impl IntoIterator<Item = Vec<u8>>) {
    for record in records {
        runtime.block_on(journal.append(record)).expect("room");
    }
}

fn records(journal: &Journal) -> Vec<Vec<u8>> {
    journal.front(usize::MAX, u64::MAX).expect("sound files").records
}

fn files(folder: &TempDir) -> usize {
    let names = std::fs::read_dir(folder.path()).expect("a folder");
    names.filter(|entry| segment::number(&entry.as_ref().expect("a name").path(), "journal").is_some()).count()
}

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    assert_eq!(journal.way(), Way::Direct);
    append(&runtime, &journal, [vec![1], vec![], vec![3; 3000]]);
    assert_eq!(journal.way(), Way::Behind);
    drop(journal);
    let journal = open(&folder);
    assert_eq!((journal.way(), journal.watch().borrow().records), (Way::Behind, 3));
    append(&runtime, &journal, [vec![4]]);
    assert_eq!(records(&journal), [vec![1], vec![], vec![3; 3000], vec![4]]);
}

#[test]
fn a_drained_journal_is_empty_and_the_way_is_free() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    append(&runtime, &journal, (0..10).map(|n| vec![n]));
    let first = journal.front(4, u64::MAX).expect("sound files");
    assert_eq!(first.records, (0..4).map(|n| vec![n]).collect::<Vec<_>>());
    runtime.block_on(journal.drained(&first));
    assert_eq!((journal.way(), journal.watch().borrow().records), (Way::Behind, 6));
    let rest = journal.front(100, u64::MAX).expect("sound files");
    assert_eq!(rest.records.len(), 6);
    runtime.block_on(journal.drained(&rest));
    let standing = journal.watch().borrow().clone();
    assert_eq!((standing.way, standing.records, standing.bytes, files(&folder)), (Way::Direct, 0, 0, 0));
    append(&runtime, &journal, [vec![10]]);
    assert_eq!((journal.way(), records(&journal)), (Way::Behind, vec![vec![10]]));
}

#[test]
fn what_comes_while_it_turns_is_not_forgotten() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    append(&runtime, &journal, [vec![1]]);
    runtime.block_on(journal.turn());
    assert_eq!(journal.way(), Way::Turning);
    let portion = journal.front(100, u64::MAX).expect("sound files");
    append(&runtime, &journal, [vec![2]]);
    assert_eq!(journal.way(), Way::Turning, "one that had been on its way lets nobody past");
    runtime.block_on(journal.drained(&portion));
    assert_eq!((journal.way(), records(&journal)), (Way::Turning, vec![vec![2]]));
    runtime.block_on(journal.turn_back());
    let mut standing = journal.watch();
    runtime.block_on(standing.wait_for(|standing| standing.way == Way::Behind)).expect("it lives");
    runtime.block_on(journal.turn_back());
    let portion = journal.front(100, u64::MAX).expect("sound files");
    runtime.block_on(journal.drained(&portion));
    assert_eq!(journal.way(), Way::Direct, "turning back does nothing where nothing turns");
}

#[test]
fn files_go_as_they_are_drained_and_the_one_under_way_comes_again_after_a_crash() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    append(&runtime, &journal, (0..12).map(|n| vec![n; MEGABYTE]));
    assert_eq!(files(&folder), 3, "four megabytes and what was synced with them");
    let portion = journal.front(6, u64::MAX).expect("sound files");
    runtime.block_on(journal.drained(&portion));
    assert_eq!(files(&folder), 2);
    drop(journal);
    let journal = open(&folder);
    let firsts: Vec<u8> = records(&journal).iter().map(|record| record[0]).collect();
    assert_eq!(firsts, (4..12).collect::<Vec<u8>>());
}

#[test]
fn it_takes_no_more_than_it_may_until_something_is_drained() {
    let (folder, runtime) = (folder(), runtime());
    let journal = Journal::open(folder.path(), 10_000).expect("a free folder");
    append(&runtime, &journal, [vec![1; 6_000]]);
    assert_eq!(runtime.block_on(journal.append(vec![2; 6_000])), Err(Refused::Full));
    append(&runtime, &journal, [vec![3; 3_000]]);
    let all = journal.front(100, u64::MAX).expect("sound files");
    assert_eq!(all.records, [vec![1; 6_000], vec![3; 3_000]]);
    runtime.block_on(journal.drained(&all));
    append(&runtime, &journal, [vec![2; 6_000]]);
}

#[test]
fn a_portion_ends_with_the_record_that_fills_it() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    append(&runtime, &journal, (0..9).map(|n| vec![n; MEGABYTE]));
    let portion = journal.front(100, 2 << 20).expect("sound files");
    assert_eq!(portion.records.len(), 2);
    let over_a_file = journal.front(100, 5 << 20).expect("sound files");
    runtime.block_on(journal.drained(&over_a_file));
    let firsts: Vec<u8> = records(&journal).iter().map(|record| record[0]).collect();
    assert_eq!(firsts, (5..9).collect::<Vec<u8>>());
}

/// Nothing is acknowledged that could not be read again.
#[test]
fn the_largest_record_comes_back_and_a_larger_one_is_refused() {
    let (folder, runtime) = (folder(), runtime());
    let journal = open(&folder);
    assert_eq!(runtime.block_on(journal.append(vec![1; RECORD_MAX + 1])), Err(Refused::TooLarge));
    append(&runtime, &journal, [vec![1; RECORD_MAX]]);
    drop(journal);
    assert_eq!(records(&open(&folder)), [vec![1; RECORD_MAX]]);
}

#[test]
fn one_process_has_the_folder() {
    let folder = folder();
    let journal = open(&folder);
    assert!(Journal::open(folder.path(), ROOM).is_err());
    drop(journal);
    open(&folder);
}

#[test]
fn a_failed_disk_closes_it_for_good() {
    let (folder, runtime) = (folder(), runtime());
    let journal = Journal::on_a_failing_disk(folder.path(), 0);
    for _ in 0..2 {
        let refused = runtime.block_on(journal.append(vec![1]));
        assert!(matches!(refused, Err(Refused::Closed(_))), "{refused:?}");
    }
    assert_eq!((journal.way(), files(&folder)), (Way::Direct, 0), "a new file would not mend the disk");
    assert!(journal.watch().borrow().closed);
}

#[test]
fn what_others_left_in_the_folder_is_left_alone() {
    let (folder, runtime) = (folder(), runtime());
    std::fs::write(folder.path().join("readme.txt"), "hello").expect("written");
    std::fs::write(folder.path().join("000000000003.journal"), "no journal").expect("written");
    let journal = open(&folder);
    assert_eq!(std::fs::read(folder.path().join("000000000003.torn")).expect("put aside"), b"no journal");
    append(&runtime, &journal, [vec![1]]);
    assert_eq!(records(&journal), [vec![1]]);
    assert!(folder.path().join("readme.txt").exists());
    drop(journal);
    let journal = open(&folder);
    append(&runtime, &journal, [vec![2]]);
    assert!(folder.path().join("000000000005.journal").exists(), "no number is used twice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Appends, drains of any size and restarts in any order: what is drained is what was appended, in its order; a restart goes
    /// back to the beginning of a file at most, and nothing is left out.
    #[test]
    fn nothing_is_left_out(steps in proptest::collection::vec((0u8..8, 1usize..9), 1..40)) {
        let (folder, runtime) = (folder(), runtime());
        let mut journal = open(&folder);
        let (mut appended, mut drained) = (0u8, 0u8);
        for (what, count) in steps {
            match what {
                0..=3 => for _ in 0..count {
                    append(&runtime, &journal, [vec![appended; MEGABYTE / 2]]);
                    appended += 1;
                    if appended == u8::MAX {
                        return Ok(());
                    }
                },
                4..=6 => {
                    let portion = journal.front(count, u64::MAX).expect("sound files");
                    let firsts: Vec<u8> = portion.records.iter().map(|record| record[0]).collect();
                    let last = drained.saturating_add(u8::try_from(count).expect("few")).min(appended);
                    prop_assert_eq!(firsts, (drained..last).collect::<Vec<u8>>());
                    runtime.block_on(journal.drained(&portion));
                    drained = last;
                    prop_assert_eq!(journal.way() == Way::Direct, drained == appended);
                }
                _ => {
                    drop(journal);
                    journal = open(&folder);
                    let waiting = u8::try_from(journal.watch().borrow().records).expect("few");
                    prop_assert!(appended - waiting <= drained, "{waiting} wait of {appended}, {drained} were drained");
                    prop_assert!(drained == appended || drained - (appended - waiting) < 9, "a file has nine at most");
                    drained = appended - waiting;
                }
            }
        }
    }

    /// A crash leaves any part of what was being written, or bytes that were never written. What was whole before is read,
    /// nothing else is, and no byte is thrown away.
    #[test]
    fn a_torn_end_is_put_aside(
        lengths in proptest::collection::vec(0usize..2_000, 1..12),
        cut in any::<prop::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let (folder, runtime) = (folder(), runtime());
        let given: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(n, length)| vec![u8::try_from(n).expect("few"); *length]).collect();
        let journal = open(&folder);
        append(&runtime, &journal, given.clone());
        drop(journal);
        let path = segment::path(folder.path(), 1, "journal");
        let bytes = std::fs::read(&path).expect("a file");
        let kept = cut.index(bytes.len() + 1);
        std::fs::write(&path, [&bytes[..kept], &noise].concat()).expect("written");
        let mut end = MARK.len();
        let whole: Vec<Vec<u8>> = given.into_iter().take_while(|record| {
            end += usize::try_from(frame::size(record)).expect("small");
            end <= kept
        }).collect();
        let journal = open(&folder);
        let found = records(&journal);
        prop_assert_eq!(&found[..whole.len().min(found.len())], &whole[..]);
        // The noise is a record only where it completes the one that was cut, by its checksum.
        prop_assert!(found.len() <= whole.len() + usize::from(!noise.is_empty()));
        append(&runtime, &journal, [vec![9]]);
        prop_assert_eq!(records(&journal).len(), found.len() + 1);
        let all = journal.front(100, u64::MAX).expect("sound parts");
        runtime.block_on(journal.drained(&all));
        let written = [&bytes[..kept], &noise].concat();
        let sound = segment::scan(&written).map_or(0, |(_, len)| usize::try_from(len).expect("small"));
        let kept_whole = std::fs::read(segment::path(folder.path(), 1, "torn")).ok();
        prop_assert_eq!(kept_whole, (!MARK.starts_with(&written[sound..])).then_some(written));
    }
}
