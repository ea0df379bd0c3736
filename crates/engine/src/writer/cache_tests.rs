use domain::custody::{Balance, Owner};
use domain::identity::Rules;
use domain::record::Sealed;
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

fn known(rows: impl IntoIterator<Item = RowWrite>) -> Cache {
    let mut cache = Cache::default();
    cache.wrote(&head(), rows.into_iter(), 3);
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
    // Twice as many as there is room for, one of them in use all the time.
    for number in 3..2 * ROWS_MAX as u128 {
        cache.wrote(&head(), std::iter::once(balance(number, 0)), 3);
        if number % 1_000 == 0 {
            assert_eq!(split(&mut cache, &used), (1, 0));
        }
        assert!(cache.young.len() + cache.old.len() <= ROWS_MAX);
    }
    assert_eq!(split(&mut cache, &used), (1, 0));
    assert_eq!(split(&mut cache, &needs(&looks::BALANCE, [id(1), id(2)])), (0, 2));
}

#[test]
fn nothing_is_due_where_nothing_is_held() {
    let mut cache = known([balance(1, 0), balance(2, 5)]);
    let due = needs(&looks::DUE_OF, [id(1), id(2), id(3)]);
    assert_eq!(split(&mut cache, &due), (0, 2));
    let ground = cache.ground().unwrap();
    let rows: Vec<_> = ground.rows.keys().map(|(_, id)| *id).collect();
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
    assert_eq!(cache.ground().unwrap().rows.values().collect::<Vec<_>>(), [&none]);
    assert_eq!(split(&mut cache, &asked), (0, 0));
    cache.wrote(&head(), std::iter::once(balance(1, 0)), 4);
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
    assert!(cache.ground().is_none());
    assert_eq!(split(&mut cache, &asked), (0, 1));
    cache.wrote(&head(), std::iter::once(balance(1, 0)), 3);
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
    assert_eq!(split(&mut cache, &asked), (0, 1));
    cache.share(&Counters::default());
    assert_eq!(split(&mut cache, &asked), (0, 3));
}
