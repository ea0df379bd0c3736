//! Tables that fit the terminal.

use console::{Alignment, measure_text_width, pad_str};

use crate::plain::plain;

pub use views::{Column, Elide, column, number};

const GAP: usize = 2;
/// A column is not cut below this many characters.
const WIDTH_MIN: usize = 6;

/// How many characters a line may have: the terminal's width, `COLUMNS`, or 80.
pub fn width() -> usize {
    let terminal = console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| usize::from(columns));
    let variable = || {
        std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
    };
    terminal.or_else(variable).unwrap_or(80).clamp(40, 400)
}

/// The lines of a table, its titles first, none longer than `width` where the columns that may be cut allow it.
pub fn lines(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let widths = fitting(columns, longest(columns, &rows), width);
    let titles = columns.iter().map(|column| column.title.to_uppercase()).collect();
    std::iter::once(&titles)
        .chain(&rows)
        .map(|row| row_line(columns, row, &widths))
        .collect()
}

fn row_line(columns: &[Column], row: &[String], widths: &[Option<usize>]) -> String {
    let mut line = String::new();
    for ((cell, column), width) in row.iter().zip(columns).zip(widths) {
        let Some(width) = width else { continue };
        if !line.is_empty() {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = cut(cell, *width, column.elide);
        let alignment = if column.number {
            Alignment::Right
        } else {
            Alignment::Left
        };
        line.push_str(&pad_str(&cell, *width, alignment, None));
    }
    line.truncate(line.trim_end().len());
    line
}

/// The width of the longest text of each column.
fn longest(columns: &[Column], rows: &[Vec<String>]) -> Vec<usize> {
    columns
        .iter()
        .enumerate()
        .map(|(position, column)| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(position))
                .map(|cell| measure_text_width(cell));
            cells.chain([column.title.len()]).max().unwrap_or(0)
        })
        .collect()
}

/// The width that each column gets, none where it is left out.
fn fitting(columns: &[Column], longest: Vec<usize>, width: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<_> = longest.into_iter().map(Some).collect();
    let too_wide = |widths: &[Option<usize>]| {
        let shown = widths.iter().flatten();
        shown.map(|width| width + GAP).sum::<usize>() > width + GAP
    };
    // Spare columns go first, the last one before the others.
    for position in (0..widths.len()).rev() {
        if columns[position].spare && too_wide(&widths) {
            widths[position] = None;
        }
    }
    // The widest column that may be cut, by its weight, gives up one character at a time.
    while too_wide(&widths) {
        let cut = widths.iter_mut().zip(columns).filter_map(|(width, column)| {
            let width = width.as_mut()?;
            (column.elide != Elide::Never && *width > WIDTH_MIN).then_some((width, column.weight))
        });
        let Some((widest, _)) = cut.max_by_key(|(width, weight)| **width * 100 / weight) else {
            break;
        };
        *widest -= 1;
    }
    widths
}

fn cut(text: &str, width: usize, elide: Elide) -> String {
    if elide == Elide::Never || measure_text_width(text) <= width {
        return text.to_owned();
    }
    if elide == Elide::End || (elide == Elide::Name && !text.contains(['/', ':'])) {
        return console::truncate_str(text, width, "…").into_owned();
    }
    let mut kept = String::new();
    for c in text.chars().rev() {
        let longer = format!("{c}{kept}");
        if measure_text_width(&longer) + 1 > width {
            break;
        }
        kept = longer;
    }
    format!("…{kept}")
}

