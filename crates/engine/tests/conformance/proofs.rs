//! Consistency proofs, tiles and entry bundles: whoever mirrors the log comes to its root.

crate::on_both!(
    consistency_between_many_sizes,
    mirrored_from_tiles,
    receipts_while_hashes_are_changed,
    what_is_not_there
);

mod cases {
    use engine::{Engine, EntryKey, Error};
    use evidence::receipt;
    use tlog::edge::root_of;
    use tlog::{Checkpoint, EntryBundle, Hash, Tile, verify_consistency};

    use crate::attacker::{Attacker, close, verify};
    use crate::support::{Bed, numbered, record, two};

    /// Grows to `size` entries, in steps that begin and end anywhere.
    async fn grow(engine: &Engine, size: u64) {
        let mut step = 1;
        while *engine.size().borrow() < size {
            let count = step.min(size - *engine.size().borrow());
            record(
                engine,
                (0..usize::try_from(count).unwrap()).map(numbered).collect(),
            )
            .await
            .unwrap();
            step = (step * 3 + 1) % 331;
        }
    }

    async fn leaves(engine: &Engine) -> Vec<Hash> {
        let mut conn = engine.db().writer().await.unwrap();
        let rows = conn
            .all("SELECT leaf FROM entries ORDER BY entry", &[])
            .await
            .unwrap();
        rows.iter()
            .map(|row| Hash::leaf(row.text(0).unwrap().as_bytes()))
            .collect()
    }

    pub async fn consistency_between_many_sizes(bed: Bed) {
        let engine = bed.open().await;
        grow(&engine, 1_100).await;
        let leaves = leaves(&engine).await;
        let root = |size: u64| root_of(leaves[..usize::try_from(size).unwrap()].iter().copied());
        let sizes = [
            1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 768, 1_000, 1_023, 1_024, 1_025, 1_099, 1_100,
        ];
        for from in sizes {
            for to in sizes.into_iter().filter(|to| *to >= from) {
                let proof = engine.consistency(from, to).await.unwrap();
                assert_eq!(
                    (proof.from_root, proof.to_root),
                    (root(from), root(to)),
                    "{from} to {to}"
                );
                verify_consistency(from, to, &proof.from_root, &proof.to_root, &proof.proof).unwrap();
            }
        }
        close(engine).await;
    }

    pub async fn mirrored_from_tiles(bed: Bed) {
        let engine = bed.open().await;
        for size in [1, 255, 256, 257, 700, 1_030] {
            grow(&engine, size).await;
            let head = Checkpoint::open(&engine.checkpoint().await.unwrap(), engine.verifier_key()).unwrap();
            assert_eq!(head.size, size);
            let leaves = usize::try_from(size).unwrap();
            let mut levels: Vec<Vec<Hash>> = Vec::new();
            for level in 0..3 {
                let mut hashes = Vec::new();
                for tile in (0..).map_while(|index| Tile::in_tree(level, index, size)) {
                    let bytes = engine.tile(tile).await.unwrap().unwrap();
                    assert_eq!(bytes.len(), usize::from(tile.width) * 32);
                    hashes.extend(bytes.chunks_exact(32).map(|hash| Hash::from_slice(hash).unwrap()));
                }
                levels.push(hashes);
            }
            assert_eq!(root_of(levels[0].iter().copied()), head.root);
            assert_eq!(
                levels.iter().map(Vec::len).collect::<Vec<_>>(),
                [leaves, leaves / 256, 0]
            );
            for (position, hash) in levels[1].iter().enumerate() {
                assert_eq!(root_of(levels[0][position * 256..][..256].iter().copied()), *hash);
            }
            let mut mirrored = Vec::new();
            for bundle in (0..).map_while(|index| EntryBundle::in_tree(index, size)) {
                let bytes = engine.entry_bundle(bundle).await.unwrap().unwrap();
                mirrored.extend(bundle.decode(&bytes).unwrap().into_iter().map(Hash::leaf));
            }
            assert_eq!(mirrored, levels[0]);
        }
        close(engine).await;
    }

