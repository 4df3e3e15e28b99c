//! What a producer may rely on where a connection breaks between a request and its answer (F5, F7).

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use weir_pipeline::log::Transactional as _;

cases! {
    "a commit whose request is lost is sent again, and was not quick", "§3 EndTxn is retried inside (**R**); F5" => commit_request;
    "a commit whose answer is lost is answered again, and was not quick", "§3 EndTxn is retried inside (**R**); F5" => commit_answer;
    "an abort whose answer is lost is answered again", "§3 EndTxn is retried inside (**R**); F5" => abort_answer;
    "records whose acknowledgement is lost are written once", "§3 idempotence" => produce_answer;
    "a late commit finds a new epoch where the producer was replaced", "§3 KAFKA-17754: a new producer after doubt (**R**)" => late_commit;
    "a late abort finds a new epoch where the producer was replaced", "§3 KAFKA-17754: a new producer after doubt (**R**)" => late_abort;
}

fn commit_request<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    c.lose_end_request("p");
    assert!(!p.commit().expect("committed"), "the retry must show in the time it took");
    assert_eq!(c.unspent("p"), 0);
    commit_with(&mut p, FACTS, &["b"]);
    // Each with its marker, and no marker more.
    assert_eq!(settled(c, FACTS, 4), ["a", "b"]);
}

fn commit_answer<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    c.lose_end_answer("p");
    assert!(!p.commit().expect("committed"), "the retry must show in the time it took");
    assert_eq!(c.unspent("p"), 0);
    commit_with(&mut p, FACTS, &["b"]);
    assert_eq!(settled(c, FACTS, 4), ["a", "b"]);
}

fn abort_answer<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["a"]);
    c.lose_end_answer("p");
    p.abort().expect("aborted");
    assert_eq!(c.unspent("p"), 0);
    commit_with(&mut p, FACTS, &["b"]);
    assert_eq!(settled(c, FACTS, 4), ["b"]);
}

fn produce_answer<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    c.lose_produce_answer("p", FACTS);
    commit_with(&mut p, FACTS, &["b", "c"]);
    assert_eq!(c.unspent("p"), 0);
    assert_eq!(settled(c, FACTS, 5), ["a", "b", "c"]);
}

fn late_commit<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["first"]);
    c.delay_end("p");
    assert!(!p.commit().expect("committed"), "the retry must show in the time it took");
    assert_eq!(c.unspent("p"), 0);
    let mut renewed = producer(c, "p");
    open(&mut renewed, FACTS, &["second"]);
    assert_eq!(c.deliver_late_ends("p"), 0, "the commit of the first has ended the second");
    renewed.abort().expect("aborted");
    assert_eq!(settled(c, FACTS, 4), ["first"]);
}

fn late_abort<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    open(&mut p, FACTS, &["first"]);
    c.delay_end("p");
    p.abort().expect("aborted");
    assert_eq!(c.unspent("p"), 0);
    let mut renewed = producer(c, "p");
    open(&mut renewed, FACTS, &["second"]);
    assert_eq!(c.deliver_late_ends("p"), 0, "the abort of the first has ended the second");
    renewed.commit().expect("committed");
    assert_eq!(settled(c, FACTS, 4), ["second"]);
}
