//! Approvals by policy: what is granted, asked and denied, who waits for it, what it leaves when it is erased, what proves it.

crate::on_both!(
    the_first_policy_decides,
    whoever_waits_is_woken,
    another_process_wakes_too,
    a_thousand_wait_and_no_more,
    a_restart_loses_nothing,
    of_many_uses_at_once_one_holds,
    what_is_erased_is_in_no_row_and_no_entry,
    a_bundle_proves_what_was_approved
);

use domain::approval::policy::{Condition, Policies, Policy, Test};
use domain::approval::{Approval, ApprovalOutcome, ReportOutcome, RequestApproval, UseApproval, Verdict};
use domain::identity::{Role, Scope};
use domain::{Caller, Command, Origin, Reply};
use engine::{Engine, Options};
use uuid::Uuid;

use crate::agents::{agent_key, create_agent};
use crate::custody_desk::done;
use crate::people::{person, session, with_rules};
use crate::support::Bed;

/// A policy on an action.
pub fn policy(action: &str, verdict: Verdict) -> Policy {
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

/// Refunds of at most 50 are allowed, `never` is denied, `two` takes two votes within a minute, the owner's among them.
pub fn policies() -> Policies {
    let small = Policy {
        conditions: vec![Condition {
            pointer: "/amount".to_owned(),
            test: Test::AtMost(50.into()),
        }],
        ..policy("refund", Verdict::Allow)
    };
    let two = Policy {
        quorum: 2,
        expires_s: Some(60),
        owner_may_vote: true,
        ..policy("two", Verdict::Ask)
    };
    Policies::new(vec![small, policy("never*", Verdict::Deny), two]).unwrap()
}

/// A request of an action on an amount.
pub fn request(action: &str, amount: u64) -> RequestApproval {
    RequestApproval {
        id: None,
        action: action.to_owned(),
        arguments: format!(r#"{{"amount":{amount}}}"#),
        reason: Some("a customer waits".to_owned()),
        quorum: None,
        expires_at: None,
        execution: None,
    }
}

/// What comes of a request.
pub async fn ask(engine: &Engine, caller: &Caller, request: RequestApproval) -> Approval {
    match done(engine, caller, request.into()).await {
        Reply::Approval { approval, .. } => *approval,
        other => panic!("{other:?}"),
    }
}

/// The use of an approval of [`request`].
pub fn use_of(approval: Uuid, action: &str, amount: u64) -> Command {
    let request = request(action, amount);
    UseApproval {
        approval,
        action: request.action,
        arguments: request.arguments,
    }
    .into()
}

/// A report of what came of it.
pub fn report(approval: Uuid, outcome: ApprovalOutcome) -> Command {
    ReportOutcome {
        approval,
        outcome,
        result: Some(r#"{"receipt":"r-1"}"#.to_owned()),
    }
    .into()
}

/// Options with these policies.
pub fn ruled(options: Options) -> Options {
    with_rules(options, |rules| rules.policies = policies())
}

/// People and two agents of one owner.
pub struct People {
    pub owner: Caller,
    pub agents: [Caller; 2],
    pub voters: [Caller; 2],
}

impl People {
    pub async fn new(engine: &Engine) -> People {
        person(engine, "ann", Role::ADMIN).await;
        for name in ["cyd", "dora"] {
            person(engine, name, Role::COMPLIANCE).await;
        }
        let mut agents = Vec::new();
        for name in ["triage", "refunds"] {
            let agent = create_agent(engine, name, "ann").await;
            agents.push(agent_key(engine, agent, vec![Scope::Governance]).await.0);
        }
        People {
            owner: session(engine, "ann").await,
            agents: agents.try_into().unwrap(),
            voters: [session(engine, "cyd").await, session(engine, "dora").await],
        }
    }

    /// A database with policies, and people.
    pub async fn opened(bed: &Bed) -> (Engine, People) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let engine = Engine::open(ruled(bed.options())).await.unwrap();
        let people = People::new(&engine).await;
        (engine, people)
    }
}

/// Carries out a command.
pub async fn submit_as(
    engine: &Engine,
    caller: &Caller,
    command: Command,
) -> Result<engine::Answer, engine::Error> {
    engine.submit(caller, Origin::default(), command).await
}

mod cases {
    use std::time::Duration;

    use domain::approval::{ApprovalStatus, CastVote, Vote};
    use domain::audit::EntryFilter;
    use engine::list::Condition as Only;
    use evidence::bundle::BundleChecker;

    use super::*;
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{user_id, vote};
    use crate::people::{code, origin, until};
    use crate::support::{operator, two};

    async fn status(engine: &Engine, id: Uuid) -> ApprovalStatus {
        engine.approval(id).await.unwrap().unwrap().approval.status
    }

    pub async fn the_first_policy_decides(bed: Bed) {
        let (engine, people) = People::opened(&bed).await;
        let (agent, other) = (&people.agents[0], &people.agents[1]);
        let granted = ask(&engine, agent, request("refund", 50)).await;
        assert_eq!(granted.status, ApprovalStatus::Granted);
        assert_eq!(granted.policy_digest.as_deref(), Some(&policies().digest()[..]));
        for caller in [other, &people.owner] {
            let using = use_of(granted.id, "refund", 50);
            assert_eq!(code(submit_as(&engine, caller, using).await), "approval_not_own");
        }
        let other_amount = use_of(granted.id, "refund", 49);
        assert_eq!(
            code(submit_as(&engine, agent, other_amount).await),
            "approval_differs"
        );
        let early = report(granted.id, ApprovalOutcome::Succeeded);
        assert_eq!(code(submit_as(&engine, agent, early).await), "approval_not_used");
        done(&engine, agent, use_of(granted.id, "refund", 50)).await;
        let again = use_of(granted.id, "refund", 50);
        assert_eq!(
            code(submit_as(&engine, agent, again).await),
            "approval_not_granted"
        );
        done(&engine, agent, report(granted.id, ApprovalOutcome::Failed)).await;
        let pending = ask(&engine, agent, request("refund", 51)).await;
        assert_eq!((pending.status, pending.quorum), (ApprovalStatus::Pending, 1));
        let denied = ask(&engine, agent, request("never.mind", 1)).await;
        assert_eq!(denied.status, ApprovalStatus::Denied);
        assert_eq!(status(&engine, denied.id).await, ApprovalStatus::Denied);
        let outvote = vote(&engine, denied.id, true).await;
        assert_eq!(
            code(submit_as(&engine, &people.voters[0], outvote).await),
            "approval_decided"
        );
        let two = ask(&engine, agent, request("two", 1)).await;
        for voter in [&people.owner, &people.voters[0]] {
            assert_eq!(status(&engine, two.id).await, ApprovalStatus::Pending);
            done(&engine, voter, vote(&engine, two.id, true).await).await;
        }
        assert_eq!(status(&engine, two.id).await, ApprovalStatus::Granted);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Longer than any test: whoever waits as long was not woken.
    const LONG: Duration = Duration::from_mins(10);

    async fn waiting(engine: &Engine, many: usize) {
        let joined = async || engine.waiting_for_approvals() == many;
        until("callers wait", Duration::from_mins(1), joined).await;
    }

    pub async fn whoever_waits_is_woken(bed: Bed) {
        let (engine, people) = People::opened(&bed).await;
        let pending = ask(&engine, &people.agents[0], request("refund", 99)).await;
        let waits = tokio::spawn({
            let engine = engine.clone();
            async move { engine.wait_for_approval(pending.id, LONG).await }
        });
        waiting(&engine, 1).await;
        done(&engine, &people.voters[0], vote(&engine, pending.id, true).await).await;
        waits.await.unwrap().unwrap();
        assert_eq!(status(&engine, pending.id).await, ApprovalStatus::Granted);
        // What is decided, and what is not there, is not waited for.
        engine.wait_for_approval(pending.id, LONG).await.unwrap();
        engine.wait_for_approval(Uuid::nil(), LONG).await.unwrap();
        assert_eq!(engine.waiting_for_approvals(), 0);
        close(engine).await;
    }

    pub async fn another_process_wakes_too(bed: Bed) {
        let [one, other] = two(&bed).await.map(ruled);
        let (one, other) = (
            Engine::open(one).await.unwrap(),
            Engine::open(other).await.unwrap(),
        );
        let people = People::new(&one).await;
        let pending = ask(&one, &people.agents[0], request("refund", 99)).await;
        let waits = tokio::spawn({
            let engine = other.clone();
            async move { engine.wait_for_approval(pending.id, LONG).await }
        });
        waiting(&other, 1).await;
        done(&one, &people.voters[0], vote(&one, pending.id, false).await).await;
        waits.await.unwrap().unwrap();
        assert_eq!(status(&other, pending.id).await, ApprovalStatus::Rejected);
        close(one).await;
        close(other).await;
    }

    pub async fn a_thousand_wait_and_no_more(bed: Bed) {
        let (engine, people) = People::opened(&bed).await;
        let pending = ask(&engine, &people.agents[0], request("refund", 99)).await.id;
        let mut waits = tokio::task::JoinSet::new();
        for _ in 0..engine::WAITERS_MAX {
            let engine = engine.clone();
            waits.spawn(async move { engine.wait_for_approval(pending, LONG).await.unwrap() });
        }
        waiting(&engine, engine::WAITERS_MAX).await;
        engine.wait_for_approval(pending, LONG).await.unwrap();
        assert_eq!(status(&engine, pending).await, ApprovalStatus::Pending);
        done(&engine, &people.voters[0], vote(&engine, pending, true).await).await;
        assert_eq!(waits.join_all().await.len(), engine::WAITERS_MAX);
        waiting(&engine, 0).await;
        close(engine).await;
    }

    pub async fn a_restart_loses_nothing(bed: Bed) {
        let (engine, people) = People::opened(&bed).await;
        let pending = ask(&engine, &people.agents[0], request("refund", 99)).await.id;
        let granted = ask(&engine, &people.agents[0], request("refund", 1)).await.id;
        close(engine).await;
        // Under other policies: what was decided stays, and what waits is decided as it was asked for.
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_eq!(status(&engine, pending).await, ApprovalStatus::Pending);
        done(&engine, &people.voters[0], vote(&engine, pending, true).await).await;
        for (approval, amount) in [(pending, 99), (granted, 1)] {
            done(&engine, &people.agents[0], use_of(approval, "refund", amount)).await;
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn of_many_uses_at_once_one_holds(bed: Bed) {
        let [one, other] = two(&bed).await.map(ruled);
        let engines = [
            Engine::open(one).await.unwrap(),
            Engine::open(other).await.unwrap(),
        ];
        let people = People::new(&engines[0]).await;
        let granted = ask(&engines[0], &people.agents[0], request("refund", 1)).await.id;
        let mut uses = tokio::task::JoinSet::new();
        for number in 0..64 {
            let (engine, agent) = (engines[number % 2].clone(), people.agents[0].clone());
            uses.spawn(async move { code(submit_as(&engine, &agent, use_of(granted, "refund", 1)).await) });
        }
        let codes = uses.join_all().await;
        let held = codes.iter().filter(|code| **code == "done").count();
        assert_eq!(held, 1, "{codes:?}");
        assert!(
            codes
                .iter()
                .all(|code| ["done", "approval_not_granted"].contains(code))
        );
        for engine in engines {
            close(engine).await;
        }
        assert_intact(&bed.options()).await;
    }

    pub async fn what_is_erased_is_in_no_row_and_no_entry(bed: Bed) {
        const SECRET: &str = "zanzibar";
        let (engine, people) = People::opened(&bed).await;
        let ask_for = |id: u128| RequestApproval {
            id: Some(Uuid::from_u128(id)),
            arguments: format!(r#"{{"who":"{SECRET}"}}"#),
            reason: Some(SECRET.to_owned()),
            ..request("refund", 0)
        };
        let (one, other) = (ask_for(1), ask_for(2));
        let used = Uuid::from_u128(1);
        ask(&engine, &people.agents[0], one.clone()).await;
        ask(&engine, &people.agents[0], other).await;
        done(&engine, &people.voters[0], vote(&engine, used, true).await).await;
        let against = CastVote {
            approval: Uuid::from_u128(2),
            operation: None,
            approve: false,
            reason: Some(SECRET.to_owned()),
            suggested_arguments: Some(format!(r#"{{"who":"not {SECRET}"}}"#)),
        };
        done(&engine, &people.voters[0], against.into()).await;
        let using = UseApproval {
            approval: used,
            action: one.action,
            arguments: one.arguments,
        };
        done(&engine, &people.agents[0], using.into()).await;
        let reported = ReportOutcome {
            approval: used,
            outcome: ApprovalOutcome::Failed,
            result: Some(format!(r#"{{"error":"{SECRET}"}}"#)),
        };
        done(&engine, &people.agents[0], reported.into()).await;
        let ann = user_id(&engine, "ann").await;
        person(&engine, "eve", Role::ADMIN).await;
        let digest = engine.approval(used).await.unwrap().unwrap().approval.digest;
        engine
            .erase_user(&operator(), origin(), ann, "asked to")
            .await
            .unwrap();
        let rows = engine.select::<Approval>(&[], None, None).await.unwrap().0;
        for row in rows.iter().map(|sealed| &sealed.row) {
            let left = (&row.arguments[..], &row.reason, &row.result, &row.content_salt);
            assert_eq!(left, ("", &None, &None, &None));
        }
        let kept = engine.approval(used).await.unwrap().unwrap();
        assert_eq!(kept.approval.status, ApprovalStatus::Used);
        assert_eq!(kept.approval.digest, digest, "it stays, and nobody has its salt");
        let votes = engine.select::<Vote>(&[], None, None).await.unwrap().0;
        for vote in votes.iter().map(|sealed| &sealed.row) {
            assert_eq!((&vote.reason, &vote.suggested_arguments), (&None, &None));
        }
        let mut found = 0;
        let mut each = |entry: evidence::Entry| {
            let text = evidence::entry::to_line(&entry).unwrap();
            assert!(!text.contains(SECRET), "{text}");
            found += 1;
            std::ops::ControlFlow::Continue(())
        };
        engine.export(&EntryFilter::default(), &mut each).await.unwrap();
        assert!(found > 10);
        let unsalted = [
            Only::Has("content_salt", false),
            Only::After("arguments", "".into()),
        ];
        assert!(
            engine
                .select::<Approval>(&unsalted, None, None)
                .await
                .unwrap()
                .0
                .is_empty()
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_bundle_proves_what_was_approved(bed: Bed) {
        let (engine, people) = People::opened(&bed).await;
        let approval = ask(&engine, &people.agents[0], request("two", 7)).await.id;
        for voter in [&people.owner, &people.voters[0]] {
            done(&engine, voter, vote(&engine, approval, true).await).await;
        }
        done(&engine, &people.agents[0], use_of(approval, "two", 7)).await;
        done(
            &engine,
            &people.agents[0],
            report(approval, ApprovalOutcome::Succeeded),
        )
        .await;
        let mut bundle = engine.approval_evidence(approval).await.unwrap().unwrap();
        let mut checker = BundleChecker::new(engine.verifier_key().clone());
        while let Some(lines) = bundle.next().await.unwrap() {
            for line in lines {
                checker.line(line.trim_end_matches('\n')).unwrap();
            }
        }
        let summary = checker.finish().unwrap();
        let proved = summary.approval.unwrap();
        assert_eq!(proved.text("arguments"), Some(r#"{"amount":7}"#));
        assert_eq!(proved.text("verdict"), Some("ask"));
        assert_eq!((proved.votes_for(), proved.number("quorum")), (2, Some(2)));
        assert_eq!(proved.votes[0].second_factor, Some(false));
        assert_eq!(
            proved.request.as_ref().unwrap().by.name.as_deref(),
            Some("triage")
        );
        assert_eq!(proved.decided.as_ref().unwrap().0, "granted");
        assert!(proved.used.is_some() && proved.complete && proved.gone == 0);
        assert_eq!(proved.text("outcome"), Some("succeeded"));
        assert_eq!(proved.text("result"), Some(r#"{"receipt":"r-1"}"#));
        let policies = proved.policies.unwrap();
        assert!(policies < proved.request.unwrap().index);
        assert!(engine.approval_evidence(Uuid::nil()).await.unwrap().is_none());
        close(engine).await;
    }
}
