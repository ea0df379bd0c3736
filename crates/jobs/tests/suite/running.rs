//! What runs, when, in which process, and what is recorded of it.

crate::on_both!(
    each_job_runs_and_says_what_it_gave,
    after_sleep_each_is_caught_up_once,
    only_one_process_leads_and_another_takes_over,
    clocks_a_minute_apart_run_each_once,
    a_killed_run_is_seen_as_broken_off_and_run_again,
    a_stop_ends_what_is_under_way_and_gives_the_lease_back,
    what_is_asked_for_runs_once,
    what_fails_says_why_and_is_recorded,
    the_log_is_verified_in_idle_time,
);

mod cases {
    use std::path::Path;

    use backup::Retention;
    use backup::place::S3;
    use domain::upkeep::{Job, RunOutcome};
    use engine::clock::Clock;
    use engine::upkeep::{JobRow, JobWrite};
    use engine::{Engine, Options};
    use evidence::{Outcome, Timestamp};
    use jobs::{Backups, Expression, Jobs, Settings, Zone};
    use uuid::Uuid;

    use crate::attacker::close;
    use crate::people::entries;
    use crate::support::{Bed, numbered, operator, record, two};

    const START: &str = "2026-11-01T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Every job at its time of the night in Berlin, with backups in a folder of this one.
    fn settings(within: &Path) -> Settings {
        let time = |(job, text): (Job, &str)| (job, Expression::try_from(text.to_owned()).unwrap());
        let times = [
            (Job::Retention, "0 1 * * *"),
            (Job::Backup, "0 2 * * *"),
            (Job::Prune, "0 3 * * *"),
            (Job::VerifyBackup, "0 4 * * *"),
            (Job::Expiry, "0 * * * *"),
        ];
        Settings {
            zone: Zone::try_from("Europe/Berlin".to_owned()).unwrap(),
            at: times.into_iter().map(time).collect(),
            verify_within_h: 24,
            retains: true,
            backups: Some(Backups {
                path: within.join("backups").to_str().unwrap().to_owned(),
                s3: S3::default(),
                recipients: Vec::new(),
                keep: Retention {
                    last: 3,
                    days: 1,
                    daily: 0,
                    weekly: 0,
                    monthly: 0,
                },
                identity: None,
            }),
            program: "probity test",
        }
    }

    /// A process of a database, with a clock that is set by hand.
    struct Process<S> {
        engine: Engine,
        jobs: Jobs,
        set: S,
    }

    async fn process(options: Options, settings: Settings) -> Process<impl Fn(Timestamp) + Clone> {
        let (clock, set) = Clock::set_by_hand(at(START));
        let engine = Engine::open(Options { clock, ..options }).await.unwrap();
        let jobs = Jobs::new(engine.clone(), settings);
        Process { engine, jobs, set }
    }

    impl<S: Fn(Timestamp)> Process<S> {
        /// Looks by this clock, and waits for what that began.
        async fn look(&self, now: Timestamp) {
            (self.set)(now);
            self.jobs.look().await.unwrap();
            self.jobs.settled().await;
        }

        /// Looks again and again, every so many seconds.
        async fn look_on(&self, every: i64, from: &str, to: &str) {
            let mut now = at(from);
            while now < at(to) {
                self.look(now).await;
                now = now.plus_seconds(every);
            }
        }

        async fn row(&self, job: Job) -> JobRow {
            let rows = self.engine.jobs().await.unwrap();
            rows.into_iter().find(|row| row.job == job).unwrap()
        }

        fn leads(&self) -> bool {
            self.jobs.seen().1
        }
    }

    async fn one(bed: &Bed) -> Process<impl Fn(Timestamp) + Clone> {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        process(bed.options(), settings(bed.dir.path())).await
    }

