//! Tables: dense rows, each of which leads to what it shows.

use maud::{Markup, html};
use views::{Cell, Column, Elide};

use super::cell::{cell, text};
use crate::look::Look;

/// A row: where it leads, and its cells.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it leads.
    pub href: Option<String>,
    /// What stands in it.
    pub cells: Vec<Cell>,
}

/// A table. The first cell is the row's link and fills its cell; the zone of times stands in the head.
pub fn table(look: &Look, caption: &str, columns: &[Column], rows: &[Row]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.hidden { (caption) }
                thead {
                    tr {
                        @for column in columns { th scope="col" data-number[column.number] { (title(look, column)) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr data-href=[row.href.as_deref()] {
                            @for (place, (column, value)) in columns.iter().zip(&row.cells).enumerate() {
                                (one(look, column, value, row.href.as_deref().filter(|_| place == 0)))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A column's title: `at (UTC)` names the reader's zone.
fn title(look: &Look, column: &Column) -> String {
    column.title.replace("(UTC)", &format!("({})", look.zone.name()))
}

fn one(look: &Look, column: &Column, value: &Cell, href: Option<&str>) -> Markup {
    let elided = column.elide != Elide::Never && matches!(value, Cell::Text(_) | Cell::Sentence(_));
    let title = elided
        .then(|| text(look, value))
        .filter(|text| text.chars().count() > 24);
    html! {
        @if let Some(href) = href {
            // A row is headed by what it leads to.
            th scope="row" data-number[column.number] data-elide[elided] title=[title] { a href=(href) { (plain(look, value)) } }
        } @else {
            td data-number[column.number] data-elide[elided] title=[title] { (cell(look, value, true)) }
        }
    }
}

/// A cell without a link of its own, and never without a text.
fn plain(look: &Look, value: &Cell) -> Markup {
    let without = Look {
        paths: Vec::new(),
        ..look.clone()
    };
    html! { @if *value == Cell::Empty { "–" } @else { (cell(&without, value, true)) } }
}
