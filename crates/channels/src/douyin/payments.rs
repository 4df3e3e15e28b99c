//! What was paid, and in which parts: a presale's deposit and balance are phases of the order.

use super::field::{CURRENCY, fen_or_zero, time_or_zero};
use super::status::{Status, Statuses};
use crate::Fault;
use crate::assemble::{has_money, payment};
use crate::json::Object;
use crate::money::money;
use weir_proto::order::v1::{Payment, PaymentPart, PaymentState};

/// More phases than any presale has.
const PHASES_MAX: i64 = 100;

/// What the order tells of its payment.
pub(super) struct Told {
    pub(super) order: String,
    pub(super) statuses: Statuses,
    pub(super) payable: i64,
    pub(super) paid_ms: i64,
    pub(super) method: String,
    pub(super) phases: Vec<Phase>,
    /// Money has gone back for one of the lines.
    pub(super) is_line_refunded: bool,
}

/// A part of a presale's price.
pub(super) struct Phase {
    id: String,
    part: PaymentPart,
    amount: i64,
    is_paid: bool,
    paid_ms: i64,
    closes_ms: i64,
}

pub(super) fn read_phase(phase: Object<'_>) -> Result<Phase, Fault> {
    let number = phase.integer_or("current_phase", 1, 0, PHASES_MAX)?;
    let part = if number <= 1 { PaymentPart::Deposit } else { PaymentPart::Balance };
    Ok(Phase {
        // One number may stand for the order and its first phase.
        id: format!("{}:{number}", phase.id("phase_order_id")?),
        part,
        amount: fen_or_zero(phase, "phase_pay_amount")?,
        is_paid: phase.flag("pay_success")?,
        paid_ms: time_or_zero(phase, "phase_pay_time")?,
        closes_ms: time_or_zero(phase, "phase_close_time")?,
    })
}

impl Phase {
    fn payment(&self, method: &str) -> Payment {
        let state = match self.part {
            PaymentPart::Balance => PaymentState::Paid,
            _ => PaymentState::PartlyPaid,
        };
        Payment {
            payment_id: self.id.clone(),
            part: self.part.into(),
            amount: money(self.amount, CURRENCY),
            state: state.into(),
            paid_at_ms: self.paid_ms,
            method: method.to_owned(),
        }
    }
}

impl Told {
    /// 0 is cash on delivery, and what an order says before it is paid.
    pub(super) fn is_on_delivery(&self) -> bool {
        self.method == "0" && self.paid_ms == 0 && self.statuses.order.is_released()
    }

    pub(super) fn state(&self) -> PaymentState {
        let order = self.statuses.order;
        let is_part_paid = self.statuses.is_part_paid() || self.phases.iter().any(|phase| phase.is_paid);
        match order {
            _ if self.statuses.is_refunded() => PaymentState::Refunded,
            // Held for risk it may be with its deposit alone.
            _ if order <= Status::PartPaid && is_part_paid || self.statuses.is_part_paid() => PaymentState::PartlyPaid,
            _ if order <= Status::PartPaid => PaymentState::Pending,
            _ if order.is_cancelled() && self.paid_ms == 0 && is_part_paid => PaymentState::PartlyPaid,
            _ if order.is_cancelled() && self.paid_ms == 0 => PaymentState::Pending,
            _ if self.is_on_delivery() && order != Status::Done => PaymentState::Pending,
            _ if self.is_line_refunded => PaymentState::PartlyRefunded,
            _ => PaymentState::Paid,
        }
    }

    /// The payments: of its phases where Douyin tells them, else one.
    pub(super) fn payments(&self, at_ms: i64) -> Vec<Payment> {
        let state = self.state();
        let of_phases = || self.phases.iter().filter(|phase| phase.is_paid).map(|phase| phase.payment(&self.method));
        match state {
            PaymentState::PartlyPaid => of_phases().collect(),
            state if !has_money(state) => Vec::new(),
            PaymentState::Paid if !self.phases.is_empty() && self.phases.iter().all(|phase| phase.is_paid) => {
                of_phases().collect()
            }
            _ => {
                let at_ms = if self.paid_ms > 0 { self.paid_ms } else { at_ms };
                let one = payment(&self.order, state, self.payable, at_ms, CURRENCY, &self.method);
                match self.is_on_delivery() {
                    true => vec![Payment { part: PaymentPart::CashOnDelivery.into(), ..one }],
                    false => vec![one],
                }
            }
        }
    }

    /// How much has come in.
    pub(super) fn paid(&self, payments: &[Payment]) -> i64 {
        match self.state() {
            PaymentState::PartlyPaid => {
                payments.iter().filter_map(|one| Some(one.amount.as_ref()?.minor)).fold(0, i64::saturating_add)
            }
            state if has_money(state) => self.payable,
            _ => 0,
        }
    }

    /// Until when the balance is to be paid, where it is open. 0: never.
    pub(super) fn balance_by_ms(&self) -> i64 {
        let open = |phase: &&Phase| phase.part == PaymentPart::Balance && !phase.is_paid;
        self.phases.iter().find(open).map_or(0, |phase| phase.closes_ms)
    }
}
