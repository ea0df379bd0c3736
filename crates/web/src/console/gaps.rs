//! Entries that are missing in the log: its indexes leave none out.

use console::components::Row;
use engine::told;
use views::{BY_HAND, Cell};

/// Most entries of one gap that have a row each.
const SHOWN_MAX: usize = 10;

/// The rows of the whole log in its order, with one for each entry that is missing between two of them.
pub(crate) fn named(rows: Vec<Row>, list: &str) -> Vec<Row> {
    let mut all = Vec::with_capacity(rows.len());
    let mut previous: Option<(u64, usize)> = None;
    for row in rows {
        let here = index(&row);
        if let (Some((before, columns)), Some(here)) = (previous, here) {
            let (low, high) = (before.min(here), before.max(here));
            let mut missing: Vec<u64> = (low + 1..high).take(SHOWN_MAX).collect();
            if before > here {
                missing.reverse();
            }
            all.extend(missing.into_iter().map(|index| gap(index, columns, list)));
        }
        previous = here.map(|index| (index, row.cells.len()));
        all.push(row);
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
    told::of_entry(index, "it is missing");
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
        let indexes = |given: &[u64]| -> Vec<u64> {
            let rows = named(given.iter().copied().map(row).collect(), "/l");
            rows.iter().filter_map(index).collect()
        };
        assert_eq!(indexes(&[7, 6, 3, 2]), [7, 6, 5, 4, 3, 2]);
        assert_eq!(indexes(&[2, 4]), [2, 3, 4]);
        assert_eq!(indexes(&[]), [0; 0]);
        assert_eq!(indexes(&[100, 1]).len(), 2 + SHOWN_MAX);
        let rows = named(vec![row(2), row(0)], "/l");
        assert_eq!(rows[1].href.as_deref(), Some("/l/1"));
        assert_eq!(
            rows[1].cells[1],
            Cell::State("changed by hand: missing".to_owned())
        );
    }
}
