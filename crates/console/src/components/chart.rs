//! Bars, made by the server: in the colour of the text around them, with the same numbers for those who listen.

use maud::{Markup, html};

/// Height of the highest bar, and width of each, in units of the drawing.
const HEIGHT: u64 = 40;
const WIDTH: u64 = 10;

/// Bars of these numbers, each with what it is of.
pub fn bars(caption: &str, of: &str, values: &[(String, u64)]) -> Markup {
    let most = values.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
    let width = WIDTH * values.len() as u64;
    html! {
        figure.chart {
            figcaption { (caption) }
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
                @for (place, (label, value)) in values.iter().enumerate() {
                    // What is not nothing is seen.
                    @let height = (value * HEIGHT).div_ceil(most);
                    rect x=(place as u64 * WIDTH + 1) y=(HEIGHT - height) width=(WIDTH - 2) height=(height) fill="currentColor" {
                        title { (label) ": " (value) }
                    }
                }
            }
            table.hidden {
                caption { (caption) }
                thead { tr { th scope="col" { "when" } th scope="col" { (of) } } }
                tbody { @for (label, value) in values { tr { th scope="row" { (label) } td { (value) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_nothing_is_seen_and_nothing_is_higher_than_the_highest() {
        let values = [
            ("a".to_owned(), 0),
            ("b".to_owned(), 1),
            ("c".to_owned(), 1_000_000),
        ];
        let markup = bars("x", "y", &values).into_string();
        for (y, height) in [(40, 0), (39, 1), (0, 40)] {
            assert!(
                markup.contains(&format!("y=\"{y}\" width=\"8\" height=\"{height}\"")),
                "{markup}"
            );
        }
        assert!(bars("x", "y", &[]).into_string().contains("0 0 0 40"));
    }
}
