//! A table as a person reads it.

use comfy_table::Table;
use comfy_table::presets::UTF8_BORDERS_ONLY;

pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY);
    table.set_header(head);
    table.add_rows(rows);
    table
}
