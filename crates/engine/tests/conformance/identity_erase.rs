//! Erasing a user: nothing personal is left in the database, and every proof holds.

crate::on_both!(
    nothing_is_left,
    no_content_is_left,
    what_others_recorded_stays,
    oneself,
    more_than_one_command_holds
);

mod cases {
    use std::ops::ControlFlow;
    use std::time::Duration;

    use domain::audit::EntryFilter;
    use domain::identity::user::UpdateUser;
    use domain::identity::{Role, Scope};
    use domain::workflow::conversation::CreateConversation;
    use domain::workflow::execution::{Cancel, Complete, Fail, StartExecution};
    use domain::workflow::step::Content;
    use domain::{Caller, Command, Reply};
    use engine::identity::{FirstCredential, LogInRequest, NewApiKey, NewUser};
    use engine::{Engine, EntryKey};
    use evidence::json::StrictObject;
    use evidence::{Entry, receipt};
    use store::db::Location;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::done;
    use crate::people::{
        PASSWORD, code, entries, found, from, id, make, origin, person, session_of, until, verdict,
    };
    use crate::support::{Bed, On, create_key, event, numbered, operator, record, record_as, submit};
    use crate::workflow_rich::{ended, new_steps, recorded, start, started};
    use domain::identity::api_key::RevokeApiKey;
    use domain::identity::session::EndSession;

    const IP: &str = "203.0.113.201";
    /// What nobody may find afterwards.
    const PERSONAL: [&str; 6] = [
        "zquill",
        "zelda",
        "quillfeather",
        "kaleidoscope",
        "ZBrowser/9",
        IP,
    ];

    async fn zelda(engine: &Engine) -> Uuid {
        let new = NewUser {
            username: "zquill".to_owned(),
            email: Some("zelda@kaleidoscope.example".to_owned()),
            full_name: Some("Zelda Quillfeather".to_owned()),
            role: Role::COMPLIANCE,
            first: FirstCredential::Password {
                text: PASSWORD.to_owned(),
                temporary: false,
            },
        };
        make(engine, new).await.user.id
    }

    fn her_origin() -> domain::Origin {
        domain::Origin {
            user_agent: Some("ZBrowser/9".to_owned()),
            ..from(IP)
        }
    }

    fn key_of(owner: &str) -> NewApiKey {
        NewApiKey {
            agent: None,
            owner: owner.to_owned(),
            name: "Zelda's laptop".to_owned(),
            scopes: vec![Scope::Write],
            expires_at: None,
            requests_per_minute: None,
        }
    }

    async fn her_session(engine: &Engine, password: &str) -> Result<Caller, engine::Error> {
        let request = LogInRequest {
            name: "Zelda@kaleidoscope.example".to_owned(),
            password: password.to_owned(),
            ..LogInRequest::default()
        };
        let logged_in = engine.log_in(request, her_origin()).await?;
        Ok(Caller::Session(logged_in.session.id))
    }

    /// Whatever may leave traces of a user: by herself, about her, and about her keys and sessions by others.
    async fn live(engine: &Engine, user: Uuid, admin: &Caller) -> [Caller; 2] {
        assert_eq!(
            code(her_session(engine, "wrong password").await),
            "invalid_credentials"
        );
        let [one, two] = [
            her_session(engine, PASSWORD).await,
            her_session(engine, PASSWORD).await,
        ];
        let (one, two) = (one.unwrap(), two.unwrap());
        engine
            .change_password(
                &one,
                her_origin(),
                "wrong".to_owned(),
                "fresh snow 12 violin".to_owned(),
            )
            .await
            .unwrap_err();
        let mut keys = Vec::new();
        for (caller, origin) in [(&one, her_origin()), (admin, origin()), (admin, origin())] {
            let (key, _) = engine
                .create_api_key(caller, origin, key_of("zquill"))
                .await
                .unwrap();
            keys.push(key.id);
        }
        for (caller, key) in [(&one, keys[0]), (admin, keys[1])] {
            let revoked = engine
                .submit(
                    caller,
                    her_origin(),
                    Command::RevokeApiKey(RevokeApiKey { id: key }),
                )
                .await;
            code(revoked);
        }
        let key = Caller::ApiKey(keys[2]);
        record_as(engine, &key, vec![numbered(1)]).await.unwrap();
        let end = Command::EndSession(EndSession { session: id(&two) });
        engine.submit(admin, origin(), end).await.unwrap();
        let rename = UpdateUser {
            user,
            version: None,
            username: None,
            email: None,
            full_name: Some(Some("Zelda B. Quillfeather".to_owned())),
        };
        engine
            .submit(admin, origin(), Command::UpdateUser(rename))
            .await
            .unwrap();
        engine.invite_user(admin, origin(), user).await.unwrap();
        engine
            .enrol_second_factor(
                &her_session(engine, PASSWORD).await.unwrap(),
                her_origin(),
                PASSWORD.to_owned(),
            )
            .await
            .unwrap();
        // She was entitled to erase users herself.
        let gone = crate::support::create_user(engine, "gone", Role::VIEWER)
            .await
            .unwrap();
        let Reply::User { user: gone, .. } = gone.reply else {
            panic!()
        };
        engine
            .erase_user(&one, her_origin(), gone.id, "asked to")
            .await
            .unwrap();
        [one, key]
    }

