//! Which policy decides, and what it says.

use serde_json::json;

use super::*;
use crate::refusal::FieldError;

/// A policy of one verdict.
pub(crate) fn policy(action: &str, verdict: Verdict) -> Policy {
    Policy {
        action: action.to_owned(),
        agents: Vec::new(),
        conditions: Vec::new(),
        verdict,
        quorum: 1,
        expires_s: None,
        owner_may_vote: false,
    }
}

fn condition(pointer: &str, test: Test) -> Condition {
    Condition {
        pointer: pointer.to_owned(),
        test,
    }
}

fn policies(list: Vec<Policy>) -> Policies {
    Policies::new(list).unwrap()
}

fn rule(policies: &Policies, action: &str, agent: Option<&str>, arguments: &str) -> Option<usize> {
    policies.rule(&Question::new(action, agent, arguments, None)).rule
}

#[test]
fn the_first_that_is_about_it_decides() {
    let of_agents = Policy {
        agents: vec!["ci-*".to_owned(), "triage".to_owned()],
        ..policy("deploy.*", Verdict::Deny)
    };
    let list = policies(vec![
        policy("deploy.test", Verdict::Allow),
        of_agents,
        policy("deploy.*", Verdict::Ask),
    ]);
    for (action, agent, expected) in [
        ("deploy.test", Some("ci-1"), Some(0)),
        ("deploy.test", None, Some(0)),
        ("deploy.test.more", None, Some(2)),
        ("deploy.production", Some("ci-1"), Some(1)),
        ("deploy.production", Some("triage"), Some(1)),
        ("deploy.production", Some("triage2"), Some(2)),
        ("deploy.production", None, Some(2)),
        ("deploy", None, None),
    ] {
        assert_eq!(rule(&list, action, agent, "{}"), expected, "{action} {agent:?}");
    }
    let question = Question::new("deploy.production", None, "{}", None);
    let misses: Vec<_> = list.list().iter().map(|policy| policy.miss(&question)).collect();
    assert_eq!(
        misses,
        [Some(Miss::Action("deploy.test")), Some(Miss::NoAgent), None]
    );
}

