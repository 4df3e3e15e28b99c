//! Texts that several platforms write alike. Pure.

use crate::truth::Order;
use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// Where the shops are: an hour before UTC. Whoever takes a local time for UTC is found out.
pub const ZONE: UtcOffset = offset!(+1);

/// The Chinese platforms have one clock.
pub const CHINA: UtcOffset = offset!(+8);

/// Country, province and city of the buyers.
const REGIONS: [(&str, &str, &str); 4] =
    [("DE", "BY", "Augsburg"), ("DE", "HH", "Hamburg"), ("AT", "9", "Wien"), ("FR", "IDF", "Paris")];

/// Province, city and district of buyers in China.
const CHINESE_REGIONS: [(&str, &str, &str); 4] = [
    ("浙江省", "杭州市", "西湖区"),
    ("广东省", "广州市", "天河区"),
    ("上海市", "上海市", "徐汇区"),
    ("四川省", "成都市", "武侯区"),
];

pub fn chinese_region(order: &Order) -> (&'static str, &'static str, &'static str) {
    CHINESE_REGIONS[order.region % CHINESE_REGIONS.len()]
}

/// Eleven digits.
pub fn chinese_phone(order: &Order) -> String {
    format!("138{:08}", order.buyer)
}

pub fn region(order: &Order) -> (&'static str, &'static str, &'static str) {
    REGIONS[order.region % REGIONS.len()]
}

pub fn email(order: &Order) -> String {
    format!("buyer-{}@platforms.example", order.buyer)
}

pub fn phone(order: &Order) -> String {
    format!("+49 821 {:06}", order.buyer)
}

/// "12.34"
pub fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// "2026-11-21T19:04:05+01:00"
pub fn instant(s: i64) -> String {
    moment(s).to_offset(ZONE).format(&Rfc3339).unwrap_or_default()
}

/// "2026-11-21T18:04:05", in UTC.
pub fn gmt(s: i64) -> String {
    plain(moment(s))
}

/// "2026-11-21T19:04:05", as the clock on the shop's wall has it.
pub fn local(s: i64) -> String {
    plain(moment(s).to_offset(ZONE))
}

/// "2026-11-22 02:04:05", at +08:00.
pub fn in_china(s: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    moment(s).to_offset(CHINA).format(format).unwrap_or_default()
}

/// In seconds; what [`in_china`] writes.
pub fn from_china(text: &str) -> Option<i64> {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    Some(PrimitiveDateTime::parse(text, format).ok()?.assume_offset(CHINA).unix_timestamp())
}

fn plain(time: OffsetDateTime) -> String {
    time.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).unwrap_or_default()
}

fn moment(s: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(s).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_same_in_each_way_of_writing() {
        const PLACED_S: i64 = 1_795_269_900;
        assert_eq!(instant(PLACED_S), "2026-11-21T15:05:00+01:00");
        assert_eq!(local(PLACED_S), "2026-11-21T15:05:00");
        assert_eq!(gmt(PLACED_S), "2026-11-21T14:05:00");
        assert_eq!(in_china(PLACED_S), "2026-11-21 22:05:00");
        assert_eq!(from_china("2026-11-21 22:05:00"), Some(PLACED_S));
    }
}
