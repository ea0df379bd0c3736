use serde_json::json;

use super::*;
use crate::audit::hold::tests::{entry, erase, on, release, set};
use crate::audit::pruning::pruned;
use crate::audit::retention::Retention;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::world::{World, operator};

const LONG_AGO: &str = "2026-03-05T12:00:00Z";

fn prune(entries: &[u64]) -> Command {
    let entries = entries.to_vec();
    PruneEntries { entries }.into()
}

/// A world whose log has entries of `order.ship` of long ago at these indexes, which are kept for so many days.
fn world(keep_days: u64, entries: &[u64]) -> World {
    let action = "order.*".to_owned();
    let policy = Policy { action, keep_days };
    let mut world = World::new().with(|rules| rules.retention = Retention::new(vec![policy]).unwrap());
    for index in entries {
        let payload = json!({"actor": {"id": format!("shop{index}")}});
        entry(&mut world, *index, [None, None], LONG_AGO, &payload);
    }
    world
}

#[test]
pub(crate) fn what_is_past_its_time_goes_and_nothing_else() {
    let job = Caller::System { part: "retention" };
    let all = [10, 1_023, 1_024, 5_000];
    let mut world = world(90, &all);
    entry(&mut world, 11, [None, None], "2026-11-20T12:00:00Z", &json!({}));
    let decision = world.decide(&job, &prune(&[1_024, 10, 10])).unwrap();
    assert_eq!(decision.reply, Reply::Pruned(2));
    let [draft] = &decision.drafts[..] else { panic!() };
    assert_eq!(
        (&*draft.action, &draft.erases[..]),
        ("audit.prune", &[10, 1_024][..])
    );
    let details = evidence::payload::Payload::parse(&draft.payload).unwrap().details;
    let expected = json!({"entries": 2, "first": 10, "last": 1_024, "policies": {"order.*": 2}});
    assert_eq!(serde_json::Value::Object(details.unwrap().0), expected);
    // What is gone is passed over; a bucket's row is changed, and keeps what it said.
    assert_eq!(world.code(&job, &prune(&[10, 1_024])), "nothing");
    let decision = world.decide(&operator(), &prune(&[10, 1_023])).unwrap();
    assert_eq!(decision.reply, Reply::Pruned(1));
    let row = &world.facts.prunings[&Pruning::id_of(0)];
    assert_eq!(
        (row.version, pruned(0, &row.row.bits).collect()),
        (2, vec![10, 1_023])
    );
    assert_eq!(world.code(&operator(), &erase(&[10])), "nothing");
    assert_eq!(world.code(&operator(), &erase(&[5_000])), "done");
    assert_eq!(world.code(&job, &prune(&[5_000])), "nothing", "it stays erased");
    for (command, code) in [
        (prune(&[]), "invalid_field"),
        (prune(&vec![7; PRUNE_MAX + 1]), "invalid_field"),
        (prune(&[7]), "unknown_entry"),
        (prune(&[11]), "retained"),
    ] {
        assert_eq!(world.code(&job, &command), code);
    }
    let admin = world.user("root", "admin");
    let admin = world.session(admin);
    assert_eq!(world.code(&admin, &prune(&[11])), "internal_command");
}

#[test]
pub(crate) fn nothing_under_a_hold_goes_whoever_prunes() {
    let job = Caller::System { part: "retention" };
    let mut world = world(1, &[10, 11]);
    let other = world.user("eve", "auditor");
    let other = world.session(other);
    let hold = set(&mut world, &operator(), on("shop11"));
    let (refusal, _) = world.decide(&job, &prune(&[10, 11])).unwrap_err();
    assert_eq!(refusal.code, "held");
    assert!(refusal.message.contains(&hold.to_string()), "{}", refusal.message);
    assert_eq!(world.code(&job, &prune(&[10])), "done");
    assert_eq!(world.code(&other, &release(hold)), "done");
    assert_eq!(world.code(&job, &prune(&[10, 11])), "done");
    // What no policy is about is kept.
    let mut world = world_without();
    assert_eq!(world.code(&job, &prune(&[10])), "retained");
}

fn world_without() -> World {
    world(1, &[10]).with(|rules| rules.retention = Retention::default())
}
