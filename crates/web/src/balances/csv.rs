//! A whole statement as a table, page by page: each is read when the reader has taken the one before.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use domain::custody::Asset;
use engine::custody::STATEMENT_COLUMNS;
use engine::list::OperationPlace;
use engine::list::Order;
use evidence::Timestamp;
use futures_util::stream::unfold;
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::app::App;
use crate::audit::export;
use crate::call::{Answer, with_type};

/// Lines read at a time.
const CHUNK: u32 = 500;

/// A statement under way.
struct Pages {
    app: Arc<App>,
    balance: Uuid,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    order: Order,
    after: Option<OperationPlace>,
    begun: bool,
    done: bool,
    _permit: OwnedSemaphorePermit,
}

/// The statement of a balance of this asset.
pub(super) fn answer(
    app: &Arc<App>,
    balance: Uuid,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    order: Order,
) -> Answer {
    let permit = export::permit(app)?;
    let pages = Pages {
        app: Arc::clone(app),
        balance,
        asset,
        times,
        order,
        after: None,
        begun: false,
        done: false,
        _permit: permit,
    };
    let body = Body::from_stream(unfold(pages, |mut pages| async move {
        let item = pages.next().await?;
        Some((item, pages))
    }));
    let mut response = with_type("text/csv; charset=utf-8", body);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"statement-{balance}.csv\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

impl Pages {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if !self.begun {
            self.begun = true;
            return Some(Ok(Bytes::from_static(STATEMENT_COLUMNS.as_bytes())));
        }
        if self.done {
            return None;
        }
        match self.read().await {
            Ok(text) => Some(Ok(Bytes::from(text))),
            Err(error) => {
                self.done = true;
                tracing::error!("a statement broke off: {error}");
                Some(Err(io::Error::other("the statement broke off")))
            }
        }
    }

    async fn read(&mut self) -> Result<String, engine::Error> {
        let engine = &self.app.engine;
        let statement = engine
            .statement(self.balance, self.times, self.order, self.after, CHUNK)
            .await?;
        let others: Vec<Uuid> = statement
            .lines
            .iter()
            .map(|line| line.other(self.balance))
            .collect();
        let accounts = engine.accounts_of(&others).await?;
        let mut text = String::new();
        for (line, other) in statement.lines.iter().zip(&others) {
            let other = accounts.get(other).copied();
            let other = other
                .ok_or_else(|| engine::database::Error::data("the balance of an operation is missing"))?;
            line.write_csv(other, &self.asset, &mut text);
        }
        self.after = statement.next;
        self.done = statement.next.is_none();
        Ok(text)
    }
}
