//! Retention, holds and erasure in random order, with a backup and its restore in between.

use crate::opened::{folder, write_to};
use crate::restoring::cases::{ANYWAY, restore};
use crate::retention_model::{Model, State, World, block_on, cases};
use crate::support::{Bed, On, until_free};

/// What a restore of an earlier state makes of it: what was erased since is erased again, whatever held it then.
fn restored(mut early: Model, late: &Model) -> Model {
    for (index, kept) in &mut early.entries {
        if kept.state == State::There && late.entries[index].state == State::Erased {
            kept.state = State::Erased;
        }
    }
    early
}

fn a_restore_brings_back_what_was_pruned_since_and_nothing_erased(on: On) {
    cases(4, |lists| {
        block_on(async {
            let bed = Bed::new(on);
            let mut world = World::new(&bed).await;
            let place = folder(bed.dir.path());
            world.run(&lists[0]).await;
            world.close().await;
            let early = write_to(&world.options, &place, false, |_| {}).await.unwrap();
            let model = world.model.clone();
            world.open().await;
            world.run(&lists[1]).await;
            world.run(&lists[2]).await;
            world.compare().await;
            world.close().await;
            // It leaves what was erased beside the first one.
            write_to(&world.options, &place, false, |_| {}).await.unwrap();
            until_free(&world.options).await;
            restore(&world.options, &place, &early.file, ANYWAY)
                .await
                .unwrap();
            world.model = restored(model, &world.model);
            world.open().await;
            world.compare().await;
            world.run(&lists[3]).await;
            world.compare().await;
            world.close().await;
        });
    });
}

#[test]
fn a_restore_brings_back_what_was_pruned_since_and_nothing_erased_on_sqlite() {
    a_restore_brings_back_what_was_pruned_since_and_nothing_erased(On::Sqlite);
}

#[test]
fn a_restore_brings_back_what_was_pruned_since_and_nothing_erased_on_postgres() {
    a_restore_brings_back_what_was_pruned_since_and_nothing_erased(On::Postgres);
}
