//! Whether the time of a refusal tells who has an account, or how its password is hashed.

use serde_json::json;

use super::super::{Context, On, progress};
use super::{create, prepared};
use crate::error::Error;
use crate::identity::{Account, Refused, bearer, post};
use crate::load::{Limit, Pace, Plan};
use crate::options::{Engine, Identity};
use crate::probity::Server;
use crate::report::Timing;
use crate::statistics::{Sample, critical_distance};

/// At one account at most, far below the 30 a minute after which an account is throttled.
const ATTEMPTS_OF_ACCOUNT: usize = 10;
const WRONG_PASSWORD: &str = "nobody ever chose this one";
/// Cost factors of imported bcrypt hashes.
const BCRYPT_COSTS: [u32; 2] = [10, 12];
const BCRYPT_SALT: [u8; 16] = *b"salt of imported";

/// Why a login is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What the others are compared with.
    WrongPassword,
    UnknownUser,
    DisabledWrong,
    /// The password is verified before anything is refused.
    DisabledRight,
    /// A wrong password where the stored hash is bcrypt of this cost.
    Bcrypt(u32),
}

impl Kind {
    /// Its name, and how the names of its accounts begin.
    fn names(self) -> (String, String) {
        let (name, prefix) = match self {
            Self::WrongPassword => ("wrong password", "wrong"),
            Self::UnknownUser => ("unknown user", "nobody"),
            Self::DisabledWrong => ("disabled, wrong", "ended"),
            Self::DisabledRight => ("disabled, right", "halted"),
            Self::Bcrypt(cost) => return (format!("bcrypt {cost}, wrong"), format!("moved{cost}-")),
        };
        (name.to_owned(), prefix.to_owned())
    }

    fn accounts(self, count: usize) -> Vec<Account> {
        Account::several(&self.names().1, count)
    }

    /// The accounts in turn, and what is sent as their passwords.
    fn attempts(self, accounts: &[Account], count: usize) -> Vec<(Account, String)> {
        let attempt = |account: &Account| {
            let right = self == Self::DisabledRight;
            let password = if right { &account.password } else { WRONG_PASSWORD };
            (account.clone(), password.to_owned())
        };
        accounts.iter().cycle().take(count).map(attempt).collect()
    }
}

impl Context<'_> {
    /// One run: what counts is the number of attempts, not the rate.
    pub(super) fn enumeration(&mut self, engine: Engine, settings: &Identity) -> Result<(), Error> {
        let kinds = kinds(!settings.no_import);
        let count = settings.attempts;
        progress(&format!(
            "refused logins on {engine}: {count} of each of {} kinds",
            kinds.len()
        ));
        let accounts: Vec<_> = kinds
            .iter()
            .map(|kind| kind.accounts(count.div_ceil(ATTEMPTS_OF_ACCOUNT)))
            .collect();
        let installation = self.install(engine)?;
        let admin_key = installation.create_key("admin")?;
        if !settings.no_import {
            installation.import_users(&imported(&kinds, &accounts)?)?;
        }
        let server = installation.serve_with(&[("PROBITY_HTTP_TRUSTED_PROXIES", "127.0.0.1")])?;
        for (kind, accounts) in kinds.iter().zip(&accounts) {
            prepare(*kind, &server, &admin_key, accounts)?;
        }
        let attempts: Vec<_> = kinds
            .iter()
            .zip(&accounts)
            .map(|(kind, accounts)| kind.attempts(accounts, count))
            .collect();
        let seed = u64::from(server.address.port());
        let mut workload = Refused::new(server.address, &attempts, seed);
        let plan = Plan {
            connections: settings.attempt_connections,
            pace: Pace::Closed,
            limit: Limit::Requests(workload.count()),
            also: None,
            tls: false,
        };
        let load = self.measure("enumeration", On::Server(engine, &server), &plan, &mut workload)?;
        self.report.loads.push(load);
        let rows = timings(engine, &kinds, workload.times);
        self.report.timings.extend(rows);
        Ok(())
    }
}

fn kinds(import: bool) -> Vec<Kind> {
    let mut kinds = vec![
        Kind::WrongPassword,
        Kind::UnknownUser,
        Kind::DisabledWrong,
        Kind::DisabledRight,
    ];
    if import {
        kinds.extend(BCRYPT_COSTS.map(Kind::Bcrypt));
    }
    kinds
}

