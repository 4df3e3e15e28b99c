//! The file as rows, and which rows are of one order.
//!
//! A row whose order can't be told could be a line of any of them, and an order that lacks a line must not be entered. So a file
//! with such a row is not read at all; everything else that is wrong concerns one order only.

use super::columns::{Columns, ORDER_ID};
use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

const BYTES_MAX: u64 = 500_000_000;
const ROWS_MAX: usize = 1_000_000;
/// Faults of the file that are told; of more only how many.
const TOLD: usize = 20;

/// A file that was read. Its text stays whole, and a row is a part of it.
#[derive(Debug)]
pub struct Sheet {
    text: String,
    pub header: StringRecord,
    pub columns: Columns,
    rows: Vec<Place>,
    pub orders: Vec<Group>,
}

#[derive(Debug)]
struct Place {
    begin: usize,
    end: usize,
    line: u64,
}

/// An order's rows, as they follow each other.
#[derive(Debug)]
pub struct Group {
    pub order_id: String,
    rows: Vec<usize>,
}

/// A row, and the line of the file on which it begins.
#[derive(Debug)]
pub struct Row {
    pub line: u64,
    pub cells: StringRecord,
}

impl Sheet {
    /// # Errors
    /// Where there is no such file, it is too large, or it is no such CSV: all that is wrong at once.
    pub fn open(path: &Path) -> anyhow::Result<Sheet> {
        let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("{} can't be read", path.display()))?;
        Sheet::read(bytes).with_context(|| format!("{} is not entered", path.display()))
    }

    /// # Errors
    /// As [`Sheet::open`].
    pub fn read(bytes: Vec<u8>) -> anyhow::Result<Sheet> {
        if bytes.len() as u64 > BYTES_MAX {
            bail!("it has more than {BYTES_MAX} bytes; split it, with all rows of an order in one file");
        }
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            anyhow::anyhow!("line {line} is no UTF-8; save the file as CSV in UTF-8")
        })?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let mut scan = Scan::default();
        scan.all(&text)?;
        let Some(columns) = scan.columns else { bail!("it has no header") };
        Ok(Sheet { header: scan.header, columns, rows: scan.rows, orders: scan.orders, text })
    }

    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The rows of an order.
    pub fn rows(&self, group: &Group) -> Vec<Row> {
        let row = |index: &usize| {
            let Place { begin, end, line } = &self.rows[*index];
            let text = &self.text.as_bytes()[*begin..*end];
            let mut cells = StringRecord::new();
            let mut reader = ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(text.len().max(1))
                .from_reader(text);
            // It was read before, so it can be read again.
            let _ = reader.read_record(&mut cells);
            Row { line: *line, cells }
        };
        group.rows.iter().map(row).collect()
    }
}

#[derive(Default)]
struct Scan {
    header: StringRecord,
    columns: Option<Columns>,
    rows: Vec<Place>,
    orders: Vec<Group>,
    by_id: HashMap<String, usize>,
    faults: Vec<String>,
    more: usize,
}

impl Scan {
    fn all(&mut self, text: &str) -> anyhow::Result<()> {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        loop {
            let from = reader.position().clone();
            if !reader.read_record(&mut record)? {
                break;
            }
            let end = usize::try_from(reader.position().byte())?;
            let begin = usize::try_from(from.byte())?;
            // Empty lines, and the second half of a CRLF, come before the row that they lead to.
            let lead: usize = text.as_bytes()[begin..end].iter().take_while(|byte| b"\r\n".contains(byte)).count();
            let skipped = text.as_bytes()[begin..begin + lead].iter().filter(|byte| **byte == b'\n').count() as u64;
            let place = Place { begin: begin + lead, end, line: from.line() + skipped };
            self.one(text, place, &record)?;
        }
        let more = if self.more > 0 { format!("\n  and {} more", self.more) } else { String::new() };
        if !self.faults.is_empty() {
            bail!("nothing of it can be told for certain:\n  {}{more}", self.faults.join("\n  "));
        }
        Ok(())
    }

