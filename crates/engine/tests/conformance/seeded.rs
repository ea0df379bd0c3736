//! Development databases: what is seeded, line by line, and only once; a year of a service's life; clearing; and the seven
//! steps that try a database.

crate::on_both!(
    the_seed_is_what_it_says,
    where_others_have_worked_it_must_be_meant,
    a_year_has_what_a_service_does,
    a_cleared_database_is_gone,
    seven_steps_try_a_database,
    a_step_that_fails_is_told_and_cleaned_up,
);

mod cases {
    use domain::audit::EntryFilter;
    use domain::custody::kyc::{DocumentState, KycRecord};
    use domain::governance::Agent;
    use domain::identity::Role;
    use domain::identity::user::User;
    use domain::workflow::conversation::Conversation;
    use domain::workflow::execution::{Execution, ExecutionStatus};
    use domain::workflow::metric::Metric;
    use domain::{Caller, Origin};
    use engine::clear::clear;
    use engine::drill::{STEPS, Taken};
    use engine::list::{Order, Page};
    use engine::seed::{How, Seeded, run};
    use engine::{Engine, Error, Options, keyfile};
    use evidence::Timestamp;

    use crate::attacker::{assert_intact, close};
    use crate::people::{self, entries, log_in};
    use crate::support::{Bed, On, create_user, operator, until_free};

    async fn seed(options: &Options, how: How) -> Result<Seeded, Error> {
        run(options, &operator(), how, &mut |_| {}).await
    }

    const FORCE: How = How {
        force: true,
        scale: 0,
    };

    async fn user(engine: &Engine, name: &str) -> User {
        engine.user_named(name).await.unwrap().unwrap().row
    }

