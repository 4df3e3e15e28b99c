//! What came of the file: a table and a line for people, the same as JSON.

use super::map::Fault;
use crate::table::table;
use serde::Serialize;
use std::fmt;

/// Rows of the table; of more only how many.
const ROWS: usize = 1000;

/// An order that was not entered.
#[derive(Debug, Serialize)]
pub struct Refused {
    pub order_id: String,
    pub faults: Vec<Fault>,
}

/// An order of which nobody knows.
#[derive(Debug, Serialize)]
pub struct Unanswered {
    pub order_id: String,
    pub said: String,
}

#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub dry_run: bool,
    pub rows: usize,
    pub orders: usize,
    /// Placed by this run.
    pub entered: usize,
    /// The house had them. `changed`: of these, the ones of which the file told something new.
    pub known: usize,
    pub changed: usize,
    pub refused: Vec<Refused>,
    pub unanswered: Vec<Unanswered>,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.refused.is_empty() && self.unanswered.is_empty()
    }

    /// For people.
    pub fn text(&self) -> String {
        let refused = self.refused.iter().flat_map(|refused| {
            refused
                .faults
                .iter()
                .map(|fault| [refused.order_id.clone(), lines(fault), fault.column.clone(), fault.reason.clone()])
        });
        let unknown = self.unanswered.iter().map(|one| {
            let why = format!("not known to be entered; run again: {}", one.said);
            [one.order_id.clone(), String::new(), String::new(), why]
        });
        let count = self.refused.iter().map(|refused| refused.faults.len()).sum::<usize>() + self.unanswered.len();
        if count == 0 {
            return self.to_string();
        }
        let shown = table(["order", "lines", "column", "why"], refused.chain(unknown).take(ROWS));
        let more = match count.saturating_sub(ROWS) {
            0 => String::new(),
            more => format!("and {more} more; --json has them all\n"),
        };
        format!("{shown}\n{more}{self}")
    }

    /// # Errors
    /// None that is known.
    pub fn json(&self, channel: &str, shop: &str) -> anyhow::Result<String> {
        #[derive(Serialize)]
        struct Told<'a> {
            channel: &'a str,
            shop: &'a str,
            #[serde(flatten)]
            report: &'a Report,
        }
        Ok(serde_json::to_string(&Told { channel, shop, report: self })?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { dry_run, rows, orders, entered, known, changed, refused, unanswered } = self;
        let (refused, unanswered) = (refused.len(), unanswered.len());
        write!(f, "rows {rows}, orders {orders}: ")?;
        match dry_run {
            true => write!(f, "{} can be entered, {refused} refused; nothing was sent", orders - refused),
            false => write!(
                f,
                "{entered} entered, {known} known already ({changed} changed), {refused} refused, {unanswered} unanswered"
            ),
        }
    }
}

fn lines(fault: &Fault) -> String {
    match &fault.lines[..] {
        [first, .., last] if fault.lines.len() > 4 => format!("{first} … {last}"),
        lines => lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(lines: &[u64]) -> Fault {
        Fault { lines: lines.to_vec(), column: "price".to_owned(), reason: "wrong".to_owned() }
    }

    fn report(orders: usize) -> Report {
        let refused = |n: usize| Refused { order_id: format!("A-{n}"), faults: vec![fault(&[7, 8])] };
        Report { orders, rows: 9, refused: (0..orders).map(refused).collect(), ..Report::default() }
    }

    #[test]
    fn the_last_line_has_the_sums() {
        let sums = Report { rows: 3, orders: 2, entered: 1, known: 1, ..Report::default() };
        let line = "rows 3, orders 2: 1 entered, 1 known already (0 changed), 0 refused, 0 unanswered";
        assert_eq!((sums.text().as_str(), sums.is_good()), (line, true));
        let dry = Report { dry_run: true, ..report(1) }.text();
        assert!(dry.contains(" A-0 ") && dry.contains(" 7, 8 "), "{dry}");
        assert!(dry.ends_with("\nrows 9, orders 1: 0 can be entered, 1 refused; nothing was sent"), "{dry}");
        let said = Unanswered { order_id: "B".to_owned(), said: "away".to_owned() };
        let unanswered = Report { unanswered: vec![said], ..Report::default() };
        assert!(unanswered.text().contains("not known to be entered; run again: away") && !unanswered.is_good());
    }

    #[test]
    fn a_table_has_a_thousand_rows_and_json_all() {
        let report = report(ROWS + 5);
        let text = report.text();
        assert!(text.contains("\nand 5 more; --json has them all\nrows 9, "), "{text}");
        let json: serde_json::Value =
            serde_json::from_str(&report.json("shopify", "acme").expect("JSON")).expect("JSON");
        assert_eq!(json["refused"].as_array().map(Vec::len), Some(ROWS + 5));
        assert_eq!((&json["shop"], &json["refused"][0]["faults"][0]["lines"][1]), (&"acme".into(), &8.into()));
        assert_eq!(lines(&fault(&[2, 3, 4, 5, 9])), "2 … 9");
    }
}
