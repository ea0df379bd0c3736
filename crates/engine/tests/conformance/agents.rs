//! Agents: their keys, the switch, and what of them is left when their owner is erased.

use domain::approval::RequestApproval;
use domain::governance::agent::{CreateAgent, DisableAgent, UpdateAgent};
use domain::identity::Scope;
use domain::{Caller, Command, Origin, Reply};
use engine::Engine;
use engine::identity::NewApiKey;
use uuid::Uuid;

use crate::custody_desk::{done, user_id};
use crate::support::{create_key, operator};

crate::on_both!(
    a_key_acts_as_the_agent,
    the_switch_is_obeyed_here_and_elsewhere,
    whatever_is_listed,
    an_erased_owner_leaves_nothing
);

/// A new agent of a user.
pub async fn create_agent(engine: &Engine, name: &str, owner: &str) -> Uuid {
    create_by(engine, &operator(), name, owner).await
}

/// The command that disables an agent with what it has running.
pub async fn disable(engine: &Engine, agent: Uuid) -> Command {
    let (running, _) = engine.running_of(Some(agent)).await.unwrap();
    DisableAgent { agent, running }.into()
}

async fn create_by(engine: &Engine, caller: &Caller, name: &str, owner: &str) -> Uuid {
    let new = CreateAgent {
        id: None,
        name: name.to_owned(),
        description: Some(format!("does what {owner} wants")),
        release: Some("2.1.0".to_owned()),
        user: user_id(engine, owner).await,
    };
    match done(engine, caller, new.into()).await {
        Reply::Agent(agent, 1) => agent.id,
        other => panic!("{other:?}"),
    }
}

/// A key of an agent, and the text of it.
pub async fn agent_key(engine: &Engine, agent: Uuid, scopes: Vec<Scope>) -> (Caller, String) {
    let new = NewApiKey {
        owner: engine.owner_of_agent(agent).await.unwrap(),
        agent: Some(agent),
        name: "key of an agent".to_owned(),
        scopes,
        expires_at: None,
        requests_per_minute: None,
    };
    let made = engine.create_api_key(&operator(), Origin::default(), new).await;
    let (key, token) = made.unwrap();
    (Caller::AgentKey { key: key.id, agent }, token.secret().to_owned())
}

fn ask() -> Command {
    RequestApproval {
        id: None,
        action: "workflow.deploy".to_owned(),
        arguments: "{}".to_owned(),
        reason: None,
        quorum: Some(1),
        expires_at: None,
        execution: None,
    }
    .into()
}

/// A part of a rich log: agents, one with an approval that is open, one changed and disabled.
pub async fn rich_agents(engine: &Engine) {
    let admin = create_key(engine, "ann", vec![Scope::Admin]).await;
    for (name, disabled) in [("triage", false), ("retired", true)] {
        let agent = create_by(engine, &admin, name, "ann").await;
        let (caller, _) = agent_key(engine, agent, vec![Scope::Governance, Scope::Read]).await;
        done(engine, &caller, ask()).await;
        if disabled {
            let update = UpdateAgent {
                agent,
                version: Some(1),
                description: Some(None),
                release: None,
            };
            done(engine, &operator(), update.into()).await;
            done(engine, &operator(), disable(engine, agent).await).await;
        }
    }
}

mod cases {
    use std::time::Duration;

    use domain::approval::{Approval, ApprovalStatus};
    use domain::governance::Agent;
    use domain::governance::agent::EnableAgent;
    use domain::identity::user::DisableUser;
    use domain::identity::{Permission, Role};
    use engine::list::Condition;

    use super::*;
    use crate::attacker::{assert_intact, close};
    use crate::people::{code, entries, origin, person, until, verdict};
    use crate::support::{Bed, numbered, record_as, submit, two};

