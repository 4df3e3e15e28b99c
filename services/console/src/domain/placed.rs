//! The view of `orders`: who ordered what, and what has been paid.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Placed {
    /// False while only a payment or a cancellation has been told.
    pub placed: bool,
    pub channel: String,
    pub shop: String,
    pub platform_order_id: String,
    pub shown_number: String,
    pub phone_hash: String,
    pub email_hash: String,
    pub lines: Vec<PlacedLine>,
    pub payable_minor: i64,
    pub currency: String,
    /// In the channel's words, lower case: "paid". Empty: nothing told yet.
    pub payment: String,
    pub placed_at_ms: i64,
    /// Somebody asked for a cancellation, or the platform has closed the order.
    pub cancel_asked: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedLine {
    pub line_id: String,
    /// The SKU, else the platform's own where it is not mapped.
    pub sku: String,
    /// Ordered less cancelled.
    pub open: i64,
}

impl Placed {
    /// Takes in the order itself. A payment that was told before stands: it is the newer word on that.
    pub fn place(&mut self, mut order: Placed) {
        order.placed = true;
        order.cancel_asked |= self.cancel_asked;
        if !self.payment.is_empty() {
            order.payment = std::mem::take(&mut self.payment);
        }
        *self = order;
    }

    /// Changes a line's quantity; `sku` names the line where it is new.
    pub fn change_line(&mut self, line_id: &str, by: i64, sku: Option<&str>) {
        match self.lines.iter_mut().find(|line| line.line_id == line_id) {
            Some(line) => line.open = line.open.saturating_add(by),
            None => self.lines.push(PlacedLine {
                line_id: line_id.to_owned(),
                sku: sku.unwrap_or_default().to_owned(),
                open: by,
            }),
        }
    }

    /// Its SKUs, each once, in alphabetic order.
    pub fn skus(&self) -> Vec<String> {
        let mut skus: Vec<String> =
            self.lines.iter().filter(|line| !line.sku.is_empty()).map(|line| line.sku.clone()).collect();
        skus.sort_unstable();
        skus.dedup();
        skus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_payment_outlives_the_order() {
        let mut view = Placed { payment: "paid".to_owned(), ..Placed::default() };
        view.place(Placed { payment: "pending".to_owned(), shop: "acme".to_owned(), ..Placed::default() });
        assert_eq!((view.payment.as_str(), view.shop.as_str(), view.placed), ("paid", "acme", true));
    }

    #[test]
    fn deltas_reach_known_and_new_lines() {
        let mut view = Placed::default();
        view.change_line("1", 2, Some("SKU-2"));
        view.change_line("1", -2, None);
        view.change_line("2", 1, Some("SKU-1"));
        assert_eq!(view.lines[0].open, 0);
        assert_eq!(view.skus(), ["SKU-1", "SKU-2"]);
    }
}
