//! The attributes that are understood, by what they say. Of each row the first that is present counts.

/// What is said by one of these, the first that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// What is said.
    pub field: &'static str,
    /// The attributes. `N` stands for the numbers of a list that was taken apart, `*` for any name, and `A[B]` for the member
    /// B of an attribute A that is JSON, or of each object in its list.
    pub of: &'static [&'static str],
}

macro_rules! names {
    ($($name:ident = $field:literal: $($of:literal),+;)*) => {
        $(
            #[doc = concat!("What says: ", $field)]
            pub const $name: Names = Names { field: $field, of: &[$($of),+] };
        )*

        /// All of them.
        pub static TABLE: &[Names] = &[$($name),*];
    };
}

names! {
    KIND = "kind": "gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind",
        "langfuse.observation.type", "mcp.method.name";
    PROVIDER = "provider": "gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system";
    REQUEST_MODEL = "requested model": "gen_ai.request.model", "llm.request.model_name", "llm.model_name",
        "llm.invocation_parameters[model]";
    RESPONSE_MODEL = "answering model": "gen_ai.response.model", "llm.response.model_name";
    FINISH_REASONS = "finish reasons": "gen_ai.response.finish_reasons", "llm.finish_reason",
        "gen_ai.completion.0.finish_reason", "gen_ai.output.messages[finish_reason]";
    INPUT_TOKENS = "tokens read": "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt",
        "gen_ai.aggregated_usage.input_tokens";
    OUTPUT_TOKENS = "tokens written": "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
        "llm.token_count.completion", "gen_ai.aggregated_usage.output_tokens";
    CACHE_READ = "tokens from the cache": "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read", "gen_ai.aggregated_usage.cache_read.input_tokens";
    CACHE_WRITE = "tokens into the cache": "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write", "gen_ai.aggregated_usage.cache_creation.input_tokens";
    REASONING = "tokens for reasoning": "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens", "llm.token_count.completion_details.reasoning",
        "gen_ai.aggregated_usage.details.reasoning_tokens";
    COST = "cost": "operation.cost", "gen_ai.usage.cost", "llm.cost.total";
    THREAD = "thread": "gen_ai.conversation.id", "session.id", "metadata[thread_id]",
        "traceloop.association.properties.thread_id";
    AGENT_NAME = "agent": "gen_ai.agent.name", "agent.name", "agent_name", "metadata[lc_agent_name]",
        "traceloop.association.properties.lc_agent_name";
    AGENT_ID = "agent's id": "gen_ai.agent.id";
    AGENT_VERSION = "agent's version": "gen_ai.agent.version";
    USER = "user": "user.id", "enduser.id";
    WORKFLOW = "workflow": "gen_ai.workflow.name", "gen_ai.agent.name", "traceloop.workflow.name", "service.name";
    TOOL = "tool": "gen_ai.tool.name", "tool.name";
    CALL_ID = "call": "gen_ai.tool.call.id", "gen_ai.response.id";
    TOOL_INPUT = "what a tool was given": "gen_ai.tool.call.arguments", "tool_arguments", "traceloop.entity.input",
        "input.value";
    TOOL_OUTPUT = "what a tool gave": "gen_ai.tool.call.result", "tool_response", "traceloop.entity.output",
        "output.value";
    INPUT = "what went in": "gen_ai.input.messages", "gen_ai.prompt.N.*", "llm.input_messages.N.*",
        "traceloop.entity.input", "input.value", "gen_ai.retrieval.query.text",
        "pydantic_ai.all_messages";
    INSTRUCTIONS = "instructions": "gen_ai.system_instructions";
    OUTPUT = "what came out": "gen_ai.output.messages", "gen_ai.completion.N.*", "llm.output_messages.N.*",
        "traceloop.entity.output", "output.value", "gen_ai.retrieval.documents",
        "final_result";
    ERROR_TYPE = "sort of error": "error.type", "exception.type";
    ERROR = "error": "exception.message";
    EXECUTION = "execution": "probity.execution.id";
    ACTOR = "actor (AIM)": "probity.aim.actor";
    MISSION = "mission (AIM)": "probity.aim.mission";
    DRAG_MODE = "DRAG mode": "probity.drag_mode";
    APPROVAL = "approval": "probity.approval.id";
    SCORE_NAME = "score": "gen_ai.evaluation.name";
    SCORE = "score's number": "gen_ai.evaluation.score.value";
}

/// The event whose score becomes a metric.
pub const EVALUATION: &str = "gen_ai.evaluation.result";

/// The event that has messages as attributes.
pub const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// The event that a model's answer is in.
pub const CHOICE: &str = "gen_ai.choice";

/// The role of a message that an event `gen_ai.ROLE.message` holds.
pub fn role(event: &str) -> Option<&str> {
    event.strip_prefix("gen_ai.")?.strip_suffix(".message")
}

/// Whether an event is one of those that are understood.
pub fn is_event(name: &str) -> bool {
    [EVALUATION, DETAILS, CHOICE].contains(&name) || role(name).is_some()
}

/// A provider by its name of today.
pub fn folded(provider: &str) -> &str {
    match provider {
        "az.ai.openai" => "azure.ai.openai",
        "az.ai.inference" => "azure.ai.inference",
        "xai" => "x_ai",
        other => other,
    }
}

/// The table in Markdown, as `docs/governance.md` has it.
pub fn markdown() -> String {
    let mut text = String::from("| field | attributes, the first that is present |\n|---|---|\n");
    for names in TABLE {
        // Rows can be read in a difference of two texts: a long one goes on in the next.
        for (number, of) in names.of.chunks(3).enumerate() {
            let field = if number == 0 { names.field } else { "" };
            let of: Vec<String> = of.iter().map(|name| format!("`{name}`")).collect();
            text.extend(["| ", field, " | ", &of.join(", "), " |\n"]);
        }
    }
    text
}
