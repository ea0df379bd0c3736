//! Who may call what: every route, with every kind of credential that is not enough.

use std::sync::Arc;

use domain::identity::permission::BUILT_IN;
use domain::identity::user::{CreateUser, DisableUser};
use domain::identity::{Permission, Role, Rules, Scope};
use domain::{Caller, Command, Origin};
use engine::IdentityOptions;
use serde_json::{Value, json};
use web::{Access, Verb, endpoints};

use crate::api::{Api, BOTH, Got, On};

/// An id that nothing has.
const NOBODY: &str = "01970000-0000-7000-8000-0000000000ab";

/// A request that is well-formed, so that only the credential stands in its way.
struct Attempt {
    verb: Verb,
    template: &'static str,
    access: Access,
    body: Value,
}

impl Attempt {
    async fn by(&self, api: &Api, credential: &str) -> Got {
        let path = self
            .template
            .replace("/{*position}", "/000")
            .replace("{id}", NOBODY)
            .replace("{document}", NOBODY);
        let bearer = format!("Bearer {credential}");
        let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
        api.call_with(&headers, self.verb.as_str(), &path, &self.body)
            .await
    }

    fn name(&self) -> String {
        format!("{} {}", self.verb.as_str(), self.template)
    }

    /// The permissions of which one is enough.
    fn permissions(&self) -> Vec<Permission> {
        match self.access {
            Access::Read(one) | Access::Command(one) | Access::ReadUnlessPublic(one) => vec![one],
            // Nothing of one's own is there, and a key has no sessions.
            Access::OwnSessionOr(all) => vec![all],
            Access::OwnOr(one, other) | Access::ReadOwnOr(one, other) | Access::ReadEither(one, other) => {
                vec![one, other]
            }
            Access::Vote(custody, other) => vec![custody, other],
            Access::Open | Access::Credentials | Access::Caller | Access::Session | Access::SecondFactor => {
                vec![]
            }
        }
    }
}

impl Attempt {
    /// What a key is refused for that is not good for this otherwise.
    fn refused_key(&self, code: &'static str) -> &'static str {
        if matches!(self.access, Access::Vote(..)) {
            "session_needed"
        } else {
            code
        }
    }
}

/// Every route that is not open, with the first example of its body.
fn attempts() -> Vec<Attempt> {
    let document = web::document();
    let closed = endpoints().filter(|(_, _, access)| !matches!(access, Access::Open | Access::Credentials));
    closed
        .map(|(verb, template, access)| {
            let path = template.replace("{*", "{");
            let operation = &document["paths"][path][verb.as_str().to_lowercase()];
            let examples = &operation["requestBody"]["content"]["application/json"]["examples"];
            let mut first = examples.as_object().and_then(|all| all.values().next());
            if template == "/v1/sessions/end" {
                first = Some(&examples["own"]);
            }
            Attempt {
                verb,
                template,
                access,
                body: first.map_or(Value::Null, |example| example["value"].clone()),
            }
        })
        .collect()
}

fn with_rules(rules: Rules) -> IdentityOptions {
    IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    }
}