    /// Whether the receipts of these entries hold.
    async fn hold(engine: &Engine, entries: &[u64]) -> Vec<bool> {
        let mut hold = Vec::new();
        for index in entries {
            let key = EntryKey::Index(*index);
            let (text, entry) = (
                engine.receipt(key).await.unwrap().unwrap(),
                engine.entry(key).await.unwrap().unwrap(),
            );
            hold.push(receipt::check(&text, &entry, engine.verifier_key()).is_ok());
        }
        hold
    }

    /// What is remembered of hashes makes no receipt wrong that the database would make right, hides no change from
    /// verification, and is not spoilt by what somebody changed for a while.
    pub async fn receipts_while_hashes_are_changed(bed: Bed) {
        let [one, two] = two(&bed).await;
        let engine = Engine::open(one).await.unwrap();
        grow(&engine, 700).await;
        let mut attacker = Attacker::new(&bed).await;
        let statements = [
            "UPDATE subtrees SET hash = (SELECT root FROM log_head) WHERE height = 8 AND position = 0",
            "UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE entry = 6) WHERE entry = 5",
            "UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE entry = 6) WHERE entry = 698",
        ];
        // Entries whose path does not go through what was changed, and others.
        let entries = [4, 5, 255, 256, 699];
        for statement in statements {
            // Nothing is remembered: what the database says is wrong is wrong, and is not kept.
            let other = Engine::open(two.clone()).await.unwrap();
            attacker.conn.batch(statement).await.unwrap();
            let found = hold(&other, &entries).await;
            assert!(found.contains(&false), "{statement}: {found:?}");
            attacker.put_all_back().await;
            assert_eq!(hold(&other, &entries).await, [true; 5], "{statement}");
            // All of it is remembered: the receipts of entries that nobody changed hold.
            attacker.conn.batch(statement).await.unwrap();
            let changed = entries.map(|entry| statement.ends_with(&format!("= {entry}")));
            assert_eq!(
                hold(&other, &entries).await,
                changed.map(|changed| !changed),
                "{statement}"
            );
            assert!(!verify(&bed.options()).await.intact, "{statement}");
            // The log grows on from what it was, through tiles that are remembered in part.
            attacker.put_all_back().await;
            assert_eq!(hold(&other, &entries).await, [true; 5], "{statement}");
            close(other).await;
        }
        grow(&engine, 1_100).await;
        assert_eq!(
            hold(&engine, &[0, 300, 699, 1_023, 1_024, 1_099]).await,
            [true; 6]
        );
        close(engine).await;
    }

    pub async fn what_is_not_there(bed: Bed) {
        let engine = bed.open().await;
        grow(&engine, 300).await;
        for (level, index, width, there) in [
            (0, 1, 44, true),
            (0, 1, 43, true),
            (0, 1, 45, false),
            (0, 1, 256, false),
            (0, 2, 1, false),
            (1, 0, 1, true),
            (1, 0, 2, false),
            (2, 0, 1, false),
            (63, 0, 1, false),
            (0, u64::MAX, 1, false),
        ] {
            let tile = Tile { level, index, width };
            assert_eq!(engine.tile(tile).await.unwrap().is_some(), there, "{tile:?}");
            if level == 0 {
                let bundle = EntryBundle { index, width };
                assert_eq!(
                    engine.entry_bundle(bundle).await.unwrap().is_some(),
                    there,
                    "{bundle:?}"
                );
            }
        }
        for (from, to) in [(0, 301), (301, 302), (5, 3), (1, u64::MAX)] {
            let error = engine.consistency(from, to).await.unwrap_err();
            assert!(
                matches!(error, Error::Refused { refusal, .. } if refusal.code == "no_such_tree"),
                "{from} to {to}"
            );
        }
        assert_eq!(engine.entry(EntryKey::Index(300)).await.unwrap(), None);
        assert_eq!(engine.entry(EntryKey::Index(u64::MAX)).await.unwrap(), None);
        assert_eq!(
            engine
                .receipt(EntryKey::Id(uuid::Uuid::from_u128(1)))
                .await
                .unwrap(),
            None
        );
        close(engine).await;
    }
}
