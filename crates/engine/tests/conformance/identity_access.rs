//! Changes of what somebody may do take effect at once, for every session and key, and nobody gives more than they hold.

crate::on_both!(
    a_role_change_is_effective_at_once,
    disabled_and_enabled,
    nobody_gives_more_than_they_hold,
    custom_roles,
    a_role_that_is_gone_holds_nothing
);

mod cases {
    use std::time::Duration;

    use domain::identity::user::{DisableUser, EnableUser, SetRole};
    use domain::identity::{Permission, Role, Rules, Scope};
    use domain::{Caller, Command};
    use engine::Engine;
    use engine::identity::FirstCredential;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::people::{
        PASSWORD, code, log_in, new_user, open_with, origin, person, session_of, until, verdict, with_rules,
    };
    use crate::support::{Bed, create_key, numbered, operator, record_as, submit, two};
    use domain::identity::second_factor::ResetSecondFactor;

    async fn read(engine: &Engine, caller: &Caller) -> &'static str {
        code(engine.authorise(caller, Permission::AuditRead).await)
    }

    fn set_role(user: Uuid, role: Role) -> Command {
        Command::SetRole(SetRole {
            user,
            version: None,
            role,
        })
    }

    fn set_active(user: Uuid, active: bool) -> Command {
        if active {
            Command::EnableUser(EnableUser { user })
        } else {
            Command::DisableUser(DisableUser { user })
        }
    }

    pub async fn a_role_change_is_effective_at_once(bed: Bed) {
        let [one, two] = two(&bed).await;
        let (one, two) = (Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap());
        let ann = person(&one, "ann", Role::VIEWER).await;
        let session = session_of(&one, ann.id).await;
        let key = create_key(&one, "ann", vec![Scope::Read, Scope::Write]).await;
        for caller in [&session, &key] {
            assert_eq!(read(&one, caller).await, "done");
            assert_eq!(read(&two, caller).await, "done");
        }
        submit(&one, set_role(ann.id, Role::USER)).await.unwrap();
        for caller in [&session, &key] {
            assert_eq!(read(&one, caller).await, "permission_missing");
            let written = record_as(&two, caller, vec![numbered(1)]).await;
            assert_eq!(code(written), "done", "a write finds out by itself");
            until(
                "the other process knows",
                Duration::from_millis(1_500),
                async || read(&two, caller).await == "permission_missing",
            )
            .await;
        }
        close(two).await;
        close(one).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn disabled_and_enabled(bed: Bed) {
        let engine = bed.open().await;
        let ann = person(&engine, "ann", Role::VIEWER).await;
        let session = session_of(&engine, ann.id).await;
        let key = create_key(&engine, "ann", vec![Scope::Read]).await;
        assert_eq!(read(&engine, &key).await, "done");
        assert_eq!(read(&engine, &session).await, "done");
        submit(&engine, set_active(ann.id, false)).await.unwrap();
        assert_eq!(read(&engine, &key).await, "user_disabled");
        assert_eq!(read(&engine, &session).await, "session_ended");
        assert_eq!(
            code(log_in(&engine, "ann", PASSWORD).await),
            "invalid_credentials"
        );
        let again = submit(&engine, set_active(ann.id, false)).await.unwrap();
        assert_eq!(again.entry, None);
        submit(&engine, set_active(ann.id, true)).await.unwrap();
        assert_eq!(read(&engine, &key).await, "done", "keys go on");
        assert_eq!(
            verdict(&engine, &session).await,
            "session_ended",
            "sessions stay ended"
        );
        assert_eq!(code(log_in(&engine, "ann", PASSWORD).await), "done");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A clerk keeps users, and holds no more than that.
    fn with_clerk(rules: &mut Rules) {
        let permissions = vec![
            Permission::UsersRead,
            Permission::UsersWrite,
            Permission::ApiKeysOwn,
        ];
        rules
            .define(
                Role::parse("clerk").unwrap(),
                "Keeps users".to_owned(),
                permissions,
            )
            .unwrap();
    }

    pub async fn nobody_gives_more_than_they_hold(bed: Bed) {
        let engine = open_with(&bed, with_clerk).await;
        let role = Role::parse("clerk").unwrap();
        let clerk = person(&engine, "cleo", role.clone()).await;
        let other = person(&engine, "kim", role.clone()).await;
        let admin = engine.user_named("admin").await.unwrap().unwrap().row.id;
        let caller = session_of(&engine, clerk.id).await;
        let make = async |name: &str, role: Role| {
            let new = new_user(name, role, FirstCredential::Invitation);
            code(engine.create_user(&caller, origin(), new).await)
        };
        let run = async |command: Command| code(engine.submit(&caller, origin(), command).await);
        assert_eq!(make("new", role).await, "done");
        assert_eq!(make("boss", Role::ADMIN).await, "exceeds_own");
        assert_eq!(make("dev", Role::DEVELOPER).await, "exceeds_own");
        assert_eq!(run(set_role(other.id, Role::ADMIN)).await, "exceeds_own");
        assert_eq!(run(set_role(clerk.id, Role::ADMIN)).await, "exceeds_own");
        assert_eq!(run(set_active(admin, false)).await, "exceeds_own");
        let reset = engine.reset_password(&caller, origin(), admin, false).await;
        assert_eq!(
            code(reset),
            "exceeds_own",
            "nobody takes over more than they hold"
        );
        let invited = engine.invite_user(&caller, origin(), admin).await;
        assert_eq!(code(invited), "exceeds_own");
        assert_eq!(
            run(Command::ResetSecondFactor(ResetSecondFactor { user: admin })).await,
            "exceeds_own"
        );
        assert_eq!(run(set_active(other.id, false)).await, "done");
        let refused = crate::people::entries(&engine, "user.*").await;
        let refused = refused
            .iter()
            .filter(|entry| entry.outcome == evidence::Outcome::Refused);
        for entry in refused {
            assert_eq!(entry.actor.id, Some(clerk.id.to_string()));
            assert_eq!(entry.authority, "role:clerk");
            assert_eq!(entry.details.as_ref().unwrap().0["code"], "exceeds_own");
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn custom_roles(bed: Bed) {
        let engine = open_with(&bed, with_clerk).await;
        let clerk = Role::parse("clerk").unwrap();
        let user = person(&engine, "cleo", clerk).await;
        let session = session_of(&engine, user.id).await;
        let key = create_key(&engine, "cleo", vec![Scope::Read]).await;
        let may = async |caller, permission| code(engine.authorise(caller, permission).await);
        let cases = [
            (&session, Permission::UsersRead, "done"),
            (&session, Permission::UsersWrite, "done"),
            (&session, Permission::AuditRead, "permission_missing"),
            (&session, Permission::UsersErase, "permission_missing"),
            (&key, Permission::UsersRead, "done"),
            (&key, Permission::UsersWrite, "scope_missing"),
            (&key, Permission::AuditRead, "permission_missing"),
        ];
        for (caller, permission, expected) in cases {
            assert_eq!(may(caller, permission).await, expected, "{permission:?}");
        }
        close(engine).await;
    }

    /// A role that is no longer configured: its users can log in, and do nothing.
    pub async fn a_role_that_is_gone_holds_nothing(bed: Bed) {
        let engine = open_with(&bed, with_clerk).await;
        let user = person(&engine, "cleo", Role::parse("clerk").unwrap()).await;
        let key = create_key(&engine, "cleo", vec![Scope::Admin]).await;
        close(engine).await;
        let engine = Engine::open(with_rules(bed.options(), |_| {})).await.unwrap();
        let session = session_of(&engine, user.id).await;
        for caller in [&session, &key] {
            for permission in Permission::ALL {
                let may = engine.authorise(caller, *permission).await;
                assert_eq!(code(may), "permission_missing");
            }
        }
        let again = set_role(user.id, Role::parse("clerk").unwrap());
        assert_eq!(code(submit(&engine, again).await), "invalid_field");
        let reset = engine.reset_password(&operator(), origin(), user.id, false).await;
        assert_eq!(code(reset), "done");
        submit(&engine, set_role(user.id, Role::VIEWER)).await.unwrap();
        assert_eq!(read(&engine, &key).await, "done");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
