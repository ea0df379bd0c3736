//! From a command to its entry, and back.

crate::on_both!(
    entries_come_back,
    lists_are_all_or_none,
    own_ids_replay,
    refusals_are_recorded,
    proofs_hold,
    api_keys
);

mod cases {
    use domain::audit::EntryFilter;
    use domain::identity::Scope;
    use domain::identity::api_key::{CreateApiKey, RevokeApiKey};
    use domain::identity::token::TokenKind;
    use domain::{Command, Origin, Reply};
    use engine::{Engine, EntryKey, Error};
    use evidence::receipt;
    use store::query::Page;

    use crate::support::{Bed, event, numbered, operator, record, record_as};

    pub async fn entries_come_back(bed: Bed) {
        let engine = bed.open().await;
        let full = event(
            r#"{"actor":{"kind":"agent","id":"bot-1","name":"Bot","on_behalf_of":"ann"},"action":"doc.sign",
                "target":{"kind":"doc","id":"d-1"},"outcome":"failed","occurred_at":"2026-01-02T03:04:05.678Z",
                "description":"Tried to sign","details":{"z":1,"é":[1.5,null,"x\u0000y"]},"ip":"2001:db8::1","user_agent":"curl/8",
                "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","session_id":"s1",
                "aim":{"actor":"a","input":{"k":"v"},"mission":"m"},"drag_mode":"research"}"#,
        );
        let answer = record(&engine, vec![full.clone()]).await.unwrap();
        let Reply::Recorded(recorded) = &answer.reply else {
            panic!("{answer:?}")
        };
        let place = recorded[0].place.unwrap();
        assert_eq!(answer.entry, Some(place.index));
        let entry = engine.entry(EntryKey::Id(recorded[0].id)).await.unwrap().unwrap();
        assert_eq!(entry.index, place.index);
        assert_eq!(entry.actor, full.actor);
        assert_eq!(entry.target, full.target);
        assert_eq!(entry.details, full.details);
        assert_eq!(entry.aim, full.aim);
        assert_eq!(entry.authority, "operator audit:write");
        entry.check().unwrap();
        let page = engine
            .entries(
                &EntryFilter::default(),
                Page {
                    limit: 10,
                    ..Page::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(page.entries.len(), 2, "the first admin and the event");
        assert_eq!(page.entries[0], entry, "newest first");
        assert_eq!(page.entries[1].action, "user.create");
        page.entries[1].check().unwrap();
    }

    pub async fn lists_are_all_or_none(bed: Bed) {
        let engine = bed.open().await;
        let mut events: Vec<_> = (0..10).map(numbered).collect();
        events[7].occurred_at = Some("2200-01-01T00:00:00Z".parse().unwrap());
        let error = record(&engine, events).await.unwrap_err();
        let Error::Refused { refusal, entry } = error else {
            panic!("{error:?}")
        };
        assert_eq!(refusal.field.as_deref(), Some("[7].occurred_at"));
        assert_eq!(entry, Some(1), "the refusal is recorded, nothing else");
        assert_eq!(*engine.size().borrow(), 2);
        record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
        let error = record(&engine, (0..1_001).map(numbered).collect())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Refused { refusal, .. } if refusal.code == "too_many_entries"));
    }

    pub async fn own_ids_replay(bed: Bed) {
        let engine = bed.open().await;
        let own = |id: &str, n: usize| {
            let mut event = numbered(n);
            event.id = Some(id.parse().unwrap());
            event
        };
        let (a, b) = (
            "01970000-0000-7000-8000-00000000000a",
            "01970000-0000-7000-8000-00000000000b",
        );
        let first = record(&engine, vec![own(a, 1), own(b, 2)]).await.unwrap();
        let again = record(&engine, vec![own(a, 1), own(b, 2)]).await.unwrap();
        let (Reply::Recorded(first), Reply::Recorded(again)) = (first.reply, again.reply) else {
            panic!()
        };
        assert!(again.iter().all(|entry| entry.replayed));
        assert_eq!(
            first.iter().map(|e| e.place).collect::<Vec<_>>(),
            again.iter().map(|e| e.place).collect::<Vec<_>>()
        );
        let error = record(&engine, vec![own(a, 8)]).await.unwrap_err();
        let Error::Refused { refusal, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("id_conflict", Some("target.id"))
        );
        let c = "01970000-0000-7000-8000-00000000000c";
        let twice = record(&engine, vec![own(c, 1), own(c, 1)]).await.unwrap();
        let Reply::Recorded(twice) = twice.reply else {
            panic!()
        };
        assert_eq!(twice[0].place, twice[1].place);
        assert_eq!([twice[0].replayed, twice[1].replayed], [false, true]);
    }

    pub async fn refusals_are_recorded(bed: Bed) {
        let engine = bed.open().await;
        let caller = key(&engine, vec![Scope::Read]).await;
        let error = record_as(&engine, &caller, vec![numbered(1)]).await.unwrap_err();
        let Error::Refused {
            refusal,
            entry: Some(entry),
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(refusal.code, "scope_missing");
        let entry = engine.entry(EntryKey::Index(entry)).await.unwrap().unwrap();
        assert_eq!(entry.action, "audit.append");
        assert_eq!(entry.outcome, evidence::Outcome::Refused);
        assert!(entry.changes.is_empty());
        entry.check().unwrap();
    }

    async fn key(engine: &Engine, scopes: Vec<Scope>) -> domain::Caller {
        let token = Engine::new_token(TokenKind::ApiKey).unwrap();
        let command = CreateApiKey {
            agent: None,
            owner: "admin".into(),
            name: "test".into(),
            scopes,
            expires_at: None,
            requests_per_minute: None,
            shown: token.shown().into(),
            hash: token.hash(),
        };
        engine
            .submit(&operator(), Origin::default(), Command::CreateApiKey(command))
            .await
            .unwrap();
        engine.authenticate(token.secret()).await.unwrap()
    }

    pub async fn api_keys(bed: Bed) {
        let engine = bed.open().await;
        let caller = key(&engine, vec![Scope::Write]).await;
        let answer = record_as(&engine, &caller, vec![numbered(1)]).await.unwrap();
        let entry = engine
            .entry(EntryKey::Index(answer.entry.unwrap()))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(entry.authority, "role:admin audit:write");
        let domain::Caller::ApiKey(id) = caller else {
            panic!()
        };
        assert_eq!(entry.recorded_by.id, Some(id));
        engine
            .submit(
                &operator(),
                Origin::default(),
                Command::RevokeApiKey(RevokeApiKey { id }),
            )
            .await
            .unwrap();
        let error = record_as(&engine, &caller, vec![numbered(2)]).await.unwrap_err();
        assert!(
            matches!(error, Error::Refused { refusal, entry: Some(_) } if refusal.code == "api_key_revoked")
        );
        let unknown = Engine::new_token(TokenKind::ApiKey).unwrap();
        let error = engine.authenticate(unknown.secret()).await.unwrap_err();
        assert!(
            matches!(error, Error::Refused { refusal, entry: None } if refusal.code == "unknown_api_key")
        );
    }

    pub async fn proofs_hold(bed: Bed) {
        let engine = bed.open().await;
        let key = engine.verifier_key().clone();
        let old = engine.checkpoint().await.unwrap();
        for n in 0..3 {
            record(&engine, (0..300).map(|i| numbered(n * 300 + i)).collect())
                .await
                .unwrap();
        }
        for index in [0, 1, 255, 256, 257, 511, 512, 767, 768, 900] {
            let text = engine.receipt(EntryKey::Index(index)).await.unwrap().unwrap();
            let entry = engine.entry(EntryKey::Index(index)).await.unwrap().unwrap();
            let checked = receipt::check(&text, &entry, &key).unwrap();
            assert_eq!(checked.size, 901);
        }
        assert_eq!(engine.receipt(EntryKey::Index(901)).await.unwrap(), None);
        let new = engine.checkpoint().await.unwrap();
        let proof = engine.consistency(1, 901).await.unwrap();
        receipt::check_consistency(&old, &new, &proof, &key).unwrap();
    }
}
