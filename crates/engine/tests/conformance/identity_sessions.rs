//! Sessions: how long they last, and who ends them.

crate::on_both!(
    idle_and_absolute_expiry,
    used_ones_go_on,
    logout_and_all_others,
    revoked_in_another_process,
    a_hundred_at_once
);

mod cases {
    use std::time::Duration;

    use domain::Command;
    use domain::identity::session::{EndSession, EndSessionsOf, RenewSession, SESSIONS_MAX, Session};
    use domain::identity::{Permission, Role};
    use engine::Engine;
    use engine::identity::session_in_use;
    use engine::list::Condition;
    use futures_util::future::join_all;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        code, entries, id, log_in, open_with, origin, person, session, session_of, until, verdict,
    };
    use crate::support::{Bed, submit, two};

    fn end(session: &domain::Caller) -> Command {
        Command::EndSession(EndSession { session: id(session) })
    }

    pub async fn idle_and_absolute_expiry(bed: Bed) {
        // Left alone, it ends after its idle time.
        let engine = open_with(&bed, |rules| rules.session_idle_s = 1).await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let idle = session_of(&engine, ann.id).await;
        assert_eq!(verdict(&engine, &idle).await, "good");
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        assert_eq!(verdict(&engine, &idle).await, "session_expired");
        let used = engine.submit(&idle, origin(), end(&idle)).await;
        assert_eq!(code(used), "session_expired");
        close(engine).await;

        // Used all the time, it ends when it has lasted as long as it may.
        let engine = Engine::open(crate::people::with_rules(bed.options(), |rules| {
            (rules.session_idle_s, rules.session_max_s) = (30, 2);
        }))
        .await
        .unwrap();
        let short = session_of(&engine, ann.id).await;
        let row = engine.session(id(&short)).await.unwrap().unwrap();
        assert_eq!(row.expires_at, row.created_at.plus_seconds(2));
        assert_eq!(row.idle_expires_at, row.expires_at);
        let lasted = until("it expires", Duration::from_secs(4), async || {
            verdict(&engine, &short).await != "good"
        });
        let lasted = lasted.await;
        assert_eq!(verdict(&engine, &short).await, "session_expired");
        assert!(lasted >= Duration::from_millis(1_700), "{lasted:?}");
        assert_eq!(engine.user_state(ann.id).await.unwrap().sessions, 0);
        // The next login marks what the clock had ended.
        session_of(&engine, ann.id).await;
        let row = engine.session(id(&short)).await.unwrap().unwrap();
        assert_eq!(row.ended_reason.as_deref(), Some("expired"));
        assert_eq!((row.ip, row.user_agent), (None, None));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Reads alone keep a session alive, and each move of its end is an entry: some, not one a read.
    pub async fn used_ones_go_on(bed: Bed) {
        let engine = open_with(&bed, |rules| rules.session_idle_s = 4).await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let caller = session_of(&engine, ann.id).await;
        let first = engine.session(id(&caller)).await.unwrap().unwrap();
        for _ in 0..60 {
            assert_eq!(verdict(&engine, &caller).await, "good");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let renewed = entries(&engine, "session_renewed").await;
        assert!((2..8).contains(&renewed.len()), "{}", renewed.len());
        let entry = &renewed[0];
        assert_eq!(entry.actor.id, Some(ann.id.to_string()));
        assert_eq!(entry.recorded_by.id, Some(id(&caller)));
        let last = engine.session(id(&caller)).await.unwrap().unwrap();
        assert!(last.idle_expires_at > first.idle_expires_at.plus_seconds(2));
        assert_eq!(last.expires_at, first.expires_at);
        // A second one who says the same at the same moment writes nothing.
        let renew = || {
            engine.submit(
                &caller,
                origin(),
                Command::RenewSession(RenewSession { session: id(&caller) }),
            )
        };
        let again = join_all([renew(), renew(), renew()]).await;
        let written = again
            .into_iter()
            .filter(|answer| answer.as_ref().unwrap().entry.is_some());
        assert!(written.count() <= 1);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn logout_and_all_others(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let bob = person(&engine, "bob", Role::VIEWER).await;
        let logged_in = log_in(&engine, "ann", crate::people::PASSWORD).await.unwrap();
        let token = logged_in.token.secret().to_owned();
        let mine = engine.authenticate(&token).await.unwrap();
        let others = [session(&engine, "ann").await, session_of(&engine, ann.id).await];
        let bobs = session_of(&engine, bob.id).await;
        for caller in others.iter().chain([&mine, &bobs]) {
            assert_eq!(verdict(&engine, caller).await, "good");
        }
        let refused = engine.submit(&mine, origin(), end(&bobs)).await;
        assert_eq!(code(refused), "permission_missing");
        let all = Command::EndSessionsOf(EndSessionsOf { user: ann.id });
        let ended = engine.submit(&mine, origin(), all.clone()).await.unwrap();
        assert_eq!(ended.reply, domain::Reply::Ended(2));
        let again = engine.submit(&mine, origin(), all).await.unwrap();
        assert_eq!((again.reply, again.entry), (domain::Reply::Ended(0), None));
        for caller in &others {
            assert_eq!(verdict(&engine, caller).await, "session_ended");
        }
        assert_eq!(verdict(&engine, &mine).await, "good");
        assert_eq!(verdict(&engine, &bobs).await, "good");
        let in_use = [
            Condition::Is("user_id", ann.id.into()),
            session_in_use(engine.now()),
        ];
        let (listed, _) = engine.select::<Session>(&in_use, None, None).await.unwrap();
        assert_eq!(
            listed.iter().map(|one| one.row.id).collect::<Vec<_>>(),
            [id(&mine)]
        );
        engine.submit(&mine, origin(), end(&mine)).await.unwrap();
        // The token is known, and no longer good: here at once.
        assert_eq!(engine.authenticate(&token).await.unwrap(), mine);
        assert_eq!(verdict(&engine, &mine).await, "session_ended");
        let read = engine.authorise(&mine, Permission::AuditRead).await;
        assert_eq!(code(read), "session_ended");
        let reasons: Vec<_> = entries(&engine, "session_expired").await;
        let reasons: Vec<_> = reasons
            .into_iter()
            .map(|entry| (entry.outcome.as_str(), entry.details.unwrap().0))
            .map(|(outcome, details)| (outcome, details.get("reason").cloned()))
            .collect();
        let expected = [
            ("refused", None),
            ("success", Some("revoked".into())),
            ("success", Some("logout".into())),
        ];
        assert_eq!(reasons, expected);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn revoked_in_another_process(bed: Bed) {
        let [one, two] = two(&bed).await;
        let (one, two) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        let ann = person(&one, "ann", Role::VIEWER).await;
        for _ in 0..3 {
            let caller = session_of(&one, ann.id).await;
            assert_eq!(verdict(&two, &caller).await, "good");
            submit(&one, end(&caller)).await.unwrap();
            assert_eq!(
                verdict(&one, &caller).await,
                "session_ended",
                "in this process at once"
            );
            // A write there finds out by itself, whatever is remembered.
            let write = two
                .submit(
                    &caller,
                    origin(),
                    Command::RenewSession(RenewSession { session: id(&caller) }),
                )
                .await;
            assert_eq!(code(write), "session_ended");
            until(
                "the other process refuses",
                Duration::from_millis(1_500),
                async || verdict(&two, &caller).await == "session_ended",
            )
            .await;
        }
        close(two).await;
        close(one).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_hundred_at_once(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let first = session_of(&engine, ann.id).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        let more = (1..SESSIONS_MAX).map(|_| session_of(&engine, ann.id));
        let more = join_all(more).await;
        assert_eq!(
            engine.user_state(ann.id).await.unwrap().sessions,
            SESSIONS_MAX as u64
        );
        assert_eq!(verdict(&engine, &first).await, "good");
        // Many at once beyond it: as many go as come, and never the newest.
        let newest = join_all((0..5).map(|_| session_of(&engine, ann.id))).await;
        assert_eq!(
            engine.user_state(ann.id).await.unwrap().sessions,
            SESSIONS_MAX as u64
        );
        for caller in &newest {
            assert_eq!(verdict(&engine, caller).await, "good");
        }
        let row = engine.session(id(&first)).await.unwrap().unwrap();
        assert_eq!(row.ended_reason.as_deref(), Some("too_many"));
        let mut ended = 0;
        for caller in &more {
            let row = engine.session(id(caller)).await.unwrap().unwrap();
            ended += usize::from(row.ended_reason.as_deref() == Some("too_many"));
        }
        assert_eq!(ended, 4);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
