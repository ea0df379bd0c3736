//! An engine for one test, and a small client that calls the router directly.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use domain::identity::api_key::{CreateApiKey, RevokeApiKey};
use domain::identity::login::LogIn;
use domain::identity::token::TokenKind;
use domain::identity::user::CreateUser;
use domain::identity::{Role, Scope};
use domain::{Caller, Command, Origin, Reply};
use engine::clock::Clock;
use engine::identity::{FirstCredential, NewUser};
use engine::{Engine, IdentityOptions, Options};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::db::Location;
use testkit::{Postgres, TempDir, TestSchema};
use tower::ServiceExt as _;
use uuid::Uuid;
use web::Settings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A password that anyone may choose.
pub const PASSWORD: &str = "correct horse battery staple";

/// In the place of a hash, which no password has.
const NO_HASH: &str = "none";

pub const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

/// A running API with the key of an administrator.
pub struct Api {
    pub engine: Engine,
    pub router: Router,
    /// Sent with every request that sets no other.
    pub key: String,
    pub admin: String,
    /// On PostgreSQL.
    pub schema: Option<TestSchema>,
    _folder: TempDir,
}

impl Api {
    pub async fn new(on: On) -> Api {
        Api::with(on, Settings::default()).await
    }

    pub async fn with(on: On, settings: Settings) -> Api {
        Api::set_up(on, settings, IdentityOptions::default(), Clock::system()).await
    }

    /// With a clock of the test's own.
    pub async fn clocked(on: On, clock: Clock) -> Api {
        Api::set_up(on, Settings::default(), IdentityOptions::default(), clock).await
    }

    /// With a clock that stands still, so that no window of a count ends while a test counts.
    pub async fn standing(on: On, identity: IdentityOptions) -> Api {
        let (clock, _) = Clock::set_by_hand(engine::now());
        Api::set_up(on, Settings::default(), identity, clock).await
    }

    /// With other roles, lifetimes or quotas.
    pub async fn identity(on: On, identity: IdentityOptions) -> Api {
        Api::set_up(on, Settings::default(), identity, Clock::system()).await
    }

