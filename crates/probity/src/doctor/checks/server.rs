//! What is said of a server of the database.

use super::super::facts::Facts;
use super::NOT_OPEN;
use super::Verdict::{self, Good, Major, Minor, NotChecked};

/// Connections that a process takes beside its readers: the Writer's, the side tables', and one for looking after others.
const BESIDE_READERS: u64 = 3;

/// The oldest PostgreSQL that the tests run on.
const POSTGRES: u64 = 15;

const NO_SERVER: Verdict = NotChecked("SQLite has no server");

/// What is said of a server, by what it says itself.
fn server(facts: &Facts, say: impl Fn(&dyn Fn(&str) -> String) -> Verdict) -> Verdict {
    match &facts.vitals {
        _ if !facts.is_server => NO_SERVER,
        None => NOT_OPEN,
        Some(vitals) => say(&|name| vitals.settings.get(name).cloned().unwrap_or_default()),
    }
}

pub(super) fn fsync(facts: &Facts) -> Verdict {
    server(facts, |setting| {
        let off = ["fsync", "full_page_writes"]
            .into_iter()
            .find(|name| setting(name) == "off");
        match off {
            None => Good("what is committed is on the disk".into()),
            Some(name) => Major(
                format!("{name} is off: a crash of the machine may damage the database"),
                format!("set {name} = on in postgresql.conf, and reload"),
            ),
        }
    })
}

pub(super) fn commits(facts: &Facts) -> Verdict {
    server(facts, |setting| match setting("synchronous_commit").as_str() {
        "off" => Major(
            "synchronous_commit is off: what was acknowledged may be lost".into(),
            "take it out of the options of database.url; Probity sets it to on".into(),
        ),
        mode => Good(format!(
            "acknowledged once they are safe (synchronous_commit = {mode})"
        )),
    })
}

pub(super) fn standbys(facts: &Facts) -> Verdict {
    if facts.vitals.as_ref().is_some_and(|vitals| vitals.follows) {
        return Major(
            "this server follows another one, and takes no writes".into(),
            "name all servers in database.url, with target_session_attrs=read-write".into(),
        );
    }
    let followers = facts.vitals.as_ref().map_or(0, |vitals| vitals.followers);
    server(facts, |setting| {
        match (followers, setting("synchronous_standby_names").is_empty()) {
            (0, _) => Good("none".into()),
            (_, false) => Good(format!("{followers}, and commits wait for them")),
            (_, true) => Minor(
                format!(
                    "{followers}, and commits do not wait for them: a failover may lose what was acknowledged"
                ),
                "set synchronous_standby_names, or Patroni's synchronous_mode: true".into(),
            ),
        }
    })
}

pub(super) fn connections(facts: &Facts) -> Verdict {
    server(facts, |setting| {
        let number = |name| setting(name).parse::<u64>().unwrap_or(0);
        let given = number("max_connections").saturating_sub(number("superuser_reserved_connections"));
        let wanted = facts.pool_max + BESIDE_READERS;
        let what = format!("a process may take {wanted} of {given}");
        let remedy =
            "lower database.pool_max, or raise max_connections: each process of a server takes as many";
        if wanted > given {
            Major(what, remedy.into())
        } else if wanted * 2 > given {
            Minor(format!("{what}: there is room for one"), remedy.into())
        } else {
            Good(what)
        }
    })
}

pub(super) fn vacuum(facts: &Facts) -> Verdict {
    server(facts, |setting| match setting("autovacuum").as_str() {
        "off" => Minor(
            "autovacuum is off: tables grow, and plans grow stale".into(),
            "set autovacuum = on in postgresql.conf, and reload".into(),
        ),
        _ => Good("autovacuum is on".into()),
    })
}

pub(super) fn server_version(facts: &Facts) -> Verdict {
    server(facts, |setting| {
        let version = setting("server_version_num").parse::<u64>().unwrap_or(0) / 10_000;
        if version >= POSTGRES {
            return Good(format!("PostgreSQL {version}"));
        }
        Minor(
            format!("PostgreSQL {version}: the tests run on {POSTGRES} and later"),
            "plan an upgrade of the server".into(),
        )
    })
}
