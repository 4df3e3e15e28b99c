//! Rows as a desk writes them, and what is wrong with them.

use super::*;
use crate::backfill::sheet::Sheet;
use proptest::prelude::*;

const HEADER: &str = "order_id,number,placed_at,currency,payable,freight,discount,tax,payment_state,payment_terms,buyer_id,\
    buyer_remark,seller_remark,country,province,city,district,address,name,phone,email,line_id,sku,title,quantity,price,\
    cancelled";
const ROW: &str = "A-1,17,2026-11-21T18:04:05+08:00,CNY,45.50,5.00,2.00,1.50,paid,prepaid,wang,\
    \"ring, twice\",vip,CN,Zhejiang,Hangzhou,Xihu,12 Xinhua Road,Wang Fang,13800001111,wang@example.com,1,TEA,Tea,2,19.90,\
    false";
/// 2026-11-22.
const NOW_MS: i64 = 1_795_305_600_000;

fn frame() -> Frame {
    Frame { channel: "shopify".to_owned(), shop: "acme".to_owned(), now_ms: NOW_MS }
}

/// The first order of the file.
fn mapped(text: &str) -> Result<Placeable, Vec<Fault>> {
    let sheet = Sheet::read(text.as_bytes().to_vec()).expect("a good file");
    map(&frame(), &sheet.columns, &sheet.rows(&sheet.orders[0]))
}

/// The row with some of its cells set.
fn row(cells: &[(&str, &str)]) -> String {
    let record = |text: &str| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().next().expect("a record").expect("it can be read")
    };
    let value = |(name, value): (&str, &str)| {
        let set = cells.iter().find(|(set, _)| *set == name).map_or(value, |(_, set)| set);
        format!("\"{}\"", set.replace('"', "\"\""))
    };
    record(HEADER).iter().zip(record(ROW).iter()).map(value).collect::<Vec<_>>().join(",")
}

fn with(rows: &[&[(&str, &str)]]) -> Result<Placeable, Vec<Fault>> {
    let rows: Vec<String> = rows.iter().map(|cells| row(cells)).collect();
    mapped(&format!("{HEADER}\n{}\n", rows.join("\n")))
}

fn faults(cells: &[(&str, &str)]) -> Vec<(Vec<u64>, String, String)> {
    let faults = with(&[cells]).expect_err("faults");
    faults.into_iter().map(|fault| (fault.lines, fault.column, fault.reason)).collect()
}

/// Given two rows with all columns, when they are mapped, then the order has all that they say.
#[test]
fn an_order_has_what_its_rows_say() {
    let (order, personal) =
        with(&[&[], &[("line_id", "2"), ("sku", "CUP"), ("quantity", "1"), ("price", "1.2")]]).expect("good");
    let identity = order.identity.clone().expect("an identity");
    assert_eq!((identity.channel.as_str(), identity.shop.as_str()), ("shopify", "acme"));
    assert_eq!((identity.platform_order_id.as_str(), identity.shown_number.as_str()), ("A-1", "17"));
    assert_eq!((identity.placed_at_ms, identity.platform_version), (1_795_255_445_000, 0));
    let minor = |money: &Option<weir_proto::money::v1::Money>| money.as_ref().map(|money| money.minor);
    let amounts = order.amounts.clone().expect("amounts");
    let all = [
        &amounts.goods,
        &amounts.discount,
        &amounts.freight,
        &amounts.tax,
        &amounts.payable,
        &amounts.paid,
        &amounts.due,
    ];
    assert_eq!(all.map(minor), [4100, 200, 500, 150, 4550, 4550, 0].map(Some));
    let lines: Vec<_> =
        order.lines.iter().map(|line| (line.line_id.as_str(), line.sku.as_str(), line.ordered)).collect();
    assert_eq!(lines, [("1", "TEA", 2), ("2", "CUP", 1)]);
    assert_eq!((minor(&order.lines[1].sold_price), order.lines[0].platform_sku.as_str()), (Some(120), "TEA"));
    assert_eq!((order.payment_state(), order.payments[0].payment_id.as_str()), (PaymentState::Paid, "A-1:paid"));
    let buyer = order.buyer.clone().expect("a buyer");
    assert_eq!((buyer.platform_buyer_id.as_str(), buyer.buyer_remark.as_str()), ("wang", "ring, twice"));
    assert_eq!(order.ship_to.map(|to| to.district), Some("Xihu".to_owned()));
    assert_eq!((personal.name.as_str(), personal.address_detail.as_str()), ("Wang Fang", "12 Xinhua Road"));
}

