use proptest::prelude::*;

use super::*;

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A process looks at the lease, and writes it where it wants it and nobody was faster.
fn look(leading: &mut Leading, lease: &mut Lease, now: Duration) -> bool {
    let read = *lease;
    let wants = leading.wants(read, now);
    if wants {
        *lease = Lease {
            holder: Some(leading.me()),
            beats: read.beats + 1,
        };
        leading.written(true, now);
    }
    wants
}

#[test]
fn a_lease_that_nobody_holds_is_taken_at_once() {
    let (mut one, mut lease) = (Leading::new(ONE), Lease::default());
    assert!(!one.leads(seconds(0)));
    assert!(look(&mut one, &mut lease, seconds(0)));
    assert!(one.leads(seconds(29)));
    assert!(!one.leads(seconds(30)), "a lease that is not renewed ends");
}

#[test]
fn another_takes_over_once_it_is_silent() {
    let (mut one, mut two, mut lease) = (Leading::new(ONE), Leading::new(TWO), Lease::default());
    for now in (0..60).step_by(10) {
        assert!(look(&mut one, &mut lease, seconds(now)));
        assert!(!look(&mut two, &mut lease, seconds(now + 1)));
    }
    // The first is killed after 50 s. The second has seen its last beat at 51 s.
    for now in [61, 71, 80] {
        assert!(!look(&mut two, &mut lease, seconds(now)), "{now}");
    }
    assert!(look(&mut two, &mut lease, seconds(81)));
    assert!(two.leads(seconds(81)) && !one.leads(seconds(81)));
    // It comes back, and has to wait as any other.
    assert!(!look(&mut one, &mut lease, seconds(82)));
}

#[test]
fn what_was_given_back_is_taken_at_once() {
    let (mut one, mut two, mut lease) = (Leading::new(ONE), Leading::new(TWO), Lease::default());
    look(&mut one, &mut lease, seconds(0));
    assert!(!look(&mut two, &mut lease, seconds(1)));
    one.gave_back();
    lease = Lease {
        holder: None,
        beats: lease.beats + 1,
    };
    assert!(look(&mut two, &mut lease, seconds(2)));
    assert!(!one.leads(seconds(2)));
}

#[test]
fn who_was_not_the_first_to_write_does_not_lead() {
    let mut one = Leading::new(ONE);
    assert!(one.wants(Lease::default(), seconds(0)));
    assert!(!one.written(false, seconds(0)));
    assert!(!one.leads(seconds(0)));
}

proptest! {
    /// Steady clocks that count from different moments, looks at any time, and answers that take long: never two lead.
    #[test]
    fn never_two_at_once(
        apart in 0_u64..1_000,
        steps in prop::collection::vec((0_usize..2, 0_u64..25, 0_u64..12, 0_u64..12), 1..200),
    ) {
        let mut leading = [Leading::new(ONE), Leading::new(TWO)];
        let (mut lease, mut time) = (Lease::default(), 0_u64);
        let own = |who: usize, time: u64| Duration::from_secs(time + if who == 1 { apart } else { 0 });
        for (who, pause, reading, writing) in steps {
            time += pause;
            let asked = own(who, time);
            let read = lease;
            time += reading;
            if leading[who].wants(read, own(who, time)) {
                time += writing;
                let done = lease.beats == read.beats;
                if done {
                    lease = Lease { holder: Some(leading[who].me()), beats: read.beats + 1 };
                }
                leading[who].written(done, asked);
            }
            prop_assert!(!(leading[0].leads(own(0, time)) && leading[1].leads(own(1, time))));
        }
    }
}
