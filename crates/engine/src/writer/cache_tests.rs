use domain::custody::{Balance, Owner};
use domain::identity::Rules;
use domain::record::Sealed;
use domain::workflow::conversation::{Conversation, ConversationStatus};
use evidence::{Salt, Timestamp};
use tlog::RightEdge;
use uuid::Uuid;

use super::*;

fn head() -> Head {
    Head {
        origin: "log".to_owned(),
        edge: RightEdge::default(),
        at: Timestamp::default(),
        checkpoint: String::new(),
    }
}

fn balance(number: u128, held: i128) -> RowWrite {
    let (asset, user) = (Uuid::from_u128(1), Owner::User(Uuid::from_u128(number)));
    let row = Balance {
        held: Amount::new(held).unwrap(),
        ..Balance::open(asset, user, Timestamp::default())
    };
    RowWrite::from(Sealed {
        row,
        version: 1,
        entry: 7,
        salt: Salt([0; 16]),
    })
}

fn wrote(cache: &mut Cache, rows: impl IntoIterator<Item = RowWrite>, stamp: Stamp) {
    cache.take_off(head(), rows.into_iter(), HashSet::new());
    cache.land(stamp, None);
}

fn known(rows: impl IntoIterator<Item = RowWrite>) -> Cache {
    let mut cache = Cache::default();
    cache.begin(&Counters::default());
    wrote(&mut cache, rows, 3);
    cache
}

fn needs(look: &'static Look, ids: impl IntoIterator<Item = Uuid>) -> Needs {
    let mut needs = Needs::at(Timestamp::default(), &Rules::default());
    needs.rows(look, ids);
    needs
}

/// How many keys are known, and how many must be read.
fn split(cache: &mut Cache, needs: &Needs) -> (usize, usize) {
    let counters = Counters::default();
    let (rows, missing) = cache.split(needs, &counters);
    (rows.len(), missing.len())
}

fn id(number: u128) -> Uuid {
    balance(number, 0).key().1
}

#[test]
fn what_is_used_stays_and_there_is_a_bound() {
    let mut cache = known((0..3).map(|number| balance(number, 0)));
    let used = needs(&looks::BALANCE, [id(0)]);
    let half = BYTES_MAX / 2 / Remembered::new(Some(balance(0, 0)), None).bytes;
    // Three times as many as there is room for, one of them in use all the time.
    for number in 3..6 * half {
        wrote(&mut cache, [balance(number as u128, 0)], 3);
        if number % 1_000 == 0 {
            assert_eq!(split(&mut cache, &used), (1, 0));
        }
        assert!(cache.young.len() <= half && cache.old.len() <= half);
        assert!(number <= half || cache.old.len() + 1 >= half);
    }
    assert_eq!(split(&mut cache, &used), (1, 0));
    let bytes = cache.young.values().map(|row| row.bytes).sum::<usize>();
    assert_eq!(cache.young_bytes, bytes);
    assert_eq!(split(&mut cache, &needs(&looks::BALANCE, [id(1), id(2)])), (0, 2));
}

#[test]
fn a_row_with_a_long_text_is_read_each_time() {
    for (bytes, known_rows) in [(TEXT_BYTES_MAX, 1), (TEXT_BYTES_MAX + 1, 0)] {
        let row = Conversation {
            id: Uuid::from_u128(9),
            user_id: Uuid::from_u128(1),
            thread: None,
            title: Some("t".to_owned()),
            context: Some("x".repeat(bytes - 1)),
            status: ConversationStatus::Active,
            created_by: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            ended_at: None,
        };
        let row = RowWrite::from(Sealed {
            row,
            version: 1,
            entry: 7,
            salt: Salt([0; 16]),
        });
        let mut cache = known([row]);
        let found = split(&mut cache, &needs(&looks::CONVERSATION, [Uuid::from_u128(9)]));
        assert_eq!(found, (known_rows, 1 - known_rows), "{bytes}");
    }
}

#[test]
fn nothing_is_due_where_nothing_is_held() {
    let mut cache = known([balance(1, 0), balance(2, 5)]);
    let due = needs(&looks::DUE_OF, [id(1), id(2), id(3)]);
    assert_eq!(split(&mut cache, &due), (0, 2));
    let basis = cache.decided();
    let rows: Vec<_> = basis.ground().unwrap().rows.keys().map(|(_, id)| *id).collect();
    assert_eq!(rows, [id(1)], "that is proven by the balance");
}

