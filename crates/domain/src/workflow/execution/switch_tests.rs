//! What an agent runs, and what its switch ends.

use super::tests::{NOBODY, Plant, complete};
use super::*;
use crate::context::Caller;
use crate::governance::agent::DisableAgent;
use crate::identity::Scope;
use crate::identity::world::operator;

#[test]
pub fn an_agent_runs_for_its_owner_and_its_switch_cancels_what_runs() {
    let mut plant = Plant::new();
    let (ann, ann_id) = (plant.ann.clone(), plant.ann_id);
    let agent = plant.world.agent("triage", ann_id);
    let caller = plant.world.agent_key("ann", agent, &[Scope::Workflows]);
    let of_bob = StartExecution {
        user: plant.bob_id,
        ..plant.start()
    };
    assert_eq!(plant.code(&caller, of_bob), "permission_missing");
    let mut ids = Vec::new();
    for lease_s in [300, 300, 10] {
        let start = StartExecution {
            lease_s,
            ..plant.start()
        };
        let decided = plant.world.decide(&caller, &start.into()).unwrap();
        ids.push(decided.drafts[0].target_id.unwrap());
    }
    let others = plant.made(plant.start()).id;
    plant.world.wait(10);
    let first = &plant.world.facts.executions[&ids[0]].row;
    assert_eq!((first.agent_id, first.created_by), (Some(agent), Some(ann_id)));
    assert_eq!(plant.code(&caller, complete(ids[0], "{}")), "done");
    let running = [&ids[..], &[others, NOBODY]].concat();
    let running = running.into_iter().map(|id| (id, None)).collect();
    let disable = DisableAgent { agent, running };
    let decided = plant.world.decide(&operator(), &disable.into()).unwrap();
    let about = decided
        .drafts
        .iter()
        .map(|draft| (&*draft.action, draft.target_id));
    assert!(about.eq([("agent.disable", Some(agent)), ("execution.cancel", Some(ids[1]))]));
    assert!(decided.drafts[1].payload.contains(r#""details":{"steps":0}"#));
    let status = |plant: &Plant, id: Uuid| {
        let row = plant.world.facts.executions[&id].row.clone();
        row.as_of(None, plant.world.now).status
    };
    let statuses = [ids[0], ids[1], ids[2], others].map(|id| status(&plant, id));
    assert_eq!(
        statuses,
        [
            ExecutionStatus::Completed,
            ExecutionStatus::Cancelled,
            ExecutionStatus::Failed,
            ExecutionStatus::Running
        ]
    );
    let stopped = &plant.world.facts.executions[&ids[1]].row;
    assert_eq!(stopped.error_type.as_deref(), Some(AGENT_DISABLED));
    assert_eq!(plant.code(&caller, complete(ids[1], "{}")), "agent_disabled");
    assert_eq!(plant.code(&ann, complete(ids[1], "{}")), "execution_finished");
}

#[test]
pub fn the_switch_ends_so_many_and_the_sweeper_the_rest() {
    let mut plant = Plant::new();
    let agent = plant.world.agent("triage", plant.ann_id);
    let caller = plant.world.agent_key("ann", agent, &[Scope::Workflows]);
    let mut running = Vec::new();
    for _ in 0..=ENDED_MAX {
        let decided = plant.world.decide(&caller, &plant.start().into()).unwrap();
        running.push((decided.drafts[0].target_id.unwrap(), None));
    }
    let of_ann = plant.made(plant.start()).id;
    let last = running[ENDED_MAX].0;
    let disable = DisableAgent {
        agent,
        running: running.clone(),
    };
    let decided = plant.world.decide(&operator(), &disable.into()).unwrap();
    assert_eq!(decided.drafts.len(), ENDED_MAX + 1);
    running.push((of_ann, None));
    let sweeper = Caller::System { part: "expiry" };
    let sweep = |agents| ExpireExecutions {
        executions: running.clone(),
        agents,
    };
    let decided = plant.world.decide(&sweeper, &sweep(vec![agent]).into()).unwrap();
    let about = decided
        .drafts
        .iter()
        .map(|draft| (&*draft.action, draft.target_id));
    assert!(about.eq([("execution.cancel", Some(last))]));
    let row = &plant.world.facts.executions[&last].row;
    assert_eq!(row.error_type.as_deref(), Some(AGENT_DISABLED));
    assert_eq!(plant.code(&sweeper, sweep(vec![agent])), "nothing");
}

#[test]
pub fn an_agent_is_named_by_its_owner_or_by_whoever_keeps_all() {
    let mut plant = Plant::new();
    let [of_ann, of_bob] =
        [("a", plant.ann_id), ("b", plant.bob_id)].map(|(name, user)| plant.world.agent(name, user));
    let by_ann = plant.world.agent_key("ann", of_ann, &[Scope::Workflows]);
    let (ann, svc) = (plant.ann.clone(), plant.svc.clone());
    let naming = |plant: &Plant, agent| StartExecution {
        agent: Some(agent),
        ..plant.start()
    };
    for (caller, agent, expected) in [
        (&ann, of_ann, "done"),
        (&ann, of_bob, "unknown_agent"),
        (&svc, of_ann, "done"),
        (&svc, of_bob, "done"),
        (&svc, NOBODY, "unknown_agent"),
        (&operator(), of_bob, "done"),
        (&by_ann, of_ann, "done"),
        (&by_ann, of_bob, "unknown_agent"),
    ] {
        let command = naming(&plant, agent);
        assert_eq!(plant.code(caller, command), expected, "{caller:?} {agent}");
    }
    // The entry says who started it, the row whose work it is; the same id is of one agent.
    let own = StartExecution {
        id: Some(Uuid::from_u128(7)),
        ..naming(&plant, of_ann)
    };
    let decided = plant.world.decide(&ann, &own.clone().into()).unwrap();
    assert_eq!(decided.drafts[0].actor_id, Some(plant.ann_id));
    let row = &plant.world.facts.executions[&Uuid::from_u128(7)].row;
    assert_eq!(
        (row.agent_id, row.agent_version.as_deref()),
        (Some(of_ann), Some("2.1.0"))
    );
    let other = StartExecution {
        agent: Some(of_bob),
        ..own.clone()
    };
    let refusal = plant.world.run(&svc, &other.into()).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.field.as_deref()),
        ("id_conflict", Some("agent"))
    );
    let running = vec![(Uuid::from_u128(7), None)];
    let disable = DisableAgent {
        agent: of_ann,
        running,
    };
    assert_eq!(plant.code(&operator(), disable), "done");
    let row = &plant.world.facts.executions[&Uuid::from_u128(7)].row;
    assert_eq!(row.error_type.as_deref(), Some(AGENT_DISABLED));
    assert_eq!(plant.code(&svc, naming(&plant, of_ann)), "agent_disabled");
    let bob = crate::identity::user::DisableUser { user: plant.bob_id };
    assert_eq!(plant.code(&operator(), bob), "done");
    assert_eq!(plant.code(&svc, naming(&plant, of_bob)), "agent_disabled");
    assert_eq!(plant.code(&svc, own), "nothing");
}
