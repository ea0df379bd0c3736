//! `probity policy test`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::approval::Verdict;
use domain::approval::policy::{Policies, Question, Ruling};
use evidence::json::{self, StrictObject, hex};
use serde::Deserialize;
use serde_json::{Value, json as value};
use views::policy_setting;

use crate::config::policy_words;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::source;
use crate::{output, table};

/// Longest file, in bytes: more than the longest request.
const FILE_LEN_MAX: u64 = 1 << 20;

/// Arguments of `probity policy test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// A file with the request as JSON; - reads standard input
    file: PathBuf,
    /// The agent that asks
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
}

/// What a policy depends on; what else a request has is passed over.
#[derive(Deserialize)]
struct Request {
    action: String,
    arguments: StrictObject,
    quorum: Option<u64>,
}

fn read(path: &Path) -> Result<Request, Failure> {
    let mut text = String::new();
    let (file, _) = source::open(path)?;
    file.take(FILE_LEN_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::file("read", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("{} is no request: {error}", path.display());
        Failure::could_not_run("file", message, "write it as POST /v1/approvals takes it")
    })
}

/// A policy that was asked, and why it is not about the request; none where it is.
struct Asked {
    setting: String,
    words: String,
    miss: Option<String>,
}

fn asked(policies: &Policies, question: &Question<'_>, ruling: &Ruling) -> Vec<Asked> {
    let upto = ruling.rule.map_or(usize::MAX, |rule| rule + 1);
    let list = policies.list().iter().take(upto).enumerate();
    let asked = list.map(|(place, policy)| Asked {
        setting: policy_setting(place),
        words: policy_words(policy),
        miss: policy.miss(question).map(|miss| miss.to_string()),
    });
    asked.collect()
}

/// What comes of it, as a sentence.
fn sentence(ruling: &Ruling, policies: &Policies) -> String {
    let votes = ruling.quorum;
    let what = match ruling.verdict {
        Verdict::Allow => "It is granted at once".to_owned(),
        Verdict::Ask if votes == 1 => "It is pending until one votes for it".to_owned(),
        Verdict::Ask => format!("It is pending until {votes} vote for it"),
        Verdict::Deny => "It is denied, whatever anybody would vote".to_owned(),
    };
    let Some(rule) = ruling.rule else {
        return format!("{what}: no policy is about it.");
    };
    let allowed = policies.list()[rule].verdict == Verdict::Allow && ruling.verdict == Verdict::Ask;
    let why = if allowed {
        "; it allows it, but the request asks for votes, or moves assets, which is never granted without one"
    } else {
        ""
    };
    format!("{what}: {} decides{why}.", policy_setting(rule))
}

pub fn run(context: &Context, args: &TestArgs) -> Result<Exit, Failure> {
    let policies = &context.options()?.identity.rules.policies;
    let request = read(&args.file)?;
    let arguments = json::canonical(&Value::Object(request.arguments.0));
    let question = Question::new(&request.action, args.agent.as_deref(), &arguments, request.quorum);
    let ruling = policies.rule(&question);
    let asked = asked(policies, &question, &ruling);
    if context.json() {
        let rules = asked.iter().map(|asked| {
            value!({"setting": asked.setting, "says": asked.words, "matches": asked.miss.is_none(), "why_not": asked.miss})
        });
        output::json(&value!({
            "verdict": ruling.verdict,
            "rule": ruling.rule.map(policy_setting),
            "quorum": ruling.quorum,
            "expires_s": ruling.expires_s,
            "owner_may_vote": ruling.owner_may_vote,
            "digest": hex(policies.digest()),
            "asked": rules.collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Ok);
    }
    let mut pairs = Vec::new();
    for asked in &asked {
        let why = asked.miss.as_deref().unwrap_or("it is about this");
        pairs.push((asked.setting.as_str(), format!("{}: {why}", asked.words)));
    }
    let mut lines = table::pairs(&pairs, table::width());
    lines.push(table::paragraph(&sentence(&ruling, policies)));
    output::line(&lines.join("\n"))?;
    Ok(Exit::Ok)
}
