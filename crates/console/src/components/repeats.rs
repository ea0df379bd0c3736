//! What comes again and again in a sequence, said once with a count.

use std::cmp::Reverse;
use std::ops::Range;

/// Most that are taken together as what repeats.
const CYCLE_MAX: usize = 8;

/// Parts of a sequence, in order, and how often each comes in a row: `a b a b a b c` is `a b` three times, and `c` once.
pub fn repeats<T: PartialEq>(items: &[T]) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let rest = &items[at..];
        let times = |len: usize| {
            rest.chunks_exact(len)
                .take_while(|part| *part == &rest[..len])
                .count()
        };
        let cycles = (1..=CYCLE_MAX.min(rest.len())).map(|len| (len, times(len)));
        // The longest stretch, and of these the one that is said in the fewest words.
        let best = cycles
            .filter(|(_, times)| *times > 1)
            .max_by_key(|(len, times)| (len * times, Reverse(*len)));
        let (len, times) = best.unwrap_or((1, 1));
        found.push((at..at + len, times));
        at += len * times;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_said_once() {
        for (text, expected) in [
            ("", vec![]),
            ("abc", vec![("a", 1), ("b", 1), ("c", 1)]),
            ("aaaa", vec![("a", 4)]),
            ("abababc", vec![("ab", 3), ("c", 1)]),
            ("xabcabcab", vec![("x", 1), ("abc", 2), ("a", 1), ("b", 1)]),
            ("aabaab", vec![("aab", 2)]),
        ] {
            let items: Vec<char> = text.chars().collect();
            let found = repeats(&items);
            let words: Vec<(String, usize)> = found
                .into_iter()
                .map(|(part, times)| (items[part].iter().collect(), times))
                .collect();
            let expected: Vec<(String, usize)> = expected
                .into_iter()
                .map(|(part, times)| (part.to_owned(), times))
                .collect();
            assert_eq!(words, expected, "{text}");
        }
    }
}
