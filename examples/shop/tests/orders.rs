//! An order leaves an entry, and its receipt holds offline.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use axum::http::{Request, StatusCode};
use engine::{Engine, Options};
use store::db::Location;
use tower::ServiceExt;

async fn ask(router: &axum::Router, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (
        status,
        axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap()
            .to_vec(),
    )
}

async fn an_order_has_its_evidence(options: Options) {
    Engine::init(&options, &mut |_| {}).await.unwrap();
    let engine = Engine::open(options).await.unwrap();
    let key = engine.verifier_key().clone();
    let router = shop::router(engine);
    let order = r#"{"customer":"ann","article":"tea","quantity":2}"#;
    let post = Request::post("/orders")
        .header("content-type", "application/json")
        .body(order.into())
        .unwrap();
    let (status, body) = ask(&router, post).await;
    assert_eq!(status, StatusCode::OK);
    let placed: shop::Placed = serde_json::from_slice(&body).unwrap();
    let (status, body) = ask(&router, Request::get("/evidence/1").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let entry = evidence::entry::parse(std::str::from_utf8(&body).unwrap()).unwrap();
    assert_eq!(entry.index, placed.entry);
    assert_eq!(entry.description.as_deref(), Some("ann ordered 2 of tea"));
    evidence::receipt::check(&placed.receipt, &entry, &key).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let dir = testkit::temp_dir("shop");
    let location = Location::Sqlite(dir.path().join("probity.db"));
    an_order_has_its_evidence(Options::new(dir.path().to_owned(), location)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let dir = testkit::temp_dir("shop");
    let schema = testkit::Postgres::shared().unwrap().schema().unwrap();
    let location = Location::Postgres(schema.url().to_owned());
    an_order_has_its_evidence(Options::new(dir.path().to_owned(), location)).await;
}
