//! A row that somebody changed by hand is not obeyed, and not sealed anew by the next command.

crate::on_both!(
    a_changed_row_is_not_obeyed,
    an_older_version_is_not_obeyed,
    an_older_version_cannot_be_made_clean,
    others_in_the_batch_go_on,
    others_in_the_batch_stay_together
);

mod cases {
    use domain::identity::{Permission, Role, Scope};
    use domain::record::Val;
    use domain::{Caller, Command, Reply};
    use engine::{Engine, Error};
    use uuid::Uuid;

    use crate::attacker::{Attacker, verify};
    use crate::support::{Bed, create_key, create_user, numbered, record_as, submit};
    use domain::identity::user::{DisableUser, EnableUser};

    async fn user(engine: &Engine, name: &str, role: Role) -> Uuid {
        match create_user(engine, name, role).await.unwrap().reply {
            Reply::User { user, .. } => user.id,
            other => panic!("{other:?}"),
        }
    }

    async fn set_role(attacker: &mut Attacker, id: Uuid, role: &str) {
        let key = vec![("id".to_owned(), Val::Uuid(id))];
        attacker.set("users", "role", &key, &role.into()).await.unwrap();
    }

    #[track_caller]
    fn assert_tampered<T: std::fmt::Debug>(result: Result<T, Error>, table: &str, row: Uuid) {
        match result {
            Err(Error::Tampered { table: found, id, .. }) => assert_eq!((found, id), (table, row)),
            other => panic!("{other:?}"),
        }
    }

    pub async fn a_changed_row_is_not_obeyed(bed: Bed) {
        let engine = bed.open().await;
        let ann = user(&engine, "ann", Role::VIEWER).await;
        let key = create_key(&engine, "ann", vec![Scope::Admin]).await;
        engine.shutdown().await;
        drop(engine);
        // Nothing is remembered by a process that starts now.
        let engine = Engine::open(bed.options()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        set_role(&mut attacker, ann, "admin").await;
        assert_tampered(engine.authorise(&key, Permission::UsersRead).await, "users", ann);
        assert_tampered(record_as(&engine, &key, vec![numbered(1)]).await, "users", ann);
        let disable = Command::DisableUser(DisableUser { user: ann });
        assert_tampered(submit(&engine, disable.clone()).await, "users", ann);
        let report = verify(&bed.options()).await;
        assert!(!report.intact, "it was not sealed anew");
        // Put right, it is obeyed again.
        set_role(&mut attacker, ann, "viewer").await;
        engine.authorise(&key, Permission::AuditRead).await.unwrap();
        submit(&engine, disable).await.unwrap();
        assert!(verify(&bed.options()).await.intact);
    }

    pub async fn an_older_version_is_not_obeyed(bed: Bed) {
        let engine = bed.open().await;
        let ann = user(&engine, "ann", Role::VIEWER).await;
        let mut attacker = Attacker::new(&bed).await;
        let disable = Command::DisableUser(DisableUser { user: ann });
        submit(&engine, disable).await.unwrap();
        // As it was before it was disabled, with the seal of then.
        attacker.put_back("users").await;
        let enable = Command::EnableUser(EnableUser { user: ann });
        assert_tampered(submit(&engine, enable).await, "users", ann);
    }

    pub async fn an_older_version_cannot_be_made_clean(bed: Bed) {
        let engine = bed.open().await;
        let ann = user(&engine, "ann", Role::VIEWER).await;
        let mut attacker = Attacker::new(&bed).await;
        let set = |active| {
            if active {
                Command::EnableUser(EnableUser { user: ann })
            } else {
                Command::DisableUser(DisableUser { user: ann })
            }
        };
        submit(&engine, set(false)).await.unwrap();
        attacker.put_back("users").await;
        drop(attacker);
        engine.shutdown().await;
        drop(engine);
        // A process that has not seen the newer version takes the older one for good, and writes it anew.
        let engine = Engine::open(bed.options()).await.unwrap();
        submit(&engine, set(false)).await.unwrap();
        submit(&engine, set(true)).await.unwrap();
        let report = verify(&bed.options()).await;
        assert!(!report.intact);
        let finding = &report.findings[0];
        assert!(
            finding.table == "users" && finding.what.contains("put back by hand"),
            "{finding}"
        );
    }

    /// Ann, whose row was changed by hand, with her key, and Bob's key.
    async fn ann_is_changed(bed: &Bed) -> (Engine, Uuid, Caller, Caller) {
        let engine = bed.open().await;
        let ann = user(&engine, "ann", Role::DEVELOPER).await;
        let hers = create_key(&engine, "ann", vec![Scope::Admin]).await;
        user(&engine, "bob", Role::DEVELOPER).await;
        let his = create_key(&engine, "bob", vec![Scope::Write]).await;
        set_role(&mut Attacker::new(bed).await, ann, "sre").await;
        (engine, ann, hers, his)
    }

    pub async fn others_in_the_batch_go_on(bed: Bed) {
        let (engine, ann, hers, his) = ann_is_changed(&bed).await;
        let both = (0..20).map(|number| {
            let (engine, hers, his) = (engine.clone(), hers.clone(), his.clone());
            async move {
                let (of_ann, of_bob) = tokio::join!(
                    record_as(&engine, &hers, vec![numbered(number)]),
                    record_as(&engine, &his, vec![numbered(number + 100)])
                );
                assert_tampered(of_ann, "users", ann);
                of_bob.unwrap();
            }
        });
        futures_util::future::join_all(both).await;
    }

    /// One command of a hundred meets a row that was changed by hand. The batch is taken apart by halves until it is alone: the
    /// others are not committed one by one.
    pub async fn others_in_the_batch_stay_together(bed: Bed) {
        let (engine, ann, hers, his) = ann_is_changed(&bed).await;
        let before = engine.metrics().batches;
        let of_bob = (0..99).map(|number| record_as(&engine, &his, vec![numbered(number)]));
        let (of_ann, of_bob) = tokio::join!(
            record_as(&engine, &hers, vec![numbered(99)]),
            futures_util::future::join_all(of_bob)
        );
        assert_tampered(of_ann, "users", ann);
        assert!(of_bob.iter().all(Result::is_ok), "{of_bob:?}");
        let batches = engine.metrics().batches - before;
        assert!(batches < 40, "{batches} batches");
    }
}
