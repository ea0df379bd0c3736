//! The address of a list: what its form leaves empty is left out, and a time that was typed as clocks show it here is written as
//! the moment that it is. So an address says the same to everybody.

use console::Zone;
use evidence::Timestamp;
use views::{Filter, Takes};

use crate::query::Fields;

/// The query that says the same for everybody, if this one does not.
pub(crate) fn query(raw: &str, filters: &[Filter], zone: &Zone) -> Option<String> {
    let fields = Fields::parse(raw).ok()?;
    let is_time = |name: &str| {
        let found = filters.iter().find(|filter| filter.name == name);
        found.is_some_and(|filter| matches!(filter.takes(), Takes::Time))
    };
    let mut changed = false;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in fields.pairs() {
        let text = value.trim();
        if text.is_empty() {
            changed = true;
            continue;
        }
        let typed = is_time(name) && text.parse::<Timestamp>().is_err();
        match zone.read(text).filter(|_| typed) {
            Some(time) => {
                changed = true;
                pairs.push((name.to_owned(), time.to_string()));
            }
            None => pairs.push((name.to_owned(), text.to_owned())),
        }
    }
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    changed.then(|| console::query(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_same_to_everybody() {
        let filters = [
            Filter::own("from", "", Takes::Time),
            Filter::own("actor", "", Takes::Text(9)),
        ];
        let zone = Zone::of(Some("Europe/Berlin"));
        for (raw, expected) in [
            ("", None),
            ("actor=a", None),
            ("from=2026-11-29T12:00:00Z", None),
            ("actor=&from=", Some("")),
            ("actor=a&from=", Some("?actor=a")),
            (
                "from=2026-11-29T13:00",
                Some("?from=2026-11-29T12%3A00%3A00.000000Z"),
            ),
            ("from=x", None),
            ("actor=%ff&from=", None),
        ] {
            assert_eq!(query(raw, &filters, &zone).as_deref(), expected, "{raw}");
        }
    }
}
