//! Each alarm has its runbook and its tests, each runbook its alarm, and what alarms and dashboard ask for is a documented metric.

use std::collections::BTreeSet;

use crate::tree::file;

const RULES: &str = "deploy/prometheus/alerts.yml";
const RUNBOOKS: &str = "docs/operations.md";

/// What a runbook says, in this order.
const PARTS: [&str; 4] = ["- **Means:** ", "- **Look:** ", "- **Do:** ", "- **Over when:** "];

/// Alarms by their name, and where each leads.
fn alarms(rules: &str) -> Vec<(&str, &str)> {
    let blocks = rules.split("- alert: ").skip(1).map(|block| {
        let value = |key: &str| block.lines().find_map(|line| line.trim().strip_prefix(key));
        let name = block.lines().next().unwrap_or_default().trim();
        (name, value("runbook_url: ").unwrap_or_default())
    });
    blocks.collect()
}

/// Runbooks by their name, and the first line of each part.
fn runbooks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let of_alarms = text
        .split("\n## ")
        .find(|section| section.starts_with("Alarms\n"));
    let blocks = of_alarms
        .unwrap_or_default()
        .split("\n### ")
        .skip(1)
        .map(|block| {
            let (name, text) = block.split_once('\n').unwrap_or((block, ""));
            (
                name,
                text.lines().filter(|line| line.starts_with("- **")).collect(),
            )
        });
    blocks.collect()
}

/// Names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let begins = |word: &&str| word.starts_with("probity_") || word.starts_with("process_");
    let ours = words.filter(is_name).filter(begins);
    ours.map(|word| word.strip_suffix("_bucket").unwrap_or(word))
        .collect()
}

#[test]
fn each_alarm_has_its_runbook_and_each_runbook_its_alarm() {
    let (alarms, runbooks) = (alarms(file(RULES)), runbooks(file(RUNBOOKS)));
    assert!((12..=15).contains(&alarms.len()), "{}", alarms.len());
    let names: Vec<&str> = alarms.iter().map(|(name, _)| *name).collect();
    let explained: Vec<&str> = runbooks.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, explained, "in the same order");
    for (name, leads_to) in alarms {
        assert_eq!(leads_to, format!("{RUNBOOKS}#{}", name.to_lowercase()));
        let tested = format!("alertname: {name}");
        let tests = file("deploy/prometheus/alerts_test.yml").matches(&tested);
        assert!(tests.count() >= 2, "{name} has no test of both");
    }
    for (name, parts) in runbooks {
        let begun: Vec<bool> = PARTS
            .iter()
            .zip(&parts)
            .map(|(part, line)| line.starts_with(part))
            .collect();
        assert_eq!(
            (parts.len(), begun),
            (PARTS.len(), vec![true; PARTS.len()]),
            "{name}"
        );
    }
}

#[test]
fn what_is_asked_for_is_a_metric() {
    let known = metrics(file("docs/metrics.md"));
    for path in [RULES, "deploy/grafana/probity.json", RUNBOOKS] {
        let asked = metrics(file(path));
        let unknown: Vec<_> = asked.difference(&known).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
    }
}

#[test]
fn what_is_missing_is_seen() {
    let rules = "- alert: One\n  runbook_url: a.md#one\n- alert: Two\n";
    assert_eq!(alarms(rules), [("One", "a.md#one"), ("Two", "")]);
    let text = "# x\n## Alarms\n\n### One\n\n- **Means:** a\n  more\n- **Do:** b\n\n### Two\n## Other\n\n### Three\n";
    assert_eq!(
        runbooks(text),
        [("One", vec!["- **Means:** a", "- **Do:** b"]), ("Two", vec![])]
    );
    assert_eq!(
        metrics("rate(probity_a_bucket{x=\"y\"}[5m]) > process_b"),
        BTreeSet::from(["probity_a", "process_b"])
    );
}
