//! Importing logs, on SQLite and on real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which fail so"
)]

use domain::Caller;
use domain::audit::EntryFilter;
use engine::import::{Format, ImportReport, Input, Mapping, Reports, import};
use engine::{Engine, Options};
use evidence::{ActorKind, Entry, Outcome};
use serde_json::Value;
use store::db::Location;

const CLOUDTRAIL: &str = include_str!("fixtures/cloudtrail.jsonl");
const AGENT_RUNS: &str = include_str!("fixtures/agent-runs.jsonl");
const AGENT_MAPPING: &str = include_str!("fixtures/agent-runs.toml");

/// Makes a test for each engine out of `async fn case(bed: Bed)`.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::cases::$case(super::Bed { postgres: false }).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::cases::$case(super::Bed { postgres: true }).await;
            }
        }
    )* };
}

on_both!(
    cloudtrail_comes_in_whole_and_once,
    bad_lines_leave_the_good_ones,
    an_import_killed_in_the_middle_goes_on,
    another_shape_with_a_mapping,
    our_own_export,
);

/// Which engine a case runs on.
struct Bed {
    postgres: bool,
}

/// An open log in a fresh database, gone when dropped.
struct Log {
    engine: Engine,
    _schema: Option<testkit::TestSchema>,
    _dir: testkit::TempDir,
}

impl Bed {
    async fn log(&self) -> Log {
        let dir = testkit::temp_dir("import");
        let schema = self
            .postgres
            .then(|| testkit::Postgres::shared().unwrap().schema().unwrap());
        let location = match &schema {
            None => Location::Sqlite(dir.path().join("probity.db")),
            Some(schema) => Location::Postgres(schema.url().to_owned()),
        };
        let options = Options::new(dir.path().to_owned(), location);
        Engine::init(&options, &mut |_| {}).await.unwrap();
        Log {
            engine: Engine::open(options).await.unwrap(),
            _schema: schema,
            _dir: dir,
        }
    }
}

impl Log {
    async fn import(&self, text: &[u8], format: Format) -> (ImportReport, Vec<Value>) {
        let mut rejected = Vec::new();
        let mut last = 0;
        let reports = Reports {
            rejected: &mut rejected,
            shortened: &mut std::io::sink(),
        };
        let report = import(
            &self.engine,
            &operator(),
            Input::stream(std::io::Cursor::new(text.to_vec())),
            format,
            reports,
            &mut |progress| last = progress.lines,
        )
        .await
        .unwrap();
        assert_eq!(last, report.lines, "the last progress is the whole");
        assert_eq!(report.bytes, text.len() as u64);
        let rejected = String::from_utf8(rejected).unwrap();
        (
            report,
            rejected
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    }

    /// Every entry about someone else's events, oldest first, each checked against its leaf.
    async fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut keep = |entry: Entry| {
            entry.check().unwrap();
            entries.push(entry);
            std::ops::ControlFlow::Continue(())
        };
        self.engine
            .export(&EntryFilter::default(), &mut keep)
            .await
            .unwrap();
        entries.retain(|entry| entry.authority == "operator audit:write");
        entries
    }
}

fn operator() -> Caller {
    Caller::Operator {
        name: "tester".to_owned(),
    }
}

fn counts(report: &ImportReport) -> (u64, u64, u64, u64) {
    (report.lines, report.added, report.already_there, report.rejected)
}

mod cases {
    use super::*;

    pub async fn cloudtrail_comes_in_whole_and_once(bed: Bed) {
        let log = bed.log().await;
        let (report, rejected) = log.import(CLOUDTRAIL.as_bytes(), Format::Cloudtrail).await;
        assert_eq!(
            (counts(&report), rejected.len()),
            ((60, 60, 0, 0), 0),
            "{rejected:?}"
        );
        let entries = log.entries().await;
        assert_eq!(entries.len(), 60);
        for (line, entry) in CLOUDTRAIL.lines().zip(&entries) {
            let original: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                Value::Object(entry.details.clone().unwrap().0),
                original,
                "in order, and nothing lost"
            );
            let name = original["eventName"].as_str().unwrap();
            assert!(entry.action.ends_with(name) && entry.description.as_ref().unwrap().contains(name));
            assert_ne!(entry.actor.kind, ActorKind::External);
            assert!(entry.actor.id.is_some());
            let seconds = entry.occurred_at.unwrap().to_string().replace(".000000Z", "Z");
            assert_eq!(original["eventTime"], seconds);
            assert_eq!(
                entry.outcome == Outcome::Success,
                original.get("errorCode").is_none()
            );
        }
        let refused = entries
            .iter()
            .filter(|entry| entry.outcome == Outcome::Refused)
            .count();
        let denied = CLOUDTRAIL.matches("\"errorCode\":\"AccessDenied\"").count()
            + CLOUDTRAIL
                .matches("\"errorCode\":\"Client.UnauthorizedOperation\"")
                .count();
        assert!(refused > 0 && refused == denied);