    pub async fn a_key_acts_as_the_agent(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::ADMIN).await.id;
        let agent = create_agent(&engine, "triage", "ann").await;
        let scopes = vec![Scope::Read, Scope::Governance, Scope::Workflows];
        let (caller, token) = agent_key(&engine, agent, scopes).await;
        assert_eq!(engine.authenticate(&token).await.unwrap(), caller);
        let identity = engine.identity(&caller).await.unwrap();
        assert_eq!(identity.user.id, ann);
        assert_eq!(identity.agent.as_ref().map(|agent| agent.id), Some(agent));
        done(&engine, &caller, ask()).await;
        let entry = entries(&engine, "approval.request").await.pop().unwrap();
        assert_eq!(entry.actor.kind, evidence::payload::ActorKind::Agent);
        assert_eq!(entry.actor.id, Some(agent.to_string()));
        assert_eq!(entry.actor.name.as_deref(), Some("triage"));
        assert_eq!(entry.actor.on_behalf_of, Some(ann.to_string()));
        // Its owner is an admin, and may do all of this.
        for permission in [
            Permission::AuditWrite,
            Permission::UsersWrite,
            Permission::ApiKeysOwn,
        ] {
            assert_eq!(code(engine.authorise(&caller, permission).await), "scope_missing");
        }
        let refused = record_as(&engine, &caller, vec![numbered(1)]).await;
        assert_eq!(code(refused), "scope_missing");
        let disable = engine
            .submit(&caller, origin(), disable(&engine, agent).await)
            .await;
        assert_eq!(code(disable), "scope_missing");
        // The refusal is recorded as the agent's too.
        let entry = entries(&engine, "agent.disable").await.pop().unwrap();
        assert_eq!(entry.actor.id, Some(agent.to_string()));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// At once in this process and for every write; for reads in others within a second.
    pub async fn the_switch_is_obeyed_here_and_elsewhere(bed: Bed) {
        let [one, two] = two(&bed).await;
        let (one, two) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        let ann = person(&one, "ann", Role::DEVELOPER).await.id;
        let agent = create_agent(&one, "triage", "ann").await;
        let (caller, _) = agent_key(&one, agent, vec![Scope::Governance]).await;
        let ask_by = async |engine: &Engine| code(engine.submit(&caller, origin(), ask()).await);
        let off: [Command; 2] = [disable(&one, agent).await, DisableUser { user: ann }.into()];
        for (command, expected) in off.into_iter().zip(["agent_disabled", "user_disabled"]) {
            for engine in [&one, &two] {
                assert_eq!(verdict(engine, &caller).await, "good");
                assert_eq!(ask_by(engine).await, "done");
            }
            submit(&one, command).await.unwrap();
            assert_eq!(verdict(&one, &caller).await, expected);
            for engine in [&one, &two] {
                assert_eq!(ask_by(engine).await, expected);
            }
            let within = Duration::from_millis(1_500);
            until("the other process refuses reads", within, async || {
                verdict(&two, &caller).await == expected
            })
            .await;
            if expected == "agent_disabled" {
                let of_agent = [Condition::Is("agent_id", agent.into())];
                let (approvals, _) = one.select::<Approval>(&of_agent, None, None).await.unwrap();
                let status: Vec<_> = approvals.iter().map(|sealed| sealed.row.status).collect();
                assert_eq!(status, [ApprovalStatus::Withdrawn; 2], "in the same command");
                submit(&one, EnableAgent { agent }.into()).await.unwrap();
                until("the other process takes it again", within, async || {
                    verdict(&two, &caller).await == "good"
                })
                .await;
            }
        }
        close(two).await;
        close(one).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn whatever_is_listed(bed: Bed) {
        let engine = bed.open().await;
        for name in ["ann", "bob"] {
            person(&engine, name, Role::DEVELOPER).await;
        }
        let mut agents = Vec::new();
        for (name, owner) in [("a", "ann"), ("b", "bob"), ("c", "ann")] {
            agents.push(create_agent(&engine, name, owner).await);
        }
        submit(&engine, disable(&engine, agents[2]).await).await.unwrap();
        let ann = user_id(&engine, "ann").await;
        let of_ann = Condition::Is("user_id", ann.into());
        let active = Condition::Is("active", true.into());
        for (conditions, expected) in [
            (vec![], vec![agents[0], agents[1], agents[2]]),
            (vec![of_ann.clone()], vec![agents[0], agents[2]]),
            (vec![of_ann, active], vec![agents[0]]),
        ] {
            let (found, _) = engine.select::<Agent>(&conditions, None, None).await.unwrap();
            let ids: Vec<_> = found.iter().map(|sealed| sealed.row.id).collect();
            assert_eq!(ids, expected, "{conditions:?}");
        }
        for text in ["b", &agents[1].to_string()] {
            let found = engine.agent_meant(text).await.unwrap();
            assert_eq!(found.map(|sealed| sealed.row.id), Some(agents[1]), "{text}");
        }
        for text in ["", "B", "nobody", "a\0", "01970000-0000-7000-8000-0000000000ab"] {
            assert!(engine.agent_meant(text).await.unwrap().is_none(), "{text:?}");
        }
        close(engine).await;
    }

    pub async fn an_erased_owner_leaves_nothing(bed: Bed) {
        let engine = bed.open().await;
        let zelda = person(&engine, "zquill", Role::ADMIN).await.id;
        let agent = create_agent(&engine, "triage", "zquill").await;
        let (caller, _) = agent_key(&engine, agent, vec![Scope::Governance]).await;
        done(&engine, &caller, ask()).await;
        person(&engine, "ann", Role::ADMIN).await;
        let erased = engine.erase_user(&operator(), origin(), zelda, "asked to").await;
        assert!(erased.unwrap().entries >= 3, "made, with a key, and by the agent");
        let kept = engine.row::<Agent>(agent).await.unwrap().unwrap().row;
        assert_eq!((kept.description, kept.active), (None, false));
        let entry = entries(&engine, "approval.request").await.pop().unwrap();
        assert_eq!((entry.actor.name, entry.details), (None, None), "by the agent");
        assert_eq!(verdict(&engine, &caller).await, "api_key_revoked");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
