//! Steps of executions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::FieldError;
use domain::code::{self, Code};
use domain::identity::Permission;
use domain::record::Sealed;
use domain::workflow::execution::Execution;
use domain::workflow::step::{Cost, ExecutionStep, Keeps, StepKind, Totals, Usage};
use engine::list::{Condition, Order};
use engine::{Engine, Error};
use evidence::{Outcome, Timestamp, json};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, indented, members, one, state};
use crate::cursor::Place;
use crate::example::{at, id};
use crate::filter::{Asked, Filter, Takes};
use crate::noun::{About, Found, LIMIT_USUAL, Noun, Page, Paging, Reads, Show, Shown};
use crate::rows::{leads, own, row};
use crate::viewer::Viewer;

/// How many tokens of each kind a step used; null where that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Usage", !deny_unknown_fields)]
pub struct UsageView {
    /// Read by the model.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(max = TOKENS_MAX))]
    pub input: Option<u64>,
    /// Written by the model.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(max = TOKENS_MAX))]
    pub output: Option<u64>,
    /// Of those read, taken from the provider's cache.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(max = TOKENS_MAX))]
    pub cache_read: Option<u64>,
    /// Of those read, put into the provider's cache.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(max = TOKENS_MAX))]
    pub cache_write: Option<u64>,
    /// Of those written, for reasoning.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(max = TOKENS_MAX))]
    pub reasoning: Option<u64>,
}

use domain::workflow::step::TOKENS_MAX;

/// Reads how many tokens, and names the bound where they are something else.
fn tokens<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    let given = Option::<Value>::deserialize(reader)?;
    let wrong = || D::Error::custom(format!("must be an integer from 0 to {TOKENS_MAX}, or null"));
    given.map(|given| given.as_u64().ok_or_else(wrong)).transpose()
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> UsageView {
        UsageView {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            reasoning: usage.reasoning,
        }
    }
}

impl From<UsageView> for Usage {
    fn from(usage: UsageView) -> Usage {
        Usage {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            reasoning: usage.reasoning,
        }
    }
}

/// What steps used, each token counted once: of steps that asked a model, and of steps that asked another agent only
/// where nothing says what the models used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "UsageTotal")]
pub struct TotalView {
    /// Of how many steps that asked a model it is.
    pub model_steps: u64,
    /// Of how many steps that asked another agent it is.
    pub agent_steps: u64,
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Of those read, taken from the provider's cache.
    pub cache_read: u64,
    /// Of those read, put into the provider's cache.
    pub cache_write: u64,
    /// Of those written, for reasoning.
    pub reasoning: u64,
    /// What they cost in US dollars, as far as that is known.
    pub cost_usd: String,
}

impl TotalView {
    /// Shows what is counted, where that is anything.
    pub fn of(totals: Totals) -> Option<TotalView> {
        let sum = totals.model.plus(totals.agent);
        (sum.steps > 0).then(|| TotalView {
            model_steps: totals.model.steps,
            agent_steps: totals.agent.steps,
            input: sum.input,
            output: sum.output,
            cache_read: sum.cache_read,
            cache_write: sum.cache_write,
            reasoning: sum.reasoning,
            cost_usd: sum.cost_usd.to_string(),
        })
    }
}

impl Shown for TotalView {
    fn example() -> TotalView {
        TotalView {
            model_steps: 1,
            agent_steps: 0,
            input: 1_200,
            output: 85,
            cache_read: 1_000,
            cache_write: 0,
            reasoning: 0,
            cost_usd: "0.004875000000".to_owned(),
        }
    }
}

