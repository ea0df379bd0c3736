//! A bounded memory of what was asked for lately.

use std::collections::HashMap;
use std::hash::Hash;

/// What was asked for lately. Where the newer half is full it becomes the older one, and what nobody asked for since the last
/// time is forgotten.
pub(crate) struct Lately<K, V> {
    /// Most in each half.
    max: usize,
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Lately<K, V> {
    pub(crate) fn new(max: usize) -> Lately<K, V> {
        Lately {
            max,
            newer: HashMap::new(),
            older: HashMap::new(),
        }
    }

    pub(crate) fn get(&mut self, key: K) -> Option<V> {
        if let Some(value) = self.newer.get(&key) {
            return Some(value.clone());
        }
        let value = self.older.remove(&key)?;
        self.put(key, value.clone());
        Some(value)
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        if self.newer.len() >= self.max {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, value);
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
            assert_eq!(lately.get(0), Some(0));
            assert!(lately.newer.len() <= 8 && lately.older.len() <= 8);
        }
        assert_eq!((lately.get(50), lately.get(99)), (None, Some(99)));
        lately.forget();
        assert_eq!(lately.get(0), None);
    }
}
