//! Every event of authentication and every refusal is an entry, and no secret is anywhere.

crate::on_both!(
    events_and_refusals,
    rows_stand_before_and_after,
    secrets_are_nowhere,
    floods_are_sampled,
);

mod cases {
    use domain::identity::{Role, Scope};
    use domain::record::Record;
    use domain::{Caller, Command};
    use engine::Engine;
    use engine::identity::{FirstCredential, LogInRequest, NewApiKey};
    use evidence::{Entry, json};
    use serde_json::{Map, Value};
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        OTHER_PASSWORD, PASSWORD, code, entries, found, from, id, log_in, make, new_user, origin, person,
        session, totp,
    };
    use crate::support::{Bed, create_key, operator, submit};
    use domain::identity::api_key::RevokeApiKey;
    use domain::identity::session::EndSession;
    use domain::identity::user::{DisableUser, EnableUser};

    fn new_key(owner: &str) -> NewApiKey {
        NewApiKey {
            agent: None,
            owner: owner.to_owned(),
            name: "key".to_owned(),
            scopes: vec![Scope::Write],
            expires_at: None,
            requests_per_minute: None,
        }
    }

    /// An entry in words: action, outcome, who recorded it, who acted, on what, and why not.
    fn words(entry: &Entry, names: &[(String, &str)]) -> String {
        let name = |id: &str| {
            let known = names.iter().find(|(known, _)| known == id);
            known.map_or("?", |(_, name)| *name).to_owned()
        };
        let actor = entry.actor.id.as_deref().map(name);
        let target = entry.target.as_ref().map(|target| {
            let id = target.id.as_deref();
            let id = if target.kind == "user" {
                id.map(name)
            } else {
                id.map(|_| "its".to_owned())
            };
            format!("{} {}", target.kind, id.unwrap_or_default())
        });
        let why = entry.details.as_ref().and_then(|details| {
            let why = details.0.get("code").or_else(|| details.0.get("reason"));
            why.and_then(|why| why.as_str()).map(str::to_owned)
        });
        assert_eq!(
            entry.ip.is_some(),
            entry.action != "session_renewed",
            "{}",
            entry.action
        );
        format!(
            "{} {} {} {} {} {}",
            entry.action,
            entry.outcome.as_str(),
            entry.recorded_by.kind.as_str(),
            actor.unwrap_or_else(|| format!("{:?}", entry.actor.kind).to_lowercase()),
            target.unwrap_or_else(|| "-".to_owned()),
            why.unwrap_or_else(|| "-".to_owned()),
        )
    }

    fn set_active(user: Uuid, active: bool) -> Command {
        if active {
            Command::EnableUser(EnableUser { user })
        } else {
            Command::DisableUser(DisableUser { user })
        }
    }

    /// What a command made of a row: what it was, what it is, and what came and went.
    pub async fn rows_stand_before_and_after(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::USER).await;
        let disable = Command::DisableUser(DisableUser { user: ann.id });
        engine.submit(&operator(), origin(), disable).await.unwrap();
        let made = &entries(&engine, "user.create").await[..];
        let made = &made.last().unwrap().changes[0];
        let changed = &entries(&engine, "user.disable").await[0].changes[0];
        let name = |image: &Option<Map<String, Value>>, column: &str| {
            image.as_ref()?.get(column).map(ToString::to_string)
        };
        assert_eq!((made.table.as_str(), made.version, made.id), ("users", 1, ann.id));
        assert!(made.before.is_none());
        assert_eq!(name(&made.after, "username").as_deref(), Some("\"ann\""));
        assert_eq!(name(&made.after, "active").as_deref(), Some("true"));
        assert_eq!((changed.version, changed.id), (2, ann.id));
        assert_eq!(name(&changed.before, "active").as_deref(), Some("true"));
        assert_eq!(name(&changed.after, "active").as_deref(), Some("false"));
        assert_eq!(
            name(&changed.before, "username"),
            name(&changed.after, "username")
        );
        // A secret column stands in neither.
        assert_eq!(name(&made.after, "password_hash"), None);
        close(engine).await;
    }

    /// What people do with their accounts, right and wrong.
    async fn act(engine: &Engine, gone: Uuid, invitation: &str) {
        code(log_in(engine, "ann", OTHER_PASSWORD).await);
        code(log_in(engine, "nobody", PASSWORD).await);
        code(log_in(engine, "gone", PASSWORD).await);
        let caller = session(engine, "ann").await;
        let change = async |current: &str, new: &str| {
            let changed = engine.change_password(&caller, origin(), current.to_owned(), new.to_owned());
            code(changed.await)
        };
        change("wrong", OTHER_PASSWORD).await;
        change(PASSWORD, OTHER_PASSWORD).await;
        let enrol = async |password: &str| {
            engine
                .enrol_second_factor(&caller, origin(), password.to_owned())
                .await
        };
        code(enrol("wrong").await);
        let secret = enrol(OTHER_PASSWORD).await.unwrap().secret;
        code(engine.confirm_second_factor(&caller, origin(), "").await);
        code(
            engine
                .confirm_second_factor(&caller, origin(), &totp(&secret, 0))
                .await,
        );
        let request = LogInRequest {
            name: "ann".to_owned(),
            password: OTHER_PASSWORD.to_owned(),
            totp: Some(String::new()),
            recovery_code: None,
        };
        code(engine.log_in(request, origin()).await);
        code(
            engine
                .remove_second_factor(&caller, origin(), OTHER_PASSWORD.to_owned())
                .await,
        );
        code(engine.create_api_key(&caller, origin(), new_key("ann")).await);
        code(engine.submit(&caller, origin(), set_active(gone, true)).await);
        for _ in 0..2 {
            let accepted = engine
                .accept_invitation(invitation, PASSWORD.to_owned(), origin())
                .await;
            code(accepted);
        }
        let end = Command::EndSession(EndSession { session: id(&caller) });
        for _ in 0..2 {
            code(engine.submit(&caller, origin(), end.clone()).await);
        }
    }

    pub async fn events_and_refusals(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let gone = person(&engine, "gone", Role::VIEWER).await;
        let invited = make(&engine, new_user("new", Role::USER, FirstCredential::Invitation)).await;
        let names = [(&ann, "ann"), (&gone, "gone"), (&invited.user, "new")];
        let names = names.map(|(user, name)| (user.id.to_string(), name));
        let disable = |user, active| {
            if active {
                Command::EnableUser(EnableUser { user })
            } else {
                Command::DisableUser(DisableUser { user })
            }
        };
        let local = operator();
        engine
            .submit(&local, origin(), disable(gone.id, false))
            .await
            .unwrap();
        let start = *engine.size().borrow();
        act(&engine, gone.id, invited.invitation.unwrap().secret()).await;
        let all = entries(&engine, "*").await;
        let told: Vec<_> = all.iter().filter(|entry| entry.index >= start).collect();
        let told: Vec<_> = told.into_iter().map(|entry| words(entry, &names)).collect();
        let expected = [
            "authn_login_fail failed system external user ann wrong_password",
            "authn_login_fail failed system external - unknown_user",
            "authn_login_fail refused system system user gone invalid_credentials",
            "authn_login_success success session ann session its -",
            "authn_password_change_fail failed session ann user ann wrong_password",
            "authn_password_change success session ann user ann -",
            "second_factor.enrol failed session ann user ann wrong_password",
            "second_factor.enrol success session ann user ann -",
            "second_factor.confirm failed session ann user ann wrong_second_factor",
            "second_factor.confirm success session ann user ann -",
            "authn_login_fail failed system external user ann wrong_second_factor",
            "second_factor.remove success session ann user ann -",
            "api_key.create refused session ann user ann permission_missing",
            "user.enable refused session ann user gone permission_missing",
            "invitation.accept success system new user new -",
            "invitation.accept refused system external - invalid_invitation",
            "session_expired success session ann session its logout",
            "session_expired refused session ann session its session_ended",
        ];
        assert_eq!(told, expected);
        let refused = all.iter().find(|entry| entry.action == "api_key.create").unwrap();
        assert_eq!(refused.details.as_ref().unwrap().0["permission"], "api_keys:own");
        assert_eq!(refused.authority, "role:viewer");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Everything that was ever secret in a life of credentials.
    async fn secrets(engine: &Engine) -> Vec<String> {
        let mut secrets: Vec<String> = [PASSWORD, OTHER_PASSWORD, "typed by mistake 4711"]
            .map(str::to_owned)
            .into();
        let user = person(engine, "ann", Role::ADMIN).await;
        code(log_in(engine, "ann", "typed by mistake 4711").await);
        // Who types the password where the name belongs finds it nowhere either.
        code(log_in(engine, OTHER_PASSWORD, PASSWORD).await);
        code(log_in(engine, "typed by mistake 4711", PASSWORD).await);
        let first = log_in(engine, "ann", PASSWORD).await.unwrap();
        secrets.push(first.token.secret().to_owned());
        let caller = Caller::Session(first.session.id);
        let enrolment = engine
            .enrol_second_factor(&caller, origin(), PASSWORD.to_owned())
            .await
            .unwrap();
        let code_of_now = totp(&enrolment.secret, 0);
        secrets.extend(
            engine
                .confirm_second_factor(&caller, origin(), &code_of_now)
                .await
                .unwrap(),
        );
        let recovery = secrets.last().unwrap().clone();
        let request = LogInRequest {
            name: "ann".to_owned(),
            password: PASSWORD.to_owned(),
            totp: None,
            recovery_code: Some(recovery),
        };
        let second = engine.log_in(request, origin()).await.unwrap();
        secrets.push(second.token.secret().to_owned());
        let fresh = engine
            .new_recovery_codes(&caller, origin(), PASSWORD.to_owned())
            .await;
        secrets.extend(fresh.unwrap());
        secrets.extend([
            format!("\"{code_of_now}\""),
            enrolment.secret.clone(),
            enrolment.uri,
        ]);
        for (key, token) in [
            engine
                .create_api_key(&caller, origin(), new_key("ann"))
                .await
                .unwrap(),
            engine
                .create_api_key(&operator(), origin(), new_key("ann"))
                .await
                .unwrap(),
        ] {
            let rotated = engine
                .rotate_api_key(&caller, origin(), key.id, 60)
                .await
                .unwrap();
            secrets.extend([token.secret().to_owned(), rotated.1.secret().to_owned()]);
            engine
                .submit(
                    &caller,
                    origin(),
                    Command::RevokeApiKey(RevokeApiKey { id: key.id }),
                )
                .await
                .unwrap();
            code(crate::support::record_as(engine, &Caller::ApiKey(key.id), Vec::new()).await);
        }
        let invited = make(engine, new_user("new", Role::USER, FirstCredential::Invitation)).await;
        let token = invited.invitation.unwrap().secret().to_owned();
        for _ in 0..2 {
            code(
                engine
                    .accept_invitation(&token, OTHER_PASSWORD.to_owned(), origin())
                    .await,
            );
        }
        secrets.push(token);
        let once = make(
            engine,
            new_user("once", Role::USER, FirstCredential::OneTimePassword),
        )
        .await;
        secrets.push(once.one_time_password.unwrap());
        let reset = engine
            .reset_password(&operator(), origin(), once.user.id, false)
            .await;
        secrets.push(reset.unwrap().one_time_password.unwrap());
        assert_eq!(user.username, "ann");
        secrets
    }

    pub async fn secrets_are_nowhere(bed: Bed) {
        let engine = bed.open().await;
        let secrets = Box::pin(secrets(&engine)).await;
        engine.shutdown().await;
        assert!(secrets.len() > 30);
        for secret in &secrets {
            assert_eq!(found(&engine, secret).await, [""; 0], "{secret}");
        }
        // Hashes stay in their own columns: no entry shows them.
        let mut hashes = 0;
        for user in engine
            .select::<domain::identity::user::User>(&[], None, None)
            .await
            .unwrap()
            .0
        {
            let hash = user.row.password_hash.unwrap();
            assert_eq!(found(&engine, &hash).await, ["users.password_hash"]);
            let tail = hash.rsplit('$').next().unwrap();
            assert_eq!(found(&engine, tail).await, ["users.password_hash"]);
            hashes += 1;
        }
        for key in engine
            .select::<domain::identity::api_key::ApiKey>(&[], None, None)
            .await
            .unwrap()
            .0
        {
            assert_eq!(found(&engine, &json::hex(&key.row.hash)).await, [""; 0]);
            hashes += 1;
        }
        assert_eq!(hashes, 4 + 4);
        let hidden = |table: &'static domain::record::Table| {
            let secret = table.columns.iter().filter(|column| column.secret);
            secret.map(|column| column.name).collect::<Vec<_>>()
        };
        let tables = [
            (hidden(domain::identity::user::User::TABLE), vec!["password_hash"]),
            (hidden(domain::identity::api_key::ApiKey::TABLE), vec!["hash"]),
            (
                hidden(domain::identity::session::Session::TABLE),
                vec!["hash", "ip", "user_agent"],
            ),
            (
                hidden(domain::identity::invitation::Invitation::TABLE),
                vec!["hash"],
            ),
            (
                hidden(domain::identity::second_factor::SecondFactor::TABLE),
                vec!["secret", "recovery"],
            ),
        ];
        for (found, expected) in tables {
            assert_eq!(found, expected);
        }
        // Neither do the entries as they are read and exported.
        let all = entries(&engine, "*").await;
        let text = serde_json::to_string(&all).unwrap();
        for secret in &secrets {
            assert!(
                !text.contains(secret.trim_matches('"')) || secret.starts_with('"'),
                "{secret}"
            );
        }
        for name in ["password_hash\":", "\"recovery\":", "\"secret\":"] {
            assert!(!text.contains(name), "{name}");
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Ten of a kind in a minute get an entry each; how many more there were is one.
    pub async fn floods_are_sampled(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let key = create_key(&engine, "ann", vec![Scope::Read]).await;
        let attempts = (0..35).map(|number| {
            let engine = engine.clone();
            async move {
                let token = Engine::new_token(domain::identity::token::TokenKind::Invitation).unwrap();
                let ip = if number % 7 == 0 {
                    "192.0.2.66"
                } else {
                    "192.0.2.67"
                };
                let accepted = engine.accept_invitation(token.secret(), PASSWORD.to_owned(), from(ip));
                code(accepted.await)
            }
        });
        let codes = futures_util::future::join_all(attempts).await;
        assert_eq!(codes, ["invalid_invitation"; 35]);
        let recorded = entries(&engine, "invitation.accept").await;
        assert_eq!(
            recorded.len(),
            10 + 5,
            "ten from the one address, five from the other"
        );
        engine.shutdown().await;
        let recorded = entries(&engine, "invitation.accept").await;
        assert_eq!(recorded.len(), 10 + 5 + 1);
        let last = recorded.last().unwrap();
        assert_eq!(last.details.as_ref().unwrap().0["count"], 20);
        // What callers who are known are refused is never left out.
        let submits = (0..15)
            .map(|_| engine.submit(&key, origin(), Command::RevokeApiKey(RevokeApiKey { id: ann.id })));
        for answer in futures_util::future::join_all(submits).await {
            assert_eq!(code(answer), "permission_missing");
        }
        assert_eq!(entries(&engine, "api_key.revoke").await.len(), 15);
        assert_eq!(
            code(submit(&engine, Command::RevokeApiKey(RevokeApiKey { id: ann.id })).await),
            "unknown_api_key"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