/// A step of an execution, without what went in and came out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepView {
    /// Its id.
    pub id: Uuid,
    /// The execution.
    pub execution: Uuid,
    /// Its number in the execution, from 0 without gaps.
    pub number: u64,
    /// What sort of step it is.
    pub kind: StepKind,
    /// What was called: a model, a tool, an agent.
    pub name: String,
    /// Whose model or tool it is.
    pub provider: Option<String>,
    /// The model that was asked for.
    pub request_model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// Why the model finished.
    pub finish_reasons: Vec<String>,
    /// The id of the call where it was made.
    pub call_id: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// What sort of error it ended with.
    pub error_type: Option<String>,
    /// How many tokens it used.
    pub usage: UsageView,
    /// What it cost, in US dollars.
    pub cost_usd: Option<String>,
    /// Who priced it: `caller`, or the file of prices with this SHA-256.
    pub priced_by: Option<String>,
    /// The approval that it had.
    pub approval: Option<Uuid>,
    /// What is kept of its input and output.
    pub content: Keeps,
    /// SHA-256 of the salt and the input as canonical JSON, in hex.
    pub input_commitment: Option<String>,
    /// SHA-256 of the salt and the output as canonical JSON, in hex.
    pub output_commitment: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl StepView {
    /// Shows a step.
    pub fn of(row: ExecutionStep) -> StepView {
        let usage = row.usage().into();
        let reasons = row.finish_reasons.unwrap_or_default();
        let reasons = reasons.split(',').filter(|reason| !reason.is_empty());
        let hex = |commitment: Option<Vec<u8>>| commitment.map(|bytes| json::hex(&bytes));
        StepView {
            id: row.id,
            execution: row.execution_id,
            number: row.number,
            kind: row.kind,
            name: row.name,
            provider: row.provider,
            request_model: row.request_model,
            response_model: row.response_model,
            finish_reasons: reasons.map(str::to_owned).collect(),
            call_id: row.call_id,
            started_at: row.started_at,
            finished_at: row.finished_at,
            outcome: row.outcome,
            error_type: row.error_type,
            usage,
            cost_usd: row.cost_usd.as_ref().map(Cost::to_string),
            priced_by: row.priced_by,
            approval: row.approval_id,
            content: row.content,
            input_commitment: hex(row.input_commitment),
            output_commitment: hex(row.output_commitment),
            recorded_at: row.recorded_at,
        }
    }

    /// The first steps of an execution, at most so many.
    pub(crate) async fn first(engine: &Engine, execution: Uuid, limit: u32) -> Result<Vec<StepView>, Error> {
        let (rows, _) = engine
            .steps(execution, &[], Order::Ascending, None, limit)
            .await?;
        Ok(rows.into_iter().map(|sealed| StepView::of(sealed.row)).collect())
    }
}

impl Shown for StepView {
    fn example() -> StepView {
        StepView {
            id: id(0xf3),
            execution: id(0xf2),
            number: 0,
            kind: StepKind::Model,
            name: "chat".to_owned(),
            provider: Some("anthropic".to_owned()),
            request_model: Some("claude-sonnet-4-5".to_owned()),
            response_model: Some("claude-sonnet-4-5-20250929".to_owned()),
            finish_reasons: vec!["stop".to_owned()],
            call_id: None,
            started_at: Some(at(21, 8)),
            finished_at: Some(at(21, 8)),
            outcome: Outcome::Success,
            error_type: None,
            usage: UsageView {
                input: Some(1_200),
                output: Some(85),
                cache_read: Some(1_000),
                ..UsageView::default()
            },
            cost_usd: Some("0.004875000000".to_owned()),
            priced_by: Some("caller".to_owned()),
            approval: None,
            content: Keeps::Full,
            input_commitment: Some("5e".repeat(32)),
            output_commitment: Some("0f".repeat(32)),
            recorded_at: at(21, 8),
        }
    }
}

/// A step of an execution with all there is to know of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct StepWhole {
    /// The step.
    #[serde(flatten)]
    pub step: StepView,
    /// What went in; null where it was not kept, or was erased.
    pub input: Option<Value>,
    /// What came out; null where it was not kept, or was erased.
    pub output: Option<Value>,
    /// The salt of both commitments, in hex; null where there is none, or it was erased.
    pub content_salt: Option<String>,
    /// Index of the entry that wrote it last: the one that recorded it, or that erased what it held.
    pub entry: u64,
}

impl Shown for StepWhole {
    fn example() -> StepWhole {
        StepWhole {
            step: StepView::example(),
            input: Some(json!([{"role": "user", "content": "Who logged in?"}])),
            output: Some(json!({"content": "Three people"})),
            content_salt: Some("7a".repeat(16)),
            entry: 4_711,
        }
    }
}

/// The number of a step in its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepPlace(u64);

impl Place for StepPlace {
    const IN_LOG: bool = false;

    fn encode(self, order: Order) -> String {
        URL_SAFE_NO_PAD.encode([b"s", self.0.encode(order).as_bytes()].concat())
    }

    fn decode(order: Order, word: &str) -> Option<StepPlace> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(word).ok()?).ok()?;
        u64::decode(order, text.strip_prefix('s')?).map(StepPlace)
    }

    fn entry(self) -> Option<u64> {
        None
    }
}

impl Noun for ExecutionStep {
    type View = StepView;
    type Place = StepPlace;

