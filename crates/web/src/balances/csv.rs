//! A whole statement as a table, page by page: each is read when the reader has taken the one before.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use domain::custody::{Account, Asset};
use engine::custody::STATEMENT_COLUMNS;
use engine::list::{OperationPlace, Order};
use evidence::Timestamp;
use futures_util::stream::unfold;
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use tokio::sync::OwnedSemaphorePermit;
use views::Paging;

use crate::app::App;
use crate::audit::export;
use crate::call::{Answer, with_type};

/// Lines read at a time.
const CHUNK: u32 = 500;

/// A statement under way.
struct Pages {
    app: Arc<App>,
    account: Account,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    paging: Paging<OperationPlace>,
    begun: bool,
    done: bool,
    _permit: OwnedSemaphorePermit,
}

/// The statement of a balance of this asset.
pub(super) fn answer(
    app: &Arc<App>,
    account: Account,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    order: Order,
) -> Answer {
    let permit = export::permit(app)?;
    let pages = Pages {
        app: Arc::clone(app),
        account,
        asset,
        times,
        paging: Paging {
            order,
            after: None,
            limit: Some(CHUNK),
        },
        begun: false,
        done: false,
        _permit: permit,
    };
    let body = Body::from_stream(unfold(pages, |mut pages| async move {
        let item = pages.next().await?;
        Some((item, pages))
    }));
    let mut response = with_type("text/csv; charset=utf-8", body);
    let name = format!("statement-{}.csv", account.id());
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
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
        let (movements, next) =
            views::movements(&self.app.engine, self.account, self.times, self.paging).await?;
        let mut text = String::new();
        for (line, other) in movements {
            line.write_csv(other, &self.asset, &mut text);
        }
        self.paging.after = next;
        self.done = next.is_none();
        Ok(text)
    }
}