/// Lines for `user import`. Users of a cost share a hash: making one takes as long as verifying it.
fn imported(kinds: &[Kind], accounts: &[Vec<Account>]) -> Result<String, Error> {
    let mut lines = String::new();
    for (kind, accounts) in kinds.iter().zip(accounts) {
        let (Kind::Bcrypt(cost), Some(first)) = (kind, accounts.first()) else {
            continue;
        };
        let hash = bcrypt::hash_with_salt(&first.password, *cost, BCRYPT_SALT)
            .map_err(|error| Error::Usage(format!("bcrypt: {error}")))?
            .to_string();
        for account in accounts {
            let line = json!({"username": account.name, "role": "viewer", "password_hash": hash});
            lines += &line.to_string();
            lines.push('\n');
        }
    }
    Ok(lines)
}

/// Makes the accounts of a kind what they should be; imported ones are there already.
fn prepare(kind: Kind, server: &Server, admin_key: &str, accounts: &[Account]) -> Result<(), Error> {
    match kind {
        Kind::UnknownUser | Kind::Bcrypt(_) => Ok(()),
        Kind::WrongPassword => create(server, admin_key, accounts).map(drop),
        Kind::DisabledWrong | Kind::DisabledRight => {
            let ids = create(server, admin_key, accounts)?;
            let disable = |id: &String| {
                let path = format!("/v1/users/{id}/disable");
                post(server.address, &path, &bearer(admin_key), "")
            };
            prepared(server, ids.iter().map(disable).collect()).map(drop)
        }
    }
}

/// A row for each kind; the first one is what the others are compared with.
fn timings(engine: Engine, kinds: &[Kind], times: Vec<Vec<f64>>) -> Vec<Timing> {
    let samples: Vec<_> = times.into_iter().map(Sample::new).collect();
    let row = |(number, (kind, sample)): (usize, (&Kind, &Sample))| {
        let first = samples.first().filter(|_| number > 0);
        Timing {
            engine: engine.to_string(),
            kind: kind.names().0,
            attempts: sample.count(),
            p5_us: sample.percentile(5),
            p50_us: sample.percentile(50),
            p95_us: sample.percentile(95),
            distance: first.and_then(|first| sample.distance(first)),
            distance_critical: first.map(|first| critical_distance(sample.count(), first.count())),
        }
    };
    kinds.iter().zip(&samples).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_a_kind_take_turns_and_have_names_of_their_own() {
        let mut names = std::collections::BTreeSet::new();
        for kind in kinds(true) {
            let accounts = kind.accounts(3);
            let attempts = kind.attempts(&accounts, 7);
            assert_eq!(attempts.len(), 7);
            assert_eq!(attempts[0], attempts[3], "{kind:?}");
            assert_ne!(attempts[0].0, attempts[1].0, "{kind:?}");
            let right = attempts.iter().all(|(account, sent)| account.password == *sent);
            assert_eq!(right, kind == Kind::DisabledRight);
            names.extend(accounts.into_iter().map(|account| account.name));
        }
        assert_eq!(names.len(), 6 * 3);
        assert_eq!(kinds(false).len(), 4);
    }

    #[test]
    fn imported_users_have_a_hash_of_their_cost() {
        let kinds = [Kind::UnknownUser, Kind::Bcrypt(4), Kind::Bcrypt(5)];
        let accounts = kinds.map(|kind| kind.accounts(2));
        let lines = imported(&kinds, &accounts).unwrap();
        let found: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let names: Vec<_> = found
            .iter()
            .map(|user| user["username"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["moved4-0000", "moved4-0001", "moved5-0000", "moved5-0001"]
        );
        for (user, start) in found.iter().zip(["$2b$04$", "$2b$04$", "$2b$05$", "$2b$05$"]) {
            let hash = user["password_hash"].as_str().unwrap();
            assert!(hash.starts_with(start) && hash.len() == 60, "{hash}");
            assert!(bcrypt::verify(&accounts[1][0].password, hash).unwrap());
        }
    }

    #[test]
    fn kinds_are_compared_with_the_first() {
        let kinds = [Kind::WrongPassword, Kind::UnknownUser, Kind::Bcrypt(12)];
        let around = |base: u32| (0..100).map(|n| f64::from(base + n)).collect::<Vec<_>>();
        let rows = timings(
            Engine::Sqlite,
            &kinds,
            vec![around(500), around(510), around(900)],
        );
        let of = |number: usize| (rows[number].distance, rows[number].attempts);
        assert_eq!([of(0), of(2)], [(None, 100), (Some(1.0), 100)]);
        let near = rows[1].distance.unwrap();
        assert!((near - 0.1).abs() < 1e-9, "{near}");
        assert!(near < rows[1].distance_critical.unwrap());
        assert!((rows[2].p50_us - 949.0).abs() < 1e-9 && (rows[2].p5_us - 904.0).abs() < 1e-9);
        assert_eq!(rows[0].distance_critical, None);
    }
}
