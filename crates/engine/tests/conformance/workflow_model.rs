//! Random sequences of starts, steps, heartbeats, ends, jumps of the clock and the switch of an agent, against a plain account of
//! what should become of each execution: the same answers and the same rows on both engines.

crate::on_both!(random_starts_jumps_and_ends);

mod cases {
    use domain::governance::agent::EnableAgent;
    use domain::identity::Scope;
    use domain::workflow::execution::{DEPTH_MAX, Execution, StartExecution};
    use domain::workflow::step::RecordSteps;
    use domain::{Caller, Command, Origin};
    use engine::Engine;
    use engine::list::Order;
    use uuid::Uuid;

    use crate::agents::{agent_key, create_agent, disable};
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::done;
    use crate::people::code;
    use crate::support::{Bed, operator};
    use crate::workflow_leases::cases::{complete, listed, opened, shown};
    use crate::workflow_rich::{new_steps, start};

    /// A plain account of an execution: until when its lease runs, and what became of it.
    struct Account {
        id: Uuid,
        lease_s: i64,
        until: i64,
        depth: u64,
        steps: u64,
        by_agent: bool,
        end: Option<&'static str>,
    }

    impl Account {
        fn runs(&self, at: i64) -> bool {
            self.end.is_none() && self.until > at
        }

