//! Keys made, rotated and revoked in any order, their owner disabled and enabled: the engine says of each key what a
//! model says. The same with time going by is a property of the domain alone, which has no clock.

use domain::identity::Scope;
use domain::identity::user::{DisableUser, EnableUser};
use domain::{Caller, Command, Origin};
use engine::Engine;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::attacker::{assert_intact, close};
use crate::people::{code, id, verdict};
use crate::support::{Bed, On, create_key, create_user, operator, random_cases, record_as, submit};
use domain::identity::api_key::RevokeApiKey;

#[derive(Clone, Debug)]
enum Step {
    Create,
    /// Rotates a key; it goes on for long, or not at all.
    Rotate {
        key: usize,
        goes_on: bool,
    },
    Revoke {
        key: usize,
    },
    Owner {
        active: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = any::<usize>();
    let step = prop_oneof![
        2 => Just(Step::Create),
        4 => (key, any::<bool>()).prop_map(|(key, goes_on)| Step::Rotate { key, goes_on }),
        2 => key.prop_map(|key| Step::Revoke { key }),
        1 => any::<bool>().prop_map(|active| Step::Owner { active }),
    ];
    prop::collection::vec(step, 1..14)
}

/// What the model knows of a key.
#[derive(Clone, Copy, Default)]
struct Modelled {
    ended: bool,
    revoked: bool,
    rotated: bool,
}

impl Modelled {
    fn verdict(self, active: bool) -> &'static str {
        match self {
            Modelled { revoked: true, .. } => "api_key_revoked",
            Modelled { ended: true, .. } => "api_key_expired",
            _ if !active => "user_disabled",
            _ => "good",
        }
    }

    /// What comes of rotating it: the owner's state does not matter.
    fn rotation(self) -> &'static str {
        match self.verdict(true) {
            "good" if self.rotated => "api_key_rotated",
            "good" => "done",
            refused => refused,
        }
    }
}

async fn rotate(engine: &Engine, key: &Caller, goes_on: bool) -> Result<Caller, &'static str> {
    let overlap_s = if goes_on { 3_600 } else { 0 };
    let rotated = engine
        .rotate_api_key(&operator(), Origin::default(), id(key), overlap_s)
        .await;
    match rotated {
        Ok((new, _)) => Ok(Caller::ApiKey(new.id)),
        Err(error) => Err(code::<()>(Err(error))),
    }
}

async fn compare(engine: &Engine, owner: &str, steps: &[Step]) {
    let made = create_user(engine, owner, domain::identity::Role::USER)
        .await
        .unwrap();
    let domain::Reply::User { user, .. } = made.reply else {
        panic!()
    };
    let mut keys = vec![create_key(engine, owner, vec![Scope::Write]).await];
    let (mut model, mut active) = (vec![Modelled::default()], true);
    for step in steps {
        match step {
            Step::Create => {
                keys.push(create_key(engine, owner, vec![Scope::Write]).await);
                model.push(Modelled::default());
            }
            Step::Rotate { key, goes_on } => {
                let key = key % keys.len();
                let expected = model[key].rotation();
                match rotate(engine, &keys[key], *goes_on).await {
                    Ok(new) => {
                        assert_eq!(expected, "done");
                        keys.push(new);
                        model.push(Modelled::default());
                        model[key].rotated = true;
                        model[key].ended = !goes_on;
                    }
                    Err(refused) => assert_eq!(refused, expected),
                }
            }
            Step::Revoke { key } => {
                let key = key % keys.len();
                submit(engine, Command::RevokeApiKey(RevokeApiKey { id: id(&keys[key]) }))
                    .await
                    .unwrap();
                model[key].revoked = true;
            }
            Step::Owner { active: now } => {
                let user = user.id;
                let command = if *now {
                    EnableUser { user }.into()
                } else {
                    DisableUser { user }.into()
                };
                submit(engine, command).await.unwrap();
                active = *now;
            }
        }
        for (key, modelled) in keys.iter().zip(&model) {
            assert_eq!(verdict(engine, key).await, modelled.verdict(active), "{step:?}");
        }
    }
    for (key, modelled) in keys.iter().zip(&model) {
        let written = record_as(engine, key, vec![crate::support::numbered(1)]).await;
        let expected = match modelled.verdict(active) {
            "good" => "done",
            refused => refused,
        };
        assert_eq!(code(written), expected);
    }
}

/// 12 cases on each engine, always the same; with `PROBITY_TEST_LONG` set, many more and new ones each time.
#[test]
fn any_sequence_gives_the_models_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for on in [On::Sqlite, On::Postgres] {
        let mut runner = random_cases(12, 300, 100);
        let bed = Bed::new(on);
        let engine = runtime.block_on(bed.open());
        let owners = std::cell::Cell::new(0);
        let outcome = runner.run(&steps(), |steps| {
            owners.set(owners.get() + 1);
            runtime.block_on(compare(&engine, &format!("owner{}", owners.get()), &steps));
            Ok::<(), TestCaseError>(())
        });
        if let Err(error) = outcome {
            panic!("{on:?}: {error}");
        }
        runtime.block_on(async {
            close(engine).await;
            assert_intact(&bed.options()).await;
        });
    }
}