#[test]
fn that_there_is_none_is_known_until_there_is_one() {
    let mut cache = known([]);
    let asked = needs(&looks::BALANCE, [id(1)]);
    assert_eq!(split(&mut cache, &asked), (0, 1));
    cache.learn(&Facts::default(), &[(Balance::TABLE.name, id(1))], &Stamps::new());
    let none = Known {
        stamp: None,
        fresh: true,
    };
    assert_eq!(cache.basis.rows.values().collect::<Vec<_>>(), [&none]);
    assert_eq!(split(&mut cache, &asked), (0, 0));
    wrote(&mut cache, [balance(1, 0)], 4);
    assert_eq!(split(&mut cache, &asked), (1, 0));
    // What a batch rested on is forgotten with it.
    cache.forget_taken();
    assert_eq!(split(&mut cache, &asked), (0, 1));
}

#[test]
fn nothing_is_known_while_somebody_else_writes() {
    let mut cache = known([balance(1, 0)]);
    let (asked, counters) = (needs(&looks::BALANCE, [id(1)]), Counters::default());
    cache.share(&counters);
    assert!(cache.decided().ground().is_none());
    assert_eq!(split(&mut cache, &asked), (0, 1));
    wrote(&mut cache, [balance(1, 0)], 3);
    assert_eq!(split(&mut cache, &asked), (0, 1));
    cache.begin(&counters);
    assert!(cache.is_shared(), "not before a head was locked late enough");
    let (since, _) = cache.shared.unwrap();
    cache.shared = Some((since, since + ALONE_AFTER));
    cache.begin(&counters);
    assert!(!cache.is_shared());
    assert_eq!(split(&mut cache, &asked), (0, 1));
    // A head that is not our own begins anew.
    cache.share(&counters);
    cache.shared = cache.shared.map(|(since, seen)| (since, seen + ALONE_AFTER));
    let other = Head {
        checkpoint: "another".to_owned(),
        ..head()
    };
    cache.found(&other);
    cache.begin(&counters);
    assert!(cache.is_shared());
}

#[test]
fn own_ids_are_taken_for_new_until_one_is_not() {
    let (mut cache, new, step) = (known([]), Uuid::from_u128(5), Uuid::from_u128(6));
    let mut asked = needs(&looks::ENTRY, [new]);
    asked.rows(&looks::OPERATION, [new, step]);
    assert_eq!(
        split(&mut cache, &asked),
        (0, 1),
        "what a step is about is looked up"
    );
    assert!(!cache.presumed_too_much([new, step].into_iter()));
    // Where no entry of that id is made, nothing would refuse it.
    assert!(cache.presumed_too_much([step].into_iter()));
    assert!(cache.look_up_ids());
    cache.begin(&Counters::default());
    assert_eq!(split(&mut cache, &asked), (0, 3));
    assert!(!cache.presumed_too_much(std::iter::empty()));
    assert!(!cache.look_up_ids(), "no id was taken for new");
    cache.looks_up = Some(Instant::now());
    cache.begin(&Counters::default());
    assert_eq!(split(&mut cache, &asked), (0, 1));
    cache.share(&Counters::default());
    cache.begin(&Counters::default());
    assert_eq!(split(&mut cache, &asked), (0, 3));
}

#[test]
fn what_is_in_flight_is_known_until_it_falls() {
    let (mut cache, counters) = (known([balance(1, 0), balance(2, 0)]), Counters::default());
    let asked = needs(&looks::BALANCE, [id(1), id(2)]);
    let held = |cache: &mut Cache| {
        let (rows, _) = cache.split(&asked, &counters);
        let rows = rows.into_iter().filter_map(|row| match row {
            RowWrite::Balance(balance) => Some(balance.row.held.units()),
            _ => None,
        });
        rows.sum::<i128>()
    };
    let next = Head {
        checkpoint: "next".to_owned(),
        ..head()
    };
    let made = Uuid::from_u128(9);
    cache.begin(&counters);
    let basis = cache.decided();
    cache.take_off(next.clone(), [balance(1, 5)].into_iter(), HashSet::from([made]));
    cache.begin(&counters);
    assert_eq!((held(&mut cache), cache.newest()), (5, Some(&next)));
    // An id of it is not taken for new: it would be refused only once all of the next batch is sent.
    assert_eq!(
        split(&mut cache, &needs(&looks::ENTRY, [made, Uuid::from_u128(8)])),
        (0, 1)
    );
    cache.fall(basis);
    cache.begin(&counters);
    assert_eq!((held(&mut cache), cache.newest()), (0, Some(&head())));
    // What was decided on it rests on the rows of its transaction.
    cache.take_off(next.clone(), [balance(1, 7)].into_iter(), HashSet::new());
    cache.begin(&counters);
    assert_eq!(held(&mut cache), 7);
    let mut open = cache.decided();
    cache.land(4, Some(&mut open));
    let ground = open.ground().unwrap();
    let stamp = |number| ground.rows[&(Balance::TABLE.name, id(number))].stamp;
    assert_eq!((stamp(1), stamp(2), ground.head), (Some(4), Some(3), &next));
    assert_eq!((held(&mut cache), cache.head()), (7, Some(&next)));
}
