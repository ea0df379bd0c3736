//! An execution: what happened, and then when each of its steps did.

use evidence::Outcome;
use evidence::payload::DragMode;
use maud::{Markup, html};
use serde_json::Value;
use views::{
    Cell, ExecutionPart, ExecutionView, ExecutionWhole, StepView, Titled, TotalView, UsageView, count,
};

use crate::components::{Bar, badge, cell, details, duration, icon, part, repeats, timeline, tree};
use crate::look::Look;
use crate::pages::one::{OnePage, around};

/// An execution.
#[derive(Clone, Debug)]
pub struct ExecutionPage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// It, with its steps and what is within it.
    pub whole: ExecutionWhole,
    /// How many rows of the timeline are shown.
    pub shown: usize,
    /// Where all of them are shown.
    pub all: String,
    /// Approvals that it asked for: its verb, where it stands, its id.
    pub approvals: Vec<(String, String, String)>,
}

/// An execution.
pub fn execution(look: &Look, page: &ExecutionPage) -> Markup {
    let (whole, view) = (&page.whole, &page.whole.execution);
    let content = html! {
        (ended(look, whole))
        (part("run", "Its course", &course(&whole.steps)))
        (part("time", "Timeline", &times(look, page)))
        (part("usage", "Tokens and cost", &usage(whole)))
        (part("aim", "AIM and DRAG", &aim(look, view)))
        @if let Some(result) = &view.result { (part("result", "Result", &tree(&Value::Object(result.clone())))) }
        (part("facts", "All about it", &details(look, &facts(view))))
        (part("approvals", "Approvals", &approvals(look, &page.approvals)))
    };
    around(look, &page.one, &badge(view.status.as_str()), &content)
}

/// How it ended, and where it went wrong.
fn ended(look: &Look, whole: &ExecutionWhole) -> Markup {
    let view = &whole.execution;
    let end = view.finished_at.unwrap_or(look.now);
    let took = duration(end.micros() - view.started_at.micros());
    let bad = whole
        .steps
        .iter()
        .rev()
        .find(|step| step.outcome != Outcome::Success);
    html! {
        p.lead {
            (view.workflow) " for " (cell(look, &Cell::User(view.user), true)) " "
            @match (view.finished_at, view.status.as_str()) {
                (None, _) => { "has run for " (took) }
                (Some(_), "failed") => { "failed after " (took) }
                (Some(_), status) => { "was " (status) " after " (took) }
            }
            @if let Some(kind) = &view.error_type { ", with " code { (kind) } }
            @if let Some(error) = &view.error { ": " (error) }
        }
        @if let Some(step) = bad {
            p.banner data-tone="bad" {
                (icon("triangle-alert")) " "
                span {
                    "The last step that did not succeed is "
                    a href={ "/steps/" (step.id) } { (step.number) ", " (step.kind.as_str()) " " (step.name) }
                    @if let Some(kind) = &step.error_type { ": " code { (kind) } }
                }
            }
        }
    }
}

/// Which steps it took, one after the other; what comes again and again is said once.
fn course(steps: &[StepView]) -> Markup {
    let names: Vec<(&str, &str, bool)> = steps
        .iter()
        .map(|step| {
            (
                step.kind.as_str(),
                step.name.as_str(),
                step.outcome == Outcome::Success,
            )
        })
        .collect();
    html! {
        @if !steps.is_empty() {
            ol.course {
                @for (place, times) in repeats(&names) {
                    li data-times=[(times > 1).then_some(times)] {
                        @for (number, (kind, name, good)) in names[place].iter().enumerate() {
                            @if number > 0 { " → " }
                            span data-bad[!good] { (kind) " " (name) @if !good { " (did not succeed)" } }
                        }
                        @if times > 1 { strong { " × " (times) } }
                    }
                }
            }
        }
    }
}

fn times(look: &Look, page: &ExecutionPage) -> Markup {
    let whole = &page.whole;
    let mut bars = vec![of_execution(&whole.execution, 0)];
    add(&mut bars, &whole.steps, &whole.parts, 1);
    let all = bars.len();
    bars.truncate(page.shown);
    html! {
        (timeline(look, "Timeline", &bars))
        @if all > bars.len() { p { a href=(page.all) { "Show all " (all) " rows" } } }
        @if whole.more { p.quiet { "More is within it than is shown here: the list of executions has the rest." } }
    }
}

