//! Logging in by password.

crate::on_both!(
    by_name_and_by_address,
    wrong_ones_are_answered_alike,
    imported_hashes_are_upgraded,
    what_bcrypt_read_in_part_is_never_upgraded,
    several_first_logins_at_once,
    a_new_token_each_time,
    password_change
);

mod cases {
    use std::time::{Duration, Instant};

    use domain::Caller;
    use domain::identity::user::{CreateUser, DisableUser};
    use domain::identity::{Must, Permission, Role};
    use domain::record::{Kind, Val};
    use engine::identity::{CreatedUser, FirstCredential};
    use engine::{Engine, Error};
    use futures_util::future::join_all;
    use store::conn::Lock;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        OTHER_PASSWORD, PASSWORD, code, from, log_in, make, new_user, origin, person, session, verdict,
    };
    use crate::support::{Bed, create_key, submit};

    pub async fn by_name_and_by_address(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        for name in ["ann", "ANN", "ann@example.com", "Ann@Example.COM"] {
            let logged_in = log_in(&engine, name, PASSWORD).await.unwrap();
            assert_eq!((logged_in.user.id, logged_in.must), (ann.id, None), "{name}");
            let session = &logged_in.session;
            assert_eq!((session.user_id, session.second_factor), (ann.id, false));
            assert_eq!(session.ip, origin().ip);
            let caller = engine.authenticate(logged_in.token.secret()).await.unwrap();
            assert_eq!(caller, Caller::Session(session.id));
        }
        let long = "x".repeat(257);
        for (name, password) in [("", PASSWORD), ("ann", ""), ("ann", &long), (&long, PASSWORD)] {
            assert_eq!(code(log_in(&engine, name, password).await), "invalid_field");
        }
        assert_eq!(engine.user_state(ann.id).await.unwrap().sessions, 4);
        close(engine).await;
        assert_intact(&bed.options()).await;
        let engine = Engine::open(bed.options()).await.unwrap();
        assert!(engine.user_state(ann.id).await.unwrap().last_login_at.is_some());
    }

    /// The same words, and not sooner than half a second after.
    pub async fn wrong_ones_are_answered_alike(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        let gone = person(&engine, "gone", Role::VIEWER).await;
        make(
            &engine,
            new_user("new", Role::VIEWER, FirstCredential::Invitation),
        )
        .await;
        let disable = DisableUser { user: gone.id };
        submit(&engine, disable.into()).await.unwrap();
        let attempts = [
            ("ann", OTHER_PASSWORD),
            ("ann", "x"),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("no\0body", PASSWORD),
            ("gone", PASSWORD),
            ("gone", OTHER_PASSWORD),
            ("new", PASSWORD),
            ("new", "\0"),
        ];
        for (name, password) in attempts {
            let started = Instant::now();
            let error = log_in(&engine, name, password).await.err().unwrap();
            assert!(started.elapsed() >= Duration::from_millis(500), "{name:?}");
            let Error::Refused { refusal, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!(
                refusal,
                domain::identity::login::invalid_credentials(),
                "{name:?}"
            );
        }
        assert_eq!(code(log_in(&engine, "ann", PASSWORD).await), "done");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    fn bcrypt_of(password: &str, version: bcrypt::Version) -> String {
        let parts = bcrypt::hash_with_salt(password, 4, *b"salt of 16 bytes").unwrap();
        parts.format_for_version(version)
    }

    fn bcrypt_hash(version: bcrypt::Version) -> String {
        bcrypt_of(PASSWORD, version)
    }

    fn argon2_hash(algorithm: argon2::Algorithm, passes: u32) -> String {
        use argon2::password_hash::PasswordHasher;
        let params = argon2::Params::new(64, passes, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(algorithm, argon2::Version::V0x13, params);
        let hash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of 16 bytes");
        hash.unwrap().to_string()
    }

    async fn stored_hash(engine: &Engine, name: &str) -> String {
        let row = engine.user_named(name).await.unwrap().unwrap().row;
        row.password_hash.unwrap()
    }

    async fn try_import(engine: &Engine, name: &str, hash: String) -> Result<CreatedUser, Error> {
        let user = CreateUser {
            password_hash: Some(hash),
            ..CreateUser::new(name, Role::VIEWER)
        };
        engine
            .import_user(&crate::support::operator(), origin(), user)
            .await
    }

    async fn import(engine: &Engine, name: &str, hash: String) {
        try_import(engine, name, hash).await.unwrap();
    }

    pub async fn imported_hashes_are_upgraded(bed: Bed) {
        let engine = bed.open().await;
        let hashes = [
            ("a2", bcrypt_hash(bcrypt::Version::TwoA)),
            ("b2", bcrypt_hash(bcrypt::Version::TwoB)),
            ("y2", bcrypt_hash(bcrypt::Version::TwoY)),
            ("argon2i", argon2_hash(argon2::Algorithm::Argon2i, 3)),
            ("argon2id", argon2_hash(argon2::Algorithm::Argon2id, 1)),
        ];
        for (name, hash) in hashes {
            import(&engine, name, hash.clone()).await;
            assert_eq!(
                code(log_in(&engine, name, OTHER_PASSWORD).await),
                "invalid_credentials"
            );
            assert_eq!(
                stored_hash(&engine, name).await,
                hash,
                "a wrong password upgrades nothing"
            );
            let logged_in = log_in(&engine, name, PASSWORD).await.unwrap();
            let upgraded = stored_hash(&engine, name).await;
            assert!(
                upgraded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{upgraded}"
            );
            let entry = crate::people::entries(&engine, "authn_login_success")
                .await
                .pop()
                .unwrap();
            assert_eq!(
                entry.details.unwrap().0.get("password_hash_upgraded"),
                Some(&true.into())
            );
            assert_eq!(logged_in.user.password_changed_at, None, "nobody changed it");
            assert_eq!(code(log_in(&engine, name, PASSWORD).await), "done");
            assert_eq!(stored_hash(&engine, name).await, upgraded, "once");
        }
        let refused = try_import(&engine, "md5", "$1$md5".to_owned()).await;
        assert_eq!(code(refused), "invalid_field");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// The owner gets in with what worked elsewhere, as often as they like, and sets a new password before all else.
    pub async fn what_bcrypt_read_in_part_is_never_upgraded(bed: Bed) {
        let engine = bed.open().await;
        let long = PASSWORD.repeat(4);
        let versions = [
            ("a2", bcrypt::Version::TwoA),
            ("b2", bcrypt::Version::TwoB),
            ("y2", bcrypt::Version::TwoY),
        ];
        for (name, version) in versions {
            let hash = bcrypt_of(&long, version);
            import(&engine, name, hash.clone()).await;
            for typed in [&long[..72], &long, &long[..80]] {
                let logged_in = log_in(&engine, name, typed).await.unwrap();
                assert_eq!(logged_in.must, Some(Must::ChangePassword), "{name}");
                assert_eq!(stored_hash(&engine, name).await, hash, "{name}");
            }
            for wrong in [&long[..71], &long[1..]] {
                assert_eq!(code(log_in(&engine, name, wrong).await), "invalid_credentials");
            }
            let entry = crate::people::entries(&engine, "authn_login_success")
                .await
                .pop()
                .unwrap();
            let details = entry.details.unwrap().0;
            assert_eq!(details.get("password_checked_in_part"), Some(&true.into()));
            assert_eq!(details.get("password_hash_upgraded"), None);

            let session = Caller::Session(log_in(&engine, name, &long).await.unwrap().session.id);
            let reading = engine.identity(&session).await.unwrap();
            let refused = reading.principal.authorise(Permission::AuditRead).unwrap_err();
            assert_eq!(refused.code, "password_change_required");
            let change = engine.change_password(&session, origin(), long.clone(), OTHER_PASSWORD.to_owned());
            assert_eq!(code(change.await), "done");
            assert_eq!(code(log_in(&engine, name, &long).await), "invalid_credentials");
            let logged_in = log_in(&engine, name, OTHER_PASSWORD).await.unwrap();
            assert_eq!(logged_in.must, None);
        }
        let hash = bcrypt_of(PASSWORD, bcrypt::Version::TwoB);
        import(&engine, "nul", hash.clone()).await;
        let logged_in = log_in(&engine, "nul", &format!("{PASSWORD}\0and more"))
            .await
            .unwrap();
        assert_eq!(logged_in.must, Some(Must::ChangePassword));
        assert_eq!(stored_hash(&engine, "nul").await, hash);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// The right password is right, also where each of several logins brings a stronger hash of it.
    pub async fn several_first_logins_at_once(bed: Bed) {
        let engine = bed.open().await;
        import(&engine, "ann", bcrypt_hash(bcrypt::Version::TwoB)).await;
        let logins = (0..4).map(|_| log_in(&engine, "ann", PASSWORD));
        let answers = join_all(logins).await;
        let codes: Vec<_> = answers.into_iter().map(code).collect();
        assert_eq!(codes, ["done"; 4]);
        let user = engine.user_named("ann").await.unwrap().unwrap();
        assert_eq!(engine.user_state(user.row.id).await.unwrap().sessions, 4);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_new_token_each_time(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        let logins = (0..3).map(|_| log_in(&engine, "ann", PASSWORD));
        let mut tokens = std::collections::BTreeSet::new();
        for logged_in in join_all(logins).await {
            let logged_in = logged_in.unwrap();
            tokens.insert(logged_in.token.secret().to_owned());
            // Only the hash is stored.
            let mut conn = engine.db().reader().await.unwrap();
            let hash: [Val; 1] = [logged_in.token.hash().as_slice().into()];
            let rows = store::sealed::by_key::<domain::identity::session::Session>(
                &mut conn,
                "hash",
                Kind::Bytes,
                &hash,
                Lock::None,
            );
            assert_eq!(rows.await.unwrap().len(), 1);
        }
        assert_eq!(tokens.len(), 3);
        for token in &tokens {
            assert!(token.starts_with("prs_"));
            let mut typo = token.clone();
            typo.replace_range(10..11, if &token[10..11] == "a" { "b" } else { "a" });
            assert_eq!(code(engine.authenticate(&typo).await), "malformed_token");
        }
        let stranger = Engine::new_token(domain::identity::token::TokenKind::Session).unwrap();
        assert_eq!(
            code(engine.authenticate(stranger.secret()).await),
            "unknown_session"
        );
        close(engine).await;
    }

    /// Every other session ends at once, here and in another process within a second; keys go on.
    pub async fn password_change(bed: Bed) {
        let [one, two] = crate::support::two(&bed).await;
        let (engine, elsewhere) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        person(&engine, "ann", Role::USER).await;
        let [mine, other] = [session(&engine, "ann").await, session(&engine, "ann").await];
        let key = create_key(&engine, "ann", vec![domain::identity::Scope::Write]).await;
        for engine in [&engine, &elsewhere] {
            for caller in [&mine, &other, &key] {
                assert_eq!(verdict(engine, caller).await, "good");
            }
        }
        let change = async |caller: &Caller, current: &str, new: &str| {
            let (current, new) = (current.to_owned(), new.to_owned());
            code(
                engine
                    .change_password(caller, from("192.0.2.77"), current, new)
                    .await,
            )
        };
        let cases = [
            (&mine, OTHER_PASSWORD, OTHER_PASSWORD, "invalid_field"),
            (&mine, OTHER_PASSWORD, "fresh snow 12 violin", "wrong_password"),
            (&mine, PASSWORD, "ann@example.com", "invalid_field"),
            (&key, PASSWORD, OTHER_PASSWORD, "session_needed"),
            (&mine, PASSWORD, OTHER_PASSWORD, "done"),
            (&other, OTHER_PASSWORD, PASSWORD, "session_ended"),
        ];
        for (caller, current, new, expected) in cases {
            assert_eq!(change(caller, current, new).await, expected, "{current} to {new}");
        }
        assert_eq!(verdict(&engine, &mine).await, "good");
        assert_eq!(verdict(&engine, &key).await, "good");
        assert_eq!(verdict(&engine, &other).await, "session_ended");
        crate::people::until(
            "the other process refuses",
            Duration::from_millis(1_500),
            async || verdict(&elsewhere, &other).await == "session_ended",
        )
        .await;
        assert_eq!(
            code(log_in(&elsewhere, "ann", PASSWORD).await),
            "invalid_credentials"
        );
        assert_eq!(code(log_in(&elsewhere, "ann", OTHER_PASSWORD).await), "done");
        let row = engine.user_named("ann").await.unwrap().unwrap().row;
        assert!(row.password_changed_at.is_some());
        close(elsewhere).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
