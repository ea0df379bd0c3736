//! Every page: those of the list of who sees which page, one of each noun, and each form of it.

use std::collections::{BTreeSet, VecDeque};

use crate::demo::Demo;
use crate::page::Page;

/// Who sees which page: a golden file of the tests of `web`, which has every page.
const SEEN: &str = include_str!("../../../../web/tests/golden/pages.txt");

/// The pages that an admin sees, without those that need to know of which thing.
fn paths() -> Vec<String> {
    let admin = SEEN.split("\n\n").find(|part| part.starts_with("# admin"));
    let lines = admin
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_suffix(" 200"));
    lines
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

/// The path of a row with `{id}` in the place of what it is about.
fn kind_of(row: &str) -> String {
    let (of_one, verb) = row
        .strip_suffix("/run")
        .map_or((row, ""), |of_one| (of_one, "/run"));
    let (list, _) = of_one.rsplit_once('/').unwrap();
    format!("{list}/{{id}}{verb}")
}

/// Goes to every page, and has a look at each.
pub async fn each(page: &Page, demo: &Demo, mut look: impl AsyncFnMut(&str)) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut waiting: VecDeque<(String, String)> =
        paths().into_iter().map(|path| (path.clone(), path)).collect();
    let mut count = 0;
    while let Some((kind, path)) = waiting.pop_front() {
        if !known.insert(kind.clone()) {
            continue;
        }
        demo.open(page, &path).await;
        page.unfold().await;
        count += 1;
        // The first row of a list, and what can be done with it.
        if let Some(row) = page
            .first_row()
            .await
            .filter(|row| row.starts_with('/') && !row.contains('?'))
        {
            waiting.push_back((kind_of(&row), row));
        }
        let actions =
            "return [...document.querySelectorAll('main a[href]')].map((one) => one.getAttribute('href'))
            .filter((href) => href.startsWith(location.pathname + '/'))";
        if kind.contains("{id}") {
            for action in page.script(actions, Vec::new()).await.as_array().unwrap() {
                let action = action.as_str().unwrap().split('?').next().unwrap();
                let verb = action.strip_prefix(&path).unwrap_or_default();
                waiting.push_back((format!("{kind}{verb}"), action.to_owned()));
            }
        }
        look(&path).await;
    }
    assert!(count > 70, "{count} pages");
}