/// A refusal as it must be: the answer, and one entry that says who was refused and why, and nothing else written.
async fn assert_refused(api: &Api, attempt: &Attempt, credential: &str, status: u16, code: &str) {
    let before = api.size().await;
    let got = attempt.by(api, credential).await;
    let name = attempt.name();
    assert_eq!(got.problem().0, status, "{name}: {}", got.text());
    assert_eq!(got.problem().1, code, "{name}: {}", got.text());
    let written = api.entries_from(before).await;
    assert_eq!(written.len(), 1, "{name}: {written:?}");
    assert_eq!(written[0]["outcome"], "refused", "{name}");
    assert_eq!(written[0]["details"]["code"], code, "{name}");
    if status == 403 {
        let me = api.call_as(credential, "GET", "/v1/me", &Value::Null).await;
        let me = me.json();
        let own = if me["key"].is_null() {
            &me["session"]
        } else {
            &me["key"]
        };
        assert_eq!(written[0]["recorded_by"]["id"], own["id"], "{name}");
        assert_eq!(written[0]["actor"]["id"], me["user"]["id"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_small_a_scope_is_refused_everywhere() {
    let api = Api::new(On::Sqlite).await;
    let mut refused = 0;
    for scope in Scope::ALL {
        let key = api.new_key(&api.admin, &[*scope]).await.0;
        for attempt in attempts() {
            let enough = attempt.permissions();
            if enough.is_empty() || enough.iter().any(|one| scope.permissions().contains(one)) {
                continue;
            }
            assert_refused(&api, &attempt, &key, 403, attempt.refused_key("scope_missing")).await;
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_small_a_role_is_refused_everywhere() {
    let mut rules = Rules::default();
    let guest = Role::parse("guest").unwrap();
    rules.define(guest.clone(), "Nothing".into(), vec![]).unwrap();
    let api = Api::identity(On::Sqlite, with_rules(rules)).await;
    let mut all: Vec<(Role, &[Permission])> = vec![(guest, &[])];
    all.extend(BUILT_IN.iter().map(|role| (role.name.clone(), role.permissions)));
    for (role, held) in all {
        let user = format!("user-{role}");
        let id = api.new_person(&user, role.clone()).await;
        let key = api.new_key(&user, &[Scope::Admin]).await.0;
        let session = api.new_session(id).await.0;
        let mut refused = 0;
        for attempt in attempts() {
            let enough = attempt.permissions();
            if enough.is_empty() || enough.iter().any(|one| held.contains(one)) {
                continue;
            }
            assert_refused(
                &api,
                &attempt,
                &key,
                403,
                attempt.refused_key("permission_missing"),
            )
            .await;
            // A session may end its own sessions, whatever its role.
            if attempt.name() != "POST /v1/sessions/end" {
                assert_refused(&api, &attempt, &session, 403, "permission_missing").await;
            }
            refused += 1;
        }
        assert_eq!(refused == 0, role == Role::ADMIN, "{role}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_s_own_account_is_for_a_session() {
    let api = Api::new(On::Sqlite).await;
    let mut refused = 0;
    for attempt in attempts() {
        if matches!(
            attempt.access,
            Access::Session | Access::SecondFactor | Access::Vote(..)
        ) {
            assert_refused(&api, &attempt, &api.key, 403, "session_needed").await;
            refused += 1;
        }
    }
    assert_eq!(refused, 7);
}

/// What a session can do before its user has changed the one-time password.
const BEFORE_THE_CHANGE: &[&str] = &[
    "POST /v1/auth/logout",
    "GET /v1/me",
    "POST /v1/me/password",
    "GET /v1/sessions",
    "POST /v1/sessions/end",
    "GET /v1/permissions",
    "GET /v1/roles",
    "GET /v1/assets",
    "GET /v1/assets/{id}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_password_must_be_changed_first() {
    let api = Api::new(On::Sqlite).await;
    let user = CreateUser {
        password_hash: Some("none".into()),
        password_temporary: true,
        ..CreateUser::new("new", Role::ADMIN)
    };
    let id = api.create(user).await;
    let session = api.new_session(id).await.0;
    let mut possible = Vec::new();
    for attempt in attempts() {
        if BEFORE_THE_CHANGE.contains(&&*attempt.name()) {
            possible.push(attempt);
        } else {
            assert_refused(&api, &attempt, &session, 403, "password_change_required").await;
        }
    }
    assert_eq!(possible.len(), BEFORE_THE_CHANGE.len());
    // Logging out last.
    possible.sort_by_key(|attempt| attempt.name() == "POST /v1/auth/logout");
    for attempt in possible {
        let got = attempt.by(&api, &session).await;
        let name = attempt.name();
        if name == "POST /v1/me/password" {
            got.assert_problem(403, "wrong_password", Some("current_password"));
        } else if name == "GET /v1/assets/{id}" {
            got.assert_problem(404, "unknown_asset", Some("id"));
        } else {
            assert!(got.status.is_success(), "{name}: {}", got.text());
        }
    }
    let me = api.call_as(&session, "GET", "/v1/me", &Value::Null).await;
    me.assert_problem(401, "session_ended", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_demands_a_second_factor_is_useless_without() {
    let mut rules = Rules::default();
    rules.require_second_factor(&Role::ADMIN, true).unwrap();
    let api = Api::identity(On::Sqlite, with_rules(rules)).await;
    let id = api.new_person("boss", Role::ADMIN).await;
    let session = api.new_session(id).await.0;
    for attempt in attempts() {
        let ends_own = attempt.name() == "POST /v1/sessions/end";
        if !attempt.permissions().is_empty() && !ends_own {
            assert_refused(&api, &attempt, &session, 403, "second_factor_required").await;
        }
    }
    let me = api.call_as(&session, "GET", "/v1/me", &Value::Null).await.json();
    assert_eq!(
        (&me["must"], &me["permissions"]),
        (&json!("second_factor_required"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_longer_good_is_good_for_nothing() {
    for on in BOTH {
        let api = Api::new(on).await;
        let operator = Caller::Operator { name: "test".into() };
        let (revoked, id) = api.new_key(&api.admin, &[Scope::Admin]).await;
        api.revoke(id).await;
        let (expired, id) = api.new_key(&api.admin, &[Scope::Admin]).await;
        let rotated = api
            .engine
            .rotate_api_key(&operator, Origin::default(), id, 0)
            .await;
        assert_eq!(rotated.unwrap().0.scopes, [Scope::Admin]);
        let gone = api.new_person("gone", Role::ADMIN).await;
        let of_disabled = api.new_key("gone", &[Scope::Admin]).await.0;
        let ended = api.new_session(gone).await.0;
        for used in [&expired, &of_disabled, &ended] {
            api.call_as(used, "GET", "/v1/me", &Value::Null).await;
        }
        let disable = Command::DisableUser(DisableUser { user: gone });
        api.engine
            .submit(&operator, Origin::default(), disable)
            .await
            .unwrap();
        for (credential, code) in [
            (&revoked, "api_key_revoked"),
            (&expired, "api_key_expired"),
            (&of_disabled, "user_disabled"),
            (&ended, "session_ended"),
        ] {
            for attempt in attempts() {
                assert_refused(&api, &attempt, credential, 401, code).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_by_themselves() {
    let mut rules = Rules::default();
    rules.session_idle_s = 1;
    let api = Api::identity(On::Sqlite, with_rules(rules)).await;
    let user = api.new_person("slow", Role::ADMIN).await;
    let session = api.new_session(user).await.0;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    for attempt in attempts() {
        assert_refused(&api, &attempt, &session, 401, "session_expired").await;
    }
}

/// A flood by a credential that is no longer good is counted, whatever it asks for: not each request gets an entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_refused_requests_does_not_fill_the_log() {
    let api = Api::new(On::Sqlite).await;
    let (revoked, id) = api.new_key(&api.admin, &[Scope::Admin]).await;
    api.revoke(id).await;
    let before = api.size().await;
    let event = json!({"actor": {"kind": "user"}, "action": "a"});
    for _ in 0..25 {
        let got = api.call_as(&revoked, "POST", "/v1/audit/entries", &event).await;
        got.assert_problem(401, "api_key_revoked", None);
    }
    assert_eq!(api.size().await, before + 10);
}

/// Whoever may not change users does not learn from the answer whether there is one of a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_do_not_tell_who_is_there() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("there", Role::VIEWER).await;
        api.new_user("look", Role::VIEWER).await;
        let key = api.new_key("look", &[Scope::Admin]).await.0;
        let bearer = format!("Bearer {key}");
        let mut refused = 0;
        for attempt in attempts()
            .iter()
            .filter(|one| one.template.contains("/users/{id}"))
        {
            for if_match in [None, Some("\"1\""), Some("junk")] {
                for body in [attempt.body.clone(), json!({"nonsense": 1})] {
                    let mut headers = vec![("authorization", bearer.as_str())];
                    headers.extend(if_match.map(|value| ("if-match", value)));
                    let mut answers = Vec::new();
                    for name in ["there", "not-there", NOBODY] {
                        let path = attempt.template.replace("{id}", name);
                        let got = api.call_with(&headers, attempt.verb.as_str(), &path, &body).await;
                        assert!(got.status.is_client_error());
                        let mut answer = got.json();
                        // Ten refusals a minute have an entry of their own, whatever was asked for.
                        refused += 1;
                        let has_entry = answer.as_object_mut().unwrap().remove("entry").is_some();
                        answer["entry"] = json!(has_entry || refused > 9);
                        answers.push(answer);
                    }
                    assert!(
                        answers[0] == answers[1] && answers[0] == answers[2],
                        "{}: {answers:?}",
                        attempt.name()
                    );
                }
            }
        }
    }
}
