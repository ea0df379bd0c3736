//! Guessing is slowed down, and nobody is locked out by strangers.

crate::on_both!(
    by_account_and_address,
    by_account_from_everywhere,
    by_address_at_everyone,
    success_gives_back,
    one_s_own_password_too,
    shared_between_processes
);

mod cases {
    use std::time::Duration;

    use domain::identity::Role;
    use domain::{Origin, RefusalKind};
    use engine::identity::{ACCOUNT, ADDRESS, LogInRequest, PAIR};
    use engine::{Engine, Error};
    use futures_util::future::join_all;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        OTHER_PASSWORD, PASSWORD, code, entries, from, in_one_window, person, session, until,
    };
    use crate::support::{Bed, two};

    async fn attempt(engine: &Engine, name: &str, password: &str, origin: Origin) -> &'static str {
        let request = LogInRequest {
            name: name.to_owned(),
            password: password.to_owned(),
            ..LogInRequest::default()
        };
        match engine.log_in(request, origin).await {
            Err(Error::Refused { refusal, .. }) if refusal.kind == RefusalKind::TooMany => {
                let wait = refusal.retry_after_s.unwrap();
                assert!((1..=u64::from(PAIR.width_s)).contains(&wait), "{wait}");
                assert!(refusal.message.contains(&format!("{wait} s")));
                refusal.code
            }
            answer => code(answer),
        }
    }

    /// So many wrong attempts at once; how many of them were looked at.
    async fn wrong(engine: &Engine, number: u64, of: &impl Fn(u64) -> (String, Origin)) -> u64 {
        let attempts = (0..number).map(|number| {
            let (name, origin) = of(number);
            async move { attempt(engine, &name, OTHER_PASSWORD, origin).await }
        });
        let codes = join_all(attempts).await;
        let looked_at = codes
            .iter()
            .filter(|code| **code == "invalid_credentials")
            .count();
        let refused = codes.iter().filter(|code| **code == "too_many_logins").count();
        assert_eq!(looked_at + refused, codes.len());
        looked_at as u64
    }

    /// The same until no more are looked at. While counts are on their way to the database they may count twice for a
    /// moment, so that some of many at once are refused early: they are tried again.
    async fn exhaust(engine: &Engine, number: u64, of: impl Fn(u64) -> (String, Origin)) -> u64 {
        let (mut looked_at, mut wave) = (0, number);
        loop {
            let of_wave = wrong(engine, wave, &of).await;
            if of_wave == 0 {
                return looked_at;
            }
            looked_at += of_wave;
            wave = (wave - of_wave).clamp(1, number);
            engine.limits().flush().await.unwrap();
        }
    }

    /// As many wrong attempts as are looked at, but one.
    async fn all_but_one(engine: &Engine, name: &str, ip: &str) -> u64 {
        let mut looked_at = 0;
        // What is on its way may count twice: never so much at once that it could matter.
        while looked_at < PAIR.per_window - 1 {
            let wave = (PAIR.per_window - 1 - looked_at).min(3);
            looked_at += wrong(engine, wave, &at(name, ip)).await;
            engine.limits().flush().await.unwrap();
        }
        looked_at
    }

    fn at(name: &str, ip: &str) -> impl Fn(u64) -> (String, Origin) {
        move |_| (name.to_owned(), from(ip))
    }

    pub async fn by_account_and_address(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        in_one_window(PAIR.width_s.into(), 30).await;
        for (name, ip) in [("ann", "192.0.2.1"), ("nobody", "192.0.2.2")] {
            assert_eq!(all_but_one(&engine, name, ip).await, PAIR.per_window - 1);
            assert_eq!(
                attempt(&engine, name, OTHER_PASSWORD, from(ip)).await,
                "invalid_credentials"
            );
            // The eleventh is not looked at, however right it is; by whatever name the account is called.
            for name in [name.to_owned(), name.to_uppercase()] {
                assert_eq!(
                    attempt(&engine, &name, PASSWORD, from(ip)).await,
                    "too_many_logins"
                );
            }
        }
        assert_eq!(
            attempt(&engine, "ann@example.com", PASSWORD, from("192.0.2.1")).await,
            "too_many_logins"
        );
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("192.0.2.3")).await,
            "done",
            "from elsewhere"
        );
        let max = entries(&engine, "authn_login_fail_max").await;
        let ann = engine
            .user_named("ann")
            .await
            .unwrap()
            .unwrap()
            .row
            .id
            .to_string();
        let about: Vec<_> = max
            .iter()
            .map(|entry| entry.target.as_ref().and_then(|target| target.id.clone()))
            .collect();
        assert_eq!(
            about,
            [Some(ann.clone()), Some(ann.clone()), None, None, Some(ann)]
        );
        assert_eq!(entries(&engine, "authn_login_fail").await.len(), 20);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Strangers fill the account's count: further strangers wait, an address that is known does not.
    pub async fn by_account_from_everywhere(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        let known = from("198.51.100.9");
        assert_eq!(attempt(&engine, "ann", PASSWORD, known.clone()).await, "done");
        in_one_window(ACCOUNT.width_s.into(), 15).await;
        let everywhere = |number| ("ann".to_owned(), from(&format!("203.0.113.{number}")));
        assert_eq!(
            exhaust(&engine, ACCOUNT.per_window + 3, everywhere).await,
            ACCOUNT.per_window
        );
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("203.0.113.99")).await,
            "too_many_logins"
        );
        assert_eq!(attempt(&engine, "ann", PASSWORD, known.clone()).await, "done");
        // Another process, which was told nothing, knows the address from the database.
        engine.limits().flush().await.unwrap();
        close(engine).await;
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("203.0.113.98")).await,
            "too_many_logins"
        );
        assert_eq!(attempt(&engine, "ann", PASSWORD, known).await, "done");
        assert_eq!(
            attempt(&engine, "nobody", PASSWORD, from("203.0.113.97")).await,
            "invalid_credentials"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn by_address_at_everyone(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        in_one_window(ADDRESS.width_s.into(), 30).await;
        // Of IPv6 the network counts, which one subscriber has to itself.
        let everyone = |number| {
            let ip = format!("2001:db8:7:7::{number:x}");
            (format!("name{number}"), from(&ip))
        };
        assert_eq!(
            exhaust(&engine, ADDRESS.per_window + 5, everyone).await,
            ADDRESS.per_window
        );
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("2001:db8:7:7::ffff")).await,
            "too_many_logins"
        );
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("2001:db8:7:8::1")).await,
            "done"
        );
        close(engine).await;
    }

    pub async fn success_gives_back(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        in_one_window(PAIR.width_s.into(), 30).await;
        assert_eq!(
            all_but_one(&engine, "ann", "192.0.2.1").await,
            PAIR.per_window - 1
        );
        for _ in 0..4 {
            assert_eq!(attempt(&engine, "ann", PASSWORD, from("192.0.2.1")).await, "done");
        }
        assert_eq!(
            attempt(&engine, "ann", OTHER_PASSWORD, from("192.0.2.1")).await,
            "invalid_credentials"
        );
        assert_eq!(
            attempt(&engine, "ann", PASSWORD, from("192.0.2.1")).await,
            "too_many_logins"
        );
        close(engine).await;
    }

    /// Who sits at somebody's open session cannot guess the password there either.
    pub async fn one_s_own_password_too(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::VIEWER).await;
        let caller = session(&engine, "ann").await;
        in_one_window(PAIR.width_s.into(), 30).await;
        let change = async |current: &str| {
            let (current, new) = (current.to_owned(), "fresh snow 12 violin".to_owned());
            code(
                engine
                    .change_password(&caller, from("192.0.2.1"), current, new)
                    .await,
            )
        };
        for _ in 0..PAIR.per_window {
            assert_eq!(change(OTHER_PASSWORD).await, "wrong_password");
        }
        assert_eq!(change(PASSWORD).await, "too_many_logins");
        let enrol = engine.enrol_second_factor(&caller, from("192.0.2.1"), PASSWORD.to_owned());
        assert_eq!(code(enrol.await), "too_many_logins");
        let failed = entries(&engine, "authn_password_change_fail").await;
        assert_eq!(
            failed.len() as u64,
            PAIR.per_window,
            "the first ten, then they are counted"
        );
        let failed = entries(&engine, "second_factor.enrol").await;
        let reason = failed[0].details.as_ref().unwrap().0["reason"].clone();
        assert_eq!(reason, "too_many_logins");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn shared_between_processes(bed: Bed) {
        let [one, two] = two(&bed).await;
        let (one, two) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        person(&one, "ann", Role::VIEWER).await;
        in_one_window(PAIR.width_s.into(), 30).await;
        // Some in one process, the rest in the other.
        assert_eq!(wrong(&one, 6, &at("ann", "192.0.2.1")).await, 6);
        one.limits().flush().await.unwrap();
        assert_eq!(exhaust(&two, 6, at("ann", "192.0.2.1")).await, 4);
        until(
            "the first process refuses too",
            Duration::from_secs(5),
            async || attempt(&one, "ann", PASSWORD, from("192.0.2.1")).await == "too_many_logins",
        )
        .await;
        assert_eq!(attempt(&one, "ann", PASSWORD, from("192.0.2.2")).await, "done");
        close(two).await;
        close(one).await;
        assert_intact(&bed.options()).await;
    }
}
