//! A small shop that keeps its orders in memory and its evidence in Probity: the engine runs inside the
//! application, without a server of its own.
//!
//! `POST /orders` places an order. The reply carries the order's number and the receipt of the entry that records
//! it; the customer can check the receipt offline with `probity-verify`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::audit::Event;
use domain::{Caller, Command, Origin, Reply};
use engine::{Engine, EntryKey, Error};
use evidence::Entry;
use evidence::entry::{Actor, Target};
use evidence::json::StrictObject;
use evidence::payload::ActorKind;
use serde::{Deserialize, Serialize};

/// What the shop needs: the engine, and the number of the last order.
pub struct Shop {
    engine: Engine,
    orders: AtomicU64,
}

/// An order as a customer places it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Who orders.
    pub customer: String,
    /// What.
    pub article: String,
    /// How many.
    pub quantity: u32,
}

/// What the customer gets.
#[derive(Debug, Serialize, Deserialize)]
pub struct Placed {
    /// Number of the order.
    pub order: u64,
    /// Index of the entry that records it.
    pub entry: u64,
    /// Receipt (C2SP tlog-proof).
    pub receipt: String,
}

type Failure = (StatusCode, String);

fn failure(error: &Error) -> Failure {
    let status = match error {
        Error::Refused { .. } => StatusCode::BAD_REQUEST,
        Error::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}

/// The application's routes.
pub fn router(engine: Engine) -> Router {
    let shop = std::sync::Arc::new(Shop {
        engine,
        orders: AtomicU64::new(0),
    });
    Router::new()
        .route("/orders", post(place))
        .route("/evidence/{entry}", get(evidence))
        .with_state(shop)
}

type Shared = State<std::sync::Arc<Shop>>;

async fn place(State(shop): Shared, Json(order): Json<Order>) -> Result<Json<Placed>, Failure> {
    let number = shop.orders.fetch_add(1, Ordering::Relaxed) + 1;
    let event = event(number, &order);
    let command = shop
        .engine
        .prepare(vec![event], false)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    // The shop itself is the credential behind the entry; the customer is the one who acted.
    let caller = Caller::System { part: "shop" };
    let answer = shop
        .engine
        .submit(&caller, Origin::default(), Command::RecordEvents(command))
        .await;
    let answer = answer.map_err(|error| failure(&error))?;
    let place = match &answer.reply {
        Reply::Recorded(recorded) => recorded.first().and_then(|entry| entry.place),
        _ => None,
    };
    let entry = place.map_or(0, |place| place.index);
    let receipt = shop
        .engine
        .receipt(EntryKey::Index(entry))
        .await
        .map_err(|error| failure(&error))?;
    Ok(Json(Placed {
        order: number,
        entry,
        receipt: receipt.unwrap_or_default(),
    }))
}

fn event(number: u64, order: &Order) -> Event {
    let mut details = StrictObject::default();
    details.0.insert("article".into(), order.article.as_str().into());
    details.0.insert("quantity".into(), order.quantity.into());
    Event {
        id: None,
        occurred_at: None,
        actor: Actor {
            kind: ActorKind::User,
            id: Some(order.customer.clone()),
            name: None,
            on_behalf_of: None,
        },
        action: "order.place".to_owned(),
        target: Some(Target {
            kind: "order".to_owned(),
            id: Some(number.to_string()),
        }),
        outcome: evidence::Outcome::Success,
        description: Some(format!(
            "{} ordered {} of {}",
            order.customer, order.quantity, order.article
        )),
        details: Some(details),
        ip: None,
        user_agent: None,
        trace_id: None,
        session_id: None,
        aim: None,
        drag_mode: None,
    }
}

async fn evidence(State(shop): Shared, Path(entry): Path<u64>) -> Result<Json<Entry>, Failure> {
    let entry = shop
        .engine
        .entry(EntryKey::Index(entry))
        .await
        .map_err(|error| failure(&error))?;
    entry
        .map(Json)
        .ok_or((StatusCode::NOT_FOUND, "there is no such entry".to_owned()))
}
