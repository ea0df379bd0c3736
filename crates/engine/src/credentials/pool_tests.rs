use std::sync::Weak;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use futures_util::FutureExt;

use super::*;

const PASSWORD: &str = "correct horse battery staple";

fn argon2(algorithm: Algorithm, version: Version, memory: u32, passes: u32, lanes: u32) -> String {
    let params = Params::new(memory, passes, lanes, None).unwrap();
    Argon2::new(algorithm, version, params)
        .hash_password_with_salt(PASSWORD.as_bytes(), b"salt of 16 bytes")
        .unwrap()
        .to_string()
}

fn bcrypt_hash(password: &str) -> String {
    let parts = bcrypt::hash_with_salt(password, 4, *b"salt of 16 bytes").unwrap();
    parts.format_for_version(bcrypt::Version::TwoY)
}

async fn verify(pool: &HashPool, password: &str, stored: &str) -> Verified {
    pool.verify(password.to_owned(), Some(stored.to_owned()))
        .await
        .unwrap()
}

const NO: Verified = Verified::No;

fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "waited too long");
        thread::sleep(Duration::from_millis(2));
    }
}

#[tokio::test]
async fn a_hash_of_ours_verifies_and_stays() {
    let pool = HashPool::start(0, 10).unwrap();
    let stored = pool.hash(PASSWORD.to_owned()).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(domain::identity::password::importable(&stored), Ok(()));
    assert_ne!(stored, pool.hash(PASSWORD.to_owned()).await.unwrap(), "salted");
    assert_eq!(verify(&pool, PASSWORD, &stored).await, Verified::Yes);
    for wrong in ["", "correct horse battery stapl", "Correct horse battery staple"] {
        assert_eq!(verify(&pool, wrong, &stored).await, NO, "{wrong:?}");
    }
    assert_eq!(pool.verify(PASSWORD.to_owned(), None).await.unwrap(), NO);
}

#[tokio::test]
async fn hashes_of_others_are_upgraded_when_the_password_is_right() {
    use Algorithm::{Argon2i, Argon2id};
    use Version::{V0x10, V0x13};
    let pool = HashPool::start(2, 10).unwrap();
    let table = [
        (bcrypt_hash(PASSWORD), true),
        (argon2(Argon2i, V0x13, 19_456, 2, 1), true),
        (argon2(Argon2id, V0x10, 19_456, 2, 1), true),
        (argon2(Argon2id, V0x13, 4096, 3, 1), true),
        (argon2(Argon2id, V0x13, 19_456, 1, 1), true),
        (argon2(Argon2id, V0x13, 19_456, 2, 4), false),
        (argon2(Argon2id, V0x13, 47_104, 1, 1), false),
    ];
    for (stored, upgraded) in table {
        assert_eq!(verify(&pool, "wrong", &stored).await, NO, "{stored}");
        match verify(&pool, PASSWORD, &stored).await {
            Verified::Upgraded(upgrade) if upgraded => {
                assert_eq!(verify(&pool, PASSWORD, &upgrade).await, Verified::Yes, "{stored}");
            }
            found => assert!(found == Verified::Yes && !upgraded, "{stored}: {found:?}"),
        }
    }
}

/// What crypt(3) of libxcrypt makes of 72 and more times the letter a, of 71 of them, of "abc" whatever comes after a
/// zero byte, and of the empty password; with the salt `abcdefghijklmnopqrstuu` and the cost 4.
const BY_CRYPT: [&str; 4] = [
    "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe",
    "MCu.k1vM/ywQwiONaEn3oEMlZoCVBd6",
    "Ci15uRb1eH7NAlJ/TgeJertyknQpYn2",
    "byCG3zY1GIXMyxfivm.ClDiInHzxjiq",
];