/// Steps and parts in the order in which they began, each part with what is within it.
fn add(bars: &mut Vec<Bar>, steps: &[StepView], parts: &[ExecutionPart], depth: usize) {
    enum One<'a> {
        Step(&'a StepView),
        Part(&'a ExecutionPart),
    }
    let steps = steps
        .iter()
        .map(|step| (step.started_at.unwrap_or(step.recorded_at), One::Step(step)));
    let parts = parts
        .iter()
        .map(|part| (part.execution.started_at, One::Part(part)));
    let mut all: Vec<_> = steps.chain(parts).collect();
    all.sort_by_key(|(at, _)| *at);
    for (_, one) in all {
        match one {
            One::Step(step) => bars.push(of_step(step, depth)),
            One::Part(part) => {
                bars.push(of_execution(&part.execution, depth));
                add(bars, &[], &part.parts, depth + 1);
            }
        }
    }
}

fn of_execution(view: &ExecutionView, depth: usize) -> Bar {
    let usage = view.usage.as_ref();
    Bar {
        depth,
        kind: "execution",
        name: view.workflow.clone(),
        href: format!("/executions/{}", view.id),
        from: Some(view.started_at),
        to: view.finished_at,
        open: view.finished_at.is_none(),
        state: view.status.as_str().to_owned(),
        usage: usage.map_or_else(String::new, |total| tokens(total.input, total.output)),
        cost: usage.map_or_else(String::new, |total| total.cost_usd.clone()),
        content: Vec::new(),
    }
}

fn of_step(step: &StepView, depth: usize) -> Bar {
    let UsageView { input, output, .. } = step.usage;
    let counted = input.is_some() || output.is_some();
    let usage = counted.then(|| tokens(input.unwrap_or(0), output.unwrap_or(0)));
    Bar {
        depth,
        kind: step.kind.as_str(),
        name: format!("{} {}", step.number, step.name),
        href: format!("/steps/{}", step.id),
        from: step.started_at,
        to: step.finished_at,
        open: false,
        state: step.outcome.as_str().to_owned(),
        usage: usage.unwrap_or_default(),
        cost: step.cost_usd.clone().unwrap_or_default(),
        content: vec![
            ("Arguments", step.input_commitment.as_ref().into()),
            ("Result", step.output_commitment.as_ref().into()),
            ("Approval", one("approvals", step.approval)),
        ],
    }
}

fn tokens(input: u64, output: u64) -> String {
    format!("{} + {}", count(input), count(output))
}

/// What it used in sum: by itself, and with what is within it.
fn usage(whole: &ExecutionWhole) -> Markup {
    let of = [
        ("Its own steps", &whole.execution.usage),
        ("With its parts", &whole.total),
    ];
    let cell = |total: &TotalView| {
        [
            total.input,
            total.output,
            total.cache_read,
            total.cache_write,
            total.reasoning,
        ]
        .map(count)
    };
    html! {
        @if of.iter().any(|(_, total)| total.is_some()) {
            div.scroll tabindex="0" role="region" aria-label="Tokens and cost, as a table" {
                table {
                    caption.hidden { "Tokens and cost" }
                    thead { tr {
                        th scope="col" { "of" }
                        @for title in ["read", "written", "from cache", "to cache", "reasoning", "US$"] { th scope="col" data-number { (title) } }
                    } }
                    tbody {
                        @for (words, total) in of.iter().filter_map(|(words, total)| Some((words, total.as_ref()?))) {
                            tr {
                                th scope="row" { span { (words) } }
                                @for number in cell(total) { td data-number { (number) } }
                                td data-number { (total.cost_usd) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn aim(look: &Look, view: &ExecutionView) -> Markup {
    let aim = view.aim.as_ref();
    let pairs: Vec<Titled> = vec![
        ("Actor", aim.and_then(|aim| aim.actor.as_ref()).into()),
        ("Mission", aim.and_then(|aim| aim.mission.as_ref()).into()),
        ("DRAG mode", view.drag_mode.map(DragMode::as_str).into()),
    ];
    let there = pairs.iter().any(|(_, cell)| *cell != Cell::Empty);
    html! {
        @if there { (details(look, &pairs)) }
        @if let Some(input) = aim.and_then(|aim| aim.input.as_ref()) { h3 { "Input" } (tree(&Value::Object(input.0.clone()))) }
    }
}

fn facts(view: &ExecutionView) -> Vec<Titled> {
    vec![
        ("Id", view.id.into()),
        ("Conversation", one("conversations", view.conversation)),
        ("Part of", one("executions", view.parent)),
        ("Trace", view.trace_id.as_ref().into()),
        ("Agent", view.agent.map_or(Cell::Empty, Cell::Agent)),
        ("Agent version", view.agent_version.as_ref().into()),
        ("Steps", count(view.step_count).into()),
        ("Lease until", view.lease_until.into()),
        ("Started by", Cell::By(view.created_by)),
        ("Started", view.started_at.into()),
        ("Ended", view.finished_at.into()),
    ]
}

fn one(key: &'static str, id: Option<impl ToString>) -> Cell {
    id.map_or(Cell::Empty, |id| Cell::One(key, id.to_string()))
}

fn approvals(look: &Look, approvals: &[(String, String, String)]) -> Markup {
    html! {
        @if !approvals.is_empty() {
            ul.found {
                @for (action, state, id) in approvals {
                    li { (cell(look, &Cell::One("approvals", id.clone()), true)) " " code { (action) } " " (badge(state)) }
                }
            }
        }
    }
}
