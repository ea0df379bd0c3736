//! The loop against a log that is a map: batches, refusals, overload, reports.

use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::sync::Mutex;

use domain::audit::{Event, KnownEntry, NewEntry};
use domain::decision::Recorded;
use domain::{FieldError, Refusal, RefusalKind};
use evidence::Salt;
use evidence::leaf::{RecordedBy, RecorderKind};
use uuid::Uuid;

use super::*;
use crate::import::Mapping;

#[derive(Default)]
struct Log {
    entries: Mutex<HashMap<Uuid, NewEntry>>,
    order: Mutex<Vec<String>>,
    calls: Mutex<u64>,
    /// Every so many calls one is answered as overloaded, another as unknown although it was recorded.
    trouble_every: u64,
    forbidden: bool,
}

impl Sink for Log {
    fn prepare(&self, event: Event) -> Result<NewEntry, FieldError> {
        event.prepare(Uuid::nil(), Salt([7; 16]))
    }

    async fn record(&self, new: Vec<NewEntry>) -> Result<Vec<Recorded>, Error> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let trouble = |at| self.trouble_every > 0 && call % self.trouble_every == at;
        if trouble(0) {
            return Err(Error::Overloaded {
                retry_after_seconds: 1,
            });
        }
        let refused = |kind, code, message: &str, field: String| {
            Err(Error::Refused {
                refusal: Refusal {
                    field: Some(field),
                    ..Refusal::new(kind, code, message)
                },
                entry: None,
            })
        };
        if self.forbidden {
            return refused(RefusalKind::Forbidden, "forbidden", "no", "audit".to_owned());
        }
        let mut recorded = Vec::new();
        for (position, entry) in new.iter().enumerate() {
            assert!(entry.own_id);
            let known = self.entries.lock().unwrap().get(&entry.id).map(|entry| {
                KnownEntry::pending(
                    entry,
                    RecordedBy {
                        kind: RecorderKind::Operator,
                        id: None,
                    },
                )
            });
            if let Some(field) = known.as_ref().and_then(|known| known.difference(entry)) {
                let field = format!("[{position}].{field}");
                return refused(
                    RefusalKind::Conflict,
                    "id_conflict",
                    &format!("another {field}"),
                    field,
                );
            }
            recorded.push(Recorded {
                id: entry.id,
                place: None,
                replayed: known.is_some(),
            });
        }
        for entry in new {
            self.order.lock().unwrap().push(entry.action.clone());
            self.entries.lock().unwrap().insert(entry.id, entry);
        }
        // As with the engine, the place in line is taken at once and the answer comes later.
        tokio::task::yield_now().await;
        if trouble(1) {
            Err(Error::Unknown("the connection broke".to_owned()))
        } else {
            Ok(recorded)
        }
    }
}

fn mapped(action: &str) -> Format {
    Format::Jsonl(Some(
        Mapping::parse(&format!("action = \"{action}\"\nid = \"/id\"")).unwrap(),
    ))
}

