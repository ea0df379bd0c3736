use evidence::Salt;

use super::*;
use crate::identity::api_key::ApiKey;
use crate::identity::user::User;
use crate::record::Sealed;

const NOW: &str = "2026-11-21T08:30:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sealed<T>(row: T) -> Sealed<T> {
    Sealed {
        row,
        version: 1,
        entry: 0,
        salt: Salt([0; 16]),
    }
}

fn facts(role: Role, scopes: &[Scope], change: impl FnOnce(&mut User, &mut ApiKey)) -> Facts {
    let mut user = User {
        id: Uuid::from_u128(1),
        username: "ann".into(),
        email: None,
        full_name: None,
        role,
        active: true,
        password_hash: None,
        password_temporary: false,
        created_at: time(NOW),
        updated_at: time(NOW),
        password_changed_at: None,
        erased_at: None,
        balances: None,
    };
    let mut key = ApiKey {
        id: Uuid::from_u128(2),
        user_id: user.id,
        name: "k".into(),
        shown: "prb_000000".into(),
        hash: vec![0; 32],
        scopes: scopes.to_vec(),
        created_at: time(NOW),
        expires_at: None,
        revoked_at: None,
        requests_per_minute: None,
        successor: None,
        agent_id: None,
    };
    change(&mut user, &mut key);
    let mut facts = Facts::default();
    facts.users.insert(user.id, sealed(user));
    facts.api_keys.insert(key.id, sealed(key));
    facts
}

fn asked(facts: &Facts, permission: Permission) -> Result<String, &'static str> {
    let who = Principal::of(&Caller::ApiKey(Uuid::from_u128(2)), facts, time(NOW))
        .map_err(|refusal| refusal.code)?;
    let allowed = who.authorise(permission);
    assert_eq!(who.holds(permission), allowed.is_ok());
    allowed
        .map(|authority| authority.0)
        .map_err(|refusal| refusal.code)
}

type Change = fn(&mut User, &mut ApiKey);
type Case<'a> = (Role, &'a [Scope], Change, Permission, Result<&'a str, &'a str>);

#[test]
fn keys_allow_what_role_and_scopes_and_their_state_allow() {
    let same: Change = |_, _| {};
    let revoked: Change = |_, key| key.revoked_at = Some(time(NOW));
    let expired: Change = |_, key| key.expires_at = Some(time(NOW));
    let expiring: Change = |_, key| key.expires_at = Some(time("2026-11-21T08:30:00.000001Z"));
    let disabled: Change = |user, _| user.active = false;
    let cases: [Case<'_>; 11] = [
        (
            Role::ADMIN,
            &[Scope::Write],
            same,
            Permission::AuditWrite,
            Ok("role:admin audit:write"),
        ),
        (
            Role::ADMIN,
            &[Scope::Write],
            same,
            Permission::AuditRead,
            Err("scope_missing"),
        ),
        (
            Role::ADMIN,
            &[Scope::Custody],
            same,
            Permission::AuditRead,
            Err("scope_missing"),
        ),
        (
            Role::ADMIN,
            &[Scope::Read, Scope::Write],
            same,
            Permission::AuditRead,
            Ok("role:admin audit:read"),
        ),
        (
            Role::VIEWER,
            &[Scope::Admin],
            same,
            Permission::AuditRead,
            Ok("role:viewer audit:read"),
        ),
        (
            Role::VIEWER,
            &[Scope::Admin],
            same,
            Permission::AuditWrite,
            Err("permission_missing"),
        ),
        (
            Role::USER,
            &[Scope::Read],
            same,
            Permission::AuditRead,
            Err("permission_missing"),
        ),
        (
            Role::ADMIN,
            &[Scope::Admin],
            revoked,
            Permission::AuditRead,
            Err("api_key_revoked"),
        ),
        (
            Role::ADMIN,
            &[Scope::Admin],
            expired,
            Permission::AuditRead,
            Err("api_key_expired"),
        ),
        (
            Role::ADMIN,
            &[Scope::Admin],
            expiring,
            Permission::AuditRead,
            Ok("role:admin audit:read"),
        ),
        (
            Role::ADMIN,
            &[Scope::Admin],
            disabled,
            Permission::AuditRead,
            Err("user_disabled"),
        ),
    ];
    for (role, scopes, change, permission, expected) in cases {
        let found = asked(&facts(role.clone(), scopes, change), permission);
        assert_eq!(
            found.as_deref().map_err(|code| *code),
            expected,
            "{role:?} {scopes:?} {permission:?}"
        );
    }
}

#[test]
fn an_unknown_key_is_nobody() {
    assert_eq!(
        asked(&Facts::default(), Permission::AuditRead),
        Err("unknown_api_key")
    );
}
