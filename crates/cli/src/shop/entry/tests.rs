//! What is not named of a known shop stays, whatever else is changed.

use super::*;
use weir_privacy::TenantKey;
use weir_proto::reference::v1::Api;

fn at() -> Address {
    Address {
        tenant: "demo".to_owned(),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        key: Some(TenantKey::new([7; 32])),
    }
}

fn map(platform_sku: &str, sku: &str) -> SkuMapping {
    SkuMapping { platform_sku: platform_sku.to_owned(), sku: sku.to_owned() }
}

/// A shop of which nothing is as a new one has it.
fn known() -> Shop {
    Shop {
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        secrets: Some(seal_secrets(&TenantKey::new([7; 32]), "generic", "acme", &["old"])),
        terms: PaymentTerms::OnAccount.into(),
        pay_within_ms: 7_200_000,
        pool: "east".to_owned(),
        currency: "CNY".to_owned(),
        budget_per_second: 20,
        urgent: true,
        signature_tolerance_ms: 600_000,
        sku_mappings: vec![map("BOX", "TEA"), map("BAR", "SOAP")],
        api: Some(Api { url: "https://acme.example".to_owned(), ..Api::default() }),
    }
}

fn secrets(shop: &Shop) -> Vec<Vec<u8>> {
    let sealed = shop.secrets.clone().expect("secrets");
    open_secrets(&TenantKey::new([7; 32]), "generic", "acme", &sealed).expect("ours")
}

#[test]
fn nothing_named_changes_nothing_and_wants_no_key() {
    let keyless = Address { key: None, ..at() };
    assert_eq!(NamedShop::default().applied(&keyless, Some(&known())).expect("as it is"), known());
}

#[test]
fn a_rotation_changes_the_secrets_alone() {
    let added = NamedShop { add_secret: vec!["new".to_owned()], ..NamedShop::default() };
    let both = added.applied(&at(), Some(&known())).expect("both");
    assert_eq!(secrets(&both), [b"old".to_vec(), b"new".to_vec()]);
    assert_eq!(Shop { secrets: known().secrets, ..both.clone() }, known());
    assert_eq!(added.applied(&at(), Some(&both)).expect("again"), both);
    let alone = NamedShop { secret: vec!["new".to_owned()], ..NamedShop::default() };
    let done = alone.applied(&at(), Some(&both)).expect("the new one");
    assert_eq!(secrets(&done), [b"new".to_vec()]);
    assert_eq!(Shop { secrets: known().secrets, ..done }, known());
    let stranger = Address { key: Some(TenantKey::new([8; 32])), ..at() };
    let fault = added.applied(&stranger, Some(&known())).expect_err("another key");
    assert!(fault.to_string().contains("can't be opened"), "{fault}");
}

/// What a shop has differently.
type Change = fn(&mut Shop);

#[test]
fn each_thing_named_changes_and_no_other() {
    let changes: [(NamedShop, Change); 7] = [
        (NamedShop { terms: Some(PaymentTerms::Prepaid), ..NamedShop::default() }, |s| {
            s.terms = PaymentTerms::Prepaid.into();
        }),
        (NamedShop { pool: Some("west".to_owned()), ..NamedShop::default() }, |s| s.pool = "west".to_owned()),
        (NamedShop { currency: Some("EUR".to_owned()), ..NamedShop::default() }, |s| s.currency = "EUR".to_owned()),
        (NamedShop { pay_within: Some(20_000), ..NamedShop::default() }, |s| s.pay_within_ms = 20_000),
        (NamedShop { urgent: Some(false), ..NamedShop::default() }, |s| s.urgent = false),
        (NamedShop { budget: Some(0), ..NamedShop::default() }, |s| s.budget_per_second = 0),
        (NamedShop { tolerance: Some(0), ..NamedShop::default() }, |s| s.signature_tolerance_ms = 0),
    ];
    for (named, change) in changes {
        let mut wanted = known();
        change(&mut wanted);
        assert_eq!(named.applied(&at(), Some(&known())).expect("changed"), wanted, "{named:?}");
    }
}

#[test]
fn mappings_are_added_changed_and_taken_away() {
    let named = NamedShop {
        map: vec![map("BOX", "TEA-2"), map("JAR", "JAM")],
        unmap: vec!["BAR".to_owned()],
        ..NamedShop::default()
    };
    assert!(named.check().is_ok());
    let shop = named.applied(&at(), Some(&known())).expect("changed");
    assert_eq!(shop.sku_mappings, [map("BOX", "TEA-2"), map("JAR", "JAM")]);
    let gone = NamedShop { unmap: vec!["JAR".to_owned()], ..NamedShop::default() };
    let fault = gone.applied(&at(), Some(&known())).expect_err("it is not mapped");
    assert!(fault.to_string().contains("\"JAR\" is mapped to nothing at generic/acme"), "{fault}");
    let twice = NamedShop { map: vec![map("BOX", "A"), map("BOX", "B")], ..NamedShop::default() };
    assert!(twice.check().expect_err("twice").to_string().contains("\"BOX\""));
    let both = NamedShop { map: vec![map("BOX", "A")], unmap: vec!["BOX".to_owned()], ..NamedShop::default() };
    assert!(both.check().is_err());
}

#[test]
fn a_mapping_is_parted_at_its_last_sign() {
    assert_eq!(mapping("TEA-BOX=TEA-250"), Ok(map("TEA-BOX", "TEA-250")));
    assert_eq!(mapping("a=b=C"), Ok(map("a=b", "C")));
    for (wrong, why) in [("TEA", "has no"), ("=TEA", "no SKU of the platform"), ("TEA=", "no SKU of ours")] {
        assert!(mapping(wrong).expect_err(wrong).contains(why), "{wrong}");
    }
}

#[test]
fn a_secret_that_anybody_can_guess_is_none() {
    for good in ["12345678", "whsec_MTIzNDU2Nzg="] {
        assert_eq!(secret(good), Ok(good.to_owned()));
    }
    for short in ["", "1234567", "whsec_", "whsec_MTIzNDU2Nw=="] {
        assert!(secret(short).expect_err("too short").contains("a secret has 8 at least"), "{short}");
    }
    assert!(name("").is_err() && name("a\u{7}").is_err() && name("east").is_ok());
    assert!(mapping("a\u{7}=TEA").is_err() && mapping(&format!("BOX={}", "x".repeat(256))).is_err());
}

#[test]
fn a_new_shop_has_defaults_and_needs_a_secret() {
    let fault = NamedShop::default().applied(&at(), None).expect_err("no secret");
    assert!(fault.to_string().contains("needs --secret"), "{fault}");
    let named = NamedShop { secret: vec!["hush".to_owned()], ..NamedShop::default() };
    let shop = named.applied(&at(), None).expect("a shop");
    assert_eq!((shop.terms(), shop.pay_within_ms), (PaymentTerms::Prepaid, 1_800_000));
    assert_eq!((shop.pool.as_str(), shop.currency.as_str(), shop.budget_per_second), ("main", "EUR", 0));
    assert_eq!(secrets(&shop), [b"hush".to_vec()]);
    let keyless = Address { key: None, ..at() };
    assert!(named.applied(&keyless, None).expect_err("no key").to_string().contains("WEIR_TENANT_KEY"));
}
