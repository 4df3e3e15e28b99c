//! The checksum of an order's price snapshot (I13): what was agreed can't change unseen.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use weir_proto::money::v1::Money;
use weir_proto::order::v1::Order;

/// First 8 bytes, big-endian, of the SHA-256 over the canonical text of an order's prices.
///
/// The text has one line for each part, each ended by a line feed, fields separated by a space and amounts written as
/// `minor CURRENCY` (`0` where there is none):
/// `order <order id>`, then for each line in order `line <line id> <ordered> <sold price>`, below it
/// `discount <amount>` and `tax <amount> <rate ppm> <included 0|1>`, and at the end `freight <amount>`, `payable <amount>`.
pub fn snapshot_checksum(order: &Order) -> u64 {
    let mut text = String::with_capacity(256);
    let mut put = |line: std::fmt::Arguments<'_>| writeln!(text, "{line}").expect("a String takes any text");
    put(format_args!("order {}", order.identity.as_ref().map_or("", |identity| identity.order_id.as_str())));
    for line in &order.lines {
        put(format_args!("line {} {} {}", line.line_id, line.ordered, amount(line.sold_price.as_ref())));
        for discount in &line.discounts {
            put(format_args!("discount {}", amount(discount.amount.as_ref())));
        }
        for tax in &line.taxes {
            put(format_args!("tax {} {} {}", amount(tax.amount.as_ref()), tax.rate_ppm, u8::from(tax.included)));
        }
    }
    let amounts = order.amounts.as_ref();
    put(format_args!("freight {}", amount(amounts.and_then(|amounts| amounts.freight.as_ref()))));
    put(format_args!("payable {}", amount(amounts.and_then(|amounts| amounts.payable.as_ref()))));
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

fn amount(money: Option<&Money>) -> String {
    money.map_or_else(|| "0".to_owned(), |money| format!("{} {}", money.minor, money.currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::money;
    use weir_proto::order::v1::{Amounts, Identity, Line};

    fn order() -> Order {
        Order {
            identity: Some(Identity { order_id: "o-1".to_owned(), ..Identity::default() }),
            lines: vec![Line { line_id: "1".to_owned(), ordered: 2, sold_price: money(995, "CNY"), ..Line::default() }],
            amounts: Some(Amounts { payable: money(1990, "CNY"), ..Amounts::default() }),
            ..Order::default()
        }
    }

    #[test]
    fn the_text_is_as_documented() {
        let text = "order o-1\nline 1 2 995 CNY\nfreight 0\npayable 1990 CNY\n";
        let digest = Sha256::digest(text.as_bytes());
        let first: [u8; 8] = digest[..8].try_into().expect("eight bytes");
        assert_eq!(snapshot_checksum(&order()), u64::from_be_bytes(first));
    }

    #[test]
    fn prices_and_quantities_count_and_nothing_else() {
        let same = {
            let mut order = order();
            order.lines[0].sku = "mapped-later".to_owned();
            order
        };
        assert_eq!(snapshot_checksum(&same), snapshot_checksum(&order()));
        let mut dearer = order();
        dearer.lines[0].sold_price = money(996, "CNY");
        let mut more = order();
        more.lines[0].ordered = 3;
        for changed in [dearer, more] {
            assert_ne!(snapshot_checksum(&changed), snapshot_checksum(&order()));
        }
    }
}