    pub async fn the_seed_is_what_it_says(bed: Bed) {
        let seeded = seed(&bed.options(), How::default()).await.unwrap();
        let engine = Engine::open(bed.options()).await.unwrap();
        let size = engine.size_now().await.unwrap();
        let now = engine.now();
        let expected = [
            ("admin", "admin", "none", 0),
            ("alice", "user", "tier 2", 2),
            ("bob", "analyst", "tier 1", 1),
            ("charlie", "viewer", "pending", 0),
            ("diana", "compliance", "rejected", 0),
        ];
        assert_eq!(seeded.people.len(), expected.len());
        for (person, (name, role, kyc, tier)) in seeded.people.iter().zip(expected) {
            assert_eq!(
                (person.username.as_str(), person.role, person.kyc),
                (name, role, kyc)
            );
            let row = user(&engine, name).await;
            assert_eq!(row.role.as_str(), role);
            assert_eq!(engine.tier_at(row.id, now).await.unwrap(), tier, "{name}");
            // The password is good for everything at once.
            let session = log_in(&engine, name, person.password.as_ref().unwrap())
                .await
                .unwrap();
            assert_eq!(session.must, None, "{name}");
            let balances = engine.balances_of(row.id).await.unwrap();
            let mut amounts = Vec::new();
            for id in balances {
                let state = engine.balance(id).await.unwrap().unwrap();
                let asset = engine.asset(state.balance.asset_id).await.unwrap().unwrap();
                amounts.push((
                    asset.code.clone(),
                    state.balance.posted.to_decimal(asset.digits()),
                ));
            }
            amounts.sort();
            let expected = [("BTC", "0.10000000"), ("iSTSi", "1000.0000000")];
            assert_eq!(
                amounts,
                expected.map(|(code, amount)| (code.to_owned(), amount.to_owned()))
            );
        }
        let (records, _) = engine.select::<KycRecord>(&[], None, None).await.unwrap();
        let mut records = engine.kyc_views(records).await.unwrap();
        records.sort_by_key(|view| view.record.tier);
        let mut stands: Vec<_> = records.iter().map(|view| view.record.status.as_str()).collect();
        stands.sort_unstable();
        assert_eq!(stands, ["approved", "approved", "pending", "rejected"]);
        let verified = |view: &engine::custody::KycView| {
            let good =
                |document: &domain::custody::kyc::KycDocument| document.state == DocumentState::Verified;
            !view.documents.is_empty() && view.documents.iter().all(good)
        };
        let approved = |view: &&engine::custody::KycView| view.record.status.as_str() == "approved";
        assert!(records.iter().filter(approved).all(verified));

        let (conversations, _) = engine.select::<Conversation>(&[], None, None).await.unwrap();
        assert_eq!(conversations.len(), 2);
        assert!(
            conversations
                .iter()
                .all(|one| one.row.title.is_some() && one.row.context.is_some())
        );
        assert_eq!(engine.select::<Agent>(&[], None, None).await.unwrap().0.len(), 1);
        let (executions, _) = engine.select::<Execution>(&[], None, None).await.unwrap();
        let with = |status| executions.iter().filter(|one| one.row.status == status).count();
        assert_eq!(
            (with(ExecutionStatus::Completed), with(ExecutionStatus::Failed)),
            (3, 1)
        );
        assert!(executions.iter().all(|one| one.row.steps() > 0));
        assert_eq!(engine.select::<Metric>(&[], None, None).await.unwrap().0.len(), 3);
        for action in [
            "document.view",
            "report.export",
            "mail.send",
            "kyc.reject",
            "execution.record",
        ] {
            assert!(!entries(&engine, action).await.is_empty(), "{action}");
        }
        close(engine).await;

        let again = seed(&bed.options(), How::default()).await.unwrap();
        assert_eq!(again.entries, 0);
        assert!(again.people.iter().all(|person| person.password.is_none()));
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_eq!(engine.size_now().await.unwrap(), size + 5, "five have logged in");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn where_others_have_worked_it_must_be_meant(bed: Bed) {
        let engine = bed.open().await;
        create_user(&engine, "zoe", Role::USER).await.unwrap();
        let refused = engine.seed(&operator(), false).await.unwrap_err();
        assert!(refused.to_string().contains("2 users"), "{refused}");
        assert!(engine.user_named("alice").await.unwrap().is_none());
        close(engine).await;

        // An admin with a password of their own keeps it unless it is meant; what was made before that stays.
        let bed = Bed::new(bed.on);
        let engine = bed.open().await;
        let admin = user(&engine, "admin").await;
        engine
            .set_password(&operator(), Origin::default(), admin.id, people::PASSWORD)
            .await
            .unwrap();
        let refused = engine.seed(&operator(), false).await.unwrap_err();
        assert!(refused.to_string().contains("password of their own"), "{refused}");
        assert!(log_in(&engine, "admin", people::PASSWORD).await.is_ok());
        close(engine).await;
        let seeded = seed(&bed.options(), FORCE).await.unwrap();
        let anew = |person: &&engine::seed::SeededPerson| person.password.is_some();
        let names: Vec<_> = seeded
            .people
            .iter()
            .filter(anew)
            .map(|person| person.username.as_str())
            .collect();
        assert_eq!(
            names,
            ["admin"],
            "the others' were made the first time, and are not needed"
        );
        assert_eq!(seed(&bed.options(), FORCE).await.unwrap().entries, 0);
        assert_intact(&bed.options()).await;

        // Another one's name is nobody's to take.
        let bed = Bed::new(bed.on);
        let engine = bed.open().await;
        create_user(&engine, "bob", Role::USER).await.unwrap();
        let refused = engine.seed(&operator(), true).await.unwrap_err();
        assert!(refused.to_string().contains("another one"), "{refused}");
        close(engine).await;
    }

    pub async fn a_year_has_what_a_service_does(bed: Bed) {
        let year = How {
            force: false,
            scale: 2_500,
        };
        let seeded = seed(&bed.options(), year).await.unwrap();
        let (begin, end) = seeded.year.unwrap();
        let days = (end.micros() - begin.micros()) / 86_400_000_000;
        assert_eq!(days, 365);
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_eq!(
            engine.clock().alarm(),
            None,
            "the newest entry is not ahead of the clock"
        );
        let size = engine.size_now().await.unwrap();
        assert!(
            (2_500..2_600).contains(&size),
            "{size}: with users, keys and what the five have"
        );
        let mut found = Vec::new();
        for action in [
            "user.create",
            "authn_login_success",
            "operation.create",
            "execution.start",
            "execution.complete",
        ] {
            found.push((action, entries(&engine, action).await.len()));
        }
        assert!(found.iter().all(|(_, count)| *count >= 20), "{found:?}");
        let (executions, _) = engine.select::<Execution>(&[], None, None).await.unwrap();
        let has_ended = |one: &domain::record::Sealed<Execution>| one.row.finished_at.is_some();
        assert!(executions.iter().all(has_ended));
        let page = Page {
            order: Order::Ascending,
            after: None,
            limit: 10_000,
        };
        let all = engine
            .entries(&EntryFilter::default(), page)
            .await
            .unwrap()
            .entries;
        let times: Vec<Timestamp> = all.iter().map(|entry| entry.at).collect();
        assert!(times.is_sorted() && times[0] == begin && *times.last().unwrap() <= end);
        // They are spread over it.
        let quarters = (1..4).map(|quarter| {
            let at = begin.plus_seconds(quarter * 365 * 86_400 / 4);
            times.iter().filter(|time| **time < at).count() * 4 / times.len()
        });
        assert_eq!(quarters.collect::<Vec<_>>(), [1, 2, 3]);
        close(engine).await;

        // One more goes from the newest entry on, exactly as long.
        let more = seed(&bed.options(), How { force: true, ..year }).await.unwrap();
        assert!(more.year.unwrap().0 >= *times.last().unwrap());
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_eq!(engine.size_now().await.unwrap(), size + more.entries);
        assert_eq!(more.entries, 2_501, "its key is an entry too");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_cleared_database_is_gone(bed: Bed) {
        let options = bed.options();
        seed(&options, How::default()).await.unwrap();
        let engine = Engine::open(options.clone()).await.unwrap();
        let (origin, size) = (
            engine.verifier_key().name().to_owned(),
            engine.size_now().await.unwrap(),
        );
        let refused = clear(&options).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Problem { hint, .. } if hint.contains("stop the server")),
            "{refused}"
        );
        close(engine).await;
        until_free(&options).await;

        let with_key = Options {
            signing_key: Some(std::fs::read_to_string(keyfile::path(bed.dir.path())).unwrap()),
            ..options.clone()
        };
        assert!(
            clear(&with_key)
                .await
                .unwrap_err()
                .to_string()
                .contains("PROBITY_SIGNING_KEY")
        );
        let cleared = clear(&options).await.unwrap();
        assert_eq!(cleared.entries, Some(size));
        assert!(cleared.key.unwrap().exists() && !keyfile::path(bed.dir.path()).exists());
        assert!(Engine::open(options.clone()).await.is_err());
        let again = clear(&options).await.unwrap();
        assert_eq!((again.entries, again.key), (None, None));

        // What is made in its place is another log.
        let made = Engine::init(&options, &mut |_| {}).await.unwrap();
        assert_ne!(made.origin, origin);
        assert!(made.first_admin.is_some());
        assert_intact(&options).await;
    }

