//! The rows of orders that were not entered, as they were, with the reason beside them: to be mended and entered again.

use super::columns::REFUSED_BECAUSE;
use super::map::Fault;
use super::sheet::{Group, Sheet};
use crate::installation::ConfigFault;
use anyhow::Context as _;
use std::fs::File;
use std::path::{Path, PathBuf};

pub struct RefusedFile {
    path: PathBuf,
    writer: csv::Writer<File>,
    columns: Vec<usize>,
}

impl RefusedFile {
    /// Made before anything is sent, so that no report is lost for want of a place.
    ///
    /// # Errors
    /// Where it can't be written, or is the file that is read.
    pub fn create(path: &Path, read: &Path, sheet: &Sheet) -> anyhow::Result<RefusedFile> {
        let is_same = path.canonicalize().ok().zip(read.canonicalize().ok()).is_some_and(|(one, other)| one == other);
        if is_same {
            return Err(ConfigFault("--refused is the file that is read; name another".to_owned()).into());
        }
        // What is there may be rows that somebody has mended meanwhile.
        let file = File::create_new(path).with_context(|| {
            format!("{} can't be made; --refused names a file that is not there yet", path.display())
        })?;
        // A reason of an earlier time is replaced.
        let before = sheet.columns.index(REFUSED_BECAUSE);
        let columns = (0..sheet.columns.count).filter(|index| Some(*index) != before).collect();
        let mut refused = RefusedFile { path: path.to_owned(), writer: csv::Writer::from_writer(file), columns };
        refused.write(&sheet.header, REFUSED_BECAUSE)?;
        Ok(refused)
    }

    /// All rows of an order.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn add(&mut self, sheet: &Sheet, group: &Group, faults: &[Fault]) -> anyhow::Result<()> {
        let because = faults.iter().map(told).collect::<Vec<_>>().join("; ");
        sheet.rows(group).iter().try_for_each(|row| self.write(&row.cells, &because))
    }

    /// # Errors
    /// Where it can't be written.
    pub fn end(mut self) -> anyhow::Result<()> {
        self.writer.flush().with_context(|| format!("{} can't be written", self.path.display()))
    }

    fn write(&mut self, cells: &csv::StringRecord, last: &str) -> anyhow::Result<()> {
        let kept = self.columns.iter().map(|index| cells.get(*index).unwrap_or_default());
        let written = self.writer.write_record(kept.chain([last]));
        written.with_context(|| format!("{} can't be written", self.path.display()))
    }
}

/// The lines are this file's no more, so they are not told.
fn told(fault: &Fault) -> String {
    match fault.column.as_str() {
        "" => fault.reason.clone(),
        column => format!("{column}: {}", fault.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "order_id,placed_at,currency,payable,refused_because,sku,quantity,price";

    #[test]
    fn refused_rows_come_out_as_they_were_with_the_newest_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let (read, path) = (folder.path().join("orders.csv"), folder.path().join("refused.csv"));
        let text = format!("{HEADER}\nA,,CNY,1,old reason,\" \"\"TEA\"\", green\",1,2\nB,,,,,,,\nA,x,,,,,,\n");
        std::fs::write(&read, text).expect("written");
        let sheet = Sheet::open(&read).expect("a good file");
        assert!(RefusedFile::create(&read, &read, &sheet).is_err_and(|error| error.is::<ConfigFault>()));
        let mut refused = RefusedFile::create(&path, &read, &sheet).expect("a file");
        let fault = |column: &str| Fault { lines: vec![2], column: column.to_owned(), reason: "wrong".to_owned() };
        refused.add(&sheet, &sheet.orders[0], &[fault("sku"), fault("")]).expect("added");
        refused.end().expect("written");
        let wanted = "order_id,placed_at,currency,payable,sku,quantity,price,refused_because\n\
            A,,CNY,1,\" \"\"TEA\"\", green\",1,2,sku: wrong; wrong\nA,x,,,,,,sku: wrong; wrong\n";
        assert_eq!(std::fs::read_to_string(&path).expect("read"), wanted);
        assert_eq!(Sheet::open(&path).expect("it can be read again").row_count(), 2);
    }
}
