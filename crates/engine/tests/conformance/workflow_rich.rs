//! A part of a rich log: conversations and executions, with every column filled in some row.

use domain::approval::RequestApproval;
use domain::identity::{Role, Scope};
use domain::workflow::conversation::{CreateConversation, EndConversation};
use domain::workflow::execution::{
    Complete, Execution, Fail, FinishExecution, LEASE_S_USUAL, Said, StartExecution, Told,
};
use domain::workflow::metric::{NewMetric, Number, RecordMetrics};
use domain::workflow::step::{Content, Cost, NewStep, RecordSteps, StepKind, Usage};
use domain::workflow::trace::{ObserveTrace, Span};
use domain::{Caller, Command, Origin, Reply};
use engine::{Engine, Observed};
use evidence::leaf::Outcome;
use evidence::payload::DragMode;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::agents::{agent_key, create_agent};
use crate::custody_desk::{done, user_id};
use crate::support::{create_user, operator};

/// A conversation of a user.
pub fn conversation(user: Uuid, thread: &str) -> CreateConversation {
    CreateConversation {
        id: None,
        user,
        thread: thread.to_owned(),
        title: Some("a title".to_owned()),
        context: Some(r#"{"a":1}"#.to_owned()),
    }
}

/// Writes it all.
pub async fn rich_workflows(engine: &Engine) {
    let (eva, bob) = (user_id(engine, "eva").await, user_id(engine, "bob").await);
    let own = crate::people::session_of(engine, eva).await;
    let begun = |user, thread: &str| Command::from(conversation(user, thread));
    done(engine, &operator(), begun(bob, "t-1")).await;
    let Reply::Conversation { conversation, .. } = done(engine, &own, begun(eva, "t-1")).await else {
        panic!("no conversation");
    };
    let end = EndConversation {
        conversation: conversation.id,
    };
    done(engine, &own, end.into()).await;
    done(engine, &own, begun(eva, "t-2")).await;
    executions(engine, eva).await;
    // One whose user is erased, with what it held.
    create_user(engine, "kim", Role::USER).await.unwrap();
    let kim = user_id(engine, "kim").await;
    done(engine, &operator(), begun(kim, "t-1")).await;
    let of_kim = started(engine, &operator(), start(kim)).await.id;
    recorded(engine, &operator(), of_kim, new_steps()).await;
    engine
        .erase_user(&operator(), Origin::default(), kim, "asked to")
        .await
        .unwrap();
}

/// A trace of which OpenTelemetry told.
pub async fn rich_traces(engine: &Engine) {
    let eva = user_id(engine, "eva").await;
    let at = Timestamp::from_micros(1_790_000_000_000_000).unwrap();
    let mut step = new_steps().remove(1);
    step.id = Some(Uuid::from_u128(0x0197));
    let span = Span {
        step: Some(step),
        started_at: at,
        told: Told {
            user: Some(Said {
                by: "0".to_owned(),
                is: "u-7".to_owned(),
            }),
            ..Told::default()
        },
        thread: None,
        workflow: "triage".to_owned(),
        drag_mode: None,
        scores: Vec::new(),
    };
    let command = ObserveTrace {
        execution: Uuid::from_u128(0x0198),
        user: eva,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        renewed: None,
        lease_s: LEASE_S_USUAL,
        spans: vec![span],
    };
    // The root of another, of which no step has come.
    let mut root = command.spans[0].clone();
    root.step = None;
    let other = otlp::Trace {
        execution: Uuid::from_u128(0x0199),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4737".to_owned(),
        spans: vec![root],
        ids: vec!["00f067aa0ba902b7".to_owned()],
    };
    done(engine, &operator(), command.into()).await;
    let (caller, origin) = (operator(), Origin::default());
    let kept = engine.observe(&caller, &origin, eva, LEASE_S_USUAL, vec![other]);
    assert_eq!(kept.await.unwrap(), Observed::default());
}

/// A metric of nothing in particular.
pub fn metric(name: &str, value: f64) -> NewMetric {
    NewMetric {
        id: None,
        name: name.to_owned(),
        value: Number::new(value).unwrap(),
        unit: None,
        at: None,
        workflow: None,
        drag_mode: None,
        execution: None,
    }
}

/// An execution for a user.
pub fn start(user: Uuid) -> StartExecution {
    StartExecution {
        id: None,
        workflow: "triage".to_owned(),
        user,
        agent: None,
        conversation: None,
        parent: None,
        trace_id: None,
        drag_mode: None,
        actor: None,
        input: None,
        mission: None,
        lease_s: LEASE_S_USUAL,
    }
}

/// Starts it.
pub async fn started(engine: &Engine, caller: &Caller, command: StartExecution) -> Execution {
    match done(engine, caller, command.into()).await {
        Reply::Execution { execution, .. } => *execution,
        other => panic!("{other:?}"),
    }
}

/// Ends it.
pub async fn ended<F>(engine: &Engine, execution: Uuid, finish: F)
where
    Command: From<FinishExecution<F>>,
{
    let command = FinishExecution {
        execution,
        renewed: engine.renewed(execution).await.unwrap(),
        finish,
    };
    done(engine, &operator(), command.into()).await;
}

/// A step with all that it can have, and one with nothing but a name.
pub fn new_steps() -> Vec<NewStep> {
    let text = |text: &str| Some(text.to_owned());
    let content = |text: &str| Some(Content::of(&serde_json::json!({ "text": text })));
    let plain = NewStep {
        id: None,
        kind: StepKind::Tool,
        name: "search".to_owned(),
        provider: None,
        request_model: None,
        response_model: None,
        finish_reasons: Vec::new(),
        call_id: None,
        started_at: None,
        finished_at: None,
        outcome: Outcome::Success,
        error_type: None,
        usage: Usage::default(),
        cost: None,
        approval: None,
        input: None,
        output: None,
    };
    let whole = NewStep {
        kind: StepKind::Model,
        provider: text("p"),
        request_model: text("m"),
        response_model: text("m-1"),
        finish_reasons: vec!["stop".to_owned(), "length".to_owned()],
        call_id: text("call-1"),
        started_at: Some(Timestamp::EPOCH),
        finished_at: Some(Timestamp::EPOCH),
        outcome: Outcome::Failed,
        error_type: text("timeout"),
        usage: Usage {
            input: Some(5),
            output: Some(4),
            cache_read: Some(3),
            cache_write: Some(2),
            reasoning: Some(1),
        },
        cost: Cost::parse("0.25").ok(),
        input: content("in"),
        output: content("out"),
        ..plain.clone()
    };
    vec![whole, plain]
}

/// Records them; their ids.
pub async fn recorded(engine: &Engine, caller: &Caller, execution: Uuid, steps: Vec<NewStep>) -> Vec<Uuid> {
    let renewed = engine.renewed(execution).await.unwrap();
    let command = RecordSteps {
        execution,
        renewed,
        steps,
        next: None,
    };
    match done(engine, caller, command.into()).await {
        Reply::Steps { steps, .. } => steps.into_iter().map(|step| step.id).collect(),
        other => panic!("{other:?}"),
    }
}

async fn steps(engine: &Engine, caller: &Caller, execution: Uuid) {
    let ask = RequestApproval {
        id: None,
        action: "model.ask".to_owned(),
        arguments: "{}".to_owned(),
        reason: None,
        quorum: Some(1),
        expires_at: None,
        execution: Some((execution, None)),
    };
    let Reply::Approval { approval, .. } = done(engine, &operator(), ask.into()).await else {
        panic!("no approval");
    };
    let mut steps = new_steps();
    steps[0].approval = Some(approval.id);
    recorded(engine, &operator(), execution, steps).await;
    recorded(engine, caller, execution, new_steps()).await;
}

/// One in another, in a conversation, with all that they can have; one that failed, and one that runs.
async fn executions(engine: &Engine, user: Uuid) {
    let own = crate::people::session_of(engine, user).await;
    let Reply::Conversation { conversation, .. } = done(engine, &own, conversation(user, "t-3").into()).await
    else {
        panic!("no conversation");
    };
    let whole = StartExecution {
        conversation: Some(conversation.id),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        drag_mode: Some(DragMode::Analysis),
        actor: Some("bot".to_owned()),
        input: Some(r#"{"a":1}"#.to_owned()),
        mission: Some("find out".to_owned()),
        ..start(user)
    };
    let whole = started(engine, &own, whole).await;
    steps(engine, &own, whole.id).await;
    let part = StartExecution {
        parent: Some(whole.id),
        ..start(user)
    };
    let part = started(engine, &operator(), part).await;
    let fail = Fail {
        error_type: Some("timeout".to_owned()),
        error: Some("no answer".to_owned()),
    };
    ended(engine, part.id, fail).await;
    let of_whole = NewMetric {
        execution: Some(whole.id),
        unit: Some("points".to_owned()),
        ..metric("reward", 0.1)
    };
    let metrics = RecordMetrics {
        metrics: vec![of_whole, metric("latency", 120.0), metric("latency", 98.5)],
        list: true,
        next: None,
    };
    done(engine, &own, metrics.into()).await;
    let result = Some(r#"{"b":2}"#.to_owned());
    ended(engine, whole.id, Complete { result }).await;
    let agent = create_agent(engine, "worker", "eva").await;
    let (agent, _) = agent_key(engine, agent, vec![Scope::Workflows]).await;
    started(engine, &agent, start(user)).await;
    let running = started(engine, &own, start(user)).await;
    engine.renew(running).await.unwrap();
}
