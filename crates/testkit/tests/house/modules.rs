//! Which file of a crate names what of which other file.
//!
//! Read from the words of the code alone, without its tests: `mod` and `use` say what is where, and a path such as
//! `crate::a::B`, `super::b()` or `child::c()` names something. A path is followed to the file that has the thing: through
//! re-exports, which therefore count for nothing themselves, and through modules that are imported by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust::parts;

/// Words before the name of an item.
const ITEMS: [&str; 9] = [
    "fn",
    "struct",
    "enum",
    "union",
    "trait",
    "const",
    "static",
    "type",
    "macro_rules",
];

/// How many imports are followed one after another: more are a circle of imports.
const FOLLOWED_MAX: usize = 16;

/// Sources by their path.
pub type Sources<'a> = BTreeMap<&'a str, &'a str>;

/// What each file names of each other file of its crate: names by file, by file.
pub type Uses<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

type Names = Vec<String>;

#[derive(Debug, Default)]
struct Module<'a> {
    file: &'a str,
    /// Items that it has itself.
    items: BTreeSet<String>,
    /// What it imports, by the name that it has here, and whether it is there for others.
    imports: Vec<(String, Names, bool)>,
    /// Paths in its code.
    paths: BTreeSet<Names>,
    /// Words of its code outside of imports.
    words: BTreeSet<String>,
}

/// What a path leads to.
enum Place {
    /// A module, by its path.
    Module(Names),
    /// Something in a module.
    Item(Names),
}

/// A crate: its modules by their paths, of which the root's is empty.
#[derive(Default)]
struct Modules<'a>(BTreeMap<Names, Module<'a>>);

/// What the files of a crate name of each other, from its root file on.
pub fn uses<'a>(sources: &Sources<'a>, root: &'a str) -> Uses<'a> {
    let mut modules = Modules::default();
    modules.read_file(sources, &Vec::new(), root, root);
    let mut uses = Uses::new();
    for (path, module) in &modules.0 {
        let named = uses.entry(module.file).or_default();
        for (name, of) in modules.named(path, module) {
            if of != module.file {
                named.entry(of).or_insert(name);
            }
        }
    }
    uses
}

impl<'a> Modules<'a> {
    fn read_file(&mut self, sources: &Sources<'a>, path: &Names, file: &'a str, root: &'a str) {
        let parts = parts(sources[file]);
        let words = words(&parts.code);
        self.read(sources, path, file, root, &words);
        // Attributes name functions in texts.
        let named = parts.texts.iter().filter(|text| {
            text.starts_with("crate::") && text.chars().all(|c| c.is_alphanumeric() || "_:".contains(c))
        });
        let named: Vec<Names> = named
            .map(|text| text.split("::").map(str::to_owned).collect())
            .collect();
        if let Some(module) = self.0.get_mut(path) {
            module.paths.extend(named);
        }
    }

