//! Cursors: where the next page begins, as one opaque word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::list::{OperationPlace, Order};
use evidence::Timestamp;
use uuid::Uuid;

fn mark(order: Order) -> u8 {
    match order {
        Order::Descending => b'd',
        Order::Ascending => b'a',
    }
}

/// A place in a list, behind which a page begins.
pub trait Place: Copy + Send + Sync + 'static {
    /// Whether it is a place in the log's order.
    const IN_LOG: bool;

    /// The word for the page beyond it, in this order.
    fn encode(self, order: Order) -> String;
    /// The place that [`Place::encode`] made a word of; `None` for any other word, or one for the other order.
    fn decode(order: Order, word: &str) -> Option<Self>;
    /// The entry that the log must have, in a list that is in the log's order.
    fn entry(self) -> Option<u64>;
}

/// The index of an entry.
impl Place for u64 {
    const IN_LOG: bool = true;

    fn encode(self, order: Order) -> String {
        let mut bytes = [0; 9];
        bytes[0] = mark(order);
        bytes[1..].copy_from_slice(&self.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(order: Order, word: &str) -> Option<u64> {
        let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()?;
        let (first, index) = bytes.split_first_chunk::<1>()?;
        let index = u64::from_be_bytes(index.try_into().ok()?);
        // The database counts in 64 bits with a sign.
        (first[0] == mark(order) && i64::try_from(index).is_ok()).then_some(index)
    }

    fn entry(self) -> Option<u64> {
        Some(self)
    }
}

/// The index of an entry, in the order of the log or in that of the times when things happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityPlace {
    /// The entry.
    pub entry: u64,
    /// Whether the list is in the order of these times.
    pub by_timestamp: bool,
}

/// What a cursor in the order of times has behind that of the log.
const BY_TIMESTAMP: char = 't';

impl Place for ActivityPlace {
    const IN_LOG: bool = true;

    fn encode(self, order: Order) -> String {
        let mut word = self.entry.encode(order);
        word.extend(self.by_timestamp.then_some(BY_TIMESTAMP));
        word
    }

    fn decode(order: Order, word: &str) -> Option<ActivityPlace> {
        // Nine bytes are twelve characters, the last of which may be the mark's too.
        let marked = word.strip_suffix(BY_TIMESTAMP).filter(|rest| rest.len() == 12);
        Some(ActivityPlace {
            entry: u64::decode(order, marked.unwrap_or(word))?,
            by_timestamp: marked.is_some(),
        })
    }

    fn entry(self) -> Option<u64> {
        Some(self.entry)
    }
}

/// The id of a row; marked where the order is not the usual one of ids.
impl Place for Uuid {
    const IN_LOG: bool = false;

    fn encode(self, order: Order) -> String {
        match order {
            Order::Ascending => URL_SAFE_NO_PAD.encode(self.as_bytes()),
            Order::Descending => URL_SAFE_NO_PAD.encode([&[mark(order)], &self.as_bytes()[..]].concat()),
        }
    }

    fn decode(order: Order, word: &str) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(word).ok()?;
        let id = match order {
            Order::Ascending => Some(&bytes[..]),
            Order::Descending => bytes.strip_prefix(&[mark(order)]),
        };
        Uuid::from_slice(id?).ok()
    }

    fn entry(self) -> Option<u64> {
        None
    }
}

/// A time, and the id of what was at that time.
impl Place for (Timestamp, Uuid) {
    const IN_LOG: bool = false;

    fn encode(self, order: Order) -> String {
        let time = self.0.micros().to_be_bytes();
        URL_SAFE_NO_PAD.encode([&[mark(order)], &time[..], &self.1.as_bytes()[..]].concat())
    }

    fn decode(order: Order, word: &str) -> Option<(Timestamp, Uuid)> {
        let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()?;
        let (first, rest) = bytes.split_first_chunk::<1>()?;
        let (time, id) = rest.split_first_chunk::<8>()?;
        let time = Timestamp::from_micros(i64::from_be_bytes(*time))?;
        let id = Uuid::from_slice(id).ok()?;
        (first[0] == mark(order)).then_some((time, id))
    }

