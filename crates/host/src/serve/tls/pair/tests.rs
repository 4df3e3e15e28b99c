//! What is wrong is said of the file that it is wrong with, and a certificate's end is read right.

use super::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, date_time_ymd};
use std::path::PathBuf;
use tempfile::TempDir;

/// Midnight of 2031-02-03, UTC, as `date -u -d 2031-02-03 +%s` says it.
const END_S: u64 = 1_927_843_200;

/// A certificate and its key, as PEM.
fn made() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    params.not_after = date_time_ymd(2031, 2, 3);
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    path
}

fn read(cert: &str, key: &str) -> Result<Pair, Fault> {
    let folder = tempfile::tempdir().expect("a folder");
    Pair::read(&file(&folder, "cert.pem", cert), &file(&folder, "key.pem", key))
}

#[test]
fn a_pair_is_read_with_its_end() {
    let (cert, key) = made();
    let pair = read(&cert, &key).expect("a good pair");
    assert_eq!((pair.key.cert.len(), pair.not_after), (1, Some(END_S)));
    let between = made().0;
    let pair = read(&format!("{cert}{between}"), &key).expect("a chain");
    assert_eq!((pair.key.cert.len(), pair.not_after), (2, Some(END_S)));
}

#[test]
fn each_kind_of_key_that_clients_know_is_read() {
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate").pem();
    read(&cert, &key.serialize_pem()).expect("a good pair");
}

#[test]
fn what_is_wrong_is_said_of_its_file() {
    let ((cert, key), (_, other)) = (made(), made());
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let not_base64 = "-----BEGIN CERTIFICATE-----\n??\n-----END CERTIFICATE-----\n";
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let rows = [
        (CERT, read("", &key), "has no certificate"),
        (CERT, read(&key, &key), "has no certificate"),
        (CERT, read(not_base64, &key), "is not PEM"),
        (CERT, read(damaged, &key), "has an unusable certificate"),
        (KEY, read(&cert, ""), "has no private key"),
        (KEY, read(&cert, &cert), "has no private key"),
        (KEY, read(&cert, encrypted), "has no private key"),
        (
            KEY,
            read(&cert, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "has an unusable private key",
        ),
        (KEY, read(&cert, &other), "is the key of another certificate"),
    ];
    for (name, outcome, wrong) in rows {
        let fault = outcome.expect_err(wrong);
        assert_eq!(fault.name, name, "{wrong}: {fault}");
        assert!(fault.wrong.contains(wrong), "{wrong}: {fault}");
    }
    let nowhere = Path::new("/nowhere/at/all.pem");
    let fault = Pair::read(nowhere, nowhere).expect_err("there is no file");
    assert!(fault.name == CERT && fault.wrong.starts_with("/nowhere/at/all.pem can not be read"), "{fault}");
}
