//! What the adapters build alike: lines, sums, payments.

use crate::Fault;
use crate::money::{exponent, money};
use std::collections::BTreeSet;
use weir_proto::limits::ORDER_LINES_MAX;
use weir_proto::order::v1::{Amounts, Discount, FundedBy, Line, LineKind, Payment, PaymentPart, PaymentState, Tax};

/// More of one thing than anybody orders; a larger number is a mistake of the sender.
pub(crate) const QUANTITY_MAX: i64 = 1_000_000;

/// A line as every platform has it, in minor units.
#[derive(Debug, Default)]
pub(crate) struct RawLine<'a> {
    pub(crate) id: String,
    pub(crate) sku: &'a str,
    pub(crate) title: &'a str,
    pub(crate) quantity: i64,
    /// A unit's price before discounts of the line.
    pub(crate) unit: i64,
    pub(crate) list: i64,
    pub(crate) discounts: Vec<(String, i64)>,
    pub(crate) taxes: Vec<(i64, bool)>,
    pub(crate) digital: bool,
}

/// The sums of an order, in minor units.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) discount: i64,
    pub(crate) freight: i64,
    pub(crate) tax: i64,
    pub(crate) payable: i64,
    pub(crate) paid: i64,
    pub(crate) refunded: i64,
}

/// The canonical line. Its SKU is the platform's until a mapping says otherwise.
pub(crate) fn line(raw: RawLine<'_>, currency: &str) -> Line {
    let discount = |(discount_id, amount): (String, i64)| Discount {
        discount_id,
        amount: money(amount, currency),
        funded_by: FundedBy::Merchant.into(),
    };
    let tax = |(amount, included): (i64, bool)| Tax { rate_ppm: 0, amount: money(amount, currency), included };
    let kind = if raw.digital { LineKind::Digital } else { LineKind::Sale };
    Line {
        line_id: raw.id,
        platform_sku: raw.sku.to_owned(),
        sku: raw.sku.to_owned(),
        kind: kind.into(),
        ordered: raw.quantity,
        list_price: money(raw.list, currency),
        sold_price: money(raw.unit, currency),
        discounts: raw.discounts.into_iter().map(discount).collect(),
        taxes: raw.taxes.into_iter().map(tax).collect(),
        title: raw.title.to_owned(),
        ..Line::default()
    }
}

/// The canonical sums. Goods are the lines' quantities at their sold prices.
pub(crate) fn amounts(lines: &[Line], sums: &Sums, currency: &str) -> Amounts {
    let of_line = |line: &Line| line.ordered.saturating_mul(line.sold_price.as_ref().map_or(0, |price| price.minor));
    let goods = lines.iter().map(of_line).fold(0, i64::saturating_add);
    Amounts {
        currency: currency.to_owned(),
        exponent: exponent(currency),
        goods: money(goods, currency),
        discount: money(sums.discount, currency),
        freight: money(sums.freight, currency),
        tax: money(sums.tax, currency),
        payable: money(sums.payable, currency),
        paid: money(sums.paid, currency),
        due: money(sums.payable.saturating_sub(sums.paid), currency),
        refunded: money(sums.refunded, currency),
        ..Amounts::default()
    }
}

/// The payment of a platform that tells sums and no transactions: its id derives from the order, so a repeat is the same.
pub(crate) fn payment(
    order: &str,
    state: PaymentState,
    amount: i64,
    at_ms: i64,
    currency: &str,
    method: &str,
) -> Payment {
    Payment {
        payment_id: format!("{order}:{}", state.as_str_name().trim_start_matches("PAYMENT_STATE_").to_lowercase()),
        part: PaymentPart::Full.into(),
        amount: money(amount, currency),
        state: state.into(),
        paid_at_ms: at_ms,
        method: method.to_owned(),
    }
}

/// Whether money has come in.
pub(crate) fn has_money(state: PaymentState) -> bool {
    use PaymentState::{Paid, PartlyPaid, PartlyRefunded, Refunded};
    matches!(state, PartlyPaid | Paid | PartlyRefunded | Refunded)
}

/// Every order has at least one line and not too many, and every line its own id.
pub(crate) fn check_lines(lines: &[Line], field: &str) -> Result<(), Fault> {
    if lines.is_empty() {
        return Err(Fault::invalid(field, "it is empty; an order has at least one line"));
    }
    if lines.len() > ORDER_LINES_MAX {
        let detail = format!("it has {} lines; an order has at most {ORDER_LINES_MAX}", lines.len());
        return Err(Fault::invalid(field, detail));
    }
    let mut seen = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if !seen.insert(line.line_id.as_str()) {
            return Err(Fault::invalid(
                format!("{field}[{index}]"),
                format!("the line id {:?} is there twice", line.line_id),
            ));
        }
    }
    Ok(())
}

/// What a buyer has to pay for an order is never below zero.
pub(crate) fn not_negative(payable: i64, field: &str) -> Result<i64, Fault> {
    match payable < 0 {
        true => Err(Fault::invalid(field, "it is below zero; what an order costs is zero at least")),
        false => Ok(payable),
    }
}

/// Parts that are there, with a separator.
pub(crate) fn join(parts: &[&str], separator: &str) -> String {
    let parts: Vec<&str> = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

/// The first that is not empty.
pub(crate) fn first<'a>(choices: &[&'a str]) -> &'a str {
    choices.iter().copied().find(|choice| !choice.is_empty()).unwrap_or_default()
}