    async fn drill(engine: &Engine, caller: &Caller) -> (bool, Vec<Taken>) {
        let mut taken = Vec::new();
        let ok = engine.drill(caller, &mut |step| taken.push(step)).await.unwrap();
        (ok, taken)
    }

    pub async fn seven_steps_try_a_database(bed: Bed) {
        // Beside another process that serves.
        let server = bed.open().await;
        server.start_sweeper();
        let engine = Engine::open(bed.options()).await.unwrap();
        let (ok, taken) = drill(&engine, &operator()).await;
        assert!(ok, "{taken:?}");
        assert!(taken.iter().map(|step| step.name).eq(STEPS));
        assert!(taken.iter().map(|step| step.number).eq(1..=7));
        let (users, _) = server.select::<User>(&[], None, None).await.unwrap();
        assert_eq!(users.len(), 2);
        let erased = users.iter().find(|user| user.row.erased_at.is_some()).unwrap();
        assert!(!erased.row.username.starts_with("check-") && !erased.row.active);
        let (conversations, _) = server.select::<Conversation>(&[], None, None).await.unwrap();
        assert!(
            conversations
                .iter()
                .all(|one| one.row.thread.is_none() && one.row.title.is_none())
        );
        assert!(drill(&server, &operator()).await.0, "as often as one likes");
        close(engine).await;
        close(server).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_step_that_fails_is_told_and_cleaned_up(bed: Bed) {
        let engine = bed.open().await;
        let mut conn = engine.db().writer().await.unwrap();
        let (broken, mended) = match bed.on {
            On::Sqlite => (
                "CREATE TRIGGER broken BEFORE INSERT ON conversations BEGIN SELECT RAISE(ABORT, 'broken'); END",
                "DROP TRIGGER broken",
            ),
            On::Postgres => (
                "ALTER TABLE conversations ADD CONSTRAINT broken CHECK (status <> 'active') NOT VALID",
                "ALTER TABLE conversations DROP CONSTRAINT broken",
            ),
        };
        conn.batch(broken).await.unwrap();
        let (ok, taken) = drill(&engine, &operator()).await;
        assert!(!ok);
        let stood: Vec<_> = taken.iter().map(|step| (step.number, step.ok)).collect();
        assert_eq!(
            stood,
            [(1, true), (2, true), (3, true), (4, false), (7, true)],
            "{taken:?}"
        );
        conn.batch(mended).await.unwrap();
        assert!(drill(&engine, &operator()).await.0);
        let (users, _) = engine.select::<User>(&[], None, None).await.unwrap();
        assert!(
            users
                .iter()
                .all(|user| user.row.username == "admin" || user.row.erased_at.is_some())
        );
        drop(conn);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
