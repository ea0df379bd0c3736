use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::custody::asset::CreateAsset;
use crate::decision::Reply;
use crate::identity::Scope;
use crate::identity::user::EraseUser;
use crate::identity::world::{World, operator};
use crate::refusal::{Refusal, RefusalKind};
use uuid::Uuid;

/// A world with two assets, an admin, two users and a viewer.
struct Desk {
    world: World,
    root: Caller,
    ann: Caller,
    ann_id: Uuid,
    bob: Caller,
    bob_id: Uuid,
    vic: Caller,
    asset: Uuid,
    other_asset: Uuid,
}

impl Desk {
    fn new() -> Desk {
        let mut world = World::new();
        let root = world.user("root", "admin");
        let (ann_id, bob_id) = (world.user("ann", "user"), world.user("bob", "user"));
        let vic = world.user("vic", "viewer");
        let assets = ["BTC", "ETH"].map(|code| {
            let command = Command::CreateAsset(CreateAsset {
                id: None,
                code: code.to_owned(),
                name: code.to_owned(),
                scale: 8,
                chain: None,
            });
            match world.run(&operator(), &command) {
                Ok(Reply::Asset(asset)) => asset.id,
                other => panic!("{other:?}"),
            }
        });
        Desk {
            root: world.session(root),
            ann: world.session(ann_id),
            bob: world.session(bob_id),
            vic: world.session(vic),
            world,
            ann_id,
            bob_id,
            asset: assets[0],
            other_asset: assets[1],
        }
    }

    fn new_destination(&self) -> AddDestination {
        AddDestination {
            id: None,
            user: self.ann_id,
            asset: self.asset,
            address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq".to_owned(),
            label: Some("My wallet".to_owned()),
        }
    }

    fn add(&mut self, caller: &Caller, command: &AddDestination) -> Destination {
        destination(self.world.run(caller, &Command::AddDestination(command.clone())))
    }

    fn code(&mut self, caller: &Caller, command: &Command) -> &'static str {
        self.world.code(caller, command)
    }
}

fn destination(reply: Result<Reply, Refusal>) -> Destination {
    match reply {
        Ok(Reply::Destination(destination)) => destination,
        other => panic!("{other:?}"),
    }
}

fn remove(destination: Uuid) -> Command {
    Command::RemoveDestination(RemoveDestination { destination })
}

#[test]
fn bounds_at_their_edges() {
    let address = |desk: &Desk, address: &str| AddDestination {
        address: address.to_owned(),
        ..desk.new_destination()
    };
    let (longest, label) = ("x".repeat(ADDRESS_LEN_MAX), "é".repeat(LABEL_LEN_MAX));
    let desk = Desk::new();
    let addresses = [
        ("!", None),
        ("~", None),
        (&*longest, None),
        ("", Some("address")),
        (&*format!("{longest}x"), Some("address")),
        ("a b", Some("address")),
        (" a", Some("address")),
        ("a\n", Some("address")),
        ("a\u{7f}", Some("address")),
        ("é", Some("address")),
        ("a\0", Some("address")),
    ]
    .map(|(text, field)| (address(&desk, text), field));
    let labels = [
        (None, None),
        (Some("x"), None),
        (Some("with spaces"), None),
        (Some(&*label), None),
        (Some(""), Some("label")),
        (Some("a\tb"), Some("label")),
        (Some(&*format!("{label}é")), Some("label")),
    ]
    .map(|(text, field)| {
        let label = text.map(str::to_owned);
        (
            AddDestination {
                label,
                ..desk.new_destination()
            },
            field,
        )
    });
    for (command, field) in addresses.into_iter().chain(labels) {
        let mut desk = Desk::new();
        let command = AddDestination {
            user: desk.ann_id,
            asset: desk.asset,
            ..command
        };
        let ann = desk.ann.clone();
        let found = desk.world.run(&ann, &Command::AddDestination(command.clone()));
        match (found, field) {
            (Ok(_), None) => {}
            (Err(refusal), Some(field)) => {
                assert_eq!(
                    (refusal.code, refusal.field.as_deref()),
                    ("invalid_field", Some(field)),
                    "{command:?}"
                );
            }
            (found, _) => panic!("{command:?}: {found:?}"),
        }
    }
}