    fn read(&mut self, sources: &Sources<'a>, path: &Names, file: &'a str, root: &'a str, words: &[&str]) {
        let mut module = Module {
            file,
            ..Module::default()
        };
        let mut at = 0;
        while at < words.len() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            match words[at] {
                "#" if words[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) => {
                    at += 7;
                    at += item(&words[at..]);
                }
                "mod" if is_word(next) => {
                    let child: Names = path.iter().cloned().chain([next.to_owned()]).collect();
                    if words.get(at + 2) == Some(&"{") {
                        let length = item(&words[at..]);
                        self.read(sources, &child, file, root, &words[at + 3..at + length]);
                        at += length;
                    } else {
                        if let Some(file) = file_of(sources, &child, root) {
                            self.read_file(sources, &child, file, root);
                        }
                        at += 3;
                    }
                }
                "use" => {
                    let end = words[at..]
                        .iter()
                        .position(|word| *word == ";")
                        .unwrap_or(words.len() - at);
                    let public = at > 0 && ["pub", ")"].contains(&words[at - 1]);
                    for (name, path) in imports(&words[at + 1..at + end], &[]) {
                        module.imports.push((name, path, public));
                    }
                    at += end;
                }
                word if is_word(word) => {
                    let name = if next == "!" {
                        words.get(at + 2).copied().unwrap_or_default()
                    } else {
                        next
                    };
                    if ITEMS.contains(&word) && is_word(name) {
                        module.items.insert(name.to_owned());
                    }
                    let mut names = vec![word.to_owned()];
                    while words.get(at + 1) == Some(&"::")
                        && words.get(at + 2).is_some_and(|word| is_word(word))
                    {
                        names.push(words[at + 2].to_owned());
                        at += 2;
                    }
                    module.words.insert(word.to_owned());
                    if names.len() > 1 {
                        module.paths.insert(names);
                    }
                    at += 1;
                }
                _ => at += 1,
            }
        }
        self.0.insert(path.clone(), module);
    }

    /// Every name that a module uses, and the file that has it.
    fn named(&self, path: &Names, module: &Module<'a>) -> Vec<(String, &'a str)> {
        let mut named = Vec::new();
        for names in &module.paths {
            // What is named of a module that a path ends at is up to the macro that takes the path.
            if let Some(Place::Item(of) | Place::Module(of)) = self.find(path, names, 0) {
                named.push((names.join("::"), self.0[&of].file));
            }
        }
        for (name, names, public) in &module.imports {
            let Some(place) = self.find(path, names, 0) else {
                continue;
            };
            let of = match &place {
                Place::Item(of) => of,
                // A module that is imported is named where something of it is.
                Place::Module(of) if name == "*" => of,
                Place::Module(_) => continue,
            };
            let handed_on = *public && of.starts_with(path) && !module.words.contains(name);
            if !handed_on {
                named.push((names.join("::"), self.0[of].file));
            }
        }
        named
    }

    /// What a path leads to from a module.
    fn find(&self, from: &Names, names: &[String], followed: usize) -> Option<Place> {
        let (first, rest) = names.split_first()?;
        match first.as_str() {
            "crate" => self.walk(Vec::new(), rest, followed),
            "self" => self.walk(from.clone(), rest, followed),
            "super" => {
                let mut parent = from.clone();
                parent.pop()?;
                let above = rest.iter().take_while(|name| *name == "super").count();
                parent.truncate(parent.len().checked_sub(above)?);
                self.walk(parent, &rest[above..], followed)
            }
            name => {
                let here = &self.0[from];
                let known = here.items.contains(name)
                    || self.0.contains_key(&child(from, name))
                    || self.imported(from, name, followed).is_some();
                known.then(|| self.walk(from.clone(), names, followed))?
            }
        }
    }

    /// What follows from a module on.
    fn walk(&self, mut at: Names, names: &[String], followed: usize) -> Option<Place> {
        for (number, name) in names.iter().enumerate() {
            let below = child(&at, name);
            let last = number + 1 == names.len();
            // A function that is handed on may have the name of its module.
            let item = last.then(|| self.imported(&at, name, followed)).flatten();
            if let Some(Place::Item(of)) = item {
                return Some(Place::Item(of));
            }
            if self.0.contains_key(&below) {
                at = below;
                continue;
            }
            if self.0.get(&at)?.items.contains(name) {
                return Some(Place::Item(at));
            }
            return match self.imported(&at, name, followed) {
                Some(Place::Module(module)) => self.walk(module, &names[number + 1..], followed + 1),
                Some(item) => Some(item),
                // A macro has made it.
                None => Some(Place::Item(at)),
            };
        }
        Some(Place::Module(at))
    }

    /// What a module knows by this name because it imports it.
    fn imported(&self, of: &Names, name: &str, followed: usize) -> Option<Place> {
        if followed > FOLLOWED_MAX {
            return None;
        }
        let imports = &self.0[of].imports;
        let mut named = imports
            .iter()
            .filter(|(known, names, _)| known == name && names != &[name]);
        if let Some(place) = named.find_map(|(_, names, _)| self.find(of, names, followed + 1)) {
            return Some(place);
        }
        let mut all = imports.iter().filter(|(known, ..)| known == "*");
        all.find_map(|(_, names, _)| match self.find(of, names, followed + 1)? {
            Place::Module(module) if self.0[&module].items.contains(name) => Some(Place::Item(module)),
            Place::Module(module) => self.imported(&module, name, followed + 1),
            Place::Item(_) => None,
        })
    }
}

