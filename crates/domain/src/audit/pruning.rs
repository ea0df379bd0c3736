//! Which entries were pruned: a row for each bucket of 1,024 entries of which one was.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::own_id::derived_id;
use crate::record;

/// Entries of a bucket share their index without its last bits, which are so many.
pub const BUCKET_BITS: u32 = 10;

/// Bytes of a bucket's bits.
const BYTES: usize = (1 << BUCKET_BITS) / 8;

record! {
    /// Which entries of a bucket had their payload pruned by a command, not by hand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Pruning in "prunings" {
        /// Id; follows from the bucket, see [`Pruning::id_of`].
        pub id: id,
        /// The bucket.
        pub bucket: u64 [fixed],
        /// A bit for each of its entries, the lowest of the first byte for the first one.
        pub bits: Vec<u8>,
    }
}

/// The bucket of an entry.
pub fn bucket_of(index: u64) -> u64 {
    index >> BUCKET_BITS
}

/// The byte and the bit of an entry.
fn place_of(index: u64) -> (usize, u8) {
    let within = index & ((1 << BUCKET_BITS) - 1);
    (usize::try_from(within / 8).unwrap_or_default(), 1 << (within % 8))
}

/// Whether the bits of an entry's bucket say that it was pruned.
pub fn says_pruned(bits: &[u8], index: u64) -> bool {
    let (byte, bit) = place_of(index);
    bits.get(byte).is_some_and(|found| found & bit != 0)
}

/// The entries that the bits of a bucket say were pruned, in order.
pub fn pruned(bucket: u64, bits: &[u8]) -> impl Iterator<Item = u64> {
    let first = bucket.saturating_mul(1 << BUCKET_BITS);
    (first..first.saturating_add(1 << BUCKET_BITS)).filter(|index| says_pruned(bits, *index))
}

impl Pruning {
    /// The id of a bucket's row: there is never another.
    pub fn id_of(bucket: u64) -> Uuid {
        derived_id("pruning", &[&bucket.to_be_bytes()])
    }

    /// A bucket of which nothing was pruned.
    pub fn none_of(bucket: u64) -> Pruning {
        let (id, bits) = (Pruning::id_of(bucket), vec![0; BYTES]);
        Pruning { id, bucket, bits }
    }

    /// The same, where these entries of it were pruned too.
    #[must_use]
    pub fn with(mut self, entries: &[u64]) -> Pruning {
        self.bits.resize(BYTES, 0);
        for index in entries {
            let (byte, bit) = place_of(*index);
            self.bits[byte] |= bit;
        }
        self
    }
}

/// Entries by their buckets, in order.
pub fn by_bucket(entries: impl IntoIterator<Item = u64>) -> BTreeMap<u64, Vec<u64>> {
    let mut buckets = BTreeMap::<u64, Vec<u64>>::new();
    for index in entries {
        buckets.entry(bucket_of(index)).or_default().push(index);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_for_each_entry_of_a_bucket() {
        let none = Pruning::none_of(7);
        assert_eq!((none.bits.len(), pruned(7, &none.bits).count()), (128, 0));
        let some = [7 << 10, (7 << 10) + 1, (7 << 10) + 8, (8 << 10) - 1];
        let row = none.with(&some[..2]).with(&some[1..]);
        assert_eq!(pruned(7, &row.bits).collect::<Vec<_>>(), some);
        assert_eq!((row.bits[0], row.bits[1], row.bits[127]), (3, 1, 128));
        assert!(says_pruned(&row.bits, some[3]) && !says_pruned(&row.bits, some[3] - 1));
        assert!(!says_pruned(&[], 0), "bits that somebody cut short say nothing");
        let buckets = by_bucket([1_023, 1_024, 5]);
        assert_eq!(buckets, BTreeMap::from([(0, vec![1_023, 5]), (1, vec![1_024])]));
        assert_ne!(Pruning::id_of(0), Pruning::id_of(1));
    }
}
