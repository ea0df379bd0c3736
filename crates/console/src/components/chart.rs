//! Bars, made by the server: in the colour of the text around them, with the same numbers for those who listen.

use maud::{Markup, html};
use views::Chart;

use super::cell::text;
use crate::look::Look;

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

/// Most bars of parts that are drawn; the table beside has the rest.
const STACKS_MAX: usize = 20;
/// Width of the longest bar of parts, and of a key, in units of the drawing.
const LONGEST: u64 = 1_000;
const KEY: u64 = 10;

/// Bars of parts that stand one after the other. Each sort of part has its own height, for those who see no colours; the
/// table beside has the same numbers, for those who listen.
pub fn stacks(look: &Look, chart: &Chart) -> Markup {
    let sum = |parts: &[u64]| parts.iter().sum::<u64>();
    let most = chart
        .bars
        .iter()
        .map(|(_, parts)| sum(parts))
        .max()
        .unwrap_or(0)
        .max(1);
    let part = |number: usize, x: u64, width: u64| {
        let less = (number as u64 * 2).min(6);
        html! { rect data-part=(number) x=(x) y=(less / 2) width=(width) height=(KEY - less) fill="currentColor" {} }
    };
    html! {
        @if chart.bars.iter().any(|(_, parts)| sum(parts) > 0) {
            figure.chart aria-hidden="true" {
                figcaption { (chart.caption) }
                p.key {
                    @for (number, words) in chart.parts.iter().enumerate() {
                        span { svg viewBox={ "0 0 " (KEY) " " (KEY) } { (part(number, 0, KEY)) } " " (words) }
                    }
                }
                div.stacks {
                    @for (name, parts) in chart.bars.iter().take(STACKS_MAX) {
                        span { (text(look, name)) }
                        svg viewBox={ "0 0 " (LONGEST) " " (KEY) } preserveAspectRatio="none" {
                            @for (number, (x, width)) in placed(parts, most).into_iter().enumerate() {
                                @if width > 0 { (part(number, x, width)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where each part begins, and how wide it is. What is not nothing is seen.
fn placed(parts: &[u64], most: u64) -> Vec<(u64, u64)> {
    let mut x = 0;
    let mut placed = Vec::with_capacity(parts.len());
    for value in parts {
        let width = (value * LONGEST).div_ceil(most);
        placed.push((x, width));
        x += width;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_one_after_the_other() {
        assert_eq!(placed(&[3, 0, 1], 4), [(0, 750), (750, 0), (750, 250)]);
        assert_eq!(placed(&[1], 1_000_000), [(0, 1)]);
    }

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
