//! A log beyond 65,536 entries: hashes of two levels are stored, and verification goes through many chunks.

crate::on_both!(two_levels_of_subtrees);

mod cases {
    use domain::record::Val;
    use engine::{Engine, EntryKey};
    use evidence::receipt;
    use tlog::edge::root_of;
    use tlog::{Checkpoint, Hash, Tile, verify_consistency};

    use crate::attacker::{Attacker, assert_intact, close, entry_key, names_entry, verify};
    use crate::support::{Bed, event, record};

    const SIZE: u64 = 66_001;

    async fn hashes(engine: &Engine, tile: Tile) -> Vec<Hash> {
        let bytes = engine.tile(tile).await.unwrap().unwrap();
        bytes
            .chunks_exact(32)
            .map(|hash| Hash::from_slice(hash).unwrap())
            .collect()
    }

    async fn proofs_hold(engine: &Engine) {
        let head = Checkpoint::open(&engine.checkpoint().await.unwrap(), engine.verifier_key()).unwrap();
        assert_eq!(head.size, SIZE);
        for index in [0, 255, 256, 40_000, 65_535, 65_536, SIZE - 1] {
            let entry = engine.entry(EntryKey::Index(index)).await.unwrap().unwrap();
            let text = engine.receipt(EntryKey::Index(index)).await.unwrap().unwrap();
            assert_eq!(
                receipt::check(&text, &entry, engine.verifier_key()).unwrap().root,
                head.root
            );
        }
        for (from, to) in [
            (1, SIZE),
            (256, 65_536),
            (65_535, 65_537),
            (65_536, SIZE),
            (50_001, 66_000),
        ] {
            let proof = engine.consistency(from, to).await.unwrap();
            verify_consistency(from, to, &proof.from_root, &proof.to_root, &proof.proof).unwrap();
        }
        let lower = hashes(
            engine,
            Tile {
                level: 1,
                index: 0,
                width: 256,
            },
        )
        .await;
        let upper = hashes(
            engine,
            Tile {
                level: 2,
                index: 0,
                width: 1,
            },
        )
        .await;
        assert_eq!(upper, [root_of(lower)]);
    }

    pub async fn two_levels_of_subtrees(bed: Bed) {
        let engine = bed.open().await;
        let tick = event(r#"{"actor":{"kind":"system"},"action":"tick"}"#);
        for _ in 0..66 {
            record(&engine, vec![tick.clone(); 1_000]).await.unwrap();
        }
        proofs_hold(&engine).await;
        close(engine).await;
        let options = bed.options();
        assert_eq!(assert_intact(&options).await.entries_checked, SIZE);

        let mut attacker = Attacker::new(&bed).await;
        let upper = vec![
            ("height".to_owned(), Val::Int(16)),
            ("position".to_owned(), Val::Int(0)),
        ];
        attacker
            .set("subtrees", "hash", &upper, &vec![7; 32].into())
            .await
            .unwrap();
        let report = verify(&options).await;
        assert_eq!(
            report.findings[0].id.as_deref(),
            Some("16/0"),
            "{:#?}",
            report.findings
        );
        attacker.delete("subtrees", &upper).await;
        let report = verify(&options).await;
        assert!(
            report.findings[0].what.contains("missing"),
            "{:#?}",
            report.findings
        );
        attacker.put_back("subtrees").await;

        // At the borders of what one thread checks at a time, and swapped from one such part to another.
        let saved = attacker.row("entries", &entry_key(4_096)).await;
        for index in [4_095, 4_096, 8_191, SIZE - 1] {
            let saved = attacker.row("entries", &entry_key(index)).await;
            attacker.delete("entries", &entry_key(index)).await;
            let report = verify(&options).await;
            assert!(
                report
                    .findings
                    .iter()
                    .any(|f| f.table == "entries" && f.entry == Some(index)),
                "{index}"
            );
            attacker.insert("entries", &saved).await;
        }
        attacker
            .set("entries", "leaf", &entry_key(4_096), &"{}".into())
            .await
            .unwrap();
        attacker
            .set("entries", "outcome", &entry_key(60_000), &"failed".into())
            .await
            .unwrap();
        let report = verify(&options).await;
        for index in [4_096, 60_000] {
            assert!(
                report.findings.iter().any(|finding| names_entry(finding, index)),
                "{:#?}",
                report.findings
            );
        }
        let leaf = attacker.position("entries", "leaf");
        attacker
            .set("entries", "leaf", &entry_key(4_096), &saved.0[leaf])
            .await
            .unwrap();
        attacker
            .set("entries", "outcome", &entry_key(60_000), &"success".into())
            .await
            .unwrap();
        assert_intact(&options).await;
    }
}
