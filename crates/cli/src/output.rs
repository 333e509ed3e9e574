//! Data goes to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

/// Prints a line of data.
pub(crate) fn line(text: impl AsRef<str>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.as_ref())?;
    Ok(())
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// Says something to the person at the keyboard, not to the program behind a pipe.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut err = io::stderr().lock();
    // A closed standard error is no reason to stop.
    let _ = writeln!(err, "{}", text.as_ref());
}

/// Whether somebody can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether an error only says that nobody reads any more (`onay batches | head -1`).
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A table that fits the terminal and reads without colour: a line under the header, none between
/// rows.
pub(crate) fn new_table<const N: usize>(header: [&str; N]) -> Table {
    let under_header = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(under_header))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

/// Prints a table.
pub(crate) fn table(table: &Table) -> anyhow::Result<()> {
    line(table.trim_fmt())
}

/// Sets columns of numbers against the right edge.
pub(crate) fn right_align(table: &mut Table, columns: &[usize]) {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
