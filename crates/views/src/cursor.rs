//! Cursors: where the next page begins, as one opaque word.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::list::Order;
use uuid::Uuid;

fn mark(order: Order) -> u8 {
    match order {
        Order::Descending => b'd',
        Order::Ascending => b'a',
    }
}

/// The word for the page beyond `index`, in this order.
pub fn encode(order: Order, index: u64) -> String {
    let mut bytes = [0; 9];
    bytes[0] = mark(order);
    bytes[1..].copy_from_slice(&index.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The index that [`encode`] was given; `None` for any other word, or one for the other order.
pub fn decode(order: Order, word: &str) -> Option<u64> {
    let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()?;
    let (first, index) = bytes.split_first_chunk::<1>()?;
    let index = u64::from_be_bytes(index.try_into().ok()?);
    // The database counts in 64 bits with a sign.
    (first[0] == mark(order) && i64::try_from(index).is_ok()).then_some(index)
}

/// The word for the page beyond the row of this id.
pub fn encode_id(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// The id that [`encode_id`] was given; `None` for any other word.
pub fn decode_id(word: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(word).ok()?).ok()
}

/// The word for the page beyond a place in a list of operations, in this order.
pub fn encode_place(order: Order, entry: u64, id: Uuid) -> String {
    let mut bytes = [0; 25];
    bytes[0] = mark(order);
    bytes[1..9].copy_from_slice(&entry.to_be_bytes());
    bytes[9..].copy_from_slice(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The entry and id that [`encode_place`] was given; `None` for any other word, or one for the other order.
pub fn decode_place(order: Order, word: &str) -> Option<(u64, Uuid)> {
    let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(word).ok()?.try_into().ok()?;
    let (first, rest) = bytes.split_first_chunk::<1>()?;
    let (entry, id) = rest.split_first_chunk::<8>()?;
    let entry = u64::from_be_bytes(*entry);
    let good = first[0] == mark(order) && i64::try_from(entry).is_ok();
    Some((entry, Uuid::from_slice(id).ok()?)).filter(|_| good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_of_ids_read_back() {
        let id = Uuid::from_u128(u128::MAX / 3);
        assert_eq!(decode_id(&encode_id(id)), Some(id));
        for word in ["", "x", "AAAA", &encode(Order::Descending, 7)] {
            assert_eq!(decode_id(word), None, "{word}");
        }
    }

    #[test]
    fn cursors_of_places_read_back_in_their_own_order_alone() {
        let id = Uuid::from_u128(u128::MAX / 3);
        for entry in [0, 4_711, u64::MAX >> 1] {
            let word = encode_place(Order::Ascending, entry, id);
            assert_eq!(decode_place(Order::Ascending, &word), Some((entry, id)));
            assert_eq!(decode_place(Order::Descending, &word), None);
        }
        let beyond = encode_place(Order::Ascending, u64::MAX, id);
        for word in ["", "x", &encode_id(id), &encode(Order::Ascending, 7), &beyond] {
            assert_eq!(decode_place(Order::Ascending, word), None, "{word}");
        }
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_order_alone() {
        for index in [0, 1, 255, 4_711, u64::MAX >> 1] {
            for (order, other) in [
                (Order::Descending, Order::Ascending),
                (Order::Ascending, Order::Descending),
            ] {
                let word = encode(order, index);
                assert_eq!(decode(order, &word), Some(index));
                assert_eq!(decode(other, &word), None);
            }
        }
    }

    #[test]
    fn no_other_word_is_a_cursor() {
        let long = "A".repeat(10_000);
        let beyond = encode(Order::Descending, u64::MAX);
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
            assert_eq!(decode(Order::Descending, word), None, "{word}");
        }
    }
}
