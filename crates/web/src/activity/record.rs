//! `POST /v1/activity`

use domain::Act;
use domain::audit::activity::{NewActivity, activity_field};
use domain::audit::record_events::RecordEvents;

use crate::audit::append::{AGAIN, ONE, RecordedBody, answer_one, record};
use crate::body;
use crate::call::{Answer, Call};
use crate::openapi::{Content, Doc, Reply, Shape};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "record_activity",
    tag: "activity",
    summary: "Record an activity",
    description: "An entry of the audit log in the words of the feed: `type` becomes its action, `user` its actor, \
                  `entity` its target. An own id works as for events.",
    body: Some(Content {
        schema: Shape::of::<NewActivity>(),
        examples: &[
            (
                "by a user",
                r#"{"type":"order.update","description":"Changed the delivery address","user":"user-000042","entity_kind":"order","entity":"A-1001","details":{"channel":"web"}}"#,
            ),
            (
                "by nobody",
                r#"{"type":"backup.finish","description":"The nightly backup is done"}"#,
            ),
        ],
        ..Content::json("", &[])
    }),
    replies: &[
        Reply {
            headers: &[("Location", "Where the entry is.")],
            ..Reply::new("201", "Recorded.", &[Content::named::<RecordedBody>(ONE)])
        },
        Reply::new(
            "200",
            "It had been recorded before.",
            &[Content::named::<RecordedBody>(AGAIN)],
        ),
    ],
    refusals: RecordEvents::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let bytes = call.body().await?;
    let activity: NewActivity = body::object(&bytes)?;
    let event = activity.into_event()?;
    let recorded = record(&call.app, call.caller()?, call.origin(), vec![event], false).await;
    let recorded = recorded.map_err(in_its_words)?;
    recorded
        .first()
        .map(answer_one)
        .ok_or_else(|| Problem::internal(&"an activity was recorded without an entry"))
}

/// What is wrong with the event, said of the activity.
fn in_its_words(mut problem: Problem) -> Problem {
    if let Some(event_field) = problem.field.take() {
        let field = activity_field(&event_field).to_owned();
        if let Some(rest) = problem.detail.strip_prefix(&event_field) {
            problem.detail = format!("{field}{rest}");
        }
        problem.field = Some(field);
    }
    problem
}
