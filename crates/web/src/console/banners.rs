//! What every page says while something is wrong.

use std::convert::Infallible;

use console::{Banner, Tone};
use domain::identity::{Permission, Principal};
use domain::upkeep::{Job, RunOutcome};
use evidence::Timestamp;
use views::{JobView, VerifiedView};

use crate::app::App;
use crate::listed::{LOG_ROLLED_BACK, LOG_TAMPERED, STORAGE_FULL};

/// How late a job may be before somebody is told, in microseconds.
const LATE_MAX: i64 = 3_600_000_000;

/// Where everything is named that the last verification found.
pub(crate) const FINDINGS: &str = "/status#findings";

/// What is wrong, as this reader is told. Who may read how the service stands finds more behind it.
pub(crate) async fn of(app: &App, principal: &Principal) -> Vec<Banner> {
    let found = async { Ok::<_, Infallible>(found(app).await) };
    let Ok(mut banners) = app.site.banners.or(found).await;
    if !principal.holds(Permission::OperateRead) {
        // When a backup is late is nothing that they can do anything about.
        banners.retain(|banner| banner.tone == Tone::Bad);
        for banner in &mut banners {
            banner.href = None;
        }
    }
    banners
}

async fn found(app: &App) -> Vec<Banner> {
    let mut banners = Vec::new();
    let bad = |text: String| Banner {
        tone: Tone::Bad,
        text,
        href: Some("/status".to_owned()),
    };
    for check in app.engine.health().await.checks {
        if check.ok {
            continue;
        }
        let known = [LOG_TAMPERED, LOG_ROLLED_BACK, STORAGE_FULL];
        let said = known.into_iter().find(|(_, code, _)| Some(*code) == check.code);
        banners.push(bad(match said {
            Some((_, _, when)) => format!("Read only: {when}."),
            None => format!("Something is wrong with the {}.", check.name),
        }));
    }
    let now = app.engine.now();
    let jobs: Vec<_> = app.jobs.states_seen().iter().map(JobView::of).collect();
    let remembered = VerifiedView::last(&app.engine).map_or(0, |last| last.findings);
    banners.extend(of_jobs(&jobs, remembered, now));
    banners
}

/// What verifications found, and what is late. `remembered` is how much this machine knows to have been found.
fn of_jobs(jobs: &[JobView], remembered: u64, now: Timestamp) -> Vec<Banner> {
    // What this machine remembers counts where the job's row says nothing of it: that row may be put back, or away.
    let found = jobs.iter().find_map(JobView::found).unwrap_or(remembered);
    let others = jobs.iter().filter(|job| job.found().is_none());
    let late = others.filter_map(|job| late(job, now));
    (found > 0)
        .then(|| by_hand(found))
        .into_iter()
        .chain(late)
        .collect()
}

/// What a verification found, which concerns everybody.
fn by_hand(found: u64) -> Banner {
    let things = match found {
        1 => "1 thing that is".to_owned(),
        found => format!("{} things that are", views::count(found)),
    };
    Banner {
        tone: Tone::Bad,
        text: format!(
            "Changed by hand: the verification of the log found {things} not as the log says. What pages show of it is not to be \
             trusted. Whoever runs the installation finds each on Status."
        ),
        href: Some(FINDINGS.to_owned()),
    }
}

/// A job that is late, or failed, where that puts the log at risk.
fn late(job: &JobView, now: Timestamp) -> Option<Banner> {
    let what = match job.name {
        Job::Verify => "The verification of the log",
        Job::Backup => "The backup",
        _ => return None,
    };
    let failed = matches!(job.outcome, Some(RunOutcome::Failed | RunOutcome::BrokenOff));
    let late = job
        .next_at
        .is_some_and(|next| now.micros() - next.micros() > LATE_MAX);
    let words = match (failed, late) {
        (true, _) => "failed",
        (_, true) => "is overdue",
        _ => return None,
    };
    Some(Banner {
        tone: Tone::Warn,
        text: format!("{what} {words}."),
        href: Some("/jobs".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use views::Shown as _;

    use super::*;

    #[test]
    fn what_a_verification_found_is_no_failed_job() {
        let with = |outcome, figure, remembered| {
            let job = JobView {
                name: Job::Verify,
                outcome: Some(outcome),
                figure,
                next_at: None,
                ..JobView::example()
            };
            let banners = of_jobs(&[job], remembered, Timestamp::EPOCH);
            banners
                .into_iter()
                .map(|banner| (banner.tone, banner.text))
                .collect::<Vec<_>>()
        };
        for (outcome, figure, remembered) in [
            (RunOutcome::Failed, Some(3), 0),
            (RunOutcome::Failed, Some(3), 2),
            (RunOutcome::Succeeded, Some(0), 3),
        ] {
            let [(tone, text)] = &with(outcome, figure, remembered)[..] else {
                panic!("{outcome:?}")
            };
            assert!(
                *tone == Tone::Bad && text.starts_with("Changed by hand") && text.contains("found 3 things")
            );
        }
        for (outcome, figure) in [(RunOutcome::Failed, Some(0)), (RunOutcome::BrokenOff, Some(3))] {
            let [(tone, text)] = &with(outcome, figure, 0)[..] else {
                panic!("{outcome:?}")
            };
            assert!(*tone == Tone::Warn && text.ends_with("failed."), "{text}");
        }
        assert!(with(RunOutcome::Succeeded, Some(0), 0).is_empty());
    }
}
