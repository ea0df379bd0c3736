//! Second factors, from enrolment to removal.

crate::on_both!(
    enrolled_used_and_removed,
    a_code_works_once,
    a_role_that_demands_one,
    a_copied_secret_opens_nothing
);

mod cases {
    use domain::Command;
    use domain::identity::second_factor::{ResetSecondFactor, SecondFactor};
    use domain::identity::{Must, Permission, Role};
    use engine::identity::{LogInRequest, LoggedIn};
    use engine::{Engine, Error};
    use futures_util::future::join_all;

    use crate::attacker::{Attacker, assert_intact, close, verify};
    use crate::people::{
        PASSWORD, code, entries, in_one_window, log_in, open_with, origin, person, session, totp,
    };
    use crate::support::{Bed, create_key, submit};

    async fn with(engine: &Engine, totp: Option<&str>, recovery: Option<&str>) -> Result<LoggedIn, Error> {
        let request = LogInRequest {
            name: "ann".to_owned(),
            password: PASSWORD.to_owned(),
            totp: totp.map(str::to_owned),
            recovery_code: recovery.map(str::to_owned),
        };
        engine.log_in(request, origin()).await
    }

    /// A code that is none of those of now.
    fn wrong(secret: &str) -> String {
        let right: Vec<_> = (-2..=2).map(|steps| totp(secret, steps)).collect();
        let all = (0..1_000_000).map(|code| format!("{code:06}"));
        all.into_iter().find(|code| !right.contains(code)).unwrap()
    }

    pub async fn enrolled_used_and_removed(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::USER).await;
        let caller = session(&engine, "ann").await;
        let key = create_key(&engine, "ann", vec![domain::identity::Scope::Admin]).await;
        let enrol = async |caller, password: &str| {
            engine
                .enrol_second_factor(caller, origin(), password.to_owned())
                .await
        };
        assert_eq!(
            code(engine.confirm_second_factor(&caller, origin(), "000000").await),
            "nothing_to_confirm"
        );
        assert_eq!(code(enrol(&caller, "not the password").await), "wrong_password");
        assert_eq!(code(enrol(&key, PASSWORD).await), "session_needed");
        let first = enrol(&caller, PASSWORD).await.unwrap();
        assert!(first.uri.contains(&first.secret) && first.uri.starts_with("otpauth://totp/Probity:ann?"));
        // Not confirmed, it does not count; enrolled again, the former secret is none any more.
        assert_eq!(code(log_in(&engine, "ann", PASSWORD).await), "done");
        let enrolment = enrol(&caller, PASSWORD).await.unwrap();
        let confirm = async |code: &str| engine.confirm_second_factor(&caller, origin(), code).await;
        for wrong in [totp(&first.secret, 0), wrong(&enrolment.secret), String::new()] {
            assert_eq!(code(confirm(&wrong).await), "invalid_second_factor");
        }
        in_one_window(30, 10).await;
        let codes = confirm(&totp(&enrolment.secret, -1)).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert_eq!(
            code(confirm(&totp(&enrolment.secret, 0)).await),
            "nothing_to_confirm"
        );
        assert_eq!(code(enrol(&caller, PASSWORD).await), "second_factor_exists");
        assert!(engine.user_state(ann.id).await.unwrap().second_factor);

        assert_eq!(
            code(log_in(&engine, "ann", PASSWORD).await),
            "second_factor_needed"
        );
        let right = totp(&enrolment.secret, 0);
        let both = with(&engine, Some(&right), Some(&codes[0])).await;
        assert_eq!(code(both), "invalid_field");
        let logged_in = with(&engine, Some(&right), None).await.unwrap();
        assert!(logged_in.session.second_factor);
        let replayed = with(&engine, Some(&right), None).await;
        assert_eq!(code(replayed), "invalid_second_factor");
        // However it is typed, and once.
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(code(with(&engine, None, Some(&typed)).await), "done");
        assert_eq!(
            code(with(&engine, None, Some(&codes[0])).await),
            "invalid_second_factor"
        );
        let fresh = engine
            .new_recovery_codes(&caller, origin(), PASSWORD.to_owned())
            .await
            .unwrap();
        assert_eq!(
            code(with(&engine, None, Some(&codes[1])).await),
            "invalid_second_factor"
        );
        assert_eq!(code(with(&engine, None, Some(&fresh[1])).await), "done");