    async fn set_up(on: On, settings: Settings, identity: IdentityOptions, clock: Clock) -> Api {
        let folder = testkit::temp_dir("probity-web");
        let (schema, location) = match on {
            On::Sqlite => (None, Location::Sqlite(folder.path().join("probity.db"))),
            On::Postgres => {
                let schema = Postgres::shared().unwrap().schema().unwrap();
                let location = Location::Postgres(schema.url().to_owned());
                (Some(schema), location)
            }
        };
        let options = Options {
            identity,
            clock,
            ..Options::new(folder.path().to_owned(), location)
        };
        let made = Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options).await.unwrap();
        let router = web::router(engine.clone(), settings);
        let admin = made.first_admin.unwrap().username;
        let mut api = Api {
            engine,
            router,
            key: String::new(),
            admin,
            schema,
            _folder: folder,
        };
        let owner = api.admin.clone();
        api.key = api.new_key(&owner, &[Scope::Admin]).await.0;
        api
    }

    async fn operate(&self, command: Command) -> Reply {
        let operator = Caller::Operator { name: "test".into() };
        self.engine
            .submit(&operator, Origin::default(), command)
            .await
            .unwrap()
            .reply
    }

    /// The text and id of a new key.
    pub async fn new_key(&self, owner: &str, scopes: &[Scope]) -> (String, Uuid) {
        let token = Engine::new_token(TokenKind::ApiKey).unwrap();
        let command = CreateApiKey {
            agent: None,
            owner: owner.to_owned(),
            name: "test key".into(),
            scopes: scopes.to_vec(),
            expires_at: None,
            requests_per_minute: None,
            shown: token.shown().to_owned(),
            hash: token.hash(),
        };
        let Reply::ApiKey(key) = self.operate(Command::CreateApiKey(command)).await else {
            panic!("no key")
        };
        (token.secret().to_owned(), key.id)
    }

    /// A user without a password; its id.
    pub async fn new_user(&self, username: &str, role: Role) -> Uuid {
        self.create(CreateUser::new(username, role)).await
    }

    /// A user who has sessions by [`Api::new_session`], without the time that hashing a password takes.
    pub async fn new_person(&self, username: &str, role: Role) -> Uuid {
        self.create(CreateUser {
            password_hash: Some(NO_HASH.into()),
            ..CreateUser::new(username, role)
        })
        .await
    }

    pub async fn create(&self, command: CreateUser) -> Uuid {
        match self.operate(Command::CreateUser(command)).await {
            Reply::User { user, .. } => user.id,
            other => panic!("no user: {other:?}"),
        }
    }

    /// A user who logs in by [`PASSWORD`]; its id.
    pub async fn new_login(&self, username: &str, role: Role) -> Uuid {
        let operator = Caller::Operator { name: "test".into() };
        let new = NewUser {
            username: username.into(),
            email: Some(format!("{username}@example.com")),
            full_name: None,
            role,
            first: FirstCredential::Password {
                text: PASSWORD.into(),
                temporary: false,
            },
        };
        let made = self.engine.create_user(&operator, Origin::default(), new).await;
        made.unwrap().user.id
    }

    /// The text and id of a new session of a user of [`Api::new_person`].
    pub async fn new_session(&self, user: Uuid) -> (String, Uuid) {
        let token = Engine::new_token(TokenKind::Session).unwrap();
        let command = Command::LogIn(LogIn {
            user,
            verified_hash: NO_HASH.into(),
            upgraded_hash: None,
            in_part: false,
            second_factor: None,
            hash: token.hash(),
        });
        let login = Caller::System { part: "login" };
        let answer = self.engine.submit(&login, Origin::default(), command).await;
        let Reply::Session(session) = answer.unwrap().reply else {
            panic!("no session")
        };
        (token.secret().to_owned(), session.id)
    }

    /// The answer to a login by user name and password, with more members.
    pub async fn log_in(&self, name: &str, password: &str, more: Value) -> Got {
        let mut body = json!({"username": name, "password": password});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.call_as("", "POST", "/v1/auth/login", &body).await
    }

    /// The token of a login by [`PASSWORD`].
    pub async fn token(&self, name: &str) -> String {
        let got = self.log_in(name, PASSWORD, json!({})).await;
        assert_eq!(got.status, 200, "{}", got.text());
        got.json()["token"].as_str().unwrap().to_owned()
    }

    /// A request with a credential, or none if it is empty; `Value::Null` is no body.
    pub async fn call_as(&self, credential: &str, method: &str, path: &str, body: &Value) -> Got {
        let mut headers = Vec::new();
        let bearer = format!("Bearer {credential}");
        if !credential.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        self.call_with(&headers, method, path, body).await
    }

    /// A request with these headers alone; `Value::Null` is no body.
    pub async fn call_with(&self, headers: &[(&str, &str)], method: &str, path: &str, body: &Value) -> Got {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// The same with the key.
    pub async fn call(&self, method: &str, path: &str, body: Value) -> Got {
        self.call_as(&self.key, method, path, &body).await
    }

    /// The same with the key and `If-Match`.
    pub async fn change(&self, method: &str, path: &str, if_match: &str, body: Value) -> Got {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("if-match", if_match)];
        self.call_with(&headers, method, path, &body).await
    }

    /// Entries from this index on, as an auditor sees them.
    pub async fn entries_from(&self, index: u64) -> Vec<Value> {
        let mut entries = self.get("/v1/audit/entries?limit=1000").await.json()["entries"]
            .as_array()
            .unwrap()
            .clone();
        entries.retain(|entry| entry["index"].as_u64().unwrap() >= index);
        entries.reverse();
        entries
    }

    pub async fn revoke(&self, id: Uuid) {
        self.operate(Command::RevokeApiKey(RevokeApiKey { id })).await;
    }

    /// Size of the log as the database has it.
    pub async fn size(&self) -> u64 {
        let page = store::query::Page {
            limit: 1,
            ..Default::default()
        };
        self.engine
            .entries(&domain::audit::EntryFilter::default(), page)
            .await
            .unwrap()
            .size
    }

    pub async fn send(&self, request: Request<Body>) -> Got {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        let got = Got {
            status: parts.status,
            headers: parts.headers,
            complete: body.is_ok(),
            body: body.unwrap_or_default(),
        };
        got.assert_documented(&method, &path);
        got
    }

    /// A request with the key.
    pub fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key))
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(self.request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    /// Without a key.
    pub async fn get_open(&self, path: &str) -> Got {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Got {
        let request = self
            .request("POST", path)
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.into())).unwrap()).await
    }

    /// Records events; their indexes.
    pub async fn record(&self, events: &Value) -> Vec<u64> {
        let got = self.post("/v1/audit/entries", events.to_string()).await;
        assert_eq!(got.status, 201, "{}", got.text());
        got.json()["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["index"].as_u64().unwrap())
            .collect()
    }
}

/// An answer.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// False when the body broke off.
    pub complete: bool,
}

/// What callers are told.
static DOCUMENT: LazyLock<Value> = LazyLock::new(web::document);

impl Got {
    /// Every problem that a test meets is in the documentation of its endpoint.
    fn assert_documented(&self, method: &str, path: &str) {
        if self.header("content-type") != "application/problem+json" || method == "HEAD" {
            return;
        }
        let fits = |template: &str| {
            let parts = template.split('/').zip(path.split('/'));
            let same = template.split('/').count() == path.split('/').count();
            same && parts
                .clone()
                .all(|(of, is)| of == is || of.starts_with('{') && !is.is_empty())
        };
        let paths = DOCUMENT["paths"].as_object().unwrap();
        let found = paths.get(path);
        let found = found.or_else(|| paths.iter().find(|(of, _)| fits(of)).map(|(_, found)| found));
        let Some(operation) = found.and_then(|found| found.get(method.to_lowercase())) else {
            return;
        };
        let problem = self.json();
        // A path that is of no endpoint after all: what stands for the variable is not UTF-8.
        if problem["code"] == "unknown_path" {
            return;
        }
        let answer = &operation["responses"][problem["status"].to_string()];
        let listed = format!("`{}`", problem["code"].as_str().unwrap());
        let told = answer["description"].as_str().unwrap_or_default();
        assert!(
            told.contains(&listed),
            "not documented: {method} {path}: {problem}"
        );
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and field of a problem, which must be well-formed.
    pub fn problem(&self) -> (u16, String, Option<String>) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert!(
            !problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty()
        );
        (
            self.status.as_u16(),
            code,
            problem["field"].as_str().map(str::to_owned),
        )
    }

    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str, field: Option<&str>) {
        let (got_status, got_code, got_field) = self.problem();
        let got = (got_status, got_code.as_str(), got_field.as_deref());
        assert_eq!(got, (status, code, field), "{}", self.text());
    }
}
