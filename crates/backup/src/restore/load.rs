//! A backup into a database: one thread reads and checks, the other one writes.

use engine::verify::{Progress, VerifyProgress};
use store::Head;
use store::db::Settings;
use store::load::Loading;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::source::Source;
use crate::error::Error;
use crate::fault::Fault;
use crate::format;
use crate::read::{Contents, Part};

/// Parts that are read ahead of what is written.
const AHEAD: usize = 2;

/// Reads a backup into a new database.
pub(super) fn load(
    source: Source<'_>,
    settings: &Settings,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Contents, Error> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| runtime.block_on(write(receiver, settings)));
        let read = source.read(progress, &mut |part| {
            // Where nobody takes it any more, writing has failed.
            sender.blocking_send(part).map_err(|_| Error::stopped())
        });
        drop(sender);
        let written = writing.join().map_err(|_| Error::stopped()).flatten();
        // What ended the writing is what ended the reading.
        let (contents, loading) = match (read, written) {
            (Err(error), Ok(_)) | (_, Err(error)) => return Err(error),
            (Ok(contents), Ok(loading)) => (contents, loading),
        };
        let mut loading = loading.ok_or_else(Error::stopped)?;
        let head = Head {
            origin: contents.manifest.origin.clone(),
            edge: contents.edge.clone(),
            at: contents.at,
            checkpoint: contents.end.checkpoint.clone(),
        };
        progress(VerifyProgress {
            done: 0,
            total: 1,
            what: "indexes made",
        });
        runtime.block_on(async {
            for table in domain::tables::SEALED {
                let is_there = contents.end.tables.contains_key(table.name);
                if !is_there && loading.columns(table).await?.is_some() {
                    return Err(Fault::new(&format::table_member(table), "the member", "nothing").into());
                }
            }
            loading.finish(&head, engine::now()).await?;
            Ok::<_, Error>(())
        })?;
        Ok(contents)
    })
}

async fn write(mut parts: mpsc::Receiver<Part>, settings: &Settings) -> Result<Option<Loading>, Error> {
    let mut loading = None;
    while let Some(part) = parts.recv().await {
        match (part, &mut loading) {
            (Part::Manifest(manifest), _) => {
                loading = Some(Loading::begin(settings, manifest.schema, engine::now()).await?);
            }
            (_, None) => return Err(Error::stopped()),
            (Part::Entries(rows, subtrees), Some(loading)) => loading.entries(&rows, &subtrees).await?,
            (Part::Marks(marks), Some(loading)) => loading.marks(marks).await?,
            (Part::Rows(table, rows), Some(loading)) => {
                let member = format::table_member(table);
                let columns = loading.columns(table).await?;
                let columns =
                    columns.ok_or_else(|| Fault::new(&member, "a table of its schema", "a later one"))?;
                loading.rows(table, &columns, rows).await?;
            }
        }
    }
    Ok(loading)
}
