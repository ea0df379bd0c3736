//! Users as somebody entitled keeps them.

crate::on_both!(
    invited_and_accepted_once,
    invitations_expire_and_are_withdrawn,
    names_are_unique_in_any_case,
    two_processes_race_for_a_name,
    versions,
    pages_of_users,
    one_time_passwords,
    recovered,
    the_last_admin_of_two_processes
);

mod cases {
    use domain::identity::invitation::InviteUser;
    use domain::identity::user::{CreateUser, SetRole, UpdateUser, User};
    use domain::identity::{Must, Role};
    use domain::{Caller, Command, Reply};
    use engine::identity::FirstCredential;
    use engine::list::Condition;
    use engine::{Engine, Error};
    use futures_util::future::join_all;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        OTHER_PASSWORD, PASSWORD, code, entries, log_in, make, new_user, open_with, origin, person,
        session_of, verdict,
    };
    use crate::support::{Bed, create_key, operator, submit, two};
    use domain::identity::user::{DisableUser, EnableUser};

    fn set_active(user: Uuid, active: bool) -> Command {
        if active {
            Command::EnableUser(EnableUser { user })
        } else {
            Command::DisableUser(DisableUser { user })
        }
    }

    fn set_role(user: Uuid, role: Role) -> Command {
        Command::SetRole(SetRole {
            user,
            version: None,
            role,
        })
    }

    pub async fn invited_and_accepted_once(bed: Bed) {
        let engine = bed.open().await;
        let made = make(
            &engine,
            new_user("ann", Role::VIEWER, FirstCredential::Invitation),
        )
        .await;
        let token = made.invitation.unwrap();
        assert_eq!(
            code(log_in(&engine, "ann", PASSWORD).await),
            "invalid_credentials"
        );
        let state = engine.user_state(made.user.id).await.unwrap();
        assert!(state.invited_until.is_some() && state.sessions == 0);
        let accept = |token: String, password: &str| {
            let (engine, password) = (engine.clone(), password.to_owned());
            async move { code(engine.accept_invitation(&token, password, origin()).await) }
        };
        let text = token.secret().to_owned();
        // A password that the policy refuses uses nothing up.
        assert_eq!(accept(text.clone(), "ann@example.com").await, "invalid_field");
        let stranger = Engine::new_token(domain::identity::token::TokenKind::Invitation).unwrap();
        for wrong in [stranger.secret(), "pri_", "", &text[..text.len() - 1]] {
            assert_eq!(accept(wrong.to_owned(), PASSWORD).await, "invalid_invitation");
        }
        // Twice at once: one of them wins.
        let passwords = vec![PASSWORD, OTHER_PASSWORD];
        let both = passwords
            .into_iter()
            .map(|password| accept(text.clone(), password));
        let mut both = join_all(both).await;
        both.sort_unstable();
        assert_eq!(both, ["done", "invalid_invitation"]);
        assert_eq!(accept(text, PASSWORD).await, "invalid_invitation");
        let logins = [
            code(log_in(&engine, "ann", PASSWORD).await),
            code(log_in(&engine, "ann", OTHER_PASSWORD).await),
        ];
        assert!(logins.contains(&"done") && logins.contains(&"invalid_credentials"));
        let state = engine.user_state(made.user.id).await.unwrap();
        assert!(state.invited_until.is_none() && state.sessions == 1);
        let mut accepted = entries(&engine, "invitation.accept").await;
        accepted.retain(|entry| entry.outcome == evidence::Outcome::Success);
        assert_eq!(accepted.len(), 1);
        let by = accepted[0].actor.id.clone();
        assert_eq!(by, Some(made.user.id.to_string()), "the user did it");
        assert_eq!(accepted[0].authority, "invitation");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn invitations_expire_and_are_withdrawn(bed: Bed) {
        let engine = open_with(&bed, |rules| rules.invitation_s = 1).await;
        let made = make(
            &engine,
            new_user("ann", Role::VIEWER, FirstCredential::Invitation),
        )
        .await;
        let late = made.invitation.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let accept = async |engine: &Engine, token: &domain::identity::token::Token| {
            code(
                engine
                    .accept_invitation(token.secret(), PASSWORD.to_owned(), origin())
                    .await,
            )
        };
        assert_eq!(accept(&engine, &late).await, "invalid_invitation");
        close(engine).await;

        let engine = Engine::open(bed.options()).await.unwrap();
        let user = made.user.id;
        let invite = async || {
            let invited = engine.invite_user(&operator(), origin(), user).await;
            invited.unwrap().invitation.unwrap()
        };
        let (first, second) = (invite().await, invite().await);
        assert_eq!(
            accept(&engine, &first).await,
            "invalid_invitation",
            "a second one came"
        );
        assert_eq!(accept(&engine, &second).await, "done");
        let third = invite().await;
        engine
            .reset_password(&operator(), origin(), user, false)
            .await
            .unwrap();
        assert_eq!(
            accept(&engine, &third).await,
            "invalid_invitation",
            "a reset came"
        );
        let fourth = invite().await;
        submit(&engine, set_active(user, false)).await.unwrap();
        assert_eq!(accept(&engine, &fourth).await, "invalid_invitation", "disabled");
        let hash = [9; 32];
        let again = Command::InviteUser(InviteUser { user, hash });
        assert_eq!(code(submit(&engine, again).await), "user_disabled");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    fn named(name: &str, email: &str) -> Command {
        Command::CreateUser(CreateUser {
            email: Some(email.to_owned()),
            ..CreateUser::new(name, Role::USER)
        })
    }

    /// The first of a batch gets the name, the others see that in the same transaction.
    pub async fn names_are_unique_in_any_case(bed: Bed) {
        let engine = bed.open().await;
        let commands = [
            (named("ann", "ann@example.com"), "done"),
            (named("ann", "other@example.com"), "username_taken"),
            (named("bob", "ANN@EXAMPLE.com"), "email_taken"),
            (named("bob", "Straße@example.com"), "done"),
            (named("cyd", "straSSe@example.com"), "done"),
            (named("dan", "STRAßE@example.com"), "email_taken"),
        ];
        let answers = commands
            .iter()
            .map(|(command, _)| submit(&engine, command.clone()));
        let answers = join_all(answers).await;
        for (answer, (command, expected)) in answers.into_iter().zip(commands) {
            assert_eq!(code(answer), expected, "{command:?}");
        }
        // Names change places within one batch.
        let user = async |name: &str| engine.user_named(name).await.unwrap().unwrap().row.id;
        let (ann, bob) = (user("ann").await, user("BOB").await);
        let rename = |user, name: &str| {
            let update = UpdateUser {
                user,
                version: None,
                username: Some(name.to_owned()),
                email: None,
                full_name: None,
            };
            submit(&engine, Command::UpdateUser(update))
        };
        let renamed = [rename(ann, "swap"), rename(bob, "ann"), rename(ann, "bob")];
        for answer in join_all(renamed).await {
            assert_eq!(code(answer), "done");
        }
        assert_eq!((user("ann").await, user("bob").await), (bob, ann));
        let found = engine.user_by_login("STRAßE@EXAMPLE.COM").await.unwrap();
        assert_eq!(found.unwrap().row.id, bob);
        for strange in ["no\0body", "no\0body@example.com", ""] {
            assert!(engine.user_by_login(strange).await.unwrap().is_none());
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn two_processes_race_for_a_name(bed: Bed) {
        let options = two(&bed).await;
        let mut engines = Vec::new();
        for options in &options {
            engines.push(Engine::open(options.clone()).await.unwrap());
        }
        for round in 0..10 {
            // The same name, or the same address in another case.
            let (commands, refused) = if round % 2 == 0 {
                let name = format!("n{round}");
                let commands = ["one", "two"].map(|who| named(&name, &format!("{who}{round}@example.com")));
                (commands, "username_taken")
            } else {
                let commands = ["one", "Two"].map(|who| {
                    let email = format!("{}{round}@example.com", if who == "one" { "a" } else { "A" });
                    named(&format!("{}{round}", who.to_lowercase()), &email)
                });
                (commands, "email_taken")
            };
            let [one, two] = commands;
            let answers = join_all([submit(&engines[0], one), submit(&engines[1], two)]);
            let mut codes: Vec<_> = answers.await.into_iter().map(code).collect();
            codes.sort_unstable();
            assert_eq!(codes, ["done", refused], "round {round}");
        }
        for engine in engines {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    pub async fn versions(bed: Bed) {
        let engine = bed.open().await;
        let made = make(
            &engine,
            new_user("ann", Role::VIEWER, FirstCredential::Invitation),
        )
        .await;
        assert_eq!(made.version, 1);
        let update = |version, name: &str| {
            let update = UpdateUser {
                user: made.user.id,
                version,
                username: None,
                email: None,
                full_name: Some(Some(name.to_owned())),
            };
            submit(&engine, Command::UpdateUser(update))
        };
        // Two who saw the same version: the second is told.
        let answers = join_all([update(Some(1), "One"), update(Some(1), "Two")]).await;
        let [first, second] = answers.try_into().unwrap();
        let Reply::User { user, version } = first.unwrap().reply else {
            panic!()
        };
        assert_eq!((user.full_name.as_deref(), version), (Some("One"), 2));
        let Err(Error::Refused { refusal, entry }) = second else {
            panic!()
        };
        assert_eq!(refusal.kind, domain::RefusalKind::Precondition);
        assert_eq!(refusal.code, "version_mismatch");
        assert!(entry.is_some(), "the refusal is an entry");
        let unchanged = update(Some(2), "One").await.unwrap();
        assert_eq!(unchanged.entry, None, "what is so already is not written");
        assert_eq!(code(update(None, "Three").await), "done");
        let stored = engine.user(made.user.id).await.unwrap().unwrap();
        assert_eq!(
            (stored.version, stored.row.full_name.as_deref()),
            (3, Some("Three"))
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn pages_of_users(bed: Bed) {
        let engine = bed.open().await;
        for (name, role) in [
            ("ann", Role::VIEWER),
            ("bob", Role::USER),
            ("a_b", Role::USER),
            ("a.b", Role::USER),
        ] {
            let new = new_user(name, role, FirstCredential::Invitation);
            let full_name = (name == "bob").then(|| "Bob Ärger".to_owned());
            make(&engine, engine::identity::NewUser { full_name, ..new }).await;
        }
        let bob = engine.user_named("bob").await.unwrap().unwrap().row.id;
        submit(&engine, set_active(bob, false)).await.unwrap();
        let filter = |text: Option<&str>, role: Option<Role>, active: Option<bool>| -> Vec<Condition> {
            let columns = &["username", "email", "full_name"];
            let text = text.map(|text| Condition::Holds(columns, text.to_owned()));
            let role = role.map(|role| Condition::Is("role", role.as_str().into()));
            let active = active.map(|active| Condition::Is("active", active.into()));
            text.into_iter().chain(role).chain(active).collect()
        };
        let cases = [
            (filter(None, None, None), "admin ann bob a_b a.b"),
            (filter(Some("ANN"), None, None), "ann"),
            (filter(Some("bob@EXAMPLE"), None, None), "bob"),
            (filter(Some("a_b"), None, None), "a_b"),
            (filter(Some("ÄRGER"), None, None), "bob"),
            (filter(Some("ärger"), None, None), ""),
            (filter(Some("%"), None, None), ""),
            (filter(Some("\0"), None, None), ""),
            (filter(None, Some(Role::USER), None), "bob a_b a.b"),
            (filter(None, Some(Role::USER), Some(true)), "a_b a.b"),
            (filter(None, None, Some(false)), "bob"),
        ];
        for (filter, expected) in cases {
            for limit in [1, 2, 100] {
                let (mut names, mut after) = (Vec::new(), None);
                loop {
                    let page = engine.select::<User>(&filter, after, Some(limit)).await;
                    let (page, more) = page.unwrap();
                    assert!(page.len() <= limit as usize);
                    after = page.last().map(|user| user.row.id);
                    names.extend(page.into_iter().map(|user| user.row.username));
                    if !more {
                        break;
                    }
                }
                assert_eq!(names.join(" "), expected, "{filter:?} by {limit}");
            }
        }
        close(engine).await;
    }

    pub async fn one_time_passwords(bed: Bed) {
        let engine = bed.open().await;
        let first = FirstCredential::OneTimePassword;
        let made = make(&engine, new_user("ann", Role::AUDITOR, first)).await;
        let password = made.one_time_password.unwrap();
        let logged_in = log_in(&engine, "ann", &password).await.unwrap();
        assert_eq!(logged_in.must, Some(Must::ChangePassword));
        let caller = Caller::Session(logged_in.session.id);
        let read = async || {
            let authorised = engine
                .authorise(&caller, domain::identity::Permission::AuditRead)
                .await;
            code(authorised)
        };
        assert_eq!(read().await, "password_change_required");
        let change = async |current: &str, new: &str| {
            let changed = engine.change_password(&caller, origin(), current.to_owned(), new.to_owned());
            code(changed.await)
        };
        assert_eq!(change("not it at all", PASSWORD).await, "wrong_password");
        assert_eq!(change(&password, "short").await, "invalid_field");
        assert_eq!(
            change(&password, &password).await,
            "invalid_field",
            "it must be another one"
        );
        assert_eq!(change(&password, PASSWORD).await, "done");
        assert_eq!(read().await, "done", "the same session goes on");
        assert_eq!(
            code(log_in(&engine, "ann", &password).await),
            "invalid_credentials"
        );
        assert_eq!(log_in(&engine, "ann", PASSWORD).await.unwrap().must, None);
        // A reset by somebody entitled ends all sessions.
        let reset = engine
            .reset_password(&operator(), origin(), made.user.id, false)
            .await;
        let reset = reset.unwrap();
        let (user, version, again) = (reset.user, reset.version, reset.one_time_password.unwrap());
        assert!(user.password_temporary && version == 3);
        assert_eq!(verdict(&engine, &caller).await, "session_ended");
        assert_eq!(
            code(log_in(&engine, "ann", PASSWORD).await),
            "invalid_credentials"
        );
        assert_eq!(
            log_in(&engine, "ann", &again).await.unwrap().must,
            Some(Must::ChangePassword)
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A locked-out admin: disabled, with a second factor that is lost.
    pub async fn recovered(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::ADMIN).await;
        let eve = person(&engine, "eve", Role::ADMIN).await;
        let caller = session_of(&engine, ann.id).await;
        let enrolment = engine
            .enrol_second_factor(&caller, origin(), PASSWORD.to_owned())
            .await
            .unwrap();
        engine
            .confirm_second_factor(&caller, origin(), &crate::people::totp(&enrolment.secret, 0))
            .await
            .unwrap();
        submit(&engine, set_active(ann.id, false)).await.unwrap();
        let other = session_of(&engine, eve.id).await;
        let key = create_key(&engine, "eve", vec![domain::identity::Scope::Admin]).await;
        for caller in [&other, &key] {
            let recovered = engine.reset_password(caller, origin(), ann.id, true).await;
            assert_eq!(code(recovered), "local_only");
        }
        let recovered = engine.reset_password(&operator(), origin(), ann.id, true).await;
        let recovered = recovered.unwrap();
        let (user, password) = (recovered.user, recovered.one_time_password.unwrap());
        assert!(user.active);
        assert!(!engine.user_state(ann.id).await.unwrap().second_factor);
        let logged_in = log_in(&engine, "ann", &password).await.unwrap();
        assert_eq!(logged_in.must, Some(Must::ChangePassword));
        let entries = entries(&engine, "user.recover").await;
        let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome.as_str()).collect();
        assert_eq!(outcomes, ["refused", "refused", "success"]);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Two admins, two processes, each takes the other out at the same moment: one admin is left, every time.
    pub async fn the_last_admin_of_two_processes(bed: Bed) {
        let options = two(&bed).await;
        let mut engines = Vec::new();
        for options in &options {
            engines.push(Engine::open(options.clone()).await.unwrap());
        }
        let first = engines[0].user_named("admin").await.unwrap().unwrap().row.id;
        let second = crate::support::create_user(&engines[0], "second", Role::ADMIN)
            .await
            .unwrap();
        let Reply::User { user: second, .. } = second.reply else {
            panic!()
        };
        let ids = [first, second.id];
        let sessions = [
            session_of(&engines[0], ids[0]).await,
            session_of(&engines[1], ids[1]).await,
        ];
        let against = [set_active(ids[1], false), set_role(ids[0], Role::VIEWER)];
        let [a, b] =
            [0, 1].map(|one: usize| engines[one].submit(&sessions[one], origin(), against[one].clone()));
        let (a, b) = futures_util::future::join(a, b).await;
        let codes = [code(a), code(b)];
        // Whoever came second was no admin any more, or would have taken out the last one.
        assert_eq!(
            codes.iter().filter(|code| **code == "done").count(),
            1,
            "{codes:?}"
        );
        for user in ids {
            submit(&engines[0], set_active(user, true)).await.unwrap();
            submit(&engines[0], set_role(user, Role::ADMIN)).await.unwrap();
        }
        // By the machine's operator too, in both processes at once.
        for _ in 0..6 {
            let commands = ids.map(|user| set_active(user, false));
            let [a, b] = commands;
            let (a, b) = futures_util::future::join(submit(&engines[0], a), submit(&engines[1], b)).await;
            let mut codes = [code(a), code(b)];
            codes.sort_unstable();
            assert_eq!(codes, ["done", "last_admin"]);
            for user in ids {
                submit(&engines[0], set_active(user, true)).await.unwrap();
            }
        }
        for engine in engines {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }
}