#[test]
pub(crate) fn every_reason_not_to_add() {
    let mut desk = Desk::new();
    let key = desk.world.key("ann", &[Scope::Custody]);
    let read_key = desk.world.key("root", &[Scope::Read]);
    let good = desk.new_destination();
    let nobody = Uuid::from_u128(0xdead);
    let of = |user| AddDestination { user, ..good.clone() };
    let unknown_asset = AddDestination {
        asset: nobody,
        ..good.clone()
    };
    let bad = AddDestination {
        address: String::new(),
        ..of(nobody)
    };
    let other_asset = AddDestination {
        asset: desk.other_asset,
        ..good.clone()
    };
    let neither = AddDestination {
        asset: nobody,
        ..of(nobody)
    };
    let capital = AddDestination {
        address: good.address.to_uppercase(),
        ..good.clone()
    };
    let (ann, bob, vic, root) = (
        desk.ann.clone(),
        desk.bob.clone(),
        desk.vic.clone(),
        desk.root.clone(),
    );
    let cases = [
        (&vic, good.clone(), "permission_missing"),
        (&bob, good.clone(), "permission_missing"),
        (&bob, of(nobody), "permission_missing"),
        (&read_key, good.clone(), "scope_missing"),
        (&root, bad, "invalid_field"),
        (&root, of(nobody), "unknown_user"),
        (&root, neither, "unknown_user"),
        (&ann, unknown_asset, "unknown_asset"),
        (&ann, good.clone(), "done"),
        (&ann, good.clone(), "destination_exists"),
        (&root, good.clone(), "destination_exists"),
        // Another user's, another asset's and another address are others.
        (&bob, of(desk.bob_id), "done"),
        (&root, other_asset, "done"),
        (&key, capital, "done"),
    ];
    for (number, (caller, command, expected)) in cases.into_iter().enumerate() {
        let command = Command::AddDestination(command);
        assert_eq!(desk.code(caller, &command), expected, "case {number}");
    }
    let again = Command::AddDestination(good.clone());
    let known = desk.world.facts.destinations.values();
    let known = known.map(|sealed| &sealed.row);
    let same = known.filter(|known| known.user_id == good.user && known.asset_id == good.asset);
    let first = same.min_by_key(|known| known.created_at).unwrap().id;
    let refusal = desk.world.run(&ann, &again).unwrap_err();
    assert!(refusal.message.contains(&first.to_string()), "{refusal}");
    assert_eq!(refusal.field.as_deref(), Some("address"));
    assert_eq!(refusal.kind, RefusalKind::Conflict);
    // Once it is removed, it can be added again, and waits again.
    assert_eq!(desk.code(&ann, &remove(first)), "done");
    let next = desk.add(&ann, &good);
    assert_ne!(next.id, first);
    let erase = Command::EraseUser(EraseUser {
        user: desk.ann_id,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    });
    assert_eq!(desk.code(&root, &erase), "done");
    assert_eq!(desk.code(&root, &again), "user_erased");
}

#[test]
fn what_an_addition_writes() {
    let mut desk = Desk::new();
    let (ann, command) = (desk.ann.clone(), desk.new_destination());
    let decision = desk
        .world
        .decide(&ann, &Command::AddDestination(command.clone()))
        .unwrap();
    let now = desk.world.now;
    let draft = &decision.drafts[0];
    assert_eq!((decision.drafts.len(), draft.writes.len()), (1, 1));
    assert_eq!(draft.action, "destination.add");
    assert_eq!(draft.authority, "role:user custody:own");
    let made = destination(Ok(decision.reply));
    assert_eq!(
        (draft.target_kind.as_deref(), draft.target_id),
        (Some("destination"), Some(made.id))
    );
    let expected = Destination {
        id: made.id,
        user_id: desk.ann_id,
        asset_id: desk.asset,
        address: command.address,
        label: command.label,
        created_by: Some(desk.ann_id),
        created_at: now,
        usable_at: now.plus_seconds(24 * 3_600),
        removed_at: None,
    };
    assert_eq!(made, expected);
    assert_eq!(desk.world.facts.destinations[&made.id].row, made);
}

#[test]
fn the_cooling_off_time_is_the_installations() {
    for seconds in [0, 1, 7 * 24 * 3_600] {
        let mut desk = Desk::new();
        desk.world = std::mem::replace(&mut desk.world, World::new())
            .with(|rules| rules.custody.cooling_off_s = seconds);
        let (root, command) = (desk.root.clone(), desk.new_destination());
        let made = desk.add(&root, &command);
        assert_eq!(made.usable_at, made.created_at.plus_seconds(seconds));
        assert_eq!(made.created_by, desk.world.who(&root).actor_id);
    }
    let mut desk = Desk::new();
    let command = desk.new_destination();
    assert_eq!(desk.add(&operator(), &command).created_by, None);
}

/// What differs, and what comes of it, with the field that a refusal names.
type Differing = (
    &'static str,
    fn(&Desk, &mut AddDestination),
    &'static str,
    Option<&'static str>,
);