fn child(of: &Names, name: &str) -> Names {
    of.iter().cloned().chain([name.to_owned()]).collect()
}

/// The file of a module that is declared without a body.
fn file_of<'a>(sources: &Sources<'a>, path: &Names, root: &str) -> Option<&'a str> {
    let (folder, _) = root.rsplit_once('/')?;
    let stem = format!("{folder}/{}", path.join("/"));
    let files = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
    files
        .iter()
        .find_map(|file| sources.get_key_value(file.as_str()).map(|(file, _)| *file))
}

/// Words and marks of code.
fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Length of an item: to its semicolon, or to the end of its body.
fn item(words: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match *word {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *word == "}" {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}

/// What a tree of imports names: the name that each has here (`*` for all of a module), and its path.
fn imports(words: &[&str], before: &[String]) -> Vec<(String, Names)> {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at] {
            "::" => {}
            "{" => {
                let inside = &words[at + 1..words.len() - 1];
                let mut depth = 0;
                let branches = inside.split(|word| {
                    match *word {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    *word == "," && depth == 0
                });
                return branches.flat_map(|branch| imports(branch, &path)).collect();
            }
            "*" => return vec![("*".to_owned(), path)],
            "as" => return vec![(words[at + 1].to_owned(), path)],
            "self" if at == 0 && !before.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    let name = path.last().cloned();
    name.map(|name| (name, path)).into_iter().collect()
}

#[test]
fn names_are_followed_to_the_file_that_has_them() {
    let sources = Sources::from([
        (
            "x/src/lib.rs",
            "mod a; mod b; pub mod c; pub use c::{Deep, d::{self as e, Deeper}}; #[cfg(test)] mod t { use crate::b::B; }",
        ),
        (
            "x/src/a.rs",
            "use crate::{Deep, c::{self, d}}; use super::e as f; use std::fmt; // crate::b::B
             fn a(_: Deep) { f::from_macro(); c::again(); d::Deeper::new(); fmt::x(); std::b::B; list![c::same => same] }
             #[serde(with = \"crate::b::text\")] struct S;",
        ),
        (
            "x/src/b.rs",
            "mod inside { use super::super::c::*; } pub struct B;",
        ),
        (
            "x/src/c/mod.rs",
            "pub mod d; pub struct Deep; pub fn again() {} fn f() { g::<u8>(d::Deeper) }",
        ),
        ("x/src/c/d.rs", "made! { Deeper } use super::Deep as D;"),
        ("x/src/t.rs", "use crate::b::B;"),
    ]);
    let found = uses(&sources, "x/src/lib.rs");
    let files = |file| found[file].keys().copied().collect::<Vec<_>>();
    assert_eq!(files("x/src/lib.rs"), [""; 0]);
    assert_eq!(
        files("x/src/a.rs"),
        ["x/src/b.rs", "x/src/c/d.rs", "x/src/c/mod.rs"]
    );
    assert_eq!(files("x/src/b.rs"), ["x/src/c/mod.rs"]);
    assert_eq!(files("x/src/c/mod.rs"), ["x/src/c/d.rs"]);
    assert_eq!(files("x/src/c/d.rs"), ["x/src/c/mod.rs"]);
    assert!(!found.contains_key("x/src/t.rs"));
}
