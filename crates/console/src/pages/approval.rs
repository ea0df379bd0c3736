//! An approval: exactly what is asked for, who asks, who has voted, and what came of it.

use evidence::json::canonical;
use maud::{Markup, html};
use serde_json::{Map, Value};
use views::{ApprovalView, Cell, Titled, VoteView};

use crate::components::{Field, Input, badge, cell, details, field, icon, part, text, tree};
use crate::look::Look;
use crate::pages::one::{OnePage, around};

/// An approval.
#[derive(Clone, Debug)]
pub struct ApprovalPage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// It.
    pub view: ApprovalView,
    /// Where a vote is sent, if the reader may vote on it.
    pub vote: Option<String>,
    /// Why the reader may not, where somebody still may.
    pub hindrance: Option<String>,
    /// Where what proves it is, for who may have it.
    pub evidence: Option<String>,
}

/// An approval.
pub fn approval(look: &Look, page: &ApprovalPage) -> Markup {
    let view = &page.view;
    let content = html! {
        p.lead {
            (cell(look, &Cell::By(view.requested_by), true)) " asks for " code { (view.action) }
            @if let Some(agent) = view.agent { ", by the agent " (cell(look, &Cell::Agent(agent), true)) }
            @if let Some(reason) = &view.reason { ": " (reason) }
        }
        (vote(page))
        (part("asked", "What is asked for", &asked(look, view)))
        (part("who", "Who asks, and by which rule", &details(look, &who(page))))
        (part("votes", "Votes", &votes(look, view)))
        (part("outcome", "What came of it", &outcome(look, view)))
        @if let Some(evidence) = &page.evidence {
            section aria-labelledby="evidence" {
                h2 id="evidence" { "Evidence" }
                p {
                    "One file with the request, the votes, its use and the policies, each with its proof. "
                    code { "probity-verify bundle FILE --key KEY" } " checks it without this server."
                }
                p { a href=(evidence) download={ "approval-" (view.id) ".bundle.jsonl" } { (icon("download")) " Evidence" } }
            }
        }
    };
    around(look, &page.one, &badge(view.status.as_str()), &content)
}

/// Where one votes, or why one does not.
fn vote(page: &ApprovalPage) -> Markup {
    let reason = |words: &str| Field::new("reason", words, Input::Line);
    html! {
        @if let Some(action) = &page.vote {
            section.vote aria-labelledby="vote" {
                h2 id="vote" { "Your vote" }
                p.quiet { "A vote names you and your session, and is an entry. One against it rejects it. It can be changed while the approval is pending." }
                div {
                    form method="post" action=(action) {
                        input type="hidden" name="approve" value="true";
                        (field(&reason("Why, if you like to say it"), "for-"))
                        div.buttons { button type="submit" { (icon("circle-check")) " Approve" } }
                    }
                    form method="post" action=(action) {
                        input type="hidden" name="approve" value="false";
                        (field(&reason("Why not").required(), "against-"))
                        div.buttons { button type="submit" data-danger { (icon("x")) " Reject" } }
                    }
                }
            }
        }
        @if let Some(why) = &page.hindrance { p.banner data-tone="warn" { (icon("triangle-alert")) " You cannot vote: " (why) "." } }
    }
}

/// Exactly what is asked for: as people read it, as it is bound, and the digest that binds it.
fn asked(look: &Look, view: &ApprovalView) -> Markup {
    let bound = |members: &Map<String, Value>| canonical(&Value::Object(members.clone()));
    html! {
        (details(look, &view.about()))
        @match (&view.shown, &view.arguments) {
            (Some(Value::Object(shown)), _) => { (members("As people read it", shown)) }
            (_, Some(arguments)) => { (members("Arguments", arguments)) }
            // Its salt goes with them.
            _ if view.salt.is_none() => { p.quiet { "The arguments are erased with the user who asked." } }
            _ => { p.wrong { "The arguments do not read: somebody changed them by hand." } }
        }
        @if let Some(arguments) = &view.arguments {
            @let words = bound(arguments);
            details { summary { "As canonical text" } pre tabindex="0" data-copy=(words) { (words) } }
        }
        dl.details {
            div { dt { "Digest" } dd { code data-copy=(view.digest) { (view.digest) } } }
            @if let Some(salt) = &view.salt { div { dt { "Salt" } dd { code data-copy=(salt) { (salt) } } } }
        }
        p.quiet { "The digest is SHA-256 of the salt's bytes and the canonical text. What is carried out must have the same." }
    }
}

