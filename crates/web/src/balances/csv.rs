//! A whole statement as a table, page by page.

use std::sync::Arc;

use domain::custody::{Account, Asset};
use engine::custody::STATEMENT_COLUMNS;
use engine::list::{OperationPlace, Order};
use evidence::Timestamp;
use views::Paging;

use crate::app::App;
use crate::audit::export::{Parts, file, permit};
use crate::call::Answer;

/// Lines read at a time.
const CHUNK: u32 = 500;

/// A statement under way.
struct Pages {
    app: Arc<App>,
    account: Account,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    begun: bool,
    /// The next page; none behind the last one.
    paging: Option<Paging<OperationPlace>>,
}

/// The statement of a balance of this asset.
pub(super) async fn answer(
    app: &Arc<App>,
    account: Account,
    asset: Arc<Asset>,
    times: (Option<Timestamp>, Option<Timestamp>),
    order: Order,
) -> Answer {
    let permit = permit(app)?;
    let pages = Pages {
        app: Arc::clone(app),
        account,
        asset,
        times,
        begun: false,
        paging: Some(Paging {
            order,
            limit: Some(CHUNK),
            ..Paging::ALL
        }),
    };
    let name = format!("statement-{}.csv", account.id());
    file(permit, "text/csv; charset=utf-8", &name, pages).await
}

impl Parts for Pages {
    async fn next(&mut self) -> Result<Option<String>, engine::Error> {
        if !std::mem::replace(&mut self.begun, true) {
            return Ok(Some(STATEMENT_COLUMNS.to_owned()));
        }
        let Some(paging) = self.paging else {
            return Ok(None);
        };
        let (movements, next) = views::movements(&self.app.engine, self.account, self.times, paging).await?;
        let mut text = String::new();
        for (line, other) in movements {
            line.write_csv(other, &self.asset, &mut text);
        }
        self.paging = next.map(|place| Paging {
            after: Some(place),
            ..paging
        });
        Ok(Some(text))
    }
}
