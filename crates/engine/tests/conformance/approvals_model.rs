//! Random sequences of requests, votes, uses, reports, withdrawals and jumps of the clock, by two agents of one owner, against
//! a plain account of what should become of each approval.

crate::on_both!(random_requests_votes_and_uses);

mod cases {
    use std::collections::BTreeMap;

    use domain::approval::{ApprovalOutcome, ApprovalStatus, WithdrawApproval};
    use domain::{Caller, Command};
    use engine::Engine;
    use engine::clock::Clock;
    use engine::custody::{approval_in_status, approval_with_outcome};
    use uuid::Uuid;

    use crate::approvals_policy::{People, ask, report, request, ruled, submit_as, use_of};
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::vote;
    use crate::people::{code, now};
    use crate::support::Bed;

    /// An action, whether it is granted or denied at once, how many must vote, for how long it is good, whether the
    /// owner votes.
    type Kind = (&'static str, u64, ApprovalStatus, usize, i64, bool);

    const DAY: i64 = 86_400;

    const KINDS: [Kind; 5] = [
        ("refund", 10, ApprovalStatus::Granted, 0, DAY, false),
        ("refund", 90, ApprovalStatus::Pending, 1, DAY, false),
        ("never", 10, ApprovalStatus::Denied, 0, DAY, false),
        ("two", 10, ApprovalStatus::Pending, 2, 60, true),
        ("other", 10, ApprovalStatus::Pending, 1, DAY, false),
    ];

    /// A plain account of an approval.
    struct Account {
        id: Uuid,
        kind: Kind,
        agent: usize,
        until: i64,
        status: ApprovalStatus,
        /// Of the owner and the voters.
        votes: BTreeMap<usize, bool>,
        used_at: Option<i64>,
        outcome: Option<ApprovalOutcome>,
    }

    impl Account {
        fn status(&self, at: i64) -> ApprovalStatus {
            let open = [ApprovalStatus::Pending, ApprovalStatus::Granted].contains(&self.status);
            if open && self.until <= at {
                ApprovalStatus::Expired
            } else {
                self.status
            }
        }

        /// The code with which something is refused that takes an open approval.
        fn closed(&self, at: i64) -> &'static str {
            match self.status(at) {
                ApprovalStatus::Expired => "approval_expired",
                _ => "approval_decided",
            }
        }

        fn vote(&mut self, voter: usize, approve: bool, at: i64) -> &'static str {
            let (.., quorum, _, owner) = self.kind;
            if voter == 0 && !owner {
                return "own_request";
            }
            if self.votes.get(&voter) == Some(&approve) {
                return "done";
            }
            if self.status(at) != ApprovalStatus::Pending {
                return self.closed(at);
            }
            self.votes.insert(voter, approve);
            if !approve {
                self.status = ApprovalStatus::Rejected;
            } else if self.votes.values().filter(|approve| **approve).count() >= quorum {
                self.status = ApprovalStatus::Granted;
            }
            "done"
        }