    fn one(&mut self, text: &str, place: Place, record: &StringRecord) -> anyhow::Result<()> {
        let line = place.line;
        let quotes = text.as_bytes()[place.begin..place.end].iter().filter(|byte| **byte == b'"').count();
        if quotes % 2 == 1 {
            let fault = format!("line {line}: a quotation mark has no second one; within a cell it is written twice");
            match self.columns {
                Some(_) => self.fault(fault),
                None => bail!(fault),
            }
            return Ok(());
        }
        let Some(columns) = &self.columns else {
            self.header = record.clone();
            match Columns::of(record) {
                Ok(columns) => self.columns = Some(columns),
                Err(faults) => bail!("its header is wrong:\n  {}", faults.join("\n  ")),
            }
            return Ok(());
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let (has, should) = (record.len(), columns.count);
        if has != should {
            self.fault(format!("line {line}: it has {has} cells, the header has {should}"));
            return Ok(());
        }
        let order_id = columns.cell(record, ORDER_ID).to_owned();
        if order_id.is_empty() {
            self.fault(format!("line {line}: {ORDER_ID} is empty; each row names its order"));
            return Ok(());
        }
        if self.rows.len() == ROWS_MAX {
            bail!("it has more than {ROWS_MAX} rows; split it, with all rows of an order in one file");
        }
        let group = *self.by_id.entry(order_id).or_insert_with_key(|order_id| {
            self.orders.push(Group { order_id: order_id.clone(), rows: Vec::new() });
            self.orders.len() - 1
        });
        self.orders[group].rows.push(self.rows.len());
        self.rows.push(place);
        Ok(())
    }

    fn fault(&mut self, fault: String) {
        if self.faults.len() < TOLD { self.faults.push(fault) } else { self.more += 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "order_id,placed_at,currency,payable,sku,quantity,price,title";

    fn sheet(rows: &str) -> Result<Sheet, String> {
        Sheet::read(format!("{HEADER}\r\n{rows}").into_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_of_an_order_need_not_be_adjacent_and_know_their_lines() {
        let rows = "A,,,,TEA,1,,\"two\r\nlines, and a \"\"quote\"\"\"\r\n\r\nB,,,,,,,\r\n,,,,,,,\r\nA,,,,CUP,1,,last";
        let text = format!("\u{feff}{HEADER}\r\n{rows}");
        let sheet = Sheet::read(text.into_bytes()).expect("a good file");
        let of = |group: &Group| {
            let rows = sheet.rows(group).into_iter();
            rows.map(|row| (row.line, row.cells[7].to_owned())).collect::<Vec<_>>()
        };
        let ids: Vec<&str> = sheet.orders.iter().map(|group| group.order_id.as_str()).collect();
        assert_eq!((ids, sheet.row_count()), (vec!["A", "B"], 3));
        let wanted = [(2, "two\r\nlines, and a \"quote\"".to_owned()), (7, "last".to_owned())];
        assert_eq!(of(&sheet.orders[0]), wanted);
        assert_eq!(of(&sheet.orders[1]), [(5, String::new())]);
    }

    #[test]
    fn a_row_whose_order_can_not_be_told_stops_the_file() {
        let wrong = sheet("A,,,,,,,\n,,,,TEA,,,\nB,1\n").expect_err("three faults");
        assert!(wrong.contains("line 3: order_id is empty"), "{wrong}");
        assert!(wrong.contains("line 4: it has 2 cells, the header has 8"), "{wrong}");
        let open = sheet("A,,,,,,,\"open\nB,,,,,,,\n").expect_err("a quote");
        assert!(open.contains("line 2: a quotation mark has no second one"), "{open}");
        let many = sheet(&"A\n".repeat(25)).expect_err("many faults");
        assert!(many.contains("line 21:") && !many.contains("line 22:") && many.ends_with("and 5 more"), "{many}");
    }

    #[test]
    fn what_is_no_such_file_says_why() {
        let wrong = |bytes: &[u8]| Sheet::read(bytes.to_vec()).expect_err("no file").to_string();
        assert!(wrong(b"order_id\nA\xff\n").contains("line 2 is no UTF-8"));
        assert!(wrong(b"").contains("no header"));
        assert!(wrong(b"order_id,\"sku\n").contains("line 1: a quotation mark"));
        assert!(wrong(b"order,sku\n").contains("no column \"order\" is known"));
    }

    #[test]
    fn a_file_has_at_most_a_million_rows() {
        let row = "A,,,,,,,\n";
        assert_eq!(sheet(&row.repeat(ROWS_MAX)).map(|sheet| sheet.row_count()), Ok(ROWS_MAX));
        assert!(sheet(&row.repeat(ROWS_MAX + 1)).expect_err("too many").contains("more than 1000000 rows"));
    }
}
