//! An engine for one test, and a small client that calls the router directly.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use domain::identity::api_key::CreateApiKey;
use domain::identity::token::TokenKind;
use domain::identity::user::CreateUser;
use domain::identity::{Role, Scope};
use domain::{Caller, Command, Origin, Reply};
use engine::{Engine, Options};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
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
        let folder = testkit::temp_dir("probity-web");
        let (schema, location) = match on {
            On::Sqlite => (None, Location::Sqlite(folder.path().join("probity.db"))),
            On::Postgres => {
                let schema = Postgres::shared().unwrap().schema().unwrap();
                let location = Location::Postgres(schema.url().to_owned());
                (Some(schema), location)
            }
        };
        let options = Options::new(folder.path().to_owned(), location);
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

    pub async fn new_user(&self, username: &str, role: Role) {
        let command = CreateUser {
            password_hash: None,
            password_temporary: false,
            ..CreateUser::new(username, role)
        };
        self.operate(Command::CreateUser(command)).await;
    }

    pub async fn revoke(&self, id: Uuid) {
        self.operate(Command::RevokeApiKey(id)).await;
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
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        Got {
            status: parts.status,
            headers: parts.headers,
            complete: body.is_ok(),
            body: body.unwrap_or_default(),
        }
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

impl Got {
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