    fn entry(self) -> Option<u64> {
        None
    }
}

impl Place for OperationPlace {
    const IN_LOG: bool = true;

    fn encode(self, order: Order) -> String {
        let mut bytes = [0; 25];
        bytes[0] = mark(order);
        bytes[1..9].copy_from_slice(&self.entry.to_be_bytes());
        bytes[9..].copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(order: Order, word: &str) -> Option<OperationPlace> {
        let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()?;
        let (first, rest) = bytes.split_first_chunk::<1>()?;
        let (entry, id) = rest.split_first_chunk::<8>()?;
        let entry = u64::from_be_bytes(*entry);
        let good = first[0] == mark(order) && i64::try_from(entry).is_ok();
        let id = Uuid::from_slice(id).ok()?;
        good.then_some(OperationPlace { entry, id })
    }

    fn entry(self) -> Option<u64> {
        Some(self.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [(Order, Order); 2] = [
        (Order::Descending, Order::Ascending),
        (Order::Ascending, Order::Descending),
    ];

    #[test]
    fn cursors_of_ids_read_back() {
        let id = Uuid::from_u128(u128::MAX / 3);
        for (order, other) in ORDERS {
            assert_eq!(Uuid::decode(order, &id.encode(order)), Some(id));
            assert_eq!(Uuid::decode(other, &id.encode(order)), None);
            for word in ["", "x", "AAAA", &7.encode(order)] {
                assert_eq!(Uuid::decode(order, word), None, "{word}");
            }
        }
    }

    #[test]
    fn cursors_of_places_read_back_in_their_own_order_alone() {
        let id = Uuid::from_u128(u128::MAX / 3);
        for (order, other) in ORDERS {
            for entry in [0, 4_711, u64::MAX >> 1] {
                let place = OperationPlace { entry, id };
                let word = place.encode(order);
                assert_eq!(OperationPlace::decode(order, &word), Some(place));
                assert_eq!(OperationPlace::decode(other, &word), None);
            }
            let entry = u64::MAX;
            let beyond = OperationPlace { entry, id }.encode(order);
            for word in ["", "x", &id.encode(order), &7.encode(order), &beyond] {
                assert_eq!(OperationPlace::decode(order, word), None, "{word}");
            }
        }
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_order_alone() {
        for index in [0, 1, 255, 4_711, u64::MAX >> 1] {
            for (order, other) in ORDERS {
                let word = index.encode(order);
                assert_eq!(u64::decode(order, &word), Some(index));
                assert_eq!(u64::decode(other, &word), None);
            }
        }
    }

    #[test]
    fn a_cursor_says_of_which_times_its_order_is() {
        for entry in [0, 4_711, u64::MAX >> 1, 0xb7, 0xed] {
            for (order, other) in ORDERS {
                for by_timestamp in [true, false] {
                    let place = ActivityPlace { entry, by_timestamp };
                    let word = place.encode(order);
                    assert_eq!(ActivityPlace::decode(order, &word), Some(place));
                    assert_eq!(ActivityPlace::decode(other, &word), None);
                    assert_eq!(u64::decode(order, &word).is_some(), !by_timestamp, "{word}");
                }
            }
        }
    }

    #[test]
    fn no_other_word_is_a_cursor() {
        let long = "A".repeat(10_000);
        let beyond = u64::MAX.encode(Order::Descending);
        for word in [
            "",
            "x",
            "4711",
            "ZAAAAAAAAAA",
            "ZAAAAAAAAAAAA",
            "ZAAAAAAAAAA=",
            "ZAAAAAAA+/AA",
            &long,
            &beyond,
        ] {
            assert_eq!(u64::decode(Order::Descending, word), None, "{word}");
        }
    }
}