/// Names and values, one pair a line, values that are long broken at spaces and indented.
pub fn pairs(pairs: &[(&str, String)], width: usize) -> Vec<String> {
    let name_width = pairs
        .iter()
        .map(|(name, _)| measure_text_width(name))
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for (name, value) in pairs {
        let room = width.saturating_sub(name_width + GAP).max(20);
        let parts = value.split('\n').flat_map(|part| {
            let part = part.trim_end_matches('\r').replace('\t', "    ");
            wrap(&plain(&part), room)
        });
        for (position, part) in parts.enumerate() {
            let name = if position == 0 { name } else { "" };
            let line = format!("{}  {part}", pad_str(name, name_width, Alignment::Left, None));
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// A text in lines of the terminal's width, safe to look at.
pub fn paragraph(text: &str) -> String {
    broken(text, width())
}

/// The same in lines of so many characters.
pub fn broken(text: &str, width: usize) -> String {
    let lines = text.lines().flat_map(|line| wrap(&plain(line), width));
    let lines: Vec<_> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Breaks a text at spaces. What begins with spaces goes on two further in, so that indented JSON stays readable. A command
/// at its end, to be copied, stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let further = if indent > 0 {
        " ".repeat(indent + 2)
    } else {
        String::new()
    };
    let mut lines = Vec::new();
    let mut line = text[..indent].to_owned();
    let mut empty = true;
    // JSON may be cut anywhere; keys, links and commands stay whole, to be copied.
    let json = indent > 0 || text.starts_with('"');
    let (prose, command) = text[indent..].split_at(command(&text[indent..]));
    let command = Some(command).filter(|command| !command.is_empty());
    for word in prose.split_inclusive(' ').chain(command) {
        if !empty && measure_text_width(&line) + measure_text_width(word.trim_end()) > width {
            lines.push(std::mem::replace(&mut line, further.clone()));
        }
        let mut word = word;
        while json && measure_text_width(&line) + measure_text_width(word.trim_end()) > width {
            let room = width.saturating_sub(measure_text_width(&line)).max(1);
            let (first, rest) = word.split_at(end_within(word, room));
            line.push_str(first);
            lines.push(std::mem::replace(&mut line, further.clone()));
            word = rest;
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// Where so many columns of a text end, after one character at least.
fn end_within(text: &str, width: usize) -> usize {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += measure_text_width(c.encode_utf8(&mut [0; 4]));
        used <= width
    };
    let last = text.char_indices().take_while(fits).last();
    let (start, c) = last.or_else(|| text.char_indices().next()).unwrap_or_default();
    start + c.len_utf8()
}

/// Where the command begins that a text ends with: after a colon, or at once. The end where there is none.
fn command(text: &str) -> usize {
    const NAME: &str = "probity ";
    if text.starts_with(NAME) {
        return 0;
    }
    let colon = text.find(": probity ");
    colon.map_or(text.len(), |colon| colon + ": ".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way() {
        let columns = [
            number("index"),
            column("action", Elide::Start),
            column("actor", Elide::End),
        ];
        let rows = vec![
            vec![
                "7".into(),
                "s3.amazonaws.com:GetBucketLogging".into(),
                "benjamin".into(),
            ],
            vec!["4711".into(), "user.login".into(), "a\u{1b}b".into()],
        ];
        let lines = lines(&columns, &rows, 40);
        assert_eq!(
            lines,
            [
                "INDEX  ACTION                   ACTOR",
                "    7  …s.com:GetBucketLogging  benjamin",
                " 4711  user.login               a\\u{1b}b",
            ]
        );
        assert!(lines.iter().all(|line| measure_text_width(line) <= 40));
    }

    #[test]
    fn spare_columns_are_shown_where_there_is_room() {
        let columns = [
            column("id", Elide::Never),
            column("action", Elide::Start),
            column("at", Elide::Never).spare(),
            column("by", Elide::Never).spare(),
        ];
        let row: Vec<String> = ["0123456789", "user.login", "08:30", "ann"]
            .map(str::to_owned)
            .into();
        let last = |width| lines(&columns, std::slice::from_ref(&row), width).pop().unwrap();
        assert_eq!(last(34), "0123456789  user.login  08:30  ann");
        assert_eq!(last(33), "0123456789  user.login  08:30");
        assert_eq!(last(28), "0123456789  user.login");
        assert_eq!(last(20), "0123456789  …r.login");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("世界世界", 5, Elide::End), "世界…");
        assert_eq!(cut("世界世界", 5, Elide::Start), "…世界");
    }

    #[test]
    fn long_values_are_wrapped() {
        let lines = pairs(
            &[
                ("a", "x".into()),
                ("reason", "one two three four five six".into()),
            ],
            28,
        );
        assert_eq!(
            lines,
            ["a       x", "reason  one two three four", "        five six"]
        );
        let text = "see it there: probity audit list --target user:ann";
        let command = "probity audit list --target user:ann";
        assert_eq!(wrap(text, 30), ["see it there: ", command]);
        assert_eq!(wrap(command, 20), [command]);
        // What has no space is cut, and no character is lost.
        assert_eq!(
            wrap("  a 0123456789abcdef", 10),
            ["  a ", "    012345", "    6789ab", "    cdef"]
        );
        assert_eq!(wrap("世界世界世", 5), ["世界世界世"]);
        assert_eq!(end_within("世界世界世", 5), "世界".len());
        let trace = pairs(&[("error", "at a\r\n\tat b".into())], 40);
        assert_eq!(trace, ["error  at a", "           at b"]);
    }
}
