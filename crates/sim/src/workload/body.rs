//! Webhook bodies as each platform writes them. Written straight into one text: the same order and telling give the
//! same bytes, so a repeat needs no memory.

mod generic;
mod shopify;
mod woocommerce;

use super::catalogue::{Catalogue, REGIONS, SECRET};
use super::order::{Line, Order, Quirk, Telling};
use super::shape::Channel;
use weir_channels::{Headers, shopify as shopify_headers, standard_webhooks, woocommerce as woocommerce_headers};

/// What is longer than a topic takes and shorter than a producer sends, in pieces of which each may be: so many lines
/// more, and a title of so many bytes for each.
const OVERSIZE_LINES: u64 = 60;
const OVERSIZE_TITLE: usize = 31_800;

/// One telling of one order.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) order: &'a Order,
    pub(super) telling: Telling,
    pub(super) quirk: Quirk,
}

/// The platform's word for what is told, and the body.
pub(super) fn body(told: Told<'_>) -> (&'static str, Vec<u8>) {
    let channel = told.catalogue.shops[told.order.shop].channel;
    let size = if told.quirk == Quirk::Oversize { 2 * 1024 * 1024 } else { 1_280 };
    let mut text = Text(String::with_capacity(size));
    let kind = match channel {
        Channel::Shopify => shopify::write(&mut text, told),
        Channel::WooCommerce => woocommerce::write(&mut text, told),
        Channel::Generic | Channel::Counter => generic::write(&mut text, told),
    };
    let mut body = text.0.into_bytes();
    if told.quirk == Quirk::CutOff {
        body.truncate(body.len() / 2);
    }
    (kind, body)
}

/// What the platform sends beside the body, as far as the door keeps it. Signing costs more than all the rest, and
/// nobody behind the door looks at a signature: a workload signs only where it is asked to.
pub(super) fn headers(channel: Channel, kind: &str, id: &str, now_ms: i64, body: &[u8], signed: bool) -> Headers {
    let sign = |with: &dyn Fn() -> String| if signed { with() } else { "unsigned".to_owned() };
    let pairs = match channel {
        Channel::Shopify => vec![
            (shopify_headers::SIGNATURE, sign(&|| shopify_headers::sign(SECRET.as_bytes(), body))),
            (shopify_headers::TOPIC, kind.to_owned()),
            (shopify_headers::WEBHOOK_ID, id.to_owned()),
        ],
        Channel::WooCommerce => vec![
            (woocommerce_headers::SIGNATURE, sign(&|| woocommerce_headers::sign(SECRET.as_bytes(), body))),
            (woocommerce_headers::TOPIC, kind.to_owned()),
            (woocommerce_headers::DELIVERY_ID, id.to_owned()),
        ],
        Channel::Generic | Channel::Counter => {
            let seconds = now_ms / 1_000;
            let signature = sign(&|| standard_webhooks::sign(SECRET.as_bytes(), id, seconds, body));
            let mut time = Text(String::with_capacity(10));
            time.number(seconds);
            vec![
                (standard_webhooks::ID, id.to_owned()),
                (standard_webhooks::TIMESTAMP, time.0),
                (standard_webhooks::SIGNATURE, signature),
            ]
        }
    };
    Headers(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A moment as the bodies have it, for those who look into one.
#[cfg(test)]
pub(super) fn seconds(ms: i64) -> String {
    let mut text = Text(String::new());
    text.seconds(ms);
    text.0
}

impl<'a> Told<'a> {
    /// The lines of the body.
    fn lines(self) -> impl Iterator<Item = Line> + 'a {
        let more = if self.quirk == Quirk::Oversize { OVERSIZE_LINES } else { 0 };
        let item = self.order.lines[0].0;
        let further = move |n| Line { id: 9_000_000_000 + n, item, quantity: 1, price_minor: 100, unmapped: false };
        self.order.lines(self.catalogue, self.telling).chain((0..more).map(further))
    }

    fn region(&self) -> (&'static str, &'static str, &'static str) {
        REGIONS[self.order.region]
    }
}

/// JSON in the making.
pub(super) struct Text(pub(super) String);

impl Text {
    fn put(&mut self, text: &str) -> &mut Text {
        self.0.push_str(text);
        self
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Text {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        let mut left = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if number < 0 {
            self.0.push('-');
        }
        digits[at..].iter().for_each(|digit| self.0.push(char::from(*digit)));
        self
    }

    /// "19.90"
    fn amount(&mut self, minor: i64) -> &mut Text {
        self.number(minor / 100).put(".").padded(minor % 100, 2)
    }

    fn padded(&mut self, number: i64, width: u32) -> &mut Text {
        for place in (0..width).rev() {
            self.0.push(char::from(b'0' + (number / 10_i64.pow(place) % 10) as u8));
        }
        self
    }

    /// "2026-11-21T10:04:05", in UTC. Days into dates: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    fn seconds(&mut self, ms: i64) -> &mut Text {
        let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1_000);
        let shifted = days + 719_468;
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * of_year + 2) / 153;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
        let year = year_of_era + shifted.div_euclid(146_097) * 400 + i64::from(month <= 2);
        let day = of_year - (153 * month_index + 2) / 5 + 1;
        self.padded(year, 4).put("-").padded(month, 2).put("-").padded(day, 2).put("T");
        self.padded(of_day / 3_600, 2).put(":").padded(of_day / 60 % 60, 2).put(":").padded(of_day % 60, 2)
    }

    /// With its offset.
    fn instant(&mut self, ms: i64) -> &mut Text {
        self.seconds(ms).put("Z")
    }

    /// A remark of the buyer: the same number says the same.
    fn note(&mut self, told: Told<'_>) -> &mut Text {
        match told.telling.note {
            0 => self,
            note => self.put("please ring ").number(i64::from(note)).put(" times"),
        }
    }

    /// What a line is called.
    fn title(&mut self, told: Told<'_>) -> &mut Text {
        match told.quirk {
            Quirk::Oversize => {
                self.0.extend(std::iter::repeat_n('x', OVERSIZE_TITLE));
                self
            }
            _ => self.put("Thing"),
        }
    }

    fn street(&mut self, told: Told<'_>) -> &mut Text {
        self.put("Lechweg ").number(7 + i64::from(told.telling.address))
    }

    /// A total, as a decimal string or, where it is to be wrong, as a bare number.
    fn total(&mut self, told: Told<'_>) -> &mut Text {
        let minor = told.order.total_minor(told.catalogue, told.telling);
        match told.quirk {
            Quirk::FloatMoney => self.amount(minor),
            _ => self.put("\"").amount(minor).put("\""),
        }
    }
}