/// Whoever's password worked where the hash comes from gets in; a hash of more than bcrypt read would lock them out.
#[tokio::test]
async fn what_bcrypt_read_in_part_is_right_and_never_upgraded() {
    let pool = HashPool::start(1, 1).unwrap();
    let a = |count: usize| "a".repeat(count);
    let [long, short, abc, empty] = BY_CRYPT;
    let table = [
        (long, a(71), "No"),
        // The password may have been longer.
        (long, a(72), "InPart"),
        (long, a(73), "InPart"),
        (long, format!("{}b", a(72)), "InPart"),
        (long, a(256), "InPart"),
        (long, format!("{}b{}", a(71), a(9)), "No"),
        (long, format!("{}\0b", a(80)), "InPart"),
        (short, a(71), "Upgraded"),
        (short, a(72), "No"),
        (short, format!("{}\0", a(71)), "InPart"),
        (short, format!("{}\0b", a(71)), "InPart"),
        (abc, "abc".to_owned(), "Upgraded"),
        (abc, "abc\0".to_owned(), "InPart"),
        (abc, "abc\0def".to_owned(), "InPart"),
        // To bcrypts that read on past a zero byte the same as "abc".
        (abc, "abc\0abc".to_owned(), "InPart"),
        (abc, "ab\0c".to_owned(), "No"),
        (abc, "\0abc".to_owned(), "No"),
        // Nobody logs in with the empty password.
        (empty, "\0".to_owned(), "No"),
        (empty, "\0\0\0".to_owned(), "No"),
        (empty, "\0abc".to_owned(), "No"),
    ];
    for version in ["2a", "2b", "2y"] {
        for (hash, password, expected) in &table {
            let stored = format!("${version}$04$abcdefghijklmnopqrstuu{hash}");
            let found = verify(&pool, password, &stored).await;
            assert_eq!(format!("{found:?}"), *expected, "{stored} {password:?}");
        }
    }
    // Those that read on have other hashes.
    for password in ["abc\0def", "\0abc"] {
        let stored = bcrypt_hash(password);
        assert_eq!(verify(&pool, password, &stored).await, Verified::InPart);
        assert_eq!(verify(&pool, "abc", &stored).await, NO);
        assert_eq!(verify(&pool, "\0", &stored).await, NO);
    }
}

#[tokio::test]
async fn a_stored_hash_beyond_the_bounds_is_not_worked_on() {
    let pool = HashPool::start(1, 1).unwrap();
    let hash = argon2(Algorithm::Argon2id, Version::V0x13, 64, 1, 1);
    for stored in [
        hash.replace("m=64", "m=4194304"),
        hash.replace("t=1", "t=4000000"),
        bcrypt_hash(PASSWORD).replace("$04$", "$31$"),
        PASSWORD.to_owned(),
        String::new(),
    ] {
        assert_eq!(verify(&pool, PASSWORD, &stored).await, NO, "{stored}");
    }
}

#[tokio::test]
async fn too_many_waiting_are_refused_at_once() {
    let pool = HashPool::without_threads(2);
    let ask = || pool.verify(PASSWORD.to_owned(), None).boxed_local();
    let (mut one, mut two) = (ask(), ask());
    assert!((&mut one).now_or_never().is_none());
    assert!((&mut two).now_or_never().is_none());
    for _ in 0..3 {
        let Some(Err(Error::Overloaded { retry_after_seconds })) = ask().now_or_never() else {
            panic!("not refused");
        };
        assert_eq!(retry_after_seconds, 1);
    }
    // Whoever gives up makes room.
    drop(one);
    let mut three = ask();
    assert!((&mut three).now_or_never().is_none());
    assert!(matches!(
        pool.hash(PASSWORD.to_owned()).now_or_never(),
        Some(Err(Error::Overloaded { .. }))
    ));
    pool.start_thread("hash".to_owned(), |shared| work(|| shared.next()))
        .unwrap();
    assert_eq!((two.await.unwrap(), three.await.unwrap()), (NO, NO));
}

#[tokio::test]
async fn an_idle_thread_is_room_even_when_nobody_may_wait() {
    let pool = HashPool::start(1, 0).unwrap();
    until(|| pool.0.0.queue().idle == 1);
    assert_eq!(pool.verify(PASSWORD.to_owned(), None).await.unwrap(), NO);
}

#[test]
fn the_threads_end_with_the_last_clone() {
    let pool = HashPool::start(2, 1).unwrap();
    let shared: Weak<Shared> = Arc::downgrade(&pool.0.0);
    let clone = pool.clone();
    drop(pool);
    until(|| shared.upgrade().is_some_and(|shared| shared.queue().idle == 2));
    drop(clone);
    until(|| shared.strong_count() == 0);
}

#[cfg(target_os = "linux")]
#[test]
fn only_the_calling_thread_gets_a_lower_priority() {
    use rustix::process::getpriority_process;
    let before = getpriority_process(None).unwrap();
    let lowered = thread::spawn(|| {
        lower_priority();
        getpriority_process(None).unwrap()
    });
    assert!(lowered.join().unwrap() >= 15);
    assert_eq!(getpriority_process(None).unwrap(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn only_the_calling_thread_waits_for_idle_time() {
    use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};
    let normal = thread_schedule_policy().unwrap();
    let idle = thread::spawn(|| {
        only_when_idle();
        thread_schedule_policy().unwrap()
    });
    assert_eq!(
        idle.join().unwrap(),
        ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle)
    );
    assert_eq!(thread_schedule_policy().unwrap(), normal);
}

#[tokio::test]
async fn a_job_that_waits_is_taken_by_the_thread_for_late_ones() {
    // No other thread, as if they never got idle time.
    let pool = HashPool::without_threads(10);
    pool.start_thread("late".to_owned(), |shared| work(|| shared.next_late()))
        .unwrap();
    let since = Instant::now();
    pool.hash(PASSWORD.to_owned()).await.unwrap();
    assert!(since.elapsed() >= LATE);
}
