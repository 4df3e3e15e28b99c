//! What a comparison came to: a table and a line for people, the same as JSON.

use super::ShopName;
use super::compare::{Kind, Off};
use super::window::Window;
use crate::moment::clock;
use crate::table::table;
use serde::Serialize;
use std::fmt;

/// Rows of the table; of more only how many.
const ROWS: usize = 50;

/// An order that was off, and whether it still is.
#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(flatten)]
    pub off: Off,
    pub still_off: bool,
}

/// How many there are on each side, and how many of them are off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub platform: u64,
    pub house: u64,
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
    pub unreadable: u64,
    /// `None` where nothing was to be entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered: Option<u64>,
    pub still_off: u64,
}

impl Sums {
    /// Of one window, before anything is entered.
    pub fn new(platform: usize, house: usize, off: &[Off]) -> Sums {
        let count = |kind| off.iter().filter(|off| off.kind == kind).count() as u64;
        Sums {
            platform: platform as u64,
            house: house as u64,
            missing: count(Kind::Missing),
            extra: count(Kind::Extra),
            different: count(Kind::Different),
            unreadable: count(Kind::Unreadable),
            entered: None,
            still_off: off.len() as u64,
        }
    }

    pub fn add(&mut self, more: &Sums) {
        self.platform += more.platform;
        self.house += more.house;
        self.missing += more.missing;
        self.extra += more.extra;
        self.different += more.different;
        self.unreadable += more.unreadable;
        self.entered = self.entered.zip(more.entered).map(|(all, more)| all + more).or(self.entered).or(more.entered);
        self.still_off += more.still_off;
    }

    /// Whether there is something that `--enter` would take in.
    pub fn can_be_entered(&self) -> bool {
        self.missing + self.different > 0
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sums { platform, house, missing, extra, different, unreadable, entered, still_off } = self;
        write!(f, "platform {platform}, house {house}: {missing} missing, {extra} extra, {different} different, ")?;
        write!(f, "{unreadable} unreadable")?;
        match entered {
            Some(entered) => write!(f, "; entered {entered}; still off {still_off}"),
            None => Ok(()),
        }
    }
}

/// What is off in the end, for people.
pub fn text(rows: &[Row], sums: &Sums) -> String {
    let off: Vec<&Off> = rows.iter().filter(|row| row.still_off).map(|row| &row.off).collect();
    if off.is_empty() {
        return sums.to_string();
    }
    let line = |off: &&Off| {
        let placed = if off.placed_at_ms == 0 { String::new() } else { clock(off.placed_at_ms) };
        let id = if off.platform_order_id.is_empty() { "without id" } else { &off.platform_order_id };
        [placed, id.to_owned(), off.kind.name().to_owned(), off.how.join("; ")]
    };
    let shown = table(["placed (UTC)", "order", "is", "how"], off.iter().take(ROWS).map(line));
    let more = match off.len().saturating_sub(ROWS) {
        0 => String::new(),
        more => format!("and {more} more\n"),
    };
    format!("{shown}\n{more}{sums}")
}

/// Everything that was off, whatever became of it.
pub fn json(shop: &ShopName, window: Window, rows: &[Row], sums: &Sums) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Told<'a> {
        channel: &'a str,
        shop: &'a str,
        from_ms: i64,
        until_ms: i64,
        #[serde(flatten)]
        sums: &'a Sums,
        rows: &'a [Row],
    }
    let (from_ms, until_ms) = (window.from_ms, window.until_ms);
    Ok(serde_json::to_string(&Told { channel: &shop.channel, shop: &shop.shop, from_ms, until_ms, sums, rows })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(kind: Kind, id: usize) -> Off {
        let how = vec!["one way".to_owned(), "another".to_owned()];
        Off { kind, platform_order_id: id.to_string(), placed_at_ms: 1_795_219_200_000, how }
    }

    fn rows(count: usize) -> Vec<Row> {
        (0..count).map(|id| Row { off: off(Kind::Missing, id), still_off: true }).collect()
    }

    #[test]
    fn sums_are_one_line_and_add_up() {
        let kinds = [Kind::Missing, Kind::Missing, Kind::Different, Kind::Unreadable, Kind::Extra];
        let found: Vec<Off> = kinds.into_iter().enumerate().map(|(id, kind)| off(kind, id)).collect();
        let mut sums = Sums::new(10, 9, &found);
        assert_eq!(sums.to_string(), "platform 10, house 9: 2 missing, 1 extra, 1 different, 1 unreadable");
        assert_eq!((sums.still_off, sums.can_be_entered()), (5, true));
        sums.add(&Sums { entered: Some(0), ..Sums::new(0, 0, &[]) });
        sums.add(&Sums { platform: 5, entered: Some(3), ..Sums::default() });
        let wanted = "platform 15, house 9: 2 missing, 1 extra, 1 different, 1 unreadable; entered 3; still off 5";
        assert_eq!(sums.to_string(), wanted);
        assert!(!Sums::new(1, 1, &[off(Kind::Extra, 1)]).can_be_entered());
    }

    #[test]
    fn a_table_shows_the_first_rows_that_are_still_off() {
        let sums = Sums::new(60, 0, &[]);
        let mut rows = rows(60);
        rows[0].still_off = false;
        let text = text(&rows, &sums);
        let shown: Vec<&str> = text.lines().filter(|line| line.contains("one way; another")).collect();
        assert_eq!(shown.len(), ROWS, "{text}");
        let first: Vec<&str> = shown[0].split_whitespace().take(5).collect();
        assert_eq!(first, ["│", "2026-11-21", "00:00:00.000", "1", "missing"], "{text}");
        assert!(text.contains("\nand 9 more\nplatform 60, house 0: "), "{text}");
        rows.iter_mut().for_each(|row| row.still_off = false);
        assert_eq!(super::text(&rows, &sums), sums.to_string());
    }

    #[test]
    fn json_has_every_row_and_every_sum() {
        let shop = ShopName { channel: "shopify".to_owned(), shop: "acme".to_owned() };
        let sums = Sums { entered: Some(60), still_off: 0, ..Sums::new(60, 0, &[]) };
        let window = Window { from_ms: 1, until_ms: 2 };
        let told = json(&shop, window, &rows(60), &sums).expect("JSON");
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!((&told["shop"], &told["until_ms"], &told["entered"]), (&"acme".into(), &2.into(), &60.into()));
        assert_eq!(told["rows"].as_array().map(Vec::len), Some(60));
        let row = serde_json::json!({
            "kind": "missing", "platform_order_id": "0", "placed_at_ms": 1_795_219_200_000_i64,
            "how": ["one way", "another"], "still_off": true,
        });
        assert_eq!(told["rows"][0], row);
    }
}