#[test]
pub(crate) fn an_id_is_one_content() {
    let mut desk = Desk::new();
    let first = AddDestination {
        id: Some(Uuid::from_u128(1)),
        ..desk.new_destination()
    };
    let root = desk.root.clone();
    let made = desk.add(&root, &first);
    assert_eq!(made.id, Uuid::from_u128(1));
    let changes: [Differing; 7] = [
        ("the same", |_, _| {}, "nothing", None),
        (
            "user",
            |desk, add| add.user = desk.bob_id,
            "id_conflict",
            Some("user"),
        ),
        (
            "asset",
            |desk, add| add.asset = desk.other_asset,
            "id_conflict",
            Some("asset"),
        ),
        (
            "address",
            |_, add| add.address.push('x'),
            "id_conflict",
            Some("address"),
        ),
        ("label", |_, add| add.label = None, "id_conflict", Some("label")),
        (
            "bad",
            |_, add| add.address.clear(),
            "invalid_field",
            Some("address"),
        ),
        (
            "another id",
            |_, add| add.id = Some(Uuid::from_u128(2)),
            "destination_exists",
            Some("address"),
        ),
    ];
    for (what, change, expected, field) in changes {
        let mut command = first.clone();
        change(&desk, &mut command);
        match desk.world.decide(&root, &Command::AddDestination(command)) {
            Ok(decision) => {
                assert_eq!((decision.drafts.len(), expected), (0, "nothing"), "{what}");
                assert_eq!(destination(Ok(decision.reply)), made);
            }
            Err((refusal, _)) => {
                assert_eq!(
                    (refusal.code, refusal.field.as_deref()),
                    (expected, field),
                    "{what}"
                );
            }
        }
    }
    // As it is now, though it was removed.
    assert_eq!(desk.code(&root, &remove(made.id)), "done");
    let again = desk.add(&root, &first);
    assert!(again.removed_at.is_some());
}

#[test]
fn who_may_remove_what() {
    let mut desk = Desk::new();
    let ann_key = desk.world.key("ann", &[Scope::Custody]);
    let read_key = desk.world.key("root", &[Scope::Read]);
    let nobody = Uuid::from_u128(0xdead);
    let cases = [
        (desk.ann.clone(), false, "done"),
        (ann_key, false, "done"),
        (desk.root.clone(), false, "done"),
        (operator(), false, "done"),
        (desk.bob.clone(), false, "unknown_destination"),
        (desk.bob.clone(), true, "unknown_destination"),
        (desk.root.clone(), true, "unknown_destination"),
        // Who may remove none is told nothing about any.
        (desk.vic.clone(), false, "permission_missing"),
        (desk.vic.clone(), true, "permission_missing"),
        (read_key, false, "scope_missing"),
    ];
    for (number, (caller, unknown, expected)) in cases.into_iter().enumerate() {
        desk.world.facts.destinations.clear();
        let (root, command) = (desk.root.clone(), desk.new_destination());
        let made = desk.add(&root, &command);
        let command = remove(if unknown { nobody } else { made.id });
        assert_eq!(desk.code(&caller, &command), expected, "case {number}");
        let now = desk.world.facts.destinations[&made.id].row.removed_at;
        assert_eq!(
            now,
            (expected == "done").then_some(desk.world.now),
            "case {number}"
        );
    }
}

#[test]
pub(crate) fn a_removal_is_recorded_once() {
    let mut desk = Desk::new();
    let (ann, bob, command) = (desk.ann.clone(), desk.bob.clone(), desk.new_destination());
    let made = desk.add(&ann, &command);
    let decision = desk.world.decide(&ann, &remove(made.id)).unwrap();
    let draft = &decision.drafts[0];
    assert_eq!((decision.drafts.len(), draft.writes.len()), (1, 1));
    assert_eq!(
        (draft.action.as_ref(), draft.target_id),
        ("destination.remove", Some(made.id))
    );
    assert_eq!(draft.authority, "role:user custody:own");
    let removed = destination(Ok(decision.reply));
    let expected = Destination {
        removed_at: Some(desk.world.now),
        ..made.clone()
    };
    assert_eq!(removed, expected);
    let again = desk.world.decide(&ann, &remove(made.id)).unwrap();
    assert!(again.drafts.is_empty());
    assert_eq!(destination(Ok(again.reply)), expected);
    // Somebody else's looks the same whether it is in use, removed or not there.
    let messages = [made.id, Uuid::from_u128(0xdead)].map(|id| {
        let refusal = desk.world.run(&bob, &remove(id)).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.kind),
            ("unknown_destination", RefusalKind::NotFound)
        );
        refusal.message.replace(&id.to_string(), "it")
    });
    assert_eq!(messages[0], messages[1]);
}
