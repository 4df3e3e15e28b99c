//! The columns of the file, by name: in any order, and none that nobody knows, as a typo would lose what stands below it.

use csv::StringRecord;
use std::collections::HashMap;

/// What belongs to the whole order, and stands alike on each of its rows.
pub const OF_ORDER: [&str; 22] = [
    "number",
    "placed_at",
    "currency",
    "payable",
    "freight",
    "discount",
    "tax",
    "payment_state",
    "payment_terms",
    "buyer_id",
    "buyer_remark",
    "seller_remark",
    "country",
    "province",
    "city",
    "district",
    "address",
    "name",
    "phone",
    "email",
    "cancelled",
    ORDER_ID,
];
/// What belongs to a line.
const OF_LINE: [&str; 5] = ["line_id", "sku", "title", "quantity", "price"];
/// Without these no order can be made.
const REQUIRED: [&str; 7] = [ORDER_ID, "placed_at", "currency", "payable", "sku", "quantity", "price"];
pub const ORDER_ID: &str = "order_id";
/// Written by `--refused`, and passed over where such a file comes in again.
pub const REFUSED_BECAUSE: &str = "refused_because";

/// Which column stands where.
#[derive(Debug)]
pub struct Columns {
    at: HashMap<String, usize>,
    pub count: usize,
}

impl Columns {
    /// # Errors
    /// All that is wrong with the header.
    pub fn of(header: &StringRecord) -> Result<Columns, Vec<String>> {
        let (mut at, mut faults) = (HashMap::new(), Vec::new());
        for (index, name) in header.iter().map(str::trim).enumerate() {
            if !OF_ORDER.contains(&name) && !OF_LINE.contains(&name) && name != REFUSED_BECAUSE {
                let name = shown(name);
                faults.push(format!("no column {name} is known; `weir backfill --help` names those that are"));
            } else if at.insert(name.to_owned(), index).is_some() {
                faults.push(format!("the column {name:?} is there twice"));
            }
        }
        let missing = REQUIRED.iter().filter(|name| !at.contains_key(**name));
        faults.extend(missing.map(|name| format!("the column {name:?} is not there")));
        if faults.is_empty() { Ok(Columns { at, count: header.len() }) } else { Err(faults) }
    }

    pub fn has(&self, name: &str) -> bool {
        self.at.contains_key(name)
    }

    /// Where it stands.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.at.get(name).copied()
    }

    /// What stands there, without spaces around it; empty where the column is absent.
    pub fn cell<'a>(&self, record: &'a StringRecord, name: &str) -> &'a str {
        self.index(name).and_then(|index| record.get(index)).unwrap_or_default().trim()
    }
}

/// A cell as it is told: the beginning of a long one is enough to find it by.
pub fn shown(text: &str) -> String {
    const LETTERS: usize = 40;
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_be_in_any_order_and_must_be_known() {
        let header = StringRecord::from(vec![
            " price",
            "quantity",
            "sku ",
            "payable",
            "currency",
            "placed_at",
            "order_id",
            "refused_because",
        ]);
        let columns = Columns::of(&header).expect("a good header");
        assert_eq!((columns.index("price"), columns.has("line_id"), columns.count), (Some(0), false, 8));
        let row = StringRecord::from(vec![" 1.00 ", "2"]);
        assert_eq!((columns.cell(&row, "price"), columns.cell(&row, "sku")), ("1.00", ""));

        let header = StringRecord::from(vec!["order_id", "order_id", "Price", "sku"]);
        let faults = Columns::of(&header).expect_err("a bad header").join("\n");
        for wanted in ["\"order_id\" is there twice", "no column \"Price\"", "\"price\" is not there", "\"payable\""] {
            assert!(faults.contains(wanted), "{wanted}: {faults}");
        }
    }
    #[test]
    fn a_long_cell_is_told_by_its_beginning() {
        assert_eq!(shown("two"), "\"two\"");
        assert_eq!(shown(&"茶".repeat(41)), format!("\"{}\"…", "茶".repeat(40)));
    }
}