        let (again, _) = log.import(CLOUDTRAIL.as_bytes(), Format::Cloudtrail).await;
        assert_eq!(counts(&again), (60, 0, 60, 0));
        let document = format!(
            "{{\"Records\": [\n{}\n]}}\n",
            CLOUDTRAIL.trim_end().replace('\n', ",\n")
        );
        let (as_document, _) = log.import(document.as_bytes(), Format::Cloudtrail).await;
        assert_eq!(counts(&as_document), (60, 0, 60, 0));
        assert_eq!(log.entries().await, entries);
    }

    pub async fn bad_lines_leave_the_good_ones(bed: Bed) {
        let log = bed.log().await;
        let mut text = Vec::new();
        for (position, line) in CLOUDTRAIL.lines().enumerate() {
            match position {
                10 => text.extend_from_slice(b"{\"eventTime\":\"2023-07-10T11:42:18Z\"\n"),
                20 => text.extend_from_slice(b"\xFF{}\n\n"),
                30 => text.extend_from_slice(b"{\"eventName\":\"x\",\"eventName\":\"y\"}\n"),
                // The engine alone knows what time it is.
                40 => text.extend_from_slice(line.replace("2023-07-10T", "2923-07-10T").as_bytes()),
                50 => text.extend_from_slice(&vec![b' '; 2 << 20]),
                _ => {}
            }
            if position == 40 {
                text.push(b'\n');
            }
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        let (report, rejected) = log.import(&text, Format::Cloudtrail).await;
        assert_eq!(counts(&report), (64, 60, 0, 4), "{rejected:?}");
        let mut lines: Vec<u64> = rejected
            .iter()
            .map(|line| line["line"].as_u64().unwrap())
            .collect();
        lines.sort_unstable();
        assert_eq!(lines, [11, 22, 34, 45]);
        assert_eq!(
            report
                .first_rejections
                .iter()
                .map(|(line, _)| *line)
                .collect::<Vec<_>>(),
            lines
        );
        let late = &report.first_rejections[3].1;
        assert!(
            late.starts_with("occurred_at: must not be later than a day from now"),
            "{late}"
        );
        assert_eq!(
            log.entries()
                .await
                .iter()
                .filter(|entry| entry.action != "audit.append")
                .count(),
            60
        );
    }

    pub async fn an_import_killed_in_the_middle_goes_on(bed: Bed) {
        const LINES: u64 = 8_000;
        let log = bed.log().await;
        let text: String = (0..LINES)
            .map(|number| format!("{{\"n\":{number}}}\n"))
            .collect::<Vec<_>>()
            .concat();
        let format = || {
            Format::Jsonl(Some(
                Mapping::parse("action = \"=count\"\ntarget_kind = \"=n\"\ntarget_id = \"/n\"").unwrap(),
            ))
        };
        let mut size = log.engine.size();
        {
            let (caller, mut progress) = (operator(), |_: &_| ());
            let reports = Reports {
                rejected: &mut std::io::sink(),
                shortened: &mut std::io::sink(),
            };
            let input = Input::stream(std::io::Cursor::new(text.clone().into_bytes()));
            let running = import(&log.engine, &caller, input, format(), reports, &mut progress);
            tokio::select! {
                biased;
                _ = size.wait_for(|size| *size > 1_000) => {}
                report = running => panic!("done before it could be killed: {report:?}"),
            }
        }
        let (report, _) = log.import(text.as_bytes(), format()).await;
        assert_eq!(
            (report.lines, report.added + report.already_there),
            (LINES, LINES)
        );
        assert!(
            report.already_there >= 1_000 && report.added >= 1_000,
            "{report:?}"
        );
        let entries = log.entries().await;
        assert_eq!(entries.len() as u64, LINES);
        let numbers: std::collections::BTreeSet<_> = entries
            .into_iter()
            .map(|entry| entry.target.unwrap().id.unwrap())
            .collect();
        assert_eq!(numbers.len() as u64, LINES);
    }

    pub async fn another_shape_with_a_mapping(bed: Bed) {
        let log = bed.log().await;
        let format = |mapping: &str| Format::Jsonl(Some(Mapping::parse(mapping).unwrap()));
        let (report, rejected) = log.import(AGENT_RUNS.as_bytes(), format(AGENT_MAPPING)).await;
        assert_eq!(counts(&report), (3, 3, 0, 0), "{rejected:?}");
        let entries = log.entries().await;
        assert_eq!(
            entries.iter().map(|entry| entry.outcome).collect::<Vec<_>>(),
            [Outcome::Success, Outcome::Success, Outcome::Failed]
        );
        assert_eq!(entries[0].actor.kind, ActorKind::Agent);
        assert_eq!(entries[0].actor.on_behalf_of.as_deref(), Some("daiki_lee_6144"));
        assert_eq!(entries[0].action, "airline_service");
        assert_eq!(entries[0].target.as_ref().unwrap().id.as_deref(), Some("21"));
        let aim = entries[0].aim.as_ref().unwrap();
        assert!(
            aim.mission
                .as_ref()
                .unwrap()
                .starts_with("# Airline Agent Policy")
        );
        assert!(aim.input.as_ref().unwrap().0["value"].is_array());
        // Another mapping makes other events of the same lines: they are not recorded twice.
        let (changed, rejected) = log
            .import(
                AGENT_RUNS.as_bytes(),
                format(&AGENT_MAPPING.replace("airline service", "other")),
            )
            .await;
        assert_eq!(counts(&changed), (3, 0, 0, 3));
        assert!(
            rejected[0]["reason"]
                .as_str()
                .unwrap()
                .ends_with("is there already with another action")
        );
    }

    pub async fn our_own_export(bed: Bed) {
        let (from, to) = (bed.log().await, bed.log().await);
        from.import(CLOUDTRAIL.as_bytes(), Format::Cloudtrail).await;
        let mut export = String::new();
        let mut keep = |entry: Entry| {
            export.push_str(&evidence::entry::to_line(&entry).unwrap());
            export.push('\n');
            std::ops::ControlFlow::Continue(())
        };
        let size = from
            .engine
            .export(&EntryFilter::default(), &mut keep)
            .await
            .unwrap();
        let count = export.lines().count() as u64;
        assert!(count > 60 && size >= count);
        let (report, rejected) = to.import(export.as_bytes(), Format::Jsonl(None)).await;
        assert_eq!(counts(&report), (count, count, 0, 0), "{rejected:?}");
        let (again, _) = to.import(export.as_bytes(), Format::Jsonl(None)).await;
        assert_eq!(counts(&again), (count, 0, count, 0));
        let entries = to.entries().await;
        for (line, entry) in export.lines().zip(&entries) {
            let old = evidence::entry::parse(line).unwrap();
            assert_eq!(
                (entry.id, &entry.actor, &entry.action, &entry.outcome),
                (old.id, &old.actor, &old.action, &old.outcome)
            );
            assert_eq!(entry.occurred_at, Some(old.occurred_at.unwrap_or(old.at)));
            let kept = &entry.details.as_ref().unwrap().0["_imported"];
            assert_eq!(kept["index"], old.index);
            assert_eq!(kept["evidence"]["leaf"], old.evidence.leaf);
        }
        // Another log has nothing that reads as ours.
        let (other, rejected) = to.import(AGENT_RUNS.as_bytes(), Format::Jsonl(None)).await;
        assert_eq!(counts(&other), (3, 0, 0, 3));
        assert!(rejected[0]["reason"].as_str().unwrap().contains("give a mapping"));
    }
}
