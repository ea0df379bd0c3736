//! Last-seen marks that wait to be written.

use std::collections::HashMap;
use std::sync::Mutex;

use evidence::Timestamp;
use uuid::Uuid;

use super::{SeenKind, lock};

/// Most marks that wait: someone seen beyond that is marked when seen again after the next write.
pub const MARKS_MAX: usize = 100_000;

/// Locks among which marks are spread.
const SHARDS: usize = 16;

/// Who was seen, and when last.
pub(super) type Map = HashMap<(SeenKind, Uuid), Timestamp>;

/// Marks by who was seen.
#[derive(Default)]
pub(super) struct Marks {
    shards: [Mutex<Map>; SHARDS],
}

/// Keeps the later time; a new mark only while there are fewer than `max`.
fn keep(marks: &mut Map, who: (SeenKind, Uuid), at: Timestamp, max: usize) {
    if let Some(known) = marks.get_mut(&who) {
        *known = (*known).max(at);
    } else if marks.len() < max {
        marks.insert(who, at);
    }
}

impl Marks {
    /// Remembers a mark.
    pub fn touch(&self, kind: SeenKind, id: Uuid, at: Timestamp) {
        // The last byte of a UUID is random in each version that we make.
        let shard = usize::from(id.as_bytes()[15]) % SHARDS;
        keep(&mut lock(&self.shards[shard]), (kind, id), at, MARKS_MAX / SHARDS);
    }

    /// Moves all marks to those that wait already.
    pub fn collect(&self, waiting: &mut Map) {
        for shard in &self.shards {
            let marks = std::mem::take(&mut *lock(shard));
            for (who, at) in marks {
                keep(waiting, who, at, MARKS_MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use evidence::Timestamp;
    use uuid::Uuid;

    use super::{MARKS_MAX, Map, Marks};
    use crate::limits::SeenKind;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::EPOCH.plus_seconds(seconds)
    }

    #[test]
    fn the_later_time_stays() {
        let (marks, mut waiting) = (Marks::default(), Map::new());
        let id = Uuid::from_u128(1);
        for seconds in [5, 9, 7] {
            marks.touch(SeenKind::User, id, at(seconds));
        }
        marks.collect(&mut waiting);
        marks.touch(SeenKind::User, id, at(8));
        marks.touch(SeenKind::Session, id, at(6));
        marks.collect(&mut waiting);
        assert_eq!(
            waiting,
            Map::from([((SeenKind::User, id), at(9)), ((SeenKind::Session, id), at(6))])
        );
    }

    #[test]
    fn marks_are_bounded() {
        let (marks, mut waiting) = (Marks::default(), Map::new());
        let marked = |marks: &Marks, from: u128| {
            for number in from..from + 130_000 {
                marks.touch(SeenKind::ApiKey, Uuid::from_u128(number), at(1));
            }
        };
        marked(&marks, 0);
        marks.collect(&mut waiting);
        assert_eq!(waiting.len(), MARKS_MAX);
        // One that waits is still brought up to date.
        marks.touch(SeenKind::ApiKey, Uuid::from_u128(0), at(2));
        marked(&marks, 200_000);
        marks.collect(&mut waiting);
        assert_eq!(waiting.len(), MARKS_MAX);
        assert_eq!(waiting[&(SeenKind::ApiKey, Uuid::from_u128(0))], at(2));
    }
}
