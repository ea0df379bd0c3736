//! Random entries, with every member there is.

use evidence::json::StrictObject;
use evidence::payload::{Aim, DragMode, Payload, PayloadActor, PayloadTarget, RowImages};
use evidence::{ActorKind, ChangeRecord, Entry, Leaf, Outcome, RecordedBy, RecorderKind, Timestamp};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::log::seal;

pub fn entry() -> impl Strategy<Value = Entry> {
    (
        any::<u32>(),
        leaf(),
        payload(),
        prop::collection::vec((change(), images()), 0..4),
        any::<bool>(),
    )
        .prop_map(|(index, leaf, mut payload, changes, erase)| {
            let (records, images): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
            payload.changes = images;
            // What Probity made the id of is in the leaf, what it did not is in the payload.
            if leaf.actor_id.is_some() {
                payload.actor.id = None;
            }
            if leaf.target_id.is_some() || leaf.target_kind.is_none() {
                payload.target.id = None;
            }
            seal(u64::from(index), leaf, &payload, &records, erase)
        })
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_000_i64..=253_402_300_799_999_999)
        .prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

fn leaf() -> impl Strategy<Value = Leaf<'static>> {
    let recorded_by = (select(&RecorderKind::ALL), of(uuid())).prop_map(|(kind, id)| RecordedBy { kind, id });
    let target = of((any::<String>(), of(uuid())));
    let actor = (select(&ActorKind::ALL), of(uuid()));
    let words = (any::<String>(), any::<String>(), select(&Outcome::ALL));
    (uuid(), time(), recorded_by, actor, target, words).prop_map(
        |(id, at, recorded_by, actor, target, words)| {
            let (target_kind, target_id) = target.map_or((None, None), |(kind, id)| (Some(kind.into()), id));
            Leaf {
                id,
                at,
                recorded_by,
                actor_kind: actor.0,
                actor_id: actor.1,
                action: words.0.into(),
                target_kind,
                target_id,
                outcome: words.2,
                authority: words.1.into(),
                payload: [0; 32],
                changes: None,
            }
        },
    )
}

fn text() -> impl Strategy<Value = Option<String>> {
    of(any::<String>())
}

fn payload() -> impl Strategy<Value = Payload> {
    let aim = of(
        (text(), of(map()), text()).prop_map(|(actor, input, mission)| Aim {
            actor,
            input: input.map(StrictObject),
            mission,
        }),
    );
    let actor = (text(), text(), text());
    let modes = vec![
        DragMode::Draft,
        DragMode::Research,
        DragMode::Analysis,
        DragMode::Grunt,
    ];
    let texts = (text(), text(), text(), text(), text(), text());
    (actor, aim, of(map()), of(select(modes)), of(time()), texts).prop_map(
        |(actor, aim, details, drag_mode, occurred_at, texts)| {
            let (description, ip, session_id, target_id, trace_id, user_agent) = texts;
            Payload {
                actor: PayloadActor {
                    id: actor.0,
                    name: actor.1,
                    on_behalf_of: actor.2,
                },
                aim,
                changes: Vec::new(),
                description,
                details: details.map(StrictObject),
                drag_mode,
                ip,
                occurred_at,
                session_id,
                target: PayloadTarget { id: target_id },
                trace_id,
                user_agent,
            }
        },
    )
}

fn change() -> impl Strategy<Value = ChangeRecord> {
    let digest = of(any::<[u8; 32]>()).prop_map(|bytes| bytes.map(|bytes| evidence::json::hex(&bytes)));
    (digest, uuid(), any::<String>(), any::<u64>()).prop_map(|(digest, id, table, version)| ChangeRecord {
        digest,
        id,
        table,
        version,
    })
}

fn images() -> impl Strategy<Value = RowImages> {
    (of(map()), of(map())).prop_map(|(before, after)| RowImages { before, after })
}

fn map() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(any::<String>(), value(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