        fn status(&self, at: i64) -> &'static str {
            let by_clock = if self.until > at { "running" } else { "failed" };
            self.end.unwrap_or(by_clock)
        }
    }

    struct Model {
        engine: Engine,
        user: Uuid,
        agent: Uuid,
        by_agent: Caller,
        enabled: bool,
        state: u64,
        at: i64,
        accounts: Vec<Account>,
    }

    impl Model {
        /// Numbers that look random (SplitMix64), below so many.
        fn next(&mut self, below: u64) -> u64 {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)) % below
        }

        async fn ask(
            &self,
            by: &Caller,
            command: impl Into<Command>,
        ) -> Result<engine::Answer, &'static str> {
            let answer = self.engine.submit(by, Origin::default(), command.into()).await;
            answer.map_err(|error| match error {
                engine::Error::Refused { refusal, .. } => refusal.code,
                other => panic!("{other:?}"),
            })
        }

        async fn start(&mut self, chosen: usize) {
            let within = self.next(2) == 0;
            let parent = self.accounts.get(chosen).filter(|_| within);
            let (parent, depth) = parent.map_or((None, 1), |parent| (Some(parent.id), parent.depth + 1));
            let (lease_s, by_agent) = (10 + self.next(50), self.next(2) == 0);
            let command = StartExecution {
                lease_s,
                parent,
                ..start(self.user)
            };
            let by = if by_agent {
                self.by_agent.clone()
            } else {
                operator()
            };
            let expected = if by_agent && !self.enabled {
                Some("agent_disabled")
            } else {
                (depth > DEPTH_MAX).then_some("invalid_field")
            };
            let answer = match (self.ask(&by, command).await, expected) {
                (Ok(answer), None) => answer,
                (answer, expected) => return assert_eq!(answer.err(), expected),
            };
            let (execution, _) = <(Execution, u64)>::try_from(answer.reply).unwrap();
            let lease_s = i64::try_from(lease_s).unwrap();
            self.accounts.push(Account {
                id: execution.id,
                lease_s,
                until: self.at + lease_s,
                depth,
                steps: 0,
                by_agent,
                end: None,
            });
        }

        async fn record(&mut self, chosen: usize) {
            let count = 1 + self.next(3);
            let (id, runs) = (self.accounts[chosen].id, self.accounts[chosen].runs(self.at));
            let command = RecordSteps {
                execution: id,
                renewed: self.engine.renewed(id).await.unwrap(),
                steps: vec![new_steps()[1].clone(); usize::try_from(count).unwrap()],
                next: None,
            };
            let answer = self.ask(&operator(), command).await;
            assert_eq!(answer.err(), (!runs).then_some("execution_finished"));
            if runs {
                self.renewed(chosen);
                self.accounts[chosen].steps += count;
            }
        }

        async fn beat(&mut self, chosen: usize) {
            let (id, runs) = (self.accounts[chosen].id, self.accounts[chosen].runs(self.at));
            let row = self.engine.row::<Execution>(id).await.unwrap().unwrap().row;
            let expected = if runs { "done" } else { "execution_finished" };
            assert_eq!(code(self.engine.renew(row).await), expected);
            if runs {
                self.renewed(chosen);
            }
        }

        fn renewed(&mut self, chosen: usize) {
            let account = &mut self.accounts[chosen];
            account.until = account.until.max(self.at + account.lease_s);
        }

        async fn complete(&mut self, chosen: usize) {
            let account = &mut self.accounts[chosen];
            let expected = match (account.end, account.runs(self.at)) {
                (Some("completed"), _) => "nothing",
                (_, true) => "done",
                _ => "execution_finished",
            };
            assert_eq!(complete(&self.engine, account.id).await, expected);
            if expected == "done" {
                account.end = Some("completed");
            }
        }

        async fn switch(&mut self) {
            let command = if self.enabled {
                for account in self.accounts.iter_mut().filter(|account| account.by_agent) {
                    if account.runs(self.at) {
                        account.end = Some("cancelled");
                    }
                }
                disable(&self.engine, self.agent).await
            } else {
                let agent = self.agent;
                EnableAgent { agent }.into()
            };
            done(&self.engine, &operator(), command).await;
            self.enabled = !self.enabled;
        }

        async fn check(&self) {
            let found = listed(&self.engine).await;
            for account in &self.accounts {
                let status = account.status(self.at);
                assert!(found[status].contains(&account.id), "{status}");
                let shown = shown(&self.engine, account.id).await;
                let row = (shown.status.as_str(), shown.depth, shown.steps());
                assert_eq!(row, (status, account.depth, account.steps));
                assert_eq!(shown.agent_id, account.by_agent.then_some(self.agent));
                let steps = self
                    .engine
                    .steps(account.id, &[], Order::Ascending, None, 1_000)
                    .await;
                let numbers = steps.unwrap().0.into_iter().map(|step| step.row.number);
                assert!(numbers.eq(0..account.steps));
            }
            assert_eq!(found.values().map(Vec::len).sum::<usize>(), self.accounts.len());
        }
    }

    #[expect(clippy::print_stdout, reason = "what is random prints its seed")]
    pub async fn random_starts_jumps_and_ends(bed: Bed) {
        let (engine, user, begin, set_clock) = opened(&bed).await;
        let agent = create_agent(&engine, "triage", "ann").await;
        let (by_agent, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        let state = u64::from(std::process::id());
        println!("seed {state}");
        let mut model = Model {
            engine,
            user,
            agent,
            by_agent,
            enabled: true,
            state,
            at: 0,
            accounts: Vec::new(),
        };
        for _ in 0..250 {
            let all = u64::try_from(model.accounts.len()).unwrap();
            let chosen = usize::try_from(model.next(all.max(1))).unwrap();
            match model.next(8) {
                0..=2 => model.start(chosen).await,
                3 => {
                    model.at += i64::try_from(model.next(15)).unwrap();
                    set_clock(begin.plus_seconds(model.at));
                }
                4 if model.next(3) == 0 => model.switch().await,
                5 if all > 0 => model.record(chosen).await,
                6 if all > 0 => model.beat(chosen).await,
                7 if all > 0 => model.complete(chosen).await,
                _ => {}
            }
            if model.next(20) == 0 {
                model.engine.sweep().await.unwrap();
            }
        }
        model.check().await;
        model.engine.sweep().await.unwrap();
        model.check().await;
        close(model.engine).await;
        assert_intact(&bed.options()).await;
    }
}
