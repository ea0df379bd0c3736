//! What is told beside backups to be erased again: nothing is, unless the log proves it.

crate::on_both!(
    what_the_log_does_not_prove_is_refused,
    what_only_calls_itself_an_erasure_is_none,
    the_database_that_is_replaced_is_asked,
);

mod cases {
    use backup::format::{self, ErasedLater};
    use backup::place::{Folder, Place};
    use backup::{Error, Unproven};
    use engine::{Engine, EntryKey, Options};

    use crate::attacker::{assert_intact, close};
    use crate::opened::{folder, write_to};
    use crate::restoring::cases::{ANYWAY, Asked, elsewhere, restore, until_restored};
    use crate::support::{Bed, erase, event, numbered, record, rich_log};

    type Change<'a> = &'a dyn Fn(&mut ErasedLater);

    /// What is told beside the backups of this entry or a later one: the file's name, and what it says.
    fn told(place: &Folder, from: u64) -> Vec<(String, ErasedLater)> {
        let names = place.names().unwrap().into_iter();
        let told = names.filter(|name| name.contains("-erased-"));
        let read = |name: String| {
            let said: ErasedLater = serde_json::from_reader(place.read(&name).unwrap()).unwrap();
            (name, said)
        };
        told.map(read).filter(|(_, said)| said.entry >= from).collect()
    }

    async fn is_erased(options: &Options, index: u64) -> bool {
        let engine = Engine::open(options.clone()).await.unwrap();
        let entry = engine.entry(EntryKey::Index(index)).await.unwrap().unwrap();
        close(engine).await;
        entry.details.is_none()
    }

    pub async fn what_the_log_does_not_prove_is_refused(bed: Bed) {
        let engine = rich_log(&bed).await;
        let kept = *engine.size().borrow();
        record(&engine, vec![numbered(1), numbered(2)]).await.unwrap();
        let place = folder(bed.dir.path());
        let early = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        erase(&engine, vec![kept + 1]).await.unwrap();
        close(engine).await;
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        let [(name, said)] = &told(&place, early.entries)[..] else {
            panic!("one command erased since")
        };
        assert_eq!(said.entries, [kept + 1]);
        let proof = said.proof.clone().unwrap();
        let proved = |change: &dyn Fn(&mut format::Proof)| {
            let mut proof = proof.clone();
            change(&mut proof);
            Some(proof)
        };
        let changes: [(&str, Change<'_>); 8] = [
            ("it says other than its proof", &|said| said.entries = vec![kept]),
            ("it says other than its proof", &|said| {
                said.users = vec![proof.erasures[0].id];
            }),
            ("nothing proves it", &|said| (said.format, said.proof) = (1, None)),
            ("the receipt is for index", &|said| said.entry += 1),
            ("the checkpoint does not hold", &|said| {
                said.proof = proved(&|proof| {
                    // A digit of the signature.
                    let at = proof.receipt.len() - 12;
                    let other = if &proof.receipt[at..=at] == "A" { "B" } else { "A" };
                    proof.receipt.replace_range(at..=at, other);
                });
            }),
            ("is not proved to be in the log", &|said| {
                said.proof = proved(&|proof| proof.leaf.push(' '));
            }),
            ("its list of changes is not", &|said| {
                said.proof = proved(&|proof| proof.changes.push(' '));
            }),
            ("does not fit the list of changes", &|said| {
                said.proof = proved(&|proof| proof.erasures[0].erased = kept);
                said.entries = vec![kept];
            }),
        ];
        let other = Bed::new(bed.on);
        let options = elsewhere(&bed, &other);
        for (wrong, change) in changes {
            let mut forged = said.clone();
            change(&mut forged);
            place.replace(name, &format::document(&forged)).unwrap();
            let refused = restore(&options, &place, &early.file, Asked::default()).await;
            let Err(Error::Refused { code, message, .. }) = refused else {
                panic!("{wrong}: {refused:?}")
            };
            assert_eq!(code, "unproven_erasure", "{message}");
            assert!(
                message.contains(name) && message.contains(wrong),
                "{wrong}: {message}"
            );
        }
        place.replace(name, &format::document(said)).unwrap();
        // What programs before said is proved where a file beside it says the same.
        let before = |entries: &[u64]| ErasedLater {
            entries: entries.to_vec(),
            proof: None,
            format: 1,
            ..said.clone()
        };
        for left in [before(&said.entries), before(&[kept])] {
            assert!(
                place
                    .add(&format::erased_name(&left), &format::document(&left))
                    .unwrap()
            );
        }
        for (unproven, both) in [(Unproven::Skip, false), (Unproven::Erase, true)] {
            let asked = Asked {
                unproven: Some(unproven),
                ..Asked::default()
            };
            let other = Bed::new(bed.on);
            let options = elsewhere(&bed, &other);
            let restored = restore(&options, &place, &early.file, asked).await.unwrap();
            assert_eq!(restored.unproven.len(), 1, "{:?}", restored.unproven);
            assert_eq!(restored.again.entries, 1 + u64::from(both));
            assert_intact(&options).await;
            assert!(is_erased(&options, kept + 1).await);
            assert_eq!(is_erased(&options, kept).await, both);
        }
    }

    /// An application may record what it likes.
    pub async fn what_only_calls_itself_an_erasure_is_none(bed: Bed) {
        let engine = rich_log(&bed).await;
        let user = engine.user_named("bob").await.unwrap().unwrap().row.id;
        let called = event(&format!(
            r#"{{"actor":{{"kind":"external","name":"app"}},"action":"user.erase","target":{{"kind":"user","id":"{user}"}}}}"#
        ));
        let place = folder(bed.dir.path());
        let early = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![called]).await.unwrap();
        close(engine).await;
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        assert_eq!(told(&place, early.entries).len(), 0);
        let restored = until_restored(&bed.options(), &place, &early.file, ANYWAY).await;
        assert_eq!((restored.again.users, restored.unproven.len()), (0, 0));
    }

    /// Nothing was left beside the backups: what the old database erased is erased again all the same.
    pub async fn the_database_that_is_replaced_is_asked(bed: Bed) {
        let engine = rich_log(&bed).await;
        let first = *engine.size().borrow();
        record(&engine, vec![numbered(1), numbered(2)]).await.unwrap();
        let place = folder(bed.dir.path());
        let early = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        erase(&engine, vec![first]).await.unwrap();
        close(engine).await;
        assert_eq!(told(&place, early.entries).len(), 0);
        let restored = until_restored(&bed.options(), &place, &early.file, ANYWAY).await;
        assert_eq!((restored.again.entries, restored.unproven.len()), (1, 0));
        assert!(restored.not_asked.is_none(), "{:?}", restored.not_asked);
        assert!(is_erased(&bed.options(), first).await && !is_erased(&bed.options(), first + 1).await);
        assert_intact(&bed.options()).await;
    }
}