#[test]
fn arguments_are_what_the_conditions_say() {
    let about = |pointer: &str, test: Test| {
        policies(vec![Policy {
            conditions: vec![condition(pointer, test)],
            ..policy("a", Verdict::Allow)
        }])
    };
    let equals = |value: Value| Test::Equals(value);
    for (pointer, test, arguments, expected) in [
        ("/n", equals(json!(1)), r#"{"n":1}"#, true),
        ("/n", equals(json!(1.0)), r#"{"n":1}"#, true),
        ("/n", equals(json!(1)), r#"{"n":"1"}"#, false),
        ("/n", equals(json!(null)), r#"{"n":null}"#, true),
        ("/n", equals(json!(null)), "{}", false),
        ("", equals(json!({"b": [1, true]})), r#"{"b":[1,true]}"#, true),
        ("/a~1b/~0/0", equals(json!("x")), r#"{"a/b":{"~":["x"]}}"#, true),
        ("/n", Test::AtMost(json!(2)), r#"{"n":2}"#, true),
        ("/n", Test::AtMost(json!(2)), r#"{"n":2.0000000000000004}"#, false),
        ("/n", Test::AtMost(json!(2)), r#"{"n":-1e+300}"#, true),
        ("/n", Test::AtMost(json!(2)), r#"{"n":"1"}"#, false),
        ("/n", Test::AtMost(json!(2)), r#"{"n":[1]}"#, false),
        ("/n", Test::AtMost(json!(2)), "{}", false),
        ("/n", Test::OneOf(vec![json!("a"), json!(3)]), r#"{"n":3}"#, true),
        (
            "/n",
            Test::OneOf(vec![json!("a"), json!(3)]),
            r#"{"n":"b"}"#,
            false,
        ),
    ] {
        let list = about(pointer, test);
        let matches = rule(&list, "a", None, arguments).is_some();
        assert_eq!(matches, expected, "{:?} {arguments}", list.list()[0].conditions);
    }
    let both = policies(vec![Policy {
        conditions: vec![
            condition("/a", equals(json!(1))),
            condition("/b", Test::AtMost(json!(5))),
        ],
        ..policy("a", Verdict::Deny)
    }]);
    let question = Question::new("a", None, r#"{"a":1,"b":6}"#, None);
    let miss = both.list()[0].miss(&question).unwrap();
    assert_eq!(
        miss.to_string(),
        "\"/b\" must be a number of at most 5, and is not"
    );
}

#[test]
fn one_who_asks_can_want_more_and_never_less() {
    let two = Policy {
        quorum: 2,
        ..policy("a", Verdict::Ask)
    };
    let list = policies(vec![
        two,
        policy("free", Verdict::Allow),
        policy("operation.*", Verdict::Allow),
        Policy {
            quorum: 3,
            ..policy("never", Verdict::Deny)
        },
    ]);
    for (action, wanted, verdict, quorum) in [
        ("a", None, Verdict::Ask, 2),
        ("a", Some(1), Verdict::Ask, 2),
        ("a", Some(3), Verdict::Ask, 3),
        ("free", None, Verdict::Allow, 1),
        ("free", Some(1), Verdict::Ask, 1),
        ("free", Some(2), Verdict::Ask, 2),
        ("operation.create", None, Verdict::Ask, 1),
        ("never", Some(10), Verdict::Deny, 10),
        ("other", None, Verdict::Ask, 1),
        ("other", Some(4), Verdict::Ask, 4),
    ] {
        let ruling = list.rule(&Question::new(action, None, "{}", wanted));
        assert_eq!(
            (ruling.verdict, ruling.quorum),
            (verdict, quorum),
            "{action} {wanted:?}"
        );
    }
}

#[test]
fn the_digest_is_of_what_the_log_records() {
    let list = policies(vec![Policy {
        conditions: vec![condition("/n", Test::AtMost(json!(1.5)))],
        expires_s: Some(60),
        ..policy("a", Verdict::Ask)
    }]);
    let recorded = json!([{
        "action": "a", "agents": [], "conditions": [{"pointer": "/n", "at_most": 1.5}], "verdict": "ask", "quorum": 1,
        "expires_s": 60, "owner_may_vote": false,
    }]);
    assert_eq!(list.recorded(), recorded);
    let digest: [u8; 32] = Sha256::digest(json::canonical(&recorded)).into();
    assert_eq!(list.digest(), &digest);
    // SHA-256 of `[]`.
    let none = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
    assert_eq!(json::hex(Policies::default().digest()), none);
}

type Break = fn(&mut Policy);

#[test]
fn bounds_of_policies() {
    let wrong = |change: Break| -> Result<(), FieldError> {
        let mut broken = policy("a", Verdict::Ask);
        change(&mut broken);
        Policies::new(vec![policy("b", Verdict::Deny), broken]).map(drop)
    };
    let cases: &[(Option<&str>, Break)] = &[
        (None, |policy| policy.action = "*".to_owned()),
        (Some("[1].action"), |policy| policy.action = String::new()),
        (Some("[1].action"), |policy| policy.action = "a*b".to_owned()),
        (None, |policy| policy.agents = vec!["a".to_owned(); NAMES_MAX]),
        (Some("[1].agents"), |policy| {
            policy.agents = vec!["a".to_owned(); NAMES_MAX + 1];
        }),
        (Some("[1].agents"), |policy| {
            policy.agents = vec!["a b".to_owned()];
        }),
        (Some("[1].quorum"), |policy| policy.quorum = 0),
        (None, |policy| policy.quorum = 10),
        (Some("[1].quorum"), |policy| policy.quorum = 11),
        (Some("[1].expires_s"), |policy| policy.expires_s = Some(0)),
        (None, |policy| policy.expires_s = Some(EXPIRES_S_MAX)),
        (Some("[1].expires_s"), |policy| {
            policy.expires_s = Some(EXPIRES_S_MAX + 1);
        }),
        (None, |policy| {
            policy.conditions = vec![condition("", Test::Equals(json!({}))); CONDITIONS_MAX];
        }),
        (Some("[1].conditions"), |policy| {
            policy.conditions = vec![condition("", Test::Equals(json!({}))); CONDITIONS_MAX + 1];
        }),
        (Some("[1].conditions[0].pointer"), |policy| {
            policy.conditions = vec![condition("a", Test::Equals(json!(1)))];
        }),
        (Some("[1].conditions[0].pointer"), |policy| {
            policy.conditions = vec![condition("/~2", Test::Equals(json!(1)))];
        }),
        (Some("[1].conditions[0].pointer"), |policy| {
            policy.conditions = vec![condition("/~", Test::Equals(json!(1)))];
        }),
        (Some("[1].conditions[0].pointer"), |policy| {
            let long = format!("/{}", "a".repeat(POINTER_LEN_MAX));
            policy.conditions = vec![condition(&long, Test::Equals(json!(1)))];
        }),
        (Some("[1].conditions[0].at_most"), |policy| {
            policy.conditions = vec![condition("/a", Test::AtMost(json!("1")))];
        }),
        (Some("[1].conditions[0].equals"), |policy| {
            policy.conditions = vec![condition("/a", Test::Equals(json!(9_007_199_254_740_993_u64)))];
        }),
        (Some("[1].conditions[0].equals"), |policy| {
            policy.conditions = vec![condition("/a", Test::Equals(json!("a".repeat(VALUE_LEN_MAX))))];
        }),
        (Some("[1].conditions[0].one_of"), |policy| {
            policy.conditions = vec![condition("/a", Test::OneOf(Vec::new()))];
        }),
        (Some("[1].conditions[0].one_of"), |policy| {
            policy.conditions = vec![condition("/a", Test::OneOf(vec![json!(1); NAMES_MAX + 1]))];
        }),
    ];
    for (number, (expected, change)) in cases.iter().enumerate() {
        let field = wrong(*change).err().map(|error| error.field);
        assert_eq!(field.as_deref(), *expected, "{number}");
    }
    let many = vec![policy("a", Verdict::Ask); POLICIES_MAX + 1];
    Policies::new(many).unwrap_err();
}
