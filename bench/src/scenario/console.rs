//! `console`: what pages cost: the time of each at its worst filter, how many a second, what they weigh, and what appends keep
//! of their rate beside readers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Context, On, answers, as_f64, progress};
use crate::error::Error;
use crate::identity::{Repeated, get};
use crate::load::{Limit, Pace, Plan};
use crate::options::{Console, Engine};
use crate::pages::{self, LOG, OF_ONE, Page};
use crate::probity::{Installation, Server};
use crate::report::{Load, short};

/// How often each page is asked for, by one reader.
const ASKED: u64 = 50;
/// Views of the audit log a second.
const VIEWS_WANTED: f64 = 1_000.0;
/// Views a second beside appends, and what these keep of their rate.
const VIEWS_BESIDE: u32 = 20;
const KEPT: f64 = 0.9;
/// Bytes of a page, of all that it loads, and requests for it.
const HTML_MAX: f64 = 60_000.0;
const ALL_MAX: f64 = 100_000.0;
const REQUESTS_MAX: f64 = 6.0;

impl Context<'_> {
    pub(super) fn console(&mut self, settings: &Console) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let mut installation = Installation::empty(&self.program, self.database(engine)?);
            progress(&format!(
                "seeding {} entries on {engine}",
                short(settings.entries)
            ));
            installation.measure(&["db", "seed", "--scale", &settings.entries.to_string()])?;
            installation.take_key()?;
            let admin_key = installation.create_key("admin")?;
            let server = installation.serve()?;
            let size = short(settings.entries);
            for page in pages_of(&server, &admin_key)? {
                self.page(engine, &server, &admin_key, &size, &page)?;
            }
            self.weigh(engine, &server, &admin_key)?;
            self.views(engine, &server, &admin_key, settings.connections)?;
            let due = Mutex::new(Instant::now());
            let again = || {
                // One view after the other, so many a second.
                let mut due = due.lock().unwrap_or_else(PoisonError::into_inner);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                *due = (*due).max(Instant::now()) + Duration::from_secs(1) / VIEWS_BESIDE;
                pages::fetched(server.address, LOG, &admin_key).map(drop)
            };
            let readers = format!("{VIEWS_BESIDE} page views a second");
            let on = (engine, &installation, &server);
            self.beside((&readers, KEPT), on, settings.connections, again)?;
        }
        Ok(())
    }

    /// The time of one page, for one reader.
    fn page(
        &mut self,
        engine: Engine,
        server: &Server,
        key: &str,
        size: &str,
        page: &Page,
    ) -> Result<(), Error> {
        let name = format!("{size}: {}", page.name);
        progress(&name);
        let plan = Plan {
            connections: 1,
            pace: Pace::Closed,
            limit: Limit::Requests(ASKED),
            also: None,
            tls: false,
        };
        let mut workload = Repeated::gets(
            server.address,
            key,
            std::slice::from_ref(&page.path),
            pages::is_page,
        );
        let load: Load = self.measure(&name, On::Server(engine, server), &plan, &mut workload)?;
        if let Some(wanted) = page.wanted_ms {
            let what = format!("{name} on {engine}: {wanted} ms / p90");
            let p90_ms = as_f64(load.latency.p90_us) / 1_000.0;
            self.ratio(what, wanted, p90_ms, Some(1.0));
        }
        self.report.loads.push(load);
        Ok(())
    }

    /// What a page weighs with all that it loads.
    fn weigh(&mut self, engine: Engine, server: &Server, key: &str) -> Result<(), Error> {
        let weight = pages::weight(server.address, key)?;
        progress(&format!("  {weight:?}"));
        for (what, most, found) in [
            ("bytes of HTML", HTML_MAX, weight.html),
            ("bytes with style and scripts", ALL_MAX, weight.all),
            ("requests", REQUESTS_MAX, weight.requests),
        ] {
            let name = format!("audit log on {engine}: {most} {what} / {found}");
            self.ratio(name, most, as_f64(found as u64), Some(1.0));
        }
        Ok(())
    }

    /// Views of the audit log's first page a second.
    fn views(&mut self, engine: Engine, server: &Server, key: &str, connections: usize) -> Result<(), Error> {
        progress(&format!("page views on {engine}: {connections} connections"));
        let plan = self.timed(connections, None);
        let mut workload = Repeated::gets(server.address, key, &[LOG.to_owned()], pages::is_full);
        let load = self.measure("page views", On::Server(engine, server), &plan, &mut workload)?;
        let what = format!("page views on {engine} / {VIEWS_WANTED} a second");
        self.ratio(what, load.items_per_second, VIEWS_WANTED, Some(1.0));
        self.report.loads.push(load);
        Ok(())
    }
}

/// The pages that are asked for: lists, and one of each noun that there is one of.
fn pages_of(server: &Server, key: &str) -> Result<Vec<Page>, Error> {
    let mut pages = pages::of_lists();
    for (name, list, member, path) in OF_ONE {
        let found = answers(server, 1, vec![get(server.address, list, key)])?;
        if let Some(id) = found[0][member][0]["id"].as_str() {
            pages.push(pages::of_one(name, path, id));
        }
    }
    Ok(pages)
}
