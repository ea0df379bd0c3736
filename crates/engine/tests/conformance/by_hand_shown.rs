//! What is shown of a log that was changed by hand: it says so, and nothing else is harmed by it.

crate::on_both!(
    a_payload_removed_by_hand_is_not_called_erased,
    an_erasure_made_up_by_hand_is_not_believed,
    an_entry_that_does_not_read_leaves_the_others_alone,
    an_entry_that_is_missing_is_named,
    a_row_says_whether_it_is_the_one_that_its_entry_wrote,
    rows_that_do_not_read_leave_the_names_of_others_alone
);

mod cases {
    use domain::audit::EntryFilter;
    use domain::identity::Role;
    use domain::identity::user::User;
    use domain::record::{Record, Val};
    use engine::list::{Condition, Page};
    use engine::{Engine, EntryKey, Error, SEARCH_TIME};
    use evidence::{Entry, Gone};
    use store::Row;
    use uuid::Uuid;

    use crate::attacker::{Attacker, entry_key, verify};
    use crate::support::{Bed, create_user, erase, numbered, record};

    /// A log with some events; the index of one with others before and behind it.
    async fn log_of(bed: &Bed) -> (Engine, u64) {
        let engine = bed.open().await;
        let first = record(&engine, (0..9).map(numbered).collect()).await.unwrap();
        (engine, first.entry.unwrap() + 5)
    }

    /// A process that remembers nothing. It must be there before the log is changed: one that starts on a changed end of the log
    /// stops.
    async fn afresh(bed: &Bed) -> Engine {
        Engine::open(bed.options()).await.unwrap()
    }