        fn use_it(&mut self, agent: usize, at: i64) -> &'static str {
            if agent != self.agent {
                return "approval_not_own";
            }
            if self.status(at) != ApprovalStatus::Granted {
                return "approval_not_granted";
            }
            (self.status, self.used_at) = (ApprovalStatus::Used, Some(at));
            "done"
        }

        fn report(&mut self, agent: usize, outcome: ApprovalOutcome, at: i64) -> &'static str {
            if agent != self.agent {
                return "approval_not_own";
            }
            match self.outcome {
                Some(before) if before == outcome => return "done",
                Some(_) => return "approval_reported",
                None => {}
            }
            if self.status(at) != ApprovalStatus::Used {
                return "approval_not_used";
            }
            self.outcome = Some(outcome);
            "done"
        }

        fn withdraw(&mut self, agent: usize, at: i64) -> &'static str {
            if agent != self.agent {
                return "not_requester";
            }
            match self.status(at) {
                ApprovalStatus::Withdrawn => "done",
                ApprovalStatus::Pending | ApprovalStatus::Granted => {
                    self.status = ApprovalStatus::Withdrawn;
                    "done"
                }
                _ => self.closed(at),
            }
        }
    }

    struct Model {
        engine: Engine,
        people: People,
        state: u64,
        at: i64,
        accounts: Vec<Account>,
    }

    impl Model {
        /// Numbers that look random (xorshift64), below so many.
        fn next(&mut self, below: usize) -> usize {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            usize::try_from(self.state % below as u64).unwrap()
        }

        fn voter(&self, voter: usize) -> Caller {
            match voter {
                0 => self.people.owner.clone(),
                voter => self.people.voters[voter - 1].clone(),
            }
        }

        async fn request(&mut self) {
            let (kind, agent) = (KINDS[self.next(KINDS.len())], self.next(2));
            let (action, amount, status, _, seconds, _) = kind;
            let made = ask(&self.engine, &self.people.agents[agent], request(action, amount)).await;
            assert_eq!(made.status, status, "{action}");
            self.accounts.push(Account {
                id: made.id,
                kind,
                agent,
                until: self.at + seconds,
                status,
                votes: BTreeMap::new(),
                used_at: None,
                outcome: None,
            });
        }

        async fn act(&mut self) {
            if self.accounts.is_empty() {
                return;
            }
            let all = self.accounts.len();
            // Mostly those that were made last: they are open.
            let chosen = all - 1 - self.next(all.min(6));
            let (agent, voter, way) = (self.next(2), self.next(3), self.next(4) > 0);
            let what = self.next(8);
            let (at, id) = (self.at, self.accounts[chosen].id);
            let (action, amount, ..) = self.accounts[chosen].kind;
            let account = &mut self.accounts[chosen];
            let outcome = if way {
                ApprovalOutcome::Succeeded
            } else {
                ApprovalOutcome::Failed
            };
            let (by, command, expected): (_, Command, _) = match what {
                0..=2 => {
                    let expected = account.vote(voter, way, at);
                    (self.voter(voter), vote(&self.engine, id, way).await, expected)
                }
                3 | 4 => {
                    let expected = account.use_it(agent, at);
                    (
                        self.people.agents[agent].clone(),
                        use_of(id, action, amount),
                        expected,
                    )
                }
                5 | 6 => {
                    let expected = account.report(agent, outcome, at);
                    (self.people.agents[agent].clone(), report(id, outcome), expected)
                }
                _ => {
                    let expected = account.withdraw(agent, at);
                    let command = WithdrawApproval { approval: id }.into();
                    (self.people.agents[agent].clone(), command, expected)
                }
            };
            let answer = submit_as(&self.engine, &by, command).await;
            assert_eq!(code(answer), expected, "{action} {what} {way}");
        }

        async fn ids(&self, condition: engine::list::Condition) -> Vec<Uuid> {
            let only = [condition];
            let found = self
                .engine
                .select::<domain::approval::Approval>(&only, None, None);
            found.await.unwrap().0.iter().map(|one| one.row.id).collect()
        }

        async fn check(&self) {
            let mut count = 0;
            for status in ApprovalStatus::ALL {
                let listed = self.ids(approval_in_status(*status, self.engine.now())).await;
                count += listed.len();
                for account in self
                    .accounts
                    .iter()
                    .filter(|account| account.status(self.at) == *status)
                {
                    assert!(listed.contains(&account.id), "{}", status.as_str());
                }
            }
            assert_eq!(count, self.accounts.len());
            for account in &self.accounts {
                let shown = self.engine.approval(account.id).await.unwrap().unwrap();
                assert_eq!(shown.approval.status, account.status(self.at));
                let votes = shown.votes.iter().filter(|vote| vote.approve).count();
                assert_eq!(votes, account.votes.values().filter(|approve| **approve).count());
                assert_eq!(shown.approval.outcome, account.outcome);
            }
            let missing = self.accounts.iter().filter(|account| {
                let used = account.used_at.is_some_and(|used| used + DAY <= self.at);
                used && account.outcome.is_none()
            });
            let missing = missing.count();
            let listed = self.ids(approval_with_outcome(None, self.engine.now())).await;
            assert_eq!(listed.len(), missing);
            assert_eq!(self.engine.unreported_approvals().await.unwrap(), missing as u64);
        }
    }

    #[expect(clippy::print_stdout, reason = "what is random prints its seed")]
    pub async fn random_requests_votes_and_uses(bed: Bed) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let begin = now();
        let (clock, set_clock) = Clock::set_by_hand(begin);
        let mut options = ruled(bed.options());
        options.clock = clock;
        let engine = Engine::open(options).await.unwrap();
        let people = People::new(&engine).await;
        let state = u64::from(std::process::id());
        println!("seed {state}");
        let mut model = Model {
            engine,
            people,
            state,
            at: 0,
            accounts: Vec::new(),
        };
        for _ in 0..300 {
            match model.next(10) {
                0..=2 => model.request().await,
                3 => {
                    model.at += i64::try_from(model.next(15)).unwrap();
                    set_clock(begin.plus_seconds(model.at));
                }
                _ => model.act().await,
            }
            if model.next(20) == 0 {
                model.engine.sweep().await.unwrap();
            }
        }
        model.check().await;
        model.at += DAY;
        set_clock(begin.plus_seconds(model.at));
        model.check().await;
        model.engine.sweep().await.unwrap();
        model.check().await;
        close(model.engine).await;
        assert_intact(&bed.options()).await;
    }
}
