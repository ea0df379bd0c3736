//! A world for tests: facts, a clock, and commands decided on them one after the other.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::command::{self, Command};
use crate::context::{Caller, Context, Origin};
use crate::decision::{Decision, Draft, Reply};
use crate::governance::agent::CreateAgent;
use crate::identity::api_key::CreateApiKey;
use crate::identity::login::LogIn;
use crate::identity::user::CreateUser;
use crate::identity::{Permission, Principal, Role, Rules, Scope};
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Facts that follow from the commands that were decided so far.
pub struct World {
    pub facts: Facts,
    pub now: Timestamp,
    commands: u64,
}

thread_local! {
    /// What commands of this thread were refused with, by their verbs.
    pub static REFUSED: RefCell<BTreeSet<(&'static str, &'static str)>> = RefCell::default();
}

/// The local operator.
pub fn operator() -> Caller {
    Caller::Operator {
        name: "tester".to_owned(),
    }
}

/// The part of the program that logs people in.
pub fn login() -> Caller {
    Caller::System { part: "login" }
}

/// A hash that no other number gives.
pub fn hash(number: u64) -> [u8; 32] {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

/// The rules with the role `clerk`, which may keep users and no more.
pub fn rules() -> Rules {
    let mut rules = Rules::default();
    let clerk = Role::parse("clerk").unwrap();
    let permissions = vec![
        Permission::UsersRead,
        Permission::UsersWrite,
        Permission::ApiKeysOwn,
    ];
    rules
        .define(clerk, "Keeps users".to_owned(), permissions)
        .unwrap();
    rules
}

impl World {
    pub fn new() -> World {
        World {
            facts: Facts {
                rules: Arc::new(rules()),
                ..Facts::default()
            },
            now: "2026-11-21T08:30:00Z".parse().unwrap(),
            commands: 0,
        }
    }

    /// Sets the rules.
    pub fn with(mut self, change: impl FnOnce(&mut Rules)) -> World {
        change(Arc::make_mut(&mut self.facts.rules));
        self
    }

    /// What comes of a command, with the draft of a refusal; time goes on by a millisecond.
    pub fn decide(
        &mut self,
        caller: &Caller,
        command: &Command,
    ) -> Result<Decision, (Refusal, Option<Box<Draft>>)> {
        self.commands += 1;
        self.now = Timestamp::from_micros(self.now.micros() + 1_000).unwrap();
        let context = Context {
            now: self.now,
            seed: hash(self.commands),
            origin: Origin {
                ip: Some("192.0.2.7".to_owned()),
                ..Origin::default()
            },
        };
        let decision = command::decide(&self.facts, caller, command, &context);
        if let Err((refusal, _)) = &decision {
            REFUSED.with_borrow_mut(|met| met.insert((command.action().name, refusal.code)));
        }
        let decision = decision?;
        self.facts.apply(&decision.drafts);
        Ok(decision)
    }

    /// The answer to a command.
    pub fn run(&mut self, caller: &Caller, command: &Command) -> Result<Reply, Refusal> {
        let decided = self.decide(caller, command);
        decided
            .map(|decision| decision.reply)
            .map_err(|(refusal, _)| refusal)
    }

    /// The code of the refusal, `nothing` where nothing was to be done, otherwise `done`.
    pub fn code(&mut self, caller: &Caller, command: &Command) -> &'static str {
        match self.decide(caller, command) {
            Ok(decision) if decision.drafts.is_empty() => "nothing",
            Ok(_) => "done",
            Err((refusal, _)) => refusal.code,
        }
    }

    /// A new user with a password.
    pub fn user(&mut self, name: &str, role: &str) -> Uuid {
        let new = CreateUser {
            password_hash: Some(format!("hash of {name}")),
            ..CreateUser::new(name, Role::parse(role).unwrap())
        };
        match self.run(&operator(), &Command::CreateUser(new)) {
            Ok(Reply::User { user, .. }) => user.id,
            other => panic!("{other:?}"),
        }
    }

    /// A new API key.
    pub fn key(&mut self, owner: &str, scopes: &[Scope]) -> Caller {
        let new = self.new_key(owner, scopes);
        match self.run(&operator(), &Command::CreateApiKey(new)) {
            Ok(Reply::ApiKey(key)) => Caller::ApiKey(key.id),
            other => panic!("{other:?}"),
        }
    }

    /// A new agent of a user.
    pub fn agent(&mut self, name: &str, user: Uuid) -> Uuid {
        let new = CreateAgent {
            id: None,
            name: name.to_owned(),
            description: None,
            release: Some("2.1.0".to_owned()),
            user,
        };
        match self.run(&operator(), &new.into()) {
            Ok(Reply::Agent(agent, _)) => agent.id,
            other => panic!("{other:?}"),
        }
    }

    /// A new API key of an agent.
    pub fn agent_key(&mut self, owner: &str, agent: Uuid, scopes: &[Scope]) -> Caller {
        let new = CreateApiKey {
            agent: Some(agent),
            ..self.new_key(owner, scopes)
        };
        match self.run(&operator(), &new.into()) {
            Ok(Reply::ApiKey(key)) => Caller::AgentKey { key: key.id, agent },
            other => panic!("{other:?}"),
        }
    }

    /// The command that makes an API key.
    pub fn new_key(&self, owner: &str, scopes: &[Scope]) -> CreateApiKey {
        CreateApiKey {
            owner: owner.to_owned(),
            agent: None,
            name: "key".to_owned(),
            scopes: scopes.to_vec(),
            expires_at: None,
            requests_per_minute: None,
            shown: "prb_000000".to_owned(),
            hash: hash(self.commands),
        }
    }

    /// The command that begins a session.
    pub fn log_in(&self, user: Uuid) -> LogIn {
        LogIn {
            user,
            verified_hash: self.facts.users[&user].row.password_hash.clone().unwrap(),
            upgraded_hash: None,
            in_part: false,
            second_factor: None,
            hash: hash(self.commands),
        }
    }

    /// A new session.
    pub fn session(&mut self, user: Uuid) -> Caller {
        let command = Command::LogIn(self.log_in(user));
        match self.run(&login(), &command) {
            Ok(Reply::Session(session)) => Caller::Session(session.id),
            other => panic!("{other:?}"),
        }
    }

    /// The caller as it is now.
    pub fn who(&self, caller: &Caller) -> Principal {
        Principal::of(caller, &self.facts, self.now).unwrap()
    }

    /// Lets time go by.
    pub fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
    }
}

/// The id behind a key or session.
pub fn id(caller: &Caller) -> Uuid {
    match caller {
        Caller::ApiKey(id) | Caller::AgentKey { key: id, .. } | Caller::Session(id) => *id,
        other => panic!("{other:?} has no id"),
    }
}