    const NAMES: (&'static str, &'static str) = ("step", "steps");
    const KEY: &'static str = "steps";
    const TAG: &'static str = "workflows";
    const COMMAND: &'static str = "step";
    const LIST: About = About {
        id: "list_steps",
        summary: "Steps of an execution",
        description: "In the order of their numbers, the first one first unless asked otherwise, without what went in \
                      and came out. `execution` must be given.",
    };
    const REFUSALS: &'static [&'static Code] = &[&code::UNKNOWN_EXECUTION];
    const FILTERS: &'static [Filter] = &[
        Filter::own("execution", "of this execution", Takes::Id).required(),
        Filter::own("kind", "of this sort", Takes::Word(StepKind::WORDS)),
    ];
    const READ: Reads = Reads::OwnOr(Permission::WorkflowsOwn, Permission::WorkflowsRead, "user_id");
    const COLUMNS: Columns<StepView> = &[
        (crate::cell::number("number"), |view| view.number.into()),
        (column("kind", Elide::Never), |view| view.kind.as_str().into()),
        (column("name", Elide::End).weighing(2), |view| (&view.name).into()),
        (column("outcome", Elide::Never), |view| {
            state(view.outcome.as_str())
        }),
        (column("started (UTC)", Elide::Never).spare(), |view| {
            view.started_at.into()
        }),
        (column("id", Elide::Never), |view| view.id.into()),
    ];
    const ORDER: Option<Order> = Some(Order::Ascending);

    leads!();

    async fn page(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<StepPlace>,
    ) -> Result<Page<Self>, Error> {
        let missing = || FieldError::new("execution", "must be given");
        let execution = asked.id("execution").ok_or_else(missing)?;
        // The steps of none are not the same as no steps.
        row::<Execution>(engine, viewer, &execution.to_string())
            .await?
            .ok_or_else(|| {
                code::UNKNOWN_EXECUTION.absent(format_args!("execution {execution}"), "execution")
            })?;
        let of_viewer = own::<Self>(viewer, false).map(|(column, id)| Condition::Is(column, id.into()));
        let of_kind = asked.text("kind").map(|kind| Condition::Is("kind", kind.into()));
        let conditions: Vec<_> = of_viewer.into_iter().chain(of_kind).collect();
        let after = paging.after.map(|place| place.0);
        let limit = paging.limit.unwrap_or(LIMIT_USUAL);
        let (rows, more) = engine
            .steps(execution, &conditions, paging.order, after, limit)
            .await?;
        let last = rows.last().filter(|_| more);
        let next = last.map(|last| StepPlace(last.row.number).encode(paging.order));
        let views = rows.into_iter().map(|sealed| StepView::of(sealed.row));
        Ok(Page::of(views.collect(), next))
    }
}

impl Show for ExecutionStep {
    type Whole = StepWhole;

    const SHOW: About = About {
        id: "show_step",
        summary: "One step with what went in and came out",
        description: "With the salt of its commitments: whoever has salt and content can prove, without us, that the \
                      content is what the entry commits to.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_STEP;
    const TAGGED: bool = false;

    async fn find(engine: &Engine, viewer: Viewer<'_>, name: &str) -> Result<Found<ExecutionStep>, Error> {
        let found: Option<Sealed<ExecutionStep>> = row(engine, viewer, name).await?;
        Ok(found.map(
            |Sealed {
                 row, version, entry, ..
             }| {
                let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
                let whole = StepWhole {
                    input: value(row.input.clone()),
                    output: value(row.output.clone()),
                    content_salt: row.content_salt.as_deref().map(json::hex),
                    entry,
                    step: StepView::of(row),
                };
                (whole, version)
            },
        ))
    }

    fn details(whole: &StepWhole) -> Vec<Titled> {
        let view = &whole.step;
        let text = |value: &Option<Value>| value.as_ref().map(indented);
        let usage = (view.usage != UsageView::default()).then(|| members(&json!(view.usage)));
        vec![
            ("Id", view.id.into()),
            ("Execution", one("executions", view.execution)),
            ("Number", view.number.into()),
            ("Kind", view.kind.as_str().into()),
            ("Name", (&view.name).into()),
            ("Provider", view.provider.as_ref().into()),
            ("Model asked for", view.request_model.as_ref().into()),
            ("Model", view.response_model.as_ref().into()),
            ("Finished for", view.finish_reasons.join(", ").into()),
            ("Call", view.call_id.as_ref().into()),
            ("Started", view.started_at.into()),
            ("Ended", view.finished_at.into()),
            ("Outcome", state(view.outcome.as_str())),
            ("Error type", view.error_type.as_ref().into()),
            ("Usage", usage.into()),
            ("Cost (USD)", view.cost_usd.as_ref().into()),
            ("Priced by", view.priced_by.as_ref().into()),
            ("Approval", one("approvals", view.approval)),
            ("Content", view.content.as_str().into()),
            ("Input", text(&whole.input).into()),
            ("Output", text(&whole.output).into()),
            ("Input commitment", view.input_commitment.as_ref().into()),
            ("Output commitment", view.output_commitment.as_ref().into()),
            ("Salt", whole.content_salt.as_ref().into()),
            ("Recorded", view.recorded_at.into()),
            ("Entry", Cell::One("entries", whole.entry.to_string())),
        ]
    }
}