    pub async fn each_job_runs_and_says_what_it_gave(bed: Bed) {
        let process = one(&bed).await;
        record(&process.engine, (0..20).map(numbered).collect())
            .await
            .unwrap();
        process.look(at(START)).await;
        assert!(process.leads());
        for job in Job::ALL {
            let row = process.row(*job).await;
            assert_eq!(
                (row.started_at, row.outcome),
                (None, None),
                "{job:?} is not due yet"
            );
        }
        process
            .look_on(600, "2026-11-01T12:10:00Z", "2026-11-02T12:00:00Z")
            .await;
        for (job, began) in [
            (Job::Retention, "2026-11-02T00:00:00Z"),
            (Job::Backup, "2026-11-02T01:00:00Z"),
            (Job::Prune, "2026-11-02T02:00:00Z"),
            (Job::VerifyBackup, "2026-11-02T03:00:00Z"),
            (Job::Expiry, "2026-11-02T11:00:00Z"),
        ] {
            let row = process.row(job).await;
            assert_eq!(row.started_at, Some(at(began)), "{job:?}");
            assert_eq!(
                row.outcome,
                Some(RunOutcome::Succeeded),
                "{job:?}: {:?}",
                row.error
            );
            assert_eq!((row.succeeded_at, row.failures), (row.ended_at, 0));
            assert!(row.figure.is_some() && row.seconds().is_some());
        }
        assert!(process.row(Job::Backup).await.figure.unwrap() > 1_000);
        let found = process.jobs.backups().await.unwrap().unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].verified_at.is_some());
        for action in ["backup.create", "backup.prune", "backup.verify", "log.verify"] {
            let entries = entries(&process.engine, action).await;
            assert_eq!(entries.len(), 1, "{action}");
            assert_eq!(entries[0].outcome, Outcome::Success);
        }
        close(process.engine).await;
    }

    pub async fn after_sleep_each_is_caught_up_once(bed: Bed) {
        let process = one(&bed).await;
        process.look(at(START)).await;
        // Five days later, in the middle of the day.
        process
            .look_on(10, "2026-11-06T09:00:00Z", "2026-11-06T09:05:00Z")
            .await;
        for action in ["backup.create", "backup.verify", "log.verify"] {
            assert_eq!(entries(&process.engine, action).await.len(), 1, "{action}");
        }
        let next = process.jobs.states().await.unwrap();
        let next = next.iter().find(|state| state.job == Job::Backup).unwrap().next;
        assert_eq!(next, Some(at("2026-11-07T01:00:00Z")));
        close(process.engine).await;
    }

    pub async fn only_one_process_leads_and_another_takes_over(bed: Bed) {
        let [first, second] = two(&bed).await;
        let settings = settings(bed.dir.path());
        let one = process(first, settings.clone()).await;
        let two = process(second, settings).await;
        let mut now = at(START);
        for _ in 0..6 {
            one.look(now).await;
            two.look(now).await;
            assert!(one.leads() && !two.leads());
            now = now.plus_seconds(10);
        }
        // The first is killed: it looks no more.
        for _ in 0..2 {
            two.look(now).await;
            assert!(!two.leads());
            now = now.plus_seconds(10);
        }
        two.look(now).await;
        assert!(two.leads());
        // It comes back, finds that another one leads, and begins nothing.
        one.look(now).await;
        assert!(!one.leads());
        let lost = JobWrite::Begin {
            job: Job::Backup,
            run: Uuid::from_u128(7),
            at: now,
            done_to: now,
            leader: Some(Uuid::from_u128(8)),
        };
        assert!(!one.engine.write_job(lost).await.unwrap());
        // One that stops gives it back, and nobody waits.
        two.jobs.stop().await;
        one.look(now).await;
        assert!(one.leads());
        close(one.engine).await;
        close(two.engine).await;
    }

    pub async fn clocks_a_minute_apart_run_each_once(bed: Bed) {
        let [first, second] = two(&bed).await;
        let settings = settings(bed.dir.path());
        let one = process(first, settings.clone()).await;
        let two = process(second, settings).await;
        let mut now = at("2026-11-02T00:58:00Z");
        one.look(now).await;
        two.look(now.plus_seconds(60)).await;
        while now < at("2026-11-02T01:03:00Z") {
            // They take turns: each gives the lease back after it has looked.
            one.look(now).await;
            one.jobs.stop().await;
            two.look(now.plus_seconds(60)).await;
            two.jobs.stop().await;
            now = now.plus_seconds(10);
        }
        assert_eq!(entries(&one.engine, "backup.create").await.len(), 1);
        assert_eq!(
            one.row(Job::Backup).await.started_at,
            Some(at("2026-11-02T01:00:00Z"))
        );
        close(one.engine).await;
        close(two.engine).await;
    }

    pub async fn a_killed_run_is_seen_as_broken_off_and_run_again(bed: Bed) {
        let process = one(&bed).await;
        let now = at(START);
        // A process that led began a backup, and was killed.
        let dead = Uuid::from_u128(1);
        let lease = JobWrite::Lease {
            beats: 0,
            holder: Some(dead),
        };
        let begin = JobWrite::Begin {
            job: Job::Backup,
            run: Uuid::from_u128(2),
            at: now,
            done_to: now,
            leader: Some(dead),
        };
        for write in [lease, JobWrite::Know(Job::Backup, now), begin] {
            assert!(process.engine.write_job(write).await.unwrap());
        }
        process.look(now).await;
        process.look(now.plus_seconds(29)).await;
        assert!(!process.leads());
        assert_eq!(process.row(Job::Backup).await.outcome, Some(RunOutcome::Running));
        process.look(now.plus_seconds(30)).await;
        assert!(process.leads());
        let row = process.row(Job::Backup).await;
        assert_eq!((row.outcome, row.failures), (Some(RunOutcome::Succeeded), 1));
        assert_eq!(entries(&process.engine, "backup.create").await.len(), 1);
        close(process.engine).await;
    }

    pub async fn a_stop_ends_what_is_under_way_and_gives_the_lease_back(bed: Bed) {
        let process = one(&bed).await;
        process.look(at(START)).await;
        process.jobs.ask(Job::Verify).await.unwrap();
        process.jobs.look().await.unwrap();
        process.jobs.stop().await;
        let row = process.row(Job::Verify).await;
        // It may have been quicker.
        assert!(
            matches!(row.outcome, Some(RunOutcome::BrokenOff | RunOutcome::Succeeded)),
            "{row:?}"
        );
        assert!(row.ended_at.is_some());
        assert_eq!(process.engine.leader().await.unwrap().holder, None);
        close(process.engine).await;
    }

    pub async fn what_is_asked_for_runs_once(bed: Bed) {
        let process = one(&bed).await;
        process.look(at(START)).await;
        for _ in 0..3 {
            process.jobs.ask(Job::Backup).await.unwrap();
        }
        assert!(process.row(Job::Backup).await.asked_at.is_some());
        for seconds in [10, 20, 30] {
            process.look(at(START).plus_seconds(seconds)).await;
        }
        assert_eq!(entries(&process.engine, "backup.create").await.len(), 1);
        assert_eq!(process.row(Job::Backup).await.asked_at, None);
        // By hand it runs here and now, whoever leads.
        (process.set)(at(START).plus_seconds(60));
        let came = process.jobs.run(Job::Backup, &operator()).await.unwrap();
        assert_eq!(came.failed, None);
        let recorded = entries(&process.engine, "backup.create").await;
        assert_eq!(recorded.len(), 2);
        close(process.engine).await;
    }

    pub async fn what_fails_says_why_and_is_recorded(bed: Bed) {
        let process = one(&bed).await;
        // A file stands where the folder would be.
        std::fs::write(bed.dir.path().join("backups"), "").unwrap();
        process.look(at(START)).await;
        process.jobs.ask(Job::Backup).await.unwrap();
        process.look(at(START).plus_seconds(10)).await;
        let row = process.row(Job::Backup).await;
        assert_eq!((row.outcome, row.failures), (Some(RunOutcome::Failed), 1));
        assert!(row.error.unwrap().contains("backups"));
        assert_eq!((row.succeeded_at, row.figure), (None, None));
        let recorded = entries(&process.engine, "backup.create").await;
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0].outcome, Outcome::Failed);
        let details = recorded[0].details.as_ref().unwrap();
        assert!(details.0["reason"].as_str().unwrap().contains("backups"));
        close(process.engine).await;
    }

    pub async fn the_log_is_verified_in_idle_time(bed: Bed) {
        let process = one(&bed).await;
        process.look(at(START)).await;
        let verified = async || entries(&process.engine, "log.verify").await.len();
        process.look(at("2026-11-01T23:59:50Z")).await;
        // Half a day later it is time, if it is idle; it is not while much is written.
        let mut now = at("2026-11-02T00:00:00Z");
        for number in 0..3 {
            record(&process.engine, (0..200).map(numbered).collect())
                .await
                .unwrap();
            process.look(now).await;
            assert_eq!(verified().await, 0, "{number}");
            now = now.plus_seconds(10);
        }
        process.look(now).await;
        assert_eq!(verified().await, 1);
        let states = process.jobs.states().await.unwrap();
        let far = states.iter().find_map(|state| state.far).unwrap();
        assert_eq!(far.done, far.total, "it told how far it was, to the end: {far:?}");
        let row = process.row(Job::Verify).await;
        assert_eq!((row.outcome, row.figure), (Some(RunOutcome::Succeeded), Some(0)));
        // However busy it is, it is not put off for ever.
        let mut now = at("2026-11-02T18:00:40Z");
        record(&process.engine, (0..200).map(numbered).collect())
            .await
            .unwrap();
        process.look(now).await;
        now = now.plus_seconds(10);
        record(&process.engine, (0..200).map(numbered).collect())
            .await
            .unwrap();
        process.look(now).await;
        assert_eq!(verified().await, 2);
        close(process.engine).await;
    }
}