    /// Whatever a conversation, an execution and its steps hold is marked, each with a word of its own.
    async fn marked(engine: &Engine, user: Uuid) -> Vec<&'static str> {
        let text = |mark: &str| Some(format!("quince-{mark}"));
        let object = |mark: &str| Some(format!(r#"{{"a":"quince-{mark}"}}"#));
        let conversation = CreateConversation {
            id: None,
            user,
            thread: "quince-thread".to_owned(),
            title: text("title"),
            context: object("context"),
        };
        let made = done(engine, &operator(), conversation.into()).await;
        let Reply::Conversation { conversation, .. } = made else {
            panic!("{made:?}");
        };
        let start = StartExecution {
            conversation: Some(conversation.id),
            actor: text("actor"),
            input: object("given"),
            mission: text("mission"),
            ..start(user)
        };
        let content = |mark: &str| Some(Content::of(&serde_json::json!({ "a": text(mark) })));
        let mut ids = Vec::new();
        for _ in 0..3 {
            let id = started(engine, &operator(), start.clone()).await.id;
            let mut steps = new_steps();
            (steps[0].input, steps[0].output) = (content("went-in"), content("came-out"));
            recorded(engine, &operator(), id, steps).await;
            ids.push(id);
        }
        let result = object("result");
        ended(engine, ids[0], Complete { result }).await;
        let error_type = Some("timeout".to_owned());
        ended(
            engine,
            ids[1],
            Fail {
                error_type,
                error: text("error"),
            },
        )
        .await;
        ended(
            engine,
            ids[2],
            Cancel {
                reason: text("reason"),
            },
        )
        .await;
        vec![
            "thread", "title", "context", "actor", "given", "mission", "went-in", "came-out", "result",
            "error", "reason",
        ]
    }

    /// The entries as they are exported, and as an evidence bundle has them.
    async fn exported(engine: &Engine) -> String {
        let mut text = String::new();
        let each = &mut |entry: Entry| {
            text += &serde_json::to_string(&entry).unwrap();
            ControlFlow::Continue(())
        };
        engine.export(&EntryFilter::default(), each).await.unwrap();
        let line = &mut |line: String| {
            text += &line;
            ControlFlow::Continue(())
        };
        engine
            .bundle(&EntryFilter::default(), StrictObject::default(), line)
            .await
            .unwrap();
        text
    }

    /// Whether a text stands in the files of the database, also where no table has it any more.
    fn in_files(bed: &Bed, text: &str) -> bool {
        let Location::Sqlite(path) = bed.location() else {
            return false;
        };
        let wal = path.with_extension("db-wal");
        [path, wal].iter().any(|file| {
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        })
    }

    pub async fn no_content_is_left(bed: Bed) {
        let engine = bed.open().await;
        let user = person(&engine, "ann", Role::USER).await.id;
        let marks = marked(&engine, user).await;
        for mark in &marks {
            assert!(
                !found(&engine, &format!("quince-{mark}")).await.is_empty(),
                "{mark}"
            );
        }
        assert_eq!(in_files(&bed, "quince"), bed.on == On::Sqlite);
        let erased = engine.erase_user(&operator(), origin(), user, "asked to").await;
        erased.unwrap();
        // While the server goes on, without a write after it.
        let gone = async || !in_files(&bed, "quince");
        until("the files hold it no more", Duration::from_secs(30), gone).await;
        engine.shutdown().await;
        assert_eq!(found(&engine, "quince").await, [""; 0]);
        assert!(!exported(&engine).await.contains("quince"));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn nothing_is_left(bed: Bed) {
        let engine = bed.open().await;
        let boss = person(&engine, "boss", Role::ADMIN).await;
        let admin = session_of(&engine, boss.id).await;
        let user = zelda(&engine).await;
        let callers = live(&engine, user, &admin).await;
        for personal in PERSONAL {
            assert!(!found(&engine, personal).await.is_empty(), "{personal}");
        }
        let receipt = engine.receipt(EntryKey::Index(5)).await.unwrap().unwrap();

        let erased = engine
            .erase_user(&admin, origin(), user, "asked to")
            .await
            .unwrap();
        assert_eq!(erased.user.username, format!("erased-{user}"));
        assert!(erased.entries > 15, "{}", erased.entries);
        engine.shutdown().await;
        for personal in PERSONAL {
            let mut found = found(&engine, personal).await;
            // Counts of attempts name an address for some minutes, and no longer.
            found.retain(|place| place != "counters.subject");
            assert_eq!(found, [""; 0], "{personal}");
            assert!(personal == IP || !in_files(&bed, personal), "{personal}");
        }
        let mut conn = engine.db().reader().await.unwrap();
        let sql = "SELECT max(width_s) FROM counters WHERE subject LIKE $1";
        let row = conn.opt(sql, &[format!("%{IP}%").into()]).await.unwrap().unwrap();
        assert!(row.int(0).unwrap() <= 300);
        drop(conn);
        for caller in &callers {
            assert_ne!(verdict(&engine, caller).await, "good");
        }
        assert_eq!(code(her_session(&engine, PASSWORD).await), "invalid_credentials");
        let key = engine.verifier_key();
        let entry = engine.entry(EntryKey::Index(5)).await.unwrap().unwrap();
        receipt::check(&receipt, &entry, key).unwrap();
        let report = assert_intact(&bed.options()).await;
        let before = report.entries.erased;

        // What came since goes with a second one; a third finds nothing.
        let written = record_as(&engine, &callers[1], vec![numbered(2)]).await;
        assert_eq!(code(written), "api_key_revoked");
        let again = engine
            .erase_user(&admin, origin(), user, "asked to")
            .await
            .unwrap();
        assert!(again.entries > 0);
        let third = engine
            .erase_user(&operator(), origin(), user, "asked to")
            .await
            .unwrap();
        assert_eq!((third.entries, third.version), (0, again.version));
        let report = assert_intact(&bed.options()).await;
        assert_eq!(report.entries.erased, before + again.entries);
        let erasures = entries(&engine, "user.erase").await;
        let kept = erasures.iter().filter(|entry| !entry.erased);
        assert!(kept.clone().count() >= 2);
        for entry in kept {
            assert_eq!(entry.details.as_ref().unwrap().0["reason"], "asked to");
        }
        close(engine).await;
    }

    /// Entries of an application that calls somebody by the same id are its own, and in nobody's way.
    pub async fn what_others_recorded_stays(bed: Bed) {
        let engine = bed.open().await;
        let user = person(&engine, "ann", Role::USER).await.id;
        let key = create_key(&engine, "ann", vec![Scope::Write]).await;
        let told = format!(
            r#"{{"actor":{{"kind":"user","id":"{user}"}},"action":"order.update","target":{{"kind":"user","id":"{user}"}}}}"#
        );
        record(&engine, vec![event(&told)]).await.unwrap();
        let about_key = format!(
            r#"{{"actor":{{"kind":"system"}},"action":"x","target":{{"kind":"k","id":"{}"}}}}"#,
            id(&key)
        );
        record(&engine, vec![event(&about_key)]).await.unwrap();
        let erased = engine
            .erase_user(&operator(), origin(), user, "asked to")
            .await
            .unwrap();
        assert!(erased.entries >= 2, "making the user and the key");
        for (action, number) in [("order.update", 1), ("x", 1)] {
            let entries = entries(&engine, action).await;
            assert_eq!(entries.len(), number);
            assert!(entries.iter().all(|entry| !entry.erased));
        }
        // Naming entries that are not hers is refused, and says so.
        let index = entries(&engine, "order.update").await[0].index;
        let command = domain::identity::user::EraseUser {
            user,
            reason: "asked to".to_owned(),
            entries: vec![index],
            content: Vec::new(),
        };
        assert_eq!(
            code(submit(&engine, Command::EraseUser(command)).await),
            "entry_of_others"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Whoever erases their own account is out in the middle of it; somebody else finishes, name and all.
    pub async fn oneself(bed: Bed) {
        let engine = bed.open().await;
        let user = zelda(&engine).await;
        let mine = her_session(&engine, PASSWORD).await.unwrap();
        let broken_off = engine.erase_user(&mine, her_origin(), user, "my own").await;
        assert_eq!(code(broken_off), "session_ended");
        let row = engine.user(user).await.unwrap().unwrap().row;
        assert!(row.erased_at.is_some() && !row.active);
        engine
            .erase_user(&operator(), origin(), user, "asked to")
            .await
            .unwrap();
        engine.shutdown().await;
        for personal in PERSONAL {
            let mut found = found(&engine, personal).await;
            found.retain(|place| place != "counters.subject");
            assert_eq!(found, [""; 0], "{personal}");
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn more_than_one_command_holds(bed: Bed) {
        let engine = bed.open().await;
        let user = person(&engine, "ann", Role::USER).await.id;
        let update = |number: usize| {
            let full_name = Some(Some(format!("Ann the {number}th")));
            let command = UpdateUser {
                user,
                version: None,
                username: None,
                email: None,
                full_name,
            };
            submit(&engine, Command::UpdateUser(command))
        };
        let updates = futures_util::future::join_all((0..1_100).map(update)).await;
        assert!(updates.iter().all(Result::is_ok));
        let erased = engine
            .erase_user(&operator(), origin(), user, "asked to")
            .await
            .unwrap();
        assert_eq!(erased.entries, 1_101);
        assert_eq!(found(&engine, "Ann the").await, [""; 0]);
        close(engine).await;
        assert_eq!(assert_intact(&bed.options()).await.entries.erased, 1_101);
    }
}
