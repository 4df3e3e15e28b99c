//! The cells of a row as what they mean. What is wrong is noted, and the reading goes on.

use super::Fault;
use crate::backfill::columns::{Columns, shown};
use crate::backfill::sheet::Row;
use crate::reference;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weir_channels::money::{exponent, is_currency, minor};
use weir_proto::limits;
use weir_proto::order::v1::{PaymentState, PaymentTerms};

/// As ingest has it.
const QUANTITY_MAX: i64 = 1_000_000;
const EMPTY: &str = "it is empty";

pub struct Reading<'a> {
    columns: &'a Columns,
    row: &'a Row,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub fn new(columns: &'a Columns, row: &'a Row, faults: &'a mut Vec<Fault>) -> Reading<'a> {
        Reading { columns, row, faults }
    }

    fn cell(&self, name: &str) -> &'a str {
        self.columns.cell(&self.row.cells, name)
    }

    fn wrong(&mut self, column: &str, reason: impl Into<String>) {
        self.faults.push(Fault { lines: vec![self.row.line], column: column.to_owned(), reason: reason.into() });
    }

    /// An id, a number, a SKU.
    pub fn id(&mut self, name: &str, required: bool) -> String {
        let text = self.cell(name);
        if required && text.is_empty() {
            self.wrong(name, EMPTY);
        } else if let Err(why) = limits::id(text) {
            self.wrong(name, why);
        }
        text.to_owned()
    }

    /// What a person wrote.
    pub fn free(&mut self, name: &str) -> String {
        let text = self.cell(name);
        if let Err(why) = limits::free(text) {
            self.wrong(name, why);
        }
        text.to_owned()
    }

    /// Empty where it is none.
    pub fn currency(&mut self) -> String {
        let text = self.cell("currency");
        if !is_currency(text) {
            self.wrong("currency", format!("{} is no ISO 4217 code such as CNY", shown(text)));
            return String::new();
        }
        text.to_owned()
    }

    /// In minor units; an empty cell that is not required is 0.
    pub fn money(&mut self, name: &str, currency: &str, required: bool) -> i64 {
        let text = self.cell(name);
        match (text, minor(text, exponent(currency))) {
            ("", _) if !required => 0,
            ("", _) => {
                self.wrong(name, EMPTY);
                0
            }
            (_, Some(amount)) if amount >= 0 => amount,
            (_, Some(_)) => {
                self.wrong(name, format!("{} is less than nothing", shown(text)));
                0
            }
            (_, None) => {
                let digits = exponent(currency);
                let of = if currency.is_empty() { String::new() } else { format!(" of {currency}") };
                let what = format!("digits, and at most {digits} behind a point");
                let reason = format!("{} is no amount{of}: {what}", shown(text));
                self.wrong(name, reason);
                0
            }
        }
    }

    pub fn quantity(&mut self) -> i64 {
        let text = self.cell("quantity");
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().ok().filter(|quantity| is_plain && (1..=QUANTITY_MAX).contains(quantity)) {
            Some(quantity) => quantity,
            None => {
                self.wrong("quantity", format!("{} is no whole number from 1 to {QUANTITY_MAX}", shown(text)));
                0
            }
        }
    }

    /// Unix ms.
    pub fn placed_at(&mut self, now_ms: i64, horizon_ms: i64) -> i64 {
        let text = self.cell("placed_at");
        let at = OffsetDateTime::parse(text, &Rfc3339).ok();
        match at.and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()) {
            Some(at_ms) if at_ms > 0 && at_ms >= now_ms - horizon_ms => at_ms,
            Some(_) => {
                let days = horizon_ms / 86_400_000;
                self.wrong(
                    "placed_at",
                    format!("{} is more than {days} days ago, and no such order is placed", shown(text)),
                );
                0
            }
            None => {
                self.wrong(
                    "placed_at",
                    format!("{} is no time with its offset such as 2026-11-21T18:04:05+08:00", shown(text)),
                );
                0
            }
        }
    }

    /// Nothing said is nothing paid. A part can't be told here: no column says how much.
    pub fn payment_state(&mut self) -> PaymentState {
        match self.cell("payment_state") {
            "" | "pending" => PaymentState::Pending,
            "authorized" => PaymentState::Authorized,
            "paid" => PaymentState::Paid,
            "refunded" => PaymentState::Refunded,
            "voided" => PaymentState::Voided,
            text @ ("partly_paid" | "partly_refunded") => {
                let how = "no column says how much it is; place the order over gRPC, with its payments";
                self.wrong("payment_state", format!("{text} can't be entered from a file: {how}"));
                PaymentState::Unspecified
            }
            text => {
                let states = "pending, authorized, paid, refunded or voided";
                self.wrong("payment_state", format!("{} is no payment state; it should be {states}", shown(text)));
                PaymentState::Unspecified
            }
        }
    }

    /// Where nothing is said, the shop's own count.
    pub fn payment_terms(&mut self) -> PaymentTerms {
        match self.cell("payment_terms") {
            "" => PaymentTerms::Unspecified,
            text => reference::terms(text).unwrap_or_else(|why| {
                self.wrong("payment_terms", why);
                PaymentTerms::Unspecified
            }),
        }
    }

    /// A cancellation is no part of an order that is placed: whoever cancelled says so where the order is known.
    pub fn not_cancelled(&mut self) {
        match self.cell("cancelled") {
            "" | "false" => {}
            "true" => {
                let how = "there is nothing to ship, and where the order is known its platform cancels it";
                self.wrong("cancelled", format!("a cancelled order is not entered: {how}"));
            }
            text => self.wrong("cancelled", format!("{} should be true or false", shown(text))),
        }
    }
}
