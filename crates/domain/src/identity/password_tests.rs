use super::*;

const OWN: [&str; 3] = ["alice", "alice.lidell@looking-glass.example", "Alice Lidell"];

fn verdict(password: &str) -> String {
    match check(password, &OWN) {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            assert_eq!(error.field, "password");
            error.message
        }
    }
}

#[test]
fn the_policy_as_a_table() {
    let too_long = "xq".repeat(129);
    let longest: String = (0..256).map(|i| char::from_u32(0x4e00 + i).unwrap()).collect();
    let table = [
        ("", "at least 12"),
        ("f8#kQz1!vB2", "at least 12"),
        ("éééééé", "at least 12"),
        (&too_long, "at most 256"),
        ("sonyericsson", "most common"),
        ("LeaveMeAlone", "most common"),
        ("leavemealone", "most common"),
        ("QWERTY123456", "rows such"),
        ("aaaaaaaaaaaaa", "rows such"),
        ("xyxyxyxyxyxyx", "rows such"),
        ("k7!k7!k7!k7!", "rows such"),
        ("x7Gq2!x7Gq2!", "rows such"),
        ("abcdefghijkl", "rows such"),
        ("LKJIHGFEDCBA", "rows such"),
        ("wxyzabcdefgh", "rows such"),
        ("123456789012", "rows such"),
        ("098765432109", "rows such"),
        ("qwertyuiopas", "rows such"),
        ("poiuytrewqlkjh", "rows such"),
        ("azertyuiopqs", "rows such"),
        ("aaaabbbbccccdddd", "rows such"),
        ("abcd1234wxyz", "rows such"),
        ("4r5t6y7u8i9o", "rows such"),
        ("lidellalice1", "names"),
        ("Alice.Lidell1", "names"),
        ("alice-lidell-2024", "names"),
        ("lidell@looking", "names"),
        ("ProbityAlice!", "names"),
        ("probity12345", "rows such"),
        ("probity 2024!", "names"),
        ("looking-glass.example", "names"),
        ("alicecroquet", "names"),
        ("alicescroquet", "ok"),
        ("abcdkwmtjqzv", "ok"),
        ("abcdekwmtjqz", "rows such"),
        ("probity is nice", "ok"),
        ("correct horse battery staple", "ok"),
        ("xkwmtjqzvhrp", "ok"),
        ("834019275546", "ok"),
        ("пароль из слов", "ok"),
        (&longest, "ok"),
    ];
    for (password, expected) in table {
        let said = verdict(password);
        assert!(said.contains(expected), "{password:?}: {said}");
    }
}

#[test]
fn own_words_count_for_their_owner_only() {
    assert!(check("alice-lidell-2024", &[]).is_ok());
    assert!(check("alice-lidell-2024", &["", "al", "--"]).is_ok());
}

#[test]
fn the_list_is_long_enough_and_can_be_searched() {
    assert!(COMMON.len() >= 3000, "{}", COMMON.len());
    assert!(COMMON.windows(2).all(|pair| pair[0] < pair[1]));
    for password in COMMON.iter() {
        assert!(
            (LEN_MIN..=LEN_MAX).contains(&password.len()) && *password == password.to_lowercase(),
            "{password:?}"
        );
        assert!(check(&password.to_uppercase(), &[]).is_err(), "{password:?}");
    }
}

const SALT: &str = "c29tZXNhbHRzb21lc2FsdA";
const OUT: &str = "OCVlwQ60wPs2NEnCM9Rjkn8f8jHeqlVIA3jQjPYZBAg";
const BCRYPT: &str = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

#[test]
fn importable_hashes_as_a_table() {
    let argon2 = |front: &str| format!("{front}${SALT}${OUT}");
    let bcrypt = |front: &str| format!("{front}${BCRYPT}");
    let taken = [
        argon2("$argon2id$v=19$m=19456,t=2,p=1"),
        argon2("$argon2id$v=16$m=19456,t=2,p=1"),
        argon2("$argon2i$v=19$m=8,t=1,p=1"),
        argon2("$argon2id$v=19$m=262144,t=10,p=8"),
        bcrypt("$2a$04"),
        bcrypt("$2b$10"),
        bcrypt("$2y$14"),
    ];
    for hash in taken {
        assert_eq!(importable(&hash), Ok(()), "{hash}");
    }
    let refused = [
        String::new(),
        "hunter2".to_owned(),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$aGFzaGhhc2g".to_owned(),
        argon2("$argon2d$v=19$m=19456,t=2,p=1"),
        argon2("$argon2id$m=19456,t=2,p=1"),
        argon2("$argon2id$v=18$m=19456,t=2,p=1"),
        argon2("$argon2id$v=19$m=262145,t=2,p=1"),
        argon2("$argon2id$v=19$m=19456,t=11,p=1"),
        argon2("$argon2id$v=19$m=19456,t=0,p=1"),
        argon2("$argon2id$v=19$m=19456,t=2,p=9"),
        argon2("$argon2id$v=19$m=19456,t=2,p=0"),
        argon2("$argon2id$v=19$m=15,t=2,p=2"),
        argon2("$argon2id$v=19$m=99999999999,t=2,p=1"),
        argon2("$argon2id$v=19$m=19456,t=2,p=1,data=c2FsdA"),
        argon2("$argon2id$v=19$m=19456,t=2"),
        argon2("$argon2id$v=19$t=2,m=19456,p=1"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${OUT}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}$AAAA"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}$!{OUT}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${OUT}$more"),
        bcrypt("$2x$10"),
        bcrypt("$2$10"),
        bcrypt("$2b$03"),
        bcrypt("$2b$15"),
        bcrypt("$2b$+5"),
        bcrypt("$2b$31"),
        format!("$2b$10${BCRYPT}a"),
        format!("$2b$10${}", &BCRYPT[1..]),
        format!("$2b$10${}é", &BCRYPT[2..]),
        format!("$2b$10${}=", &BCRYPT[1..]),
        // Bits that belong to neither salt nor hash.
        format!("$2b$10${}", BCRYPT.replacen("Mye", "Myf", 1)),
        format!("$2b$10${}z", &BCRYPT[..52]),
        "$2b$10$".to_owned() + &"a".repeat(1000),
    ];
    for hash in refused {
        let error = importable(&hash).unwrap_err();
        assert_eq!(error.field, "password_hash", "{hash}");
    }
}
