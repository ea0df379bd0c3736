//! API keys: rotation, revocation, and what each did.

crate::on_both!(
    rotation_with_an_overlap,
    revoked_here_and_elsewhere,
    own_and_others,
    what_a_key_did,
    typos_and_strangers,
    expiry
);

mod cases {
    use std::time::Duration;

    use domain::audit::EntryFilter;
    use domain::identity::token::TokenKind;
    use domain::identity::{Permission, Role, Scope};
    use domain::{Caller, Command};
    use engine::Engine;
    use engine::identity::NewApiKey;
    use engine::list::Condition;
    use store::query::Page;

    use crate::attacker::{assert_intact, close};
    use crate::people::{code, entries, id, now, origin, person, session_of, until, verdict};
    use crate::support::{Bed, create_key, numbered, operator, record_as, submit, two};
    use domain::identity::api_key::{ApiKey, RevokeApiKey};

    fn new_key(owner: &str) -> NewApiKey {
        NewApiKey {
            agent: None,
            owner: owner.to_owned(),
            name: "deploy".to_owned(),
            scopes: vec![Scope::Write],
            expires_at: None,
            requests_per_minute: None,
        }
    }

    async fn write(engine: &Engine, caller: &Caller) -> &'static str {
        code(record_as(engine, caller, vec![numbered(1)]).await)
    }

    pub async fn rotation_with_an_overlap(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::DEVELOPER).await;
        let (old, old_token) = engine
            .create_api_key(&operator(), origin(), new_key("ann"))
            .await
            .unwrap();
        let rotated = engine.rotate_api_key(&operator(), origin(), old.id, 2).await;
        let (new, new_token) = rotated.unwrap();
        assert_eq!(
            (&new.name, &new.scopes, new.user_id),
            (&old.name, &old.scopes, old.user_id)
        );
        assert_ne!(new_token.secret(), old_token.secret());
        let old_caller = engine.authenticate(old_token.secret()).await.unwrap();
        let new_caller = engine.authenticate(new_token.secret()).await.unwrap();
        for caller in [&old_caller, &new_caller] {
            assert_eq!(write(&engine, caller).await, "done");
        }
        let again = engine.rotate_api_key(&operator(), origin(), old.id, 2).await;
        assert_eq!(code(again), "api_key_rotated");
        let read = engine.row::<ApiKey>(old.id).await.unwrap().unwrap().row;
        assert_eq!(read.successor, Some(new.id));
        // The successor can be rotated in its turn, without overlap too.
        let rotated = engine.rotate_api_key(&operator(), origin(), new.id, 0).await;
        let (third, _) = rotated.unwrap();
        assert_eq!(verdict(&engine, &new_caller).await, "api_key_expired");
        assert_eq!(write(&engine, &Caller::ApiKey(third.id)).await, "done");
        until("the overlap ends", Duration::from_secs(4), async || {
            verdict(&engine, &old_caller).await == "api_key_expired"
        })
        .await;
        assert_eq!(write(&engine, &old_caller).await, "api_key_expired");
        assert!(now() >= read.expires_at.unwrap(), "not before its time");
        assert_eq!(
            entries(&engine, "api_key.rotate").await.len(),
            3,
            "one of them refused"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// At once in this process; in the others within a second, and for their writes at once as well.
    pub async fn revoked_here_and_elsewhere(bed: Bed) {
        let [one, two] = two(&bed).await;
        let (one, two) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        person(&one, "ann", Role::DEVELOPER).await;
        let mut slowest = Duration::ZERO;
        for _ in 0..4 {
            let caller = create_key(&one, "ann", vec![Scope::Write]).await;
            for engine in [&one, &two] {
                assert_eq!(verdict(engine, &caller).await, "good");
            }
            submit(&one, Command::RevokeApiKey(RevokeApiKey { id: id(&caller) }))
                .await
                .unwrap();
            let since = std::time::Instant::now();
            assert_eq!(verdict(&one, &caller).await, "api_key_revoked");
            assert_eq!(write(&two, &caller).await, "api_key_revoked");
            until(
                "the other process refuses reads",
                Duration::from_millis(1_500),
                async || verdict(&two, &caller).await == "api_key_revoked",
            )
            .await;
            slowest = slowest.max(since.elapsed());
            let again = submit(&one, Command::RevokeApiKey(RevokeApiKey { id: id(&caller) }))
                .await
                .unwrap();
            assert_eq!(again.entry, None, "a second time changes nothing");
        }
        assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
        close(two).await;
        close(one).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn own_and_others(bed: Bed) {
        let engine = bed.open().await;
        let mut callers = Vec::new();
        for (name, role) in [
            ("dev", Role::DEVELOPER),
            ("vic", Role::VIEWER),
            ("ada", Role::ADMIN),
        ] {
            let user = person(&engine, name, role).await;
            callers.push(session_of(&engine, user.id).await);
        }
        let [dev, vic, ada] = &callers[..] else { panic!() };
        let create = async |caller: &Caller, owner: &str| {
            code(engine.create_api_key(caller, origin(), new_key(owner)).await)
        };
        let cases = [
            (dev, "dev", "done"),
            (dev, "DEV", "done"),
            (dev, "vic", "permission_missing"),
            (dev, "nobody", "permission_missing"),
            (vic, "vic", "permission_missing"),
            (ada, "dev", "done"),
            (ada, "nobody", "unknown_user"),
        ];
        for (caller, owner, expected) in cases {
            assert_eq!(create(caller, owner).await, expected, "{owner}");
        }
        let dev_id = engine.user_named("dev").await.unwrap().unwrap().row.id;
        let of_dev = [Condition::Is("user_id", dev_id.into())];
        let (keys, _) = engine.select::<ApiKey>(&of_dev, None, None).await.unwrap();
        assert_eq!(keys.len(), 3);
        let one = engine.row::<ApiKey>(keys[0].row.id).await.unwrap().unwrap();
        assert_eq!(one.row.user_id, dev_id);
        let (all, more) = engine.select::<ApiKey>(&[], None, Some(3)).await.unwrap();
        assert_eq!((all.len(), more), (3, false));
        let first = all[0].row.id;
        let (after, more) = engine.select::<ApiKey>(&[], Some(first), Some(1)).await.unwrap();
        assert_eq!((after[0].row.id, more), (all[1].row.id, true));
        let [first, second, third] = [0, 1, 2].map(|number: usize| keys[number].row.id);
        let revoke = async |caller: &Caller, id| {
            code(
                engine
                    .submit(caller, origin(), Command::RevokeApiKey(RevokeApiKey { id }))
                    .await,
            )
        };
        assert_eq!(revoke(vic, first).await, "permission_missing");
        assert_eq!(revoke(dev, first).await, "done");
        assert_eq!(revoke(ada, second).await, "done");
        // A key with the scope of everything does what its owner may: also with keys.
        let narrow = Caller::ApiKey(third);
        assert_eq!(revoke(&narrow, third).await, "scope_missing");
        let wide = create_key(&engine, "dev", vec![Scope::Admin]).await;
        assert_eq!(revoke(&wide, third).await, "done");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn what_a_key_did(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::DEVELOPER).await;
        let [mine, other] = [0, 1].map(|_| create_key(&engine, "ann", vec![Scope::Write]));
        let (mine, other) = (mine.await, other.await);
        let use_of = async |caller: &Caller| engine.api_key_use(id(caller)).await.unwrap();
        assert_eq!(
            (use_of(&mine).await.entries, use_of(&mine).await.last_used_at),
            (0, None)
        );
        let before = now();
        assert_eq!(verdict(&engine, &mine).await, "good");
        for _ in 0..3 {
            record_as(&engine, &mine, (0..5).map(numbered).collect())
                .await
                .unwrap();
        }
        assert_eq!(write(&engine, &other).await, "done");
        submit(&engine, Command::RevokeApiKey(RevokeApiKey { id: id(&mine) }))
            .await
            .unwrap();
        // A refusal is something that it did, too.
        assert_eq!(write(&engine, &mine).await, "api_key_revoked");
        engine.limits().flush().await.unwrap();
        let used = use_of(&mine).await;
        assert_eq!(used.entries, 16);
        for (most, counted) in [(15, 15), (16, 16), (17, 16)] {
            let conn = &mut engine.db().reader().await.unwrap();
            let written = store::entries::written_by(conn, id(&mine), most).await.unwrap();
            assert_eq!(written, counted);
        }
        assert!(used.last_used_at.unwrap() >= before);
        let filter = EntryFilter {
            recorded_by: Some(id(&mine)),
            ..EntryFilter::default()
        };
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = Page {
                after,
                limit: 5,
                ..Page::default()
            };
            let page = engine.entries(&filter, page).await.unwrap().entries;
            after = page.last().map(|entry| entry.index);
            found.extend(page);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), 16);
        assert!(found.iter().all(|entry| entry.recorded_by.id == Some(id(&mine))));
        let refused = EntryFilter {
            outcome: Some(evidence::Outcome::Refused),
            ..filter
        };
        let refused = engine
            .entries(
                &refused,
                Page {
                    limit: 9,
                    ..Page::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(refused.entries.len(), 1);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn typos_and_strangers(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::DEVELOPER).await;
        let (key, token) = engine
            .create_api_key(&operator(), origin(), new_key("ann"))
            .await
            .unwrap();
        let caller = Caller::ApiKey(key.id);
        assert_eq!(engine.authenticate(token.secret()).await.unwrap(), caller);
        assert!(token.secret().starts_with(&key.shown));
        let stranger = Engine::new_token(TokenKind::ApiKey).unwrap();
        let invitation = Engine::new_token(TokenKind::Invitation).unwrap();
        let cut = &token.secret()[..39];
        let cases = [
            (stranger.secret(), "unknown_api_key"),
            (invitation.secret(), "malformed_token"),
            (cut, "malformed_token"),
            ("", "malformed_token"),
            ("prb_", "malformed_token"),
            ("prb_\u{e9}\0", "malformed_token"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(engine.authenticate(text).await), expected, "{text:?}");
        }
        let nobody = Caller::ApiKey(uuid::Uuid::from_u128(7));
        assert_eq!(code(engine.identity(&nobody).await), "unknown_api_key");
        assert_eq!(code(engine.identity(&operator()).await), "unknown_api_key");
        let before = *engine.size().borrow();
        assert_eq!(write(&engine, &nobody).await, "unknown_api_key");
        assert_eq!(*engine.size().borrow(), before, "nobody was identified: no entry");
        close(engine).await;
    }

    pub async fn expiry(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::DEVELOPER).await;
        let end = now().plus_seconds(2);
        let new = NewApiKey {
            expires_at: Some(end),
            requests_per_minute: Some(7),
            ..new_key("ann")
        };
        let (key, _) = engine.create_api_key(&operator(), origin(), new).await.unwrap();
        let caller = Caller::ApiKey(key.id);
        assert_eq!(key.requests_per_minute, Some(7));
        assert_eq!(verdict(&engine, &caller).await, "good");
        until("it expires", Duration::from_secs(4), async || {
            verdict(&engine, &caller).await == "api_key_expired"
        })
        .await;
        assert!(now() >= end, "what is remembered ends with the key");
        assert_eq!(write(&engine, &caller).await, "api_key_expired");
        let may = engine.authorise(&caller, Permission::AuditWrite).await;
        assert_eq!(code(may), "api_key_expired");
        let rotated = engine.rotate_api_key(&operator(), origin(), key.id, 0).await;
        assert_eq!(code(rotated), "api_key_expired");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