/// The members of an object, each on a row.
fn members(caption: &str, object: &Map<String, Value>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.pairs {
                caption.hidden { (caption) }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Value" } } }
                tbody { @for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) { tr { th scope="row" { (name) } td { (tree(value)) } } } }
            }
        }
    }
}

fn who(page: &ApprovalPage) -> Vec<Titled> {
    let view = &page.view;
    let first = page.one.told.first();
    let mut pairs: Vec<Titled> = vec![
        ("Asked by", Cell::By(view.requested_by)),
        ("Through", first.map(|told| &told.recorder).into()),
        ("Agent", view.agent.map_or(Cell::Empty, Cell::Agent)),
        (
            "Execution",
            view.execution
                .map_or(Cell::Empty, |id| Cell::One("executions", id.to_string())),
        ),
        ("Asked", view.requested_at.into()),
        ("Expires", view.expires_at.into()),
        ("Votes needed", view.quorum.into()),
    ];
    if let Some(policy) = &view.policy {
        let rule = policy
            .rule
            .as_deref()
            .unwrap_or("no policy is about it, so that people vote");
        pairs.push(("Policy", rule.into()));
        pairs.push(("Verdict", policy.verdict.as_str().into()));
        let owner = if policy.owner_may_vote { "yes" } else { "no" };
        pairs.push(("Its owner may vote", owner.into()));
        pairs.push(("Digest of the policies", (&policy.digest).into()));
    }
    pairs
}

fn votes(look: &Look, view: &ApprovalView) -> Markup {
    let way = |vote: &VoteView| if vote.approve { "approved" } else { "rejected" };
    let factor = |vote: &VoteView| match vote.second_factor {
        Some(true) => "with a second factor",
        Some(false) => "without a second factor",
        None => "",
    };
    html! {
        p { (view.votes_for) " of " (view.quorum) " needed have voted for it." }
        @for vote in &view.votes {
            div.of-one {
                p {
                    strong { (cell(look, &Cell::User(vote.user), true)) } " " (badge(way(vote))) " "
                    (text(look, &Cell::Second(vote.voted_at))) " " span.quiet { (factor(vote)) }
                }
                @if let Some(reason) = &vote.reason { p { (reason) } }
                @if let Some(suggested) = &vote.suggested_arguments {
                    p.quiet { "Suggests to ask for instead, which grants nothing:" }
                    (tree(&Value::Object(suggested.clone())))
                }
            }
        }
    }
}

fn outcome(look: &Look, view: &ApprovalView) -> Markup {
    let reported = view.outcome.as_ref();
    let state = match (reported, view.unreported) {
        (Some(outcome), _) => Cell::State(outcome.outcome.as_str().to_owned()),
        (None, true) => Cell::State("unreported".to_owned()),
        (None, false) => Cell::Empty,
    };
    let pairs: Vec<Titled> = vec![
        ("Decided", view.decided_at.into()),
        ("Used", view.used_at.into()),
        ("Outcome", state),
        ("Reported", reported.map(|outcome| outcome.at).into()),
    ];
    html! {
        @if view.decided_at.is_some() || view.used_at.is_some() { (details(look, &pairs)) }
        @if let Some(result) = reported.and_then(|outcome| outcome.result.as_ref()) { (tree(&Value::Object(result.clone()))) }
    }
}
