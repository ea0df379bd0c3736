//! Entries that are missing in the log: its indexes leave none out.

use console::components::Row;
use views::{BY_HAND, Cell};

/// The rows of the log in its order, with one for each entry that is missing between two of them.
pub(crate) fn named(rows: Vec<Row>, missing: &[u64], list: &str) -> Vec<Row> {
    let columns = rows.first().map_or(0, |row| row.cells.len());
    let newest_first = rows.first().map(index) > rows.last().map(index);
    let gaps = missing.iter().map(|index| gap(*index, columns, list));
    let mut all: Vec<Row> = rows.into_iter().chain(gaps).collect();
    all.sort_by_key(index);
    if newest_first {
        all.reverse();
    }
    all
}

fn index(row: &Row) -> Option<u64> {
    match row.cells.first() {
        Some(Cell::Text(text)) => text.parse().ok(),
        _ => None,
    }
}

fn gap(index: u64, columns: usize, list: &str) -> Row {
    let mut cells = vec![Cell::Empty; columns];
    if let Some(first) = cells.first_mut() {
        *first = index.into();
    }
    if let Some(last) = cells.last_mut() {
        *last = Cell::State(format!("{BY_HAND}: missing"));
    }
    Row {
        href: Some(format!("{list}/{index}")),
        cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_has_a_row_in_either_order() {
        let row = |index: u64| Row {
            href: None,
            cells: vec![index.into(), Cell::Empty],
        };
        let indexes = |given: &[u64], missing: &[u64]| -> Vec<u64> {
            let rows = named(given.iter().copied().map(row).collect(), missing, "/l");
            rows.iter().filter_map(index).collect()
        };
        assert_eq!(indexes(&[7, 6, 3, 2], &[5, 4]), [7, 6, 5, 4, 3, 2]);
        assert_eq!(indexes(&[2, 4], &[3]), [2, 3, 4]);
        assert_eq!(indexes(&[], &[]), [0; 0]);
        let rows = named(vec![row(2), row(0)], &[1], "/l");
        assert_eq!(rows[1].href.as_deref(), Some("/l/1"));
        assert_eq!(
            rows[1].cells[1],
            Cell::State("changed by hand: missing".to_owned())
        );
    }
}
