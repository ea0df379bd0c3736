//! What happened one within the other, as bars over a clock.

use evidence::Timestamp;
use maud::{Markup, html};
use views::{Cell, Titled};

use super::badge::badge;
use super::details::details;
use super::time::duration;
use crate::look::Look;

/// Something that took time.
#[derive(Clone, Debug)]
pub struct Bar {
    /// How deep it is within others.
    pub depth: usize,
    /// What sort: `model`, `tool`, `execution`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// Its page.
    pub href: String,
    /// When it began, where that is known.
    pub from: Option<Timestamp>,
    /// When it ended; none while it goes on, or where nobody said.
    pub to: Option<Timestamp>,
    /// Whether it goes on.
    pub open: bool,
    /// How it stands.
    pub state: String,
    /// Tokens, in words.
    pub usage: String,
    /// What it cost, in US dollars.
    pub cost: String,
    /// What is known of what went in and came out.
    pub content: Vec<Titled>,
}

/// Width of the drawing, and the least width of a bar, in its units.
const WIDTH: i64 = 1_000;
const WIDTH_MIN: i64 = 6;
/// Deepest nesting that is shown by place.
const DEPTH_MAX: usize = 8;

/// Bars, each in its row, over one clock. What the bars show stands beside them in words.
pub fn timeline(look: &Look, caption: &str, bars: &[Bar]) -> Markup {
    let begin = bars.iter().filter_map(|bar| bar.from).min();
    let ends = bars.iter().filter_map(|bar| bar.end(look.now));
    let span = begin.zip(ends.max()).map(|(from, to)| (from, to.max(from)));
    html! {
        div.scroll tabindex="0" role="region" aria-label={ (caption) ", as a table" } {
            table.timeline {
                caption.hidden { (caption) }
                thead {
                    tr {
                        th scope="col" { "what" }
                        th scope="col" { "kind" }
                        th scope="col" data-number { "begins" }
                        th scope="col" data-number { "takes" }
                        th scope="col" { (clock(look, span)) }
                        th scope="col" data-number { "tokens" }
                        th scope="col" data-number { "US$" }
                        th scope="col" { "outcome" }
                        th scope="col" { "content" }
                    }
                }
                tbody { @for bar in bars { (row(look, span, bar)) } }
            }
        }
    }
}

/// The axis: where the clock stands at its begin, in the middle and at its end.
fn clock(look: &Look, span: Option<(Timestamp, Timestamp)>) -> Markup {
    html! {
        @if let Some((from, to)) = span {
            span.axis {
                span { (look.zone.clock(from)) }
                span { "+" (duration((to.micros() - from.micros()) / 2)) }
                span { (look.zone.clock(to)) }
            }
        } @else { span.hidden { "bar" } }
    }
}

impl Bar {
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let now = Some(now).filter(|_| self.open);
        self.to.or(now).or(self.from)
    }
}

fn row(look: &Look, span: Option<(Timestamp, Timestamp)>, bar: &Bar) -> Markup {
    let end = bar.end(look.now);
    let begins = span
        .zip(bar.from)
        .map(|((begin, _), from)| from.micros() - begin.micros());
    let takes = bar.from.zip(end).map(|(from, end)| end.micros() - from.micros());
    let known = bar.to.is_some() || bar.open;
    html! {
        tr data-href=(bar.href) {
            th scope="row" data-depth=(bar.depth.min(DEPTH_MAX)) { a href=(bar.href) { (bar.name) } }
            td { (shape(bar.kind)) " " (bar.kind) }
            td data-number { @if let Some(begins) = begins { "+" (duration(begins)) } @else { "–" } }
            td data-number { @if let Some(takes) = takes.filter(|_| known) { (duration(takes)) @if bar.open { " so far" } } @else { "–" } }
            td.track { (drawn(span, bar, end)) }
            td data-number { (bar.usage) }
            td data-number { (bar.cost) }
            td { (badge(&bar.state)) }
            td { @if bar.content.iter().any(|(_, cell)| *cell != Cell::Empty) { details { summary { "Digests" } (details(look, &bar.content)) } } }
        }
    }
}

fn drawn(span: Option<(Timestamp, Timestamp)>, bar: &Bar, end: Option<Timestamp>) -> Markup {
    let Some((((begin, last), from), end)) = span.zip(bar.from).zip(end) else {
        return html! {};
    };
    let whole = (last.micros() - begin.micros()).max(1);
    let at = |time: Timestamp| {
        let part = i128::from(time.micros() - begin.micros()) * i128::from(WIDTH) / i128::from(whole);
        i64::try_from(part).unwrap_or(0).clamp(0, WIDTH)
    };
    let x = at(from).min(WIDTH - WIDTH_MIN);
    let width = (at(end) - x).max(WIDTH_MIN);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" data-state=(bar.state) {
            rect x=(x) y="1" width=(width) height="8" fill="currentColor" fill-opacity=[bar.open.then_some("0.5")] {}
        }
    }
}

/// A shape for each sort, for those who see no colours.
fn shape(kind: &str) -> Markup {
    let drawing = match kind {
        "model" => html! { circle cx="6" cy="6" r="5" {} },
        "tool" => html! { rect x="1" y="1" width="10" height="10" {} },
        "retrieval" => html! { path d="M6 1l5 10H1z" {} },
        "agent" => html! { path d="M6 0l6 6-6 6-6-6z" {} },
        "plan" => html! { path d="M1 3h10v2H1zM1 7h10v2H1z" {} },
        "execution" => html! { path d="M1 1h4v10H1zM7 1h4v10H7z" {} },
        _ => html! { circle cx="6" cy="6" r="2" {} },
    };
    html! { svg.shape viewBox="0 0 12 12" aria-hidden="true" fill="currentColor" { (drawing) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;
    use views::Names;

    fn bar(from: &str, to: Option<&str>) -> Bar {
        Bar {
            depth: 20,
            kind: "tool",
            name: "<b>".to_owned(),
            href: "/steps/1".to_owned(),
            from: from.parse().ok(),
            to: to.and_then(|to| to.parse().ok()),
            open: to.is_none(),
            state: "success".to_owned(),
            usage: String::new(),
            cost: String::new(),
            content: Vec::new(),
        }
    }

    #[test]
    fn bars_stay_within_the_clock_and_are_never_too_small() {
        let look = Look {
            zone: Zone::utc(),
            now: Timestamp::EPOCH.plus_seconds(1_000),
            names: Names::default(),
            paths: Vec::new(),
        };
        let at = |seconds: i64| Timestamp::EPOCH.plus_seconds(seconds).to_string();
        let bars = [
            bar(&at(0), Some(&at(500))),
            bar(&at(1_000), Some(&at(1_000))),
            bar(&at(250), None),
        ];
        let page = timeline(&look, "x", &bars).into_string();
        for rect in [
            r#"x="0" y="1" width="500""#,
            r#"x="994" y="1" width="6""#,
            r#"x="250" y="1" width="750""#,
        ] {
            assert!(page.contains(rect), "{rect}: {page}");
        }
        assert!(
            page.contains("12 min 30 s so far") && page.contains("data-depth=\"8\""),
            "{page}"
        );
        assert!(!page.contains("<b>"), "{page}");
        // Nothing that has a time, and nothing at all.
        let timeless = Bar {
            from: None,
            to: None,
            open: false,
            ..bars[0].clone()
        };
        assert!(
            !timeline(&look, "x", &[timeless])
                .into_string()
                .contains("<rect x=\"0\" y=\"1\"")
        );
        timeline(&look, "x", &[]);
    }
}