/// What an import did, and the lines of its two reports.
async fn import_from(
    log: &Log,
    input: Input,
    format: Format,
) -> (Result<ImportReport, Error>, String, String) {
    let (mut rejected, mut shortened) = (Vec::new(), Vec::new());
    let mut last = ImportProgress::default();
    let reports = Reports {
        rejected: &mut rejected,
        shortened: &mut shortened,
    };
    let report = run(log, input, format, reports, &mut |progress| {
        assert!(progress.lines >= last.lines && progress.bytes >= last.bytes);
        assert_eq!(
            progress.lines,
            progress.added + progress.already_there + progress.rejected
        );
        last = *progress;
    })
    .await;
    if let Ok(report) = &report {
        assert_eq!(
            (last.lines, last.bytes, last.rejected),
            (report.lines, report.bytes, report.rejected)
        );
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (report, text(rejected), text(shortened))
}

async fn import_into(log: &Log, text: &[u8], format: Format) -> (Result<ImportReport, Error>, String) {
    let input = Input::stream(Cursor::new(text.to_vec()));
    let (report, rejected, _) = import_from(log, input, format).await;
    if let Ok(report) = &report {
        assert_eq!(report.bytes, text.len() as u64);
    }
    (report, rejected)
}

fn counts(report: &ImportReport) -> (u64, u64, u64, u64) {
    (report.lines, report.added, report.already_there, report.rejected)
}

fn numbered(range: std::ops::Range<u32>) -> String {
    range
        .map(|number| format!("{{\"a\":\"n{number}\"}}\n"))
        .collect::<Vec<_>>()
        .concat()
}

#[tokio::test]
async fn lines_arrive_once_and_in_order() {
    let log = Log::default();
    let text = numbered(0..5_500);
    let (report, rejected) = import_into(&log, text.as_bytes(), mapped("/a")).await;
    assert_eq!(counts(&report.unwrap()), (5_500, 5_500, 0, 0));
    assert_eq!(rejected, "");
    assert_eq!(*log.calls.lock().unwrap(), 6);
    let order: Vec<_> = (0..5_500).map(|number| format!("n{number}")).collect();
    assert!(*log.order.lock().unwrap() == order, "out of order");
    // Again, with ten new lines and ten that are in the file twice.
    let more = format!("{text}{}{}", numbered(5_500..5_510), numbered(0..10));
    let (report, _) = import_into(&log, more.as_bytes(), mapped("/a")).await;
    assert_eq!(counts(&report.unwrap()), (5_520, 20, 5_500, 0));
}

#[tokio::test(start_paused = true)]
async fn overload_and_lost_answers_lose_and_double_nothing() {
    let log = Log {
        trouble_every: 3,
        ..Log::default()
    };
    let (report, _) = import_into(&log, numbered(0..9_999).as_bytes(), mapped("/a")).await;
    let report = report.unwrap();
    assert_eq!((report.lines, report.rejected), (9_999, 0));
    assert!(
        report.already_there > 0,
        "some answers were lost after the lines were recorded"
    );
    assert_eq!(log.entries.lock().unwrap().len(), 9_999);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_stops_the_import() {
    let log = Log {
        trouble_every: 1,
        ..Log::default()
    };
    // Every call is overloaded for ever: the import waits, and may be dropped.
    let waiting = tokio::time::timeout(
        Duration::from_hours(1),
        import_into(&log, b"{\"a\":\"x\"}", mapped("/a")),
    );
    assert!(waiting.await.is_err());
    assert!(*log.calls.lock().unwrap() > 3_000);
    let forbidden = Log {
        forbidden: true,
        ..Log::default()
    };
    let (report, _) = import_into(&forbidden, b"{\"a\":\"x\"}", mapped("/a")).await;
    assert!(matches!(report, Err(Error::Refused { refusal, .. }) if refusal.code == "forbidden"));
}

#[tokio::test]
async fn what_the_log_refuses_is_rejected_alone() {
    let log = Log::default();
    let id = |number: u32| format!("01893fc0-a490-7000-8000-{number:012x}");
    let lines = |action: &dyn Fn(u32) -> String| -> String {
        (0..1_000)
            .map(|number| format!("{{\"id\":\"{}\",\"a\":\"{}\"}}\n", id(number), action(number)))
            .collect::<Vec<_>>()
            .concat()
    };
    let (report, _) = import_into(&log, lines(&|_| "one".to_owned()).as_bytes(), mapped("/a")).await;
    assert_eq!(report.unwrap().added, 1_000);
    let some = |number: u32| if number % 300 == 7 { "two" } else { "one" }.to_owned();
    let (report, rejected) = import_into(&log, lines(&some).as_bytes(), mapped("/a")).await;
    let report = report.unwrap();
    assert_eq!(counts(&report), (1_000, 0, 996, 4));
    let expected: Vec<_> = [8, 308, 608, 908]
        .map(|line| (line, "another action".to_owned()))
        .into();
    assert_eq!(report.first_rejections, expected);
    assert_eq!(rejected.lines().count(), 4);
    assert!(rejected.starts_with(r#"{"line":8,"place":""#), "{rejected}");
    // Where every line is refused, the work stays in proportion to them.
    let before = *log.calls.lock().unwrap();
    let (report, _) = import_into(&log, lines(&|_| "three".to_owned()).as_bytes(), mapped("/a")).await;
    assert_eq!(counts(&report.unwrap()), (1_000, 0, 0, 1_000));
    assert_eq!(*log.calls.lock().unwrap() - before, 1_000);
}

#[tokio::test]
async fn bad_lines_are_reported() {
    let log = Log::default();
    let mut text = b"{\"a\":\"x\"}\n\n{\"a\":\n\xFF\xFE\n{\"a\":\"\"}\n{\"a\":1,\"a\":2}\n".to_vec();
    text.extend_from_slice(&vec![b'z'; super::super::EVENT_BYTES_MAX + 5]);
    text.extend_from_slice(format!("\n{{\"a\":\"{}\"}}\n{{\"a\":\"last\"}}", "w".repeat(129)).as_bytes());
    let (report, rejected) = import_into(&log, &text, mapped("/a")).await;
    let report = report.unwrap();
    assert_eq!(counts(&report), (8, 2, 0, 6));
    let rejected: Vec<serde_json::Value> = rejected
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = [
        (3, "is not valid JSON"),
        (4, "is not UTF-8"),
        (5, "action: is missing or empty"),
        (6, "is not valid JSON: member \"a\" is given twice"),
        (7, "is 33554437 bytes long"),
        (8, "action: must be 1 to 128"),
    ];
    for ((line, reason), found) in expected.iter().zip(&rejected) {
        assert_eq!(found["line"], *line);
        assert!(found["reason"].as_str().unwrap().starts_with(reason), "{found}");
        assert_eq!(found.get("base64").is_some(), *line == 4);
    }
    assert_eq!(rejected[1]["base64"], "//4=");
    assert_eq!(rejected[4]["text"].as_str().unwrap().len(), 256);
    assert_eq!(report.first_rejections.len(), 6);
}

#[tokio::test]
async fn cloudtrail_lines_and_documents_are_the_same_events() {
    let log = Log::default();
    let event = |n: u32| {
        format!(
            r#"{{"eventTime":"2023-07-10T11:42:18Z","eventSource":"s3.amazonaws.com","eventName":"Get","n":{n}}}"#
        )
    };
    let lines = format!("{}\n{}\n", event(1), event(2));
    let document = format!("{{\"Records\":[{},{},7]}}", event(1), event(2));
    let (report, _) = import_into(&log, lines.as_bytes(), Format::Cloudtrail).await;
    assert_eq!(counts(&report.unwrap()), (2, 2, 0, 0));
    let (report, _) = import_into(&log, document.as_bytes(), Format::Cloudtrail).await;
    assert_eq!(counts(&report.unwrap()), (3, 0, 2, 1));
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

#[tokio::test]
async fn files_that_fail_stop_the_import_with_a_hint() {
    let log = Log::default();
    let reports = Reports {
        rejected: &mut Broken,
        shortened: &mut std::io::sink(),
    };
    let input = Input::stream(Cursor::new("{}"));
    let result = run(&log, input, mapped("/a"), reports, &mut |_| ()).await;
    assert!(matches!(result, Err(Error::Problem { message, .. }) if message.contains("rejected lines")));
    // What was read before is recorded all the same.
    let input = Input::stream(std::io::Read::chain(Cursor::new("{\"a\":\"x\"}\n"), Broken));
    let (result, _, _) = import_from(&log, input, mapped("/a")).await;
    assert!(matches!(result, Err(Error::Problem { message, .. }) if message.contains("cannot read the log")));
    assert_eq!(log.entries.lock().unwrap().len(), 1);
}
