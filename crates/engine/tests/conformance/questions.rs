//! Events and filters that meet in every way.

use std::fmt::Write;

use domain::audit::{EntryFilter, Event};
use evidence::{ActorKind, Outcome};

use crate::support::event;

/// The `number`th of a series of events of many kinds.
pub fn varied(number: usize) -> Event {
    let mut text = format!(
        r#"{{"action":"{}","actor":"#,
        [
            "order.create",
            "order.update",
            "orders",
            "user.login",
            "Order.update"
        ][number % 5]
    );
    text += match number % 4 {
        0 => r#"{"kind":"user","id":"u1","name":"Ann"}"#,
        1 => r#"{"kind":"agent","name":"u1"}"#,
        2 => r#"{"kind":"user","id":"Ünal"}"#,
        _ => r#"{"kind":"system"}"#,
    };
    text += match number % 7 {
        0 => r#","target":{"kind":"order","id":"o1"}"#,
        1 => r#","target":{"kind":"order"}"#,
        2 => r#","target":{"kind":"user","id":"o1"},"ip":"203.0.113.7""#,
        3 => r#","ip":"2001:0DB8::1""#,
        _ => "",
    };
    text += ["", r#","outcome":"failed""#, r#","outcome":"refused""#]
        [usize::from(number.is_multiple_of(11)) * (1 + number % 2)];
    if number.is_multiple_of(1_500) {
        text += r#","session_id":"rare","description":"a needle""#;
    }
    write!(text, r#","details":{{"n":{number}}}}}"#).unwrap();
    event(&text)
}

/// Filters, each by itself and some together.
pub fn filters() -> Vec<EntryFilter> {
    let none = EntryFilter::default;
    let actor = |text: &str| EntryFilter {
        actor: Some(text.into()),
        ..none()
    };
    let action = |text: &str| EntryFilter {
        action: Some(text.into()),
        ..none()
    };
    let mut filters = vec![
        none(),
        actor("u1"),
        actor("Ann"),
        actor("Ünal"),
        actor("U1"),
        actor(""),
    ];
    filters.extend(
        [
            "order.update",
            "order.*",
            "order*",
            "*",
            "Order.*",
            "user.create",
            "o*r",
            "order._pdate",
            "%",
            "é*",
            "",
        ]
        .map(action),
    );
    filters.extend(["order", "user", "x"].map(|kind| EntryFilter {
        target_kind: Some(kind.into()),
        ..none()
    }));
    filters.extend(ActorKind::ALL.map(|kind| EntryFilter {
        actor_kind: Some(kind),
        ..none()
    }));
    filters.push(EntryFilter {
        target: Some("o1".into()),
        ..none()
    });
    filters.extend(Outcome::ALL.map(|outcome| EntryFilter {
        outcome: Some(outcome),
        ..none()
    }));
    filters.extend(
        ["203.0.113.7", "2001:db8::1", "2001:0DB8::1"].map(|ip| EntryFilter {
            ip: Some(ip.into()),
            ..none()
        }),
    );
    filters.extend(["needle", "\"n\":77", "RARE"].map(|text| EntryFilter {
        text: Some(text.into()),
        ..none()
    }));
    let both = EntryFilter {
        action: Some("order.*".into()),
        outcome: Some(Outcome::Failed),
        ..actor("u1")
    };
    filters.push(both.clone());
    filters.push(EntryFilter {
        text: Some("needle".into()),
        target: Some("o1".into()),
        ..none()
    });
    filters.push(EntryFilter {
        target_kind: Some("order".into()),
        target: Some("o1".into()),
        ip: Some("203.0.113.7".into()),
        ..both
    });
    filters.push(EntryFilter {
        action: Some("order.update".into()),
        target_kind: Some("order".into()),
        ..actor("u1")
    });
    filters.push(EntryFilter {
        actor_kind: Some(ActorKind::Agent),
        ..actor("u1")
    });
    filters.push(EntryFilter {
        actor_kind: Some(ActorKind::User),
        target_kind: Some("order".into()),
        ..none()
    });
    filters
}

/// Filters of one to four conditions at random, of which most are fulfilled by some entry of the series.
pub fn mixed(seed: u64) -> impl Iterator<Item = EntryFilter> {
    let mut state = seed;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    std::iter::repeat_with(move || {
        let mut filter = EntryFilter::default();
        for _ in 0..=below(4) {
            let field = below(8);
            let mut one = |words: &[&str]| Some(words[below(words.len())].to_owned());
            match field {
                0 => filter.actor = one(&["u1", "Ünal", "nobody"]),
                1 => filter.action = one(&["order.update", "order.*", "user.login", "o*", "Order.update"]),
                2 => filter.target = one(&["o1", "o2"]),
                3 => filter.target_kind = one(&["order", "user"]),
                4 => {
                    filter.actor_kind =
                        Some([ActorKind::User, ActorKind::Agent, ActorKind::System][below(3)]);
                }
                7 => filter.outcome = Some(Outcome::ALL[below(Outcome::ALL.len())]),
                5 => filter.ip = one(&["203.0.113.7", "2001:db8::1", "203.0.113.8"]),
                _ => filter.text = one(&["needle", "\"n\":7", "9"]),
            }
        }
        filter
    })
}