/// Given only what is required, when it is mapped, then lines are counted and nothing is said to be paid.
#[test]
fn what_may_be_absent_may_be_absent() {
    let text = "order_id,placed_at,currency,payable,sku,quantity,price\nA,2026-11-21T00:00:00Z,JPY,300,TEA,1,100\n\
        A,2026-11-21T00:00:00Z,JPY,300,CUP,2,100\n";
    let (order, personal) = mapped(text).expect("a good order");
    let ids: Vec<&str> = order.lines.iter().map(|line| line.line_id.as_str()).collect();
    assert_eq!((ids, order.payment_state(), order.payments.len()), (vec!["1", "2"], PaymentState::Pending, 0));
    assert_eq!(order.amounts.and_then(|amounts| amounts.payable).map(|money| money.minor), Some(300));
    assert_eq!(personal, PersonalInput::default());
}

/// Given a wrong cell, when it is mapped, then the fault names line and column.
#[test]
fn each_wrong_cell_is_named() {
    let cases = [
        ("placed_at", "2026-11-21 18:04:05", "is no time with its offset"),
        ("placed_at", "2024-11-21T18:04:05Z", "more than 400 days ago"),
        ("currency", "yuan", "is no ISO 4217 code"),
        ("payable", "1,000.00", "is no amount of CNY"),
        ("payable", "", "it is empty"),
        ("freight", "-1.00", "is less than nothing"),
        ("price", "1.234", "at most 2 behind a point"),
        ("quantity", "0", "no whole number from 1 to 1000000"),
        ("quantity", "+1", "no whole number"),
        ("quantity", "1000001", "no whole number"),
        ("payment_state", "PAID", "is no payment state"),
        ("payment_state", "partly_paid", "no column says how much"),
        ("payment_terms", "later", "they should be prepaid, cod or account"),
        ("line_id", "", "it is empty"),
        ("sku", "A\u{1}", "control character"),
        ("cancelled", "true", "a cancelled order is not entered"),
        ("cancelled", "no", "should be true or false"),
    ];
    for (column, value, why) in cases {
        let found = faults(&[(column, value)]);
        assert!(
            matches!(&found[..], [(lines, at, reason)] if *lines == [2] && at == column && reason.contains(why)),
            "{column} {value:?}: {found:?}"
        );
    }
    let largest = with(&[&[("quantity", "1000000")]]);
    assert!(largest.is_ok(), "the limit is ingest's: {largest:?}");
    assert_eq!(HORIZON_MS, weir_ingest::domain::HORIZON_MS);
}

/// Given an order with several faults, when it is mapped, then all are told, and nobody's address is.
#[test]
fn all_faults_are_told_at_once() {
    let found = with(&[
        &[("quantity", "none")],
        &[("line_id", "2"), ("price", "free"), ("phone", "13900002222"), ("payable", "1.00")],
        &[("line_id", "2")],
    ]);
    let found = found.expect_err("faults");
    let brief: Vec<_> = found.iter().map(|fault| (fault.lines.as_slice(), fault.column.as_str())).collect();
    let wanted: [(&[u64], &str); 5] =
        [(&[2, 3], "payable"), (&[2, 3], "phone"), (&[2], "quantity"), (&[3], "price"), (&[3, 4], "line_id")];
    assert_eq!(brief, wanted);
    assert!(!found.iter().any(|fault| fault.reason.contains("139")), "{found:?}");
}

/// Given more lines than an order has, when it is mapped, then the limit is told before anything is sent.
#[test]
fn what_ingest_would_refuse_is_told_here() {
    let ids: Vec<String> = (0..501).map(|id| id.to_string()).collect();
    let cells: Vec<[(&str, &str); 1]> = ids.iter().map(|id| [("line_id", id.as_str())]).collect();
    let rows: Vec<&[(&str, &str)]> = cells.iter().map(|cells| &cells[..]).collect();
    let found = with(&rows).expect_err("too many");
    assert!(found.len() == 1 && found[0].lines.len() == 501 && found[0].reason.contains("at most 500"), "{found:?}");
}

fn map_all(bytes: Vec<u8>) {
    if let Ok(sheet) = Sheet::read(bytes) {
        for group in &sheet.orders {
            let rows = sheet.rows(group);
            assert!(!rows.is_empty() && rows.iter().all(|row| row.cells.len() == sheet.header.len()));
            let _ = map(&frame(), &sheet.columns, &rows);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_upset_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        map_all(bytes);
    }

    #[test]
    fn no_bytes_below_a_header_upset_it(rows in "([A-Z0-9.,\"\r\n\u{e4}]|\"\"|2026-11-21T00:00:00Z|CNY){0,200}") {
        map_all(format!("order_id,placed_at,currency,payable,sku,quantity,price\n{rows}").into_bytes());
    }

    #[test]
    fn no_cells_upset_it(cells in proptest::collection::vec(".{0,12}", 7)) {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        map_all(format!("order_id,placed_at,currency,payable,sku,quantity,price\n{}\n", quoted.join(",")).into_bytes());
    }
}
