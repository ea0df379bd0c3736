use evidence::Outcome;
use evidence::json::StrictObject;

use super::*;
use crate::command::Command;
use crate::identity::Scope;
use crate::identity::world::{World, operator};

#[test]
fn who_may_ask_for_a_run() {
    let mut world = World::new();
    for (role, expected) in [
        ("admin", "done"),
        ("sre", "done"),
        ("auditor", "permission_missing"),
        ("developer", "permission_missing"),
        ("user", "permission_missing"),
    ] {
        let user = world.user(role, role);
        let session = world.session(user);
        for job in Job::ALL {
            let asked = world.code(&session, &RunJob { job: *job }.into());
            assert_eq!(asked, expected, "{role} {job:?}");
        }
    }
    let reading = world.key("admin", &[Scope::Read]);
    let job = Job::Backup;
    assert_eq!(world.code(&reading, &RunJob { job }.into()), "scope_missing");
}

#[test]
fn only_the_program_says_what_came_of_a_run() {
    let mut world = World::new();
    let admin = world.user("ann", "admin");
    let session = world.session(admin);
    let mut details = StrictObject::default();
    details.0.insert("findings".to_owned(), 0.into());
    for job in Job::ALL {
        let command: Command = RecordJob {
            job: *job,
            outcome: Outcome::Success,
            details: details.clone(),
        }
        .into();
        assert_eq!(world.code(&session, &command), "internal_command");
        let decision = world.decide(&operator(), &command).unwrap();
        let draft = &decision.drafts[0];
        assert_eq!(draft.action, job.recorded_as().unwrap_or("job.record"));
        assert!(draft.payload.contains(r#""findings":0"#), "{}", draft.payload);
        assert!(draft.writes.is_empty());
    }
}
