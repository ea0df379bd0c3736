//! What is kept of the steps of workflows, from configuration.

use std::collections::BTreeMap;

use domain::workflow::execution::check_workflow;
use domain::workflow::rules::WorkflowRules;
use domain::workflow::step::Keeps;
use serde_json::Value;

use super::{Config, Key, Kind, RuleError, section};

section! {
    /// Settings of workflows.
    Workflows in "workflows" with {
        /// What is kept of the steps of these workflows.
        content_of: BTreeMap<String, String>;
    };
    /// What is kept of what goes into a step and comes out of it.
    content: text(String) = Keeps::Full.as_str().into();
}

impl Workflows {
    /// The rules.
    pub fn rules(&self) -> Result<WorkflowRules, RuleError> {
        let keeps = |setting: String, word: &str| {
            Keeps::read("content", word).map_err(|error| RuleError {
                setting,
                message: format!("is {word:?}: it {}", error.message),
            })
        };
        let content = keeps("workflows.content".to_owned(), &self.content)?;
        let mut content_of = BTreeMap::new();
        for (workflow, word) in &self.content_of {
            let setting = format!("workflows.content_of.{workflow}");
            check_workflow(workflow).map_err(|error| RuleError {
                setting: setting.clone(),
                message: format!("the name of a workflow {}", error.message),
            })?;
            content_of.insert(workflow.clone(), keeps(setting, word)?);
        }
        Ok(WorkflowRules {
            content,
            content_of,
            prices: None,
        })
    }
}

impl Config {
    /// What is set for single workflows, such as `workflows.content_of.triage`, and its value.
    pub fn workflow_settings(&self) -> Vec<(String, Value)> {
        let of = self.workflows.content_of.iter();
        of.map(|(name, word)| (format!("workflows.content_of.{name}"), word.clone().into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<WorkflowRules, RuleError> {
        let usual = if text.contains("content =") {
            ""
        } else {
            "content = \"full\"\n"
        };
        toml::from_str::<Workflows>(&format!("{usual}{text}"))
            .unwrap()
            .rules()
    }

    #[test]
    fn content_of_all_and_of_some() {
        assert_eq!(Workflows::default().rules(), Ok(WorkflowRules::default()));
        let rules =
            parse("content = \"digest\"\n[content_of]\ntriage = \"none\"\n\"a.b c\" = \"full\"").unwrap();
        let kept = ["triage", "a.b c", "other"].map(|name| rules.keeps(name));
        assert_eq!(kept, [Keeps::None, Keeps::Full, Keeps::Digest]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_bound() {
        let longest = format!("[content_of]\n{} = \"none\"", "w".repeat(200));
        assert!(parse(&longest).is_ok());
        let too_long = "w".repeat(201);
        for (text, setting, message) in [
            (
                "content = \"all\"".to_owned(),
                "workflows.content".to_owned(),
                "is \"all\": it must be one of full, digest, none",
            ),
            (
                "[content_of]\ntriage = \"\"".to_owned(),
                "workflows.content_of.triage".to_owned(),
                "is \"\": it must be one of",
            ),
            (
                format!("[content_of]\n{too_long} = \"none\""),
                format!("workflows.content_of.{too_long}"),
                "the name of a workflow must be 1 to 200",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error.setting, setting);
            assert!(error.message.starts_with(message), "{}", error.message);
        }
    }
}
