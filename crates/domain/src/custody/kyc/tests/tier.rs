use proptest::prelude::*;

use super::*;
use crate::custody::kyc::ExpireKyc;
use crate::identity::world::login;

#[derive(Clone, Debug)]
enum Step {
    Submit { tier: u64 },
    Approve { lasts: i64 },
    Reject,
    Revoke { reason: u8 },
    Sweep,
    Wait { seconds: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..=TIER_MAX).prop_map(|tier| Step::Submit { tier }),
        4 => (1..40_i64).prop_map(|lasts| Step::Approve { lasts }),
        1 => Just(Step::Reject),
        1 => any::<u8>().prop_map(|reason| Step::Revoke { reason }),
        1 => Just(Step::Sweep),
        4 => (1..20_usize).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What a person with a pencil would keep: what was submitted, what is good and until when, and the tier of each
/// second up to now.
#[derive(Default)]
struct Model {
    pending: Option<(Uuid, u64)>,
    good: Option<(Uuid, u64, usize)>,
    tiers: Vec<u64>,
}

impl Model {
    fn now(&self) -> usize {
        self.tiers.len() - 1
    }

    /// Writes down the tier of the present second once more.
    fn note(&mut self) {
        *self.tiers.last_mut().unwrap() = self.good.map_or(0, |(_, tier, _)| tier);
    }

    fn wait(&mut self, seconds: usize) {
        for _ in 0..seconds {
            self.tiers.push(0);
            let now = self.now();
            self.good = self.good.filter(|(_, _, end)| now < *end);
            self.note();
        }
    }
}

/// What becomes of a command that is decided at the model's second.
fn run(
    office: &mut Office,
    (model, begin): (&Model, Timestamp),
    caller: &Caller,
    command: &Command,
) -> Result<Reply, Refusal> {
    let now = begin.plus_seconds(i64::try_from(model.now()).unwrap());
    office.world.now = Timestamp::from_micros(now.micros() - 1_000).unwrap();
    office.run(caller, command)
}

fn take(office: &mut Office, model: &mut Model, begin: Timestamp, step: &Step) {
    let (cora, ann) = (office.cora.clone(), office.ann.clone());
    match step {
        Step::Submit { tier } => {
            let command = submit_kyc(office.ann_id, *tier, 1);
            let submitted = run(office, (model, begin), &ann, &command);
            if model.pending.is_some() {
                assert_eq!(submitted.unwrap_err().code, "kyc_pending");
                return;
            }
            let (record, _, documents) = kyc(submitted);
            run(office, (model, begin), &cora, &verify(record.id, documents[0].id)).unwrap();
            model.pending = Some((record.id, *tier));
        }
        Step::Approve { lasts } => {
            let Some((record, tier)) = model.pending.take() else {
                return;
            };
            let now = i64::try_from(model.now()).unwrap();
            let expires_at = Some(begin.plus_seconds(now + lasts));
            let command = office.decision(record, Kind::Approve(Approve { expires_at }));
            run(office, (model, begin), &cora, &command).unwrap();
            model.good = Some((record, tier, usize::try_from(now + lasts).unwrap()));
            model.note();
        }
        Step::Reject => {
            let Some((record, _)) = model.pending.take() else {
                return;
            };
            let command = office.decision(record, reject("no"));
            run(office, (model, begin), &cora, &command).unwrap();
        }
        Step::Revoke { reason } => {
            let Some((record, ..)) = model.good.take() else {
                return;
            };
            let command = office.decision(record, revoke(&format!("because {reason}")));
            run(office, (model, begin), &cora, &command).unwrap();
            model.note();
        }
        Step::Sweep => {
            let all = office.facts.kyc_records.keys().copied().collect();
            run(
                office,
                (model, begin),
                &login(),
                &Command::ExpireKyc(ExpireKyc { records: all }),
            )
            .unwrap();
        }
        Step::Wait { seconds } => model.wait(*seconds),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was submitted, decided, revoked and swept: the tier of every moment past is what it was at the
    /// moment, and stays that when what expired is written down.
    #[test]
    fn tiers_of_the_past_are_what_they_were(
        steps in prop::collection::vec(step(), 1..40),
        moments in prop::collection::vec((any::<prop::sample::Index>(), 0..1_000_000_i64), 20),
    ) {
        let mut office = Office::new();
        let begin = office.next();
        let mut model = Model { tiers: vec![0], ..Model::default() };
        for step in &steps {
            take(&mut office, &mut model, begin, step);
            let now = begin.plus_seconds(i64::try_from(model.now()).unwrap());
            prop_assert_eq!(tier_of(&office.facts, office.ann_id, now), model.tiers[model.now()]);
            prop_assert_eq!(tier_of(&office.facts, office.bob_id, now), 0);
        }
        model.wait(60);
        for swept in [false, true] {
            if swept {
                take(&mut office, &mut model, begin, &Step::Sweep);
            }
            for (moment, micros) in &moments {
                let second = moment.index(model.tiers.len());
                let at = begin.micros() + i64::try_from(second).unwrap() * 1_000_000 + micros;
                let at = Timestamp::from_micros(at).unwrap();
                prop_assert_eq!(tier_of(&office.facts, office.ann_id, at), model.tiers[second], "second {}", second);
            }
            let before = begin.plus_seconds(-1);
            prop_assert_eq!(tier_of(&office.facts, office.ann_id, before), 0);
        }
        let ends = office.facts.kyc_records.values().filter(|record| record.row.status == KycStatus::Approved);
        prop_assert_eq!(ends.count(), 0);
    }
}

#[test]
fn what_is_good_and_when() {
    let mut office = Office::new();
    let earlier = office.approved(1, None);
    let first = office.now;
    office.wait(10);
    let later = office.approved(2, None);
    let second = office.now;
    office.wait(10);
    let (cora, user) = (office.cora.clone(), office.ann_id);
    let command = office.decision(later, revoke("forged"));
    assert_eq!(office.code(&cora, &command), "done");
    let third = office.now;
    let before = |moment: Timestamp| Timestamp::from_micros(moment.micros() - 1).unwrap();
    let cases = [
        (before(first), 0),
        (first, 1),
        (before(second), 1),
        (second, 2),
        (before(third), 2),
        (third, 0),
        (third.plus_seconds(1_000_000_000), 0),
    ];
    for (at, tier) in cases {
        assert_eq!(tier_of(&office.facts, user, at), tier, "{at}");
    }
    assert_eq!(office.record(earlier).reason.as_deref(), Some("replaced"));
    assert_eq!(office.record(later).reason.as_deref(), Some("forged"));
}
