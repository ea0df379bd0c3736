//! A bounded memory of what was asked for lately.

use std::collections::HashMap;
use std::hash::Hash;

/// What was asked for lately. Where the newer half is full it becomes the older one, and what nobody asked for since the last
/// time is forgotten.
pub(crate) struct Lately<K, V> {
    /// Most weight in each half.
    max: usize,
    newer: HashMap<K, (usize, V)>,
    weight: usize,
    older: HashMap<K, (usize, V)>,
}

impl<K: Eq + Hash, V: Clone> Lately<K, V> {
    pub(crate) fn new(max: usize) -> Lately<K, V> {
        Lately {
            max,
            newer: HashMap::new(),
            weight: 0,
            older: HashMap::new(),
        }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        if let Some((_, value)) = self.newer.get(key) {
            return Some(value.clone());
        }
        let (key, (weight, value)) = self.older.remove_entry(key)?;
        self.put_weighing(weight, key, value.clone());
        Some(value)
    }

    /// Keeps what weighs one.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.put_weighing(1, key, value);
    }

    pub(crate) fn put_weighing(&mut self, weight: usize, key: K, value: V) {
        if let Some((before, _)) = self.newer.remove(&key) {
            self.weight -= before;
        }
        if self.weight + weight > self.max {
            self.older = std::mem::take(&mut self.newer);
            self.weight = 0;
        }
        self.weight += weight;
        self.newer.insert(key, (weight, value));
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        *self = Lately::new(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asks_for_is_forgotten() {
        let mut lately = Lately::new(8);
        for number in 0..100 {
            lately.put(number, number);
            assert_eq!(lately.get(&0), Some(0));
            assert!(lately.newer.len() <= 8 && lately.older.len() <= 8);
        }
        assert_eq!((lately.get(&50), lately.get(&99)), (None, Some(99)));
        lately.forget();
        assert_eq!(lately.get(&0), None);
    }

    #[test]
    fn a_half_holds_so_much_weight() {
        let mut lately = Lately::new(8);
        for number in 0..100 {
            lately.put_weighing(number % 5, number % 9, number);
            let weight: usize = lately.newer.values().map(|(weight, _)| weight).sum();
            assert_eq!(weight, lately.weight);
            assert!(weight <= 8 && lately.older.values().map(|(weight, _)| weight).sum::<usize>() <= 8);
            assert_eq!(lately.get(&(number % 9)), Some(number));
        }
    }
}