    async fn checked(engine: &Engine, index: u64) -> Entry {
        let found = engine
            .entry_checked(EntryKey::Index(index))
            .await
            .unwrap()
            .unwrap();
        let by_id = engine
            .entry_checked(EntryKey::Id(found.id))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found, by_id);
        found
    }

    /// All entries as a list shows them, the oldest first.
    async fn listed(engine: &Engine) -> Vec<Entry> {
        let page = Page {
            limit: 1_000,
            ..Page::default()
        };
        let filter = EntryFilter::default();
        let found = engine.entries_within(&filter, page, (1 << 20, SEARCH_TIME));
        let mut entries = found.await.unwrap().entries;
        entries.reverse();
        entries
    }

    async fn export(engine: &Engine) -> Result<Vec<Entry>, Error> {
        let mut export = engine.exported(EntryFilter::default(), None).await?;
        let mut all = Vec::new();
        while let Some(entries) = export.next().await? {
            all.extend(entries);
        }
        Ok(all)
    }

    async fn set(attacker: &mut Attacker, index: u64, column: &str, value: Val) {
        let key = entry_key(index);
        attacker.set("entries", column, &key, &value).await.unwrap();
    }

    async fn remove_payload(attacker: &mut Attacker, index: u64) {
        for column in ["payload", "salt", "actor", "target", "ip"] {
            set(attacker, index, column, Val::Null).await;
        }
    }

    pub async fn a_payload_removed_by_hand_is_not_called_erased(bed: Bed) {
        let (engine, taken) = log_of(&bed).await;
        let erased = taken - 2;
        let by = erase(&engine, vec![erased]).await.unwrap().entry.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        remove_payload(&mut attacker, taken).await;
        let at = |index: u64| usize::try_from(index).unwrap();
        let all = listed(&engine).await;
        let (filter, page) = (
            EntryFilter {
                from: Some(evidence::Timestamp::EPOCH),
                ..EntryFilter::default()
            },
            Page {
                limit: 1_000,
                ..Page::default()
            },
        );
        let json = engine.shown_within(&filter, page, (1 << 20, SEARCH_TIME));
        let json = serde_json::to_value(json.await.unwrap().entries).unwrap();
        for entry in [&all[at(erased)], &checked(&engine, erased).await] {
            assert_eq!((entry.erased, entry.erased_by), (true, Some(by)), "{entry:?}");
            assert_eq!((&entry.tampered, entry.check()), (&None, Ok(())));
        }
        for entry in [&all[at(taken)], &checked(&engine, taken).await] {
            assert!(!entry.is_gone() && entry.erased_by.is_none(), "{entry:?}");
            assert_eq!(entry.tampered.as_deref(), Some(Gone::BY_HAND));
            assert!(entry.check().unwrap_err().to_string().contains("by hand"));
        }
        let shown = |index: u64| json[json.as_array().unwrap().len() - 1 - at(index)].clone();
        assert_eq!(shown(taken)["tampered"], Gone::BY_HAND);
        assert_eq!(shown(erased)["erased_by"], by);
        assert!(shown(taken).get("erased").is_none() && shown(erased).get("tampered").is_none());
        let found = verify(&bed.options()).await.findings;
        let named: Vec<_> = found
            .iter()
            .map(|finding| (finding.entry, &*finding.what))
            .collect();
        assert_eq!(named, [(Some(taken), Gone::BY_HAND)], "as a verification says it");
    }

    pub async fn an_erasure_made_up_by_hand_is_not_believed(bed: Bed) {
        let (engine, taken) = log_of(&bed).await;
        let erased = taken - 2;
        erase(&engine, vec![erased]).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        remove_payload(&mut attacker, taken).await;
        // The row of the true one, for another entry.
        let id = checked(&engine, taken).await.id;
        let key = attacker
            .keys("erasures", &format!("erased = {erased}"))
            .await
            .remove(0);
        let mut row: Row = attacker.row("erasures", &key).await;
        let [at_id, at_erased] = ["id", "erased"].map(|column| attacker.position("erasures", column));
        row.0[at_id] = match row.0[at_id] {
            Val::Bytes(_) => Val::Bytes(id.as_bytes().to_vec()),
            _ => Val::Uuid(id),
        };
        row.0[at_erased] = i64::try_from(taken).unwrap().into();
        attacker.insert("erasures", &row).await;
        let what = checked(&engine, taken).await.tampered.unwrap();
        assert!(
            what.starts_with(Gone::BY_HAND) && what.contains("erasures"),
            "{what}"
        );
        assert_eq!(checked(&engine, erased).await.tampered, None);
    }

    pub async fn an_entry_that_does_not_read_leaves_the_others_alone(bed: Bed) {
        let (engine, harmed) = log_of(&bed).await;
        let mut attacker = Attacker::new(&bed).await;
        let before = listed(&engine).await;
        let at = usize::try_from(harmed).unwrap();
        for (column, value, said) in [
            ("payload", "{bad", "payload"),
            ("payload", "", "payload"),
            ("changes", "[", "changes"),
            ("leaf", "{bad", "leaf"),
        ] {
            let engine = afresh(&bed).await;
            set(&mut attacker, harmed, column, value.into()).await;
            let all = listed(&engine).await;
            let what = all[at].tampered.clone().unwrap_or_default();
            assert!(what.starts_with(said), "{column}: {what}");
            assert_eq!((all[at].index, all[at].id), (harmed, before[at].id), "{column}");
            assert_eq!((all[at].at, &all[at].action), (before[at].at, &before[at].action));
            let others = |all: &[Entry]| -> Vec<Entry> {
                let others = all.iter().filter(|entry| entry.index != harmed);
                others.cloned().collect()
            };
            assert_eq!(others(&all), others(&before), "{column}");
            let one = checked(&engine, harmed).await.tampered;
            assert!(one.is_some_and(|what| what.contains(said)), "{column}");
            assert!(all[at].check().is_err() && checked(&engine, harmed - 1).await.tampered.is_none());
            match export(&engine).await {
                Ok(exported) => assert_eq!(exported, all, "{column}"),
                Err(Error::EntryTampered { entry, .. }) => assert_eq!((entry, column), (harmed, "leaf")),
                Err(error) => panic!("{column}: {error}"),
            }
            attacker.put_back("entries").await;
        }
        // Bytes that no program of ours wrote, where the engine keeps any.
        let engine = afresh(&bed).await;
        set(&mut attacker, harmed, "salt", vec![7].into()).await;
        let all = listed(&engine).await;
        assert_eq!(all[at].tampered.as_deref(), Some(Gone::HALF));
    }

    pub async fn an_entry_that_is_missing_is_named(bed: Bed) {
        let (engine, gone) = log_of(&bed).await;
        let mut attacker = Attacker::new(&bed).await;
        attacker.delete("entries", &entry_key(gone)).await;
        let missing = |what: &str, error: Error| match error {
            Error::EntryTampered { entry, .. } => assert_eq!(entry, gone, "{what}"),
            other => panic!("{what}: {other}"),
        };
        for index in [gone - 1, gone] {
            let receipt = engine.receipt(EntryKey::Index(index)).await;
            missing(&format!("the receipt of {index}"), receipt.unwrap_err());
        }
        missing(
            "the entry",
            engine.entry_checked(EntryKey::Index(gone)).await.unwrap_err(),
        );
        missing("a proof", engine.consistency(gone, gone + 3).await.unwrap_err());
        assert_eq!(engine.receipt(EntryKey::Index(99)).await.unwrap(), None);
        assert_eq!(engine.entry_checked(EntryKey::Index(99)).await.unwrap(), None);
        let indexes: Vec<u64> = listed(&engine).await.iter().map(|entry| entry.index).collect();
        assert!(!indexes.contains(&gone) && indexes.contains(&(gone - 1)) && indexes.contains(&(gone + 1)));
        assert_eq!(checked(&engine, gone + 1).await.tampered, None);
    }

    async fn user(engine: &Engine, name: &str) -> Uuid {
        create_user(engine, name, Role::VIEWER).await.unwrap();
        engine.user_named(name).await.unwrap().unwrap().row.id
    }

    pub async fn a_row_says_whether_it_is_the_one_that_its_entry_wrote(bed: Bed) {
        let engine = bed.open().await;
        let (ann, ben) = (user(&engine, "ann").await, user(&engine, "ben").await);
        let mut attacker = Attacker::new(&bed).await;
        let key = vec![("id".to_owned(), Val::Uuid(ann))];
        attacker
            .set("users", "role", &key, &"admin".into())
            .await
            .unwrap();
        for engine in [engine, afresh(&bed).await] {
            let doubt = engine.row_doubt(User::TABLE, ann).await.unwrap();
            assert!(doubt.is_some_and(|what| what.contains("changed by hand")));
            assert_eq!(engine.row_doubt(User::TABLE, ben).await.unwrap(), None);
            assert_eq!(engine.row_doubt(User::TABLE, Uuid::nil()).await.unwrap(), None);
        }
        attacker
            .set("users", "version", &key, &(-5).into())
            .await
            .unwrap();
        let engine = afresh(&bed).await;
        let doubt = engine.row_doubt(User::TABLE, ann).await.unwrap();
        assert!(doubt.is_some_and(|what| what.contains("does not read")));
    }

    pub async fn rows_that_do_not_read_leave_the_names_of_others_alone(bed: Bed) {
        let engine = bed.open().await;
        let (ann, ben) = (user(&engine, "ann").await, user(&engine, "ben").await);
        let mut attacker = Attacker::new(&bed).await;
        let key = vec![("id".to_owned(), Val::Uuid(ann))];
        attacker
            .set("users", "version", &key, &(-5).into())
            .await
            .unwrap();
        let names = engine.usernames([ann, ben]).await.unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [(ben, "ben".to_owned())]);
        match engine.select::<User>(&[], None, None).await {
            Err(Error::Tampered { table, id, .. }) => assert_eq!((table, id), ("users", ann)),
            other => panic!("{other:?}"),
        }
        let but = [Condition::IsNot("id", ann.into())];
        let (found, more) = engine.select::<User>(&but, None, None).await.unwrap();
        assert!(!more && found.iter().any(|sealed| sealed.row.id == ben));
    }
}
