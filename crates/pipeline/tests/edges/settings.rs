//! The check names what is wrong, and passes what `create_topics` made.

use crate::corner::Corner;
use weir_pipeline::Config;
use weir_pipeline::settings::{Verdict, check, create_topics};
use weir_testkit::{Servers, create_topics_with, unique_prefix};

#[test]
fn topics_as_they_are_created_pass_and_creating_them_again_changes_nothing() {
    let corner = Corner::new();
    create_topics(&corner.config).expect("nothing to do");
    let report = check(&corner.config).expect("a report");
    assert_eq!(report.faults(), Vec::<String>::new());
    assert!(report.findings.len() > 100, "every topic's settings are looked at");
    assert!(report.findings.iter().any(|f| f.setting == "transaction.partition.verification.enable"));
    assert!(report.findings.iter().filter(|f| f.verdict == Verdict::Note).all(|f| !f.wanted.is_empty()));
}

#[test]
fn a_wrong_setting_a_wrong_count_and_a_missing_topic_are_named() {
    let mut config = Config::new(&Servers::shared().brokers, "test-0");
    config.prefix = unique_prefix();
    config.partitions = 2;
    let orders = format!("{}.orders", config.prefix);
    let routes = format!("{}.routes", config.prefix);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let wrong = [("message.timestamp.type", "CreateTime"), ("retention.ms", "3600000")];
    runtime.block_on(create_topics_with(&config.brokers, &[(&orders, 3)], &wrong));
    create_topics(&config).expect("the rest");
    let mut elsewhere = config.clone();
    elsewhere.prefix.push('x');

    let faults = check(&config).expect("a report").faults();
    let named = |what: &str| faults.iter().any(|fault| fault.starts_with(&format!("topic {orders}: {what}")));
    assert!(named("message.timestamp.type is CreateTime; it should be LogAppendTime"), "{faults:?}");
    assert!(named("retention.ms is 3600000; it should be -1"), "{faults:?}");
    assert!(named("partitions is 3; it should be 2"), "{faults:?}");
    assert!(!faults.iter().any(|fault| fault.contains(&routes)), "{faults:?}");
    let missing = check(&elsewhere).expect("a report").faults();
    assert!(missing.iter().any(|fault| fault.contains("partitions is missing")), "{missing:?}");
}
