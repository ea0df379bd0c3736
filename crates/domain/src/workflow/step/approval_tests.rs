use uuid::Uuid;

use super::tests::{record, tool};
use super::*;
use crate::approval::{Approval, RequestApproval, Vote, WithdrawApproval};
use crate::context::Caller;
use crate::identity::world::operator;
use crate::workflow::execution::Execution;
use crate::workflow::execution::tests::{NOBODY, Plant};

fn approval(plant: &mut Plant, caller: &Caller) -> Uuid {
    asked(plant, caller, None)
}

/// Starts an execution for ann, as whoever runs the program.
fn started(plant: &mut Plant) -> Uuid {
    let reply = plant.world.run(&operator(), &plant.start().into()).unwrap();
    <(Execution, u64)>::try_from(reply).unwrap().0.id
}

/// Asks for an approval that is good for an hour.
fn asked(plant: &mut Plant, caller: &Caller, execution: Option<Uuid>) -> Uuid {
    let command = RequestApproval {
        id: None,
        action: "model.deploy".to_owned(),
        arguments: "{}".to_owned(),
        reason: None,
        quorum: Some(1),
        expires_at: Some(plant.world.now.plus_seconds(3_600)),
        execution: execution.map(|id| (id, None)),
    };
    let reply = plant.world.run(caller, &command.into()).unwrap();
    let (approval, ..) = <(Approval, u64, Vec<Vote>)>::try_from(reply).unwrap();
    approval.id
}

#[test]
pub fn a_step_names_an_approval_of_its_user_or_its_recorder() {
    let mut plant = Plant::new();
    let (svc, bob, op) = (plant.svc.clone(), plant.bob.clone(), operator());
    let id = plant.made(plant.start()).id;
    let of_bob = approval(&mut plant, &bob);
    let of_operator = approval(&mut plant, &op);
    for (caller, approval, expected) in [
        (&svc, of_bob, "unknown_approval"),
        (&svc, of_operator, "unknown_approval"),
        (&op, of_operator, "done"),
        (&op, NOBODY, "unknown_approval"),
    ] {
        let new = NewStep {
            approval: Some(approval),
            ..tool()
        };
        assert_eq!(plant.code(caller, record(id, vec![new])), expected);
    }
}

#[test]
pub fn an_execution_waits_while_an_approval_of_it_is_pending() {
    let mut plant = Plant::new();
    let op = operator();
    let withdraw = |approval| WithdrawApproval { approval };
    // As long as one of them is pending, and a whole lease more.
    let id = started(&mut plant);
    let first = asked(&mut plant, &op, Some(id));
    plant.world.wait(1_000);
    let second = asked(&mut plant, &op, Some(id));
    plant.world.wait(1_000);
    assert_eq!(plant.code(&op, withdraw(second)), "done");
    plant.world.wait(1_000);
    assert_eq!(plant.code(&op, record(id, vec![tool()])), "done");
    assert_eq!(plant.code(&op, withdraw(first)), "done");
    plant.world.wait(299);
    assert_eq!(plant.code(&op, record(id, vec![tool()])), "done");
    plant.world.wait(301);
    assert_eq!(plant.code(&op, record(id, vec![tool()])), "execution_finished");
    // Where nobody decides, from when it expires.
    let id = started(&mut plant);
    asked(&mut plant, &op, Some(id));
    plant.world.wait(3_890);
    assert_eq!(plant.code(&op, record(id, vec![tool()])), "done");
    let id = started(&mut plant);
    asked(&mut plant, &op, Some(id));
    plant.world.wait(3_910);
    assert_eq!(plant.code(&op, record(id, vec![tool()])), "execution_finished");
    let of = |execution| RequestApproval {
        id: None,
        action: "model.deploy".to_owned(),
        arguments: "{}".to_owned(),
        reason: None,
        quorum: Some(1),
        expires_at: None,
        execution: Some((execution, None)),
    };
    assert_eq!(plant.code(&op, of(id)), "execution_finished");
    assert_eq!(plant.code(&op, of(NOBODY)), "unknown_execution");
    let id = started(&mut plant);
    let bob = plant.world.session(plant.bob_id);
    assert_eq!(plant.code(&bob, of(id)), "unknown_execution");
}