        let remove = async |password: &str| {
            code(
                engine
                    .remove_second_factor(&caller, origin(), password.to_owned())
                    .await,
            )
        };
        assert_eq!(remove("not the password").await, "wrong_password");
        assert_eq!(remove(PASSWORD).await, "done");
        assert_eq!(remove(PASSWORD).await, "no_second_factor");
        assert_eq!(code(log_in(&engine, "ann", PASSWORD).await), "done");
        let authorities: Vec<_> = entries(&engine, "authn_login_success").await;
        let authorities: Vec<_> = authorities.iter().map(|entry| entry.authority.as_str()).collect();
        assert_eq!(
            authorities,
            [
                "password",
                "password",
                "password totp",
                "password recovery_code",
                "password recovery_code",
                "password"
            ]
        );
        let failed = entries(&engine, "second_factor.confirm").await;
        let failed = failed.iter().filter(|entry| entry.outcome.as_str() == "failed");
        assert_eq!(failed.count(), 4, "three wrong codes, and one that came too late");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Many logins at once with the same code: one of them gets in.
    pub async fn a_code_works_once(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let caller = session(&engine, "ann").await;
        let enrolment = engine
            .enrol_second_factor(&caller, origin(), PASSWORD.to_owned())
            .await
            .unwrap();
        in_one_window(30, 15).await;
        let codes = engine
            .confirm_second_factor(&caller, origin(), &totp(&enrolment.secret, -1))
            .await
            .unwrap();
        let right = totp(&enrolment.secret, 0);
        for (totp, recovery) in [(Some(right.as_str()), None), (None, Some(codes[3].as_str()))] {
            let logins = join_all((0..4).map(|_| with(&engine, totp, recovery))).await;
            let mut found: Vec<_> = logins.into_iter().map(code).collect();
            found.sort_unstable();
            assert_eq!(
                found,
                [
                    "done",
                    "invalid_second_factor",
                    "invalid_second_factor",
                    "invalid_second_factor"
                ]
            );
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_role_that_demands_one(bed: Bed) {
        let engine = open_with(&bed, |rules| {
            rules.require_second_factor(&Role::AUDITOR, true).unwrap();
        })
        .await;
        let ann = person(&engine, "ann", Role::AUDITOR).await;
        let key = create_key(&engine, "ann", vec![domain::identity::Scope::Read]).await;
        let logged_in = log_in(&engine, "ann", PASSWORD).await.unwrap();
        assert_eq!(logged_in.must, Some(Must::UseSecondFactor));
        let caller = domain::Caller::Session(logged_in.session.id);
        let read = async |caller| code(engine.authorise(caller, Permission::AuditRead).await);
        assert_eq!(read(&caller).await, "second_factor_required");
        assert_eq!(read(&key).await, "done", "a key has no second factor");
        let older = session(&engine, "ann").await;
        let enrolment = engine
            .enrol_second_factor(&caller, origin(), PASSWORD.to_owned())
            .await
            .unwrap();
        assert_eq!(
            read(&caller).await,
            "second_factor_required",
            "enrolled is not confirmed"
        );
        engine
            .confirm_second_factor(&caller, origin(), &totp(&enrolment.secret, 0))
            .await
            .unwrap();
        assert_eq!(read(&caller).await, "done");
        assert_eq!(
            read(&older).await,
            "second_factor_required",
            "that login had none"
        );
        let removed = engine
            .remove_second_factor(&caller, origin(), PASSWORD.to_owned())
            .await;
        assert_eq!(code(removed), "second_factor_required");
        // Lost with the authenticator, removed by somebody entitled: enrolled anew at the next login.
        submit(
            &engine,
            Command::ResetSecondFactor(ResetSecondFactor { user: ann.id }),
        )
        .await
        .unwrap();
        let again = submit(
            &engine,
            Command::ResetSecondFactor(ResetSecondFactor { user: ann.id }),
        )
        .await
        .unwrap();
        assert_eq!(again.entry, None);
        let logged_in = log_in(&engine, "ann", PASSWORD).await.unwrap();
        assert_eq!(logged_in.must, Some(Must::UseSecondFactor));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A secret is bound to its user: another's row with it is tampering, and opens nothing.
    pub async fn a_copied_secret_opens_nothing(bed: Bed) {
        let engine = bed.open().await;
        let mut ids = Vec::new();
        let mut secrets = Vec::new();
        for name in ["ann", "bob"] {
            ids.push(person(&engine, name, Role::USER).await.id);
            let caller = session(&engine, name).await;
            let enrolment = engine
                .enrol_second_factor(&caller, origin(), PASSWORD.to_owned())
                .await
                .unwrap();
            engine
                .confirm_second_factor(&caller, origin(), &totp(&enrolment.secret, -1))
                .await
                .unwrap();
            secrets.push(enrolment.secret);
        }
        let mut attacker = Attacker::new(&bed).await;
        let key = |user: uuid::Uuid| {
            let id = match bed.on {
                crate::support::On::Sqlite => user.as_bytes().to_vec().into(),
                crate::support::On::Postgres => domain::record::Val::Uuid(user),
            };
            vec![("id".to_owned(), id)]
        };
        let bobs = attacker.get("second_factors", "secret", &key(ids[1])).await;
        attacker
            .set("second_factors", "secret", &key(ids[0]), &bobs)
            .await
            .unwrap();
        let answer = with(&engine, Some(&totp(&secrets[1], 0)), None).await;
        assert!(matches!(answer, Err(Error::Problem { .. })));
        let report = verify(&bed.options()).await;
        let table = <SecondFactor as domain::record::Record>::TABLE.name;
        assert!(report.findings.iter().any(|finding| finding.table == table));
    }
}
