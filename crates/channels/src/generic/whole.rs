//! The whole order in our own JSON.

use super::{map_payment, payment_state};
use crate::Fault;
use crate::assemble::{QUANTITY_MAX, RawLine, Sums, amounts, check_lines, has_money, line, not_negative, payment};
use crate::json::Object;
use crate::mapped::{Draft, Mapped, Shipped};
use crate::money::exponent;
use weir_proto::order::v1::{
    self as order, Deadlines, FulfillmentMethod, OrderKind, PaymentState, PaymentTerms, Permissions, ShipTo,
};
use weir_proto::privacy::v1::Personal;

pub(super) fn map(data: Object<'_>, version: i64) -> Result<Mapped, Fault> {
    let id = data.id("order_id")?;
    let currency = data.currency("currency")?;
    let digits = exponent(currency);
    let status = data.name_or_empty("status")?;
    let state = match data.text_or_empty("payment_state")? {
        "" => PaymentState::Pending,
        text => payment_state("payment_state", text)?,
    };
    let lines = data.each("lines", |item| map_line(item, currency, digits))?;
    check_lines(&lines, "lines")?;
    let zero_or = |name| data.own_money(name, digits).map(Option::unwrap_or_default);
    let payable = data.own_money("total", digits)?.ok_or_else(|| Fault::missing("total"))?;
    let payable = not_negative(payable, data.get("total").map_or("total_minor", |_| "total"))?;
    let told = match data.inside("payment", |payment| map_payment(payment, Some(currency)))? {
        Some(payment) => Some(payment),
        None => has_money(state).then(|| payment(&id, state, payable, version, currency, "")),
    };
    let paid = told.as_ref().and_then(|payment| payment.amount.as_ref()).map_or(0, |amount| amount.minor);
    let sums = Sums {
        discount: zero_or("discount")?,
        freight: zero_or("freight")?,
        tax: zero_or("tax")?,
        payable,
        paid,
        refunded: zero_or("refunded")?,
    };
    let mut draft = Draft {
        order: order::Order {
            identity: Some(identity(data, &id, version, status)?),
            amounts: Some(amounts(&lines, &sums, currency)),
            lines,
            payments: told.clone().into_iter().collect(),
            payment_state: state.into(),
            payment_terms: terms(data)?.into(),
            deadlines: Some(Deadlines {
                pay_by_ms: data.time_or_zero("pay_by")?,
                ship_by_ms: data.time_or_zero("ship_by")?,
                ..Deadlines::default()
            }),
            permissions: Some(Permissions {
                partial_allowed: data.flag("partial_allowed")?,
                urgent: data.flag("urgent")?,
                holds: data.texts("holds")?,
            }),
            ..order::Order::default()
        },
        ..Draft::default()
    };
    people(&mut draft, data)?;
    Ok(Mapped {
        kind: String::new(),
        delivery_id: String::new(),
        platform_order_id: id,
        version,
        payment_state: state,
        payment: told,
        cancelled: (status == "cancelled").then(|| data.text_or_empty("reason")).transpose()?.map(str::to_owned),
        cancel_requested: None,
        completed: status == "completed",
        shipped: match status {
            "shipped" => Shipped::Wholly,
            "partly_shipped" => Shipped::Partly,
            _ => Shipped::Nothing,
        },
        order: Some(Box::new(draft)),
        ..Mapped::default()
    })
}

fn identity(data: Object<'_>, id: &str, version: i64, status: &str) -> Result<order::Identity, Fault> {
    let kind = match data.text_or_empty("kind")? {
        "" | "sale" => OrderKind::Sale,
        "presale" => OrderKind::Presale,
        "exchange" => OrderKind::Exchange,
        "reshipment" => OrderKind::Reshipment,
        "sample" => OrderKind::Sample,
        "offline" => OrderKind::Offline,
        other => {
            return Err(Fault::invalid("kind", format!("{other:?} is no kind of order")));
        }
    };
    Ok(order::Identity {
        channel: "generic".to_owned(),
        platform_order_id: id.to_owned(),
        shown_number: data.id_or_empty("number")?,
        platform_version: version,
        raw_status: status.to_owned(),
        kind: kind.into(),
        method: FulfillmentMethod::Ship.into(),
        test: data.flag("test")?,
        source: "webhook".to_owned(),
        placed_at_ms: data.time("placed_at")?,
        ..order::Identity::default()
    })
}

fn terms(data: Object<'_>) -> Result<PaymentTerms, Fault> {
    Ok(match data.text_or_empty("payment_terms")? {
        "" => PaymentTerms::Unspecified,
        "prepaid" => PaymentTerms::Prepaid,
        "cash_on_delivery" => PaymentTerms::CashOnDelivery,
        "on_account" => PaymentTerms::OnAccount,
        other => {
            return Err(Fault::invalid("payment_terms", format!("{other:?} are no payment terms")));
        }
    })
}

fn map_line(item: Object<'_>, currency: &str, digits: u32) -> Result<order::Line, Fault> {
    let unit = item.own_money("price", digits)?.ok_or_else(|| Fault::missing("price"))?;
    let discount = item.own_money("discount", digits)?.unwrap_or_default();
    let tax = item.own_money("tax", digits)?.unwrap_or_default();
    let raw = RawLine {
        id: item.id("line_id")?,
        sku: item.name_or_empty("sku")?,
        title: item.text_or_empty("title")?,
        quantity: item.integer("quantity", 1, QUANTITY_MAX)?,
        unit,
        list: item.own_money("list_price", digits)?.unwrap_or(unit),
        discounts: if discount == 0 { Vec::new() } else { vec![("line".to_owned(), discount)] },
        taxes: if tax == 0 { Vec::new() } else { vec![(tax, item.flag("tax_included")?)] },
        digital: item.flag("digital")?,
    };
    Ok(order::Line { designated_warehouse: item.name_or_empty("warehouse")?.to_owned(), ..line(raw, currency) })
}

fn people(draft: &mut Draft, data: Object<'_>) -> Result<(), Fault> {
    let buyer = data.inside("buyer", |buyer| {
        draft.buyer_email = buyer.text_or_empty("email")?.to_owned();
        draft.buyer_phone = buyer.text_or_empty("phone")?.to_owned();
        Ok(order::Buyer {
            platform_buyer_id: buyer.id_or_empty("id")?,
            tier: buyer.name_or_empty("tier")?.to_owned(),
            buyer_remark: buyer.text_or_empty("remark")?.to_owned(),
            ..order::Buyer::default()
        })
    })?;
    draft.order.buyer = Some(order::Buyer {
        seller_remark: data.text_or_empty("seller_remark")?.to_owned(),
        flag: data.name_or_empty("flag")?.to_owned(),
        ..buyer.unwrap_or_default()
    });
    let address = data.inside("ship_to", |address| {
        let text = |name: &str| address.text_or_empty(name).map(str::to_owned);
        let ship_to = ShipTo {
            country: text("country")?,
            province: text("province")?,
            city: text("city")?,
            district: text("district")?,
            town: text("town")?,
            wished_carrier: address.name_or_empty("carrier")?.to_owned(),
            ..ShipTo::default()
        };
        let personal = Personal {
            name: text("name")?,
            phone: text("phone")?,
            email: text("email")?,
            address_detail: text("address")?,
        };
        Ok((ship_to, personal))
    })?;
    if let Some((ship_to, mut personal)) = address {
        for (own, buyers) in [(&mut personal.email, &draft.buyer_email), (&mut personal.phone, &draft.buyer_phone)] {
            if own.is_empty() {
                own.clone_from(buyers);
            }
        }
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    Ok(())
}
