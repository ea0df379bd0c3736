//! What a bucket is asked with, and what is said of its answers.

use super::{Bucket, Credentials, S3, parse, told};

#[test]
fn a_bucket_and_what_of_it() {
    for (url, expected) in [
        ("s3://b", Some(("b", ""))),
        ("s3://b/", Some(("b", ""))),
        ("s3://b/a/c/", Some(("b", "a/c"))),
        ("s3://b/a b/ü", Some(("b", "a b/ü"))),
        ("s3://b/a//c", None),
        ("s3://b/a//", None),
        ("s3://b//a", None),
        ("s3://b/./a", None),
        ("s3://b/a/..", None),
        ("s3://b/a%2Fc*", Some(("b", "a%2Fc*"))),
        ("s3://b/a\nc", None),
        ("s3://b b/a", None),
        ("s3://b\nb", None),
        ("s3://b?x/a", None),
        ("s3://", None),
        ("s3:///a", None),
        ("b", None),
    ] {
        let found = parse(url).ok();
        let found = found.as_ref().map(|(bucket, prefix)| (*bucket, prefix.as_ref()));
        assert_eq!(found, expected, "{url}");
    }
}

#[test]
fn settings_that_nobody_can_ask_with_are_named() {
    let credentials = |key: &str| Credentials {
        key: Some(key.to_owned()),
        secret: Some("secret".to_owned()),
        token: None,
    };
    let s3 = |endpoint: &str, region: &str| S3 {
        endpoint: Some(endpoint.to_owned()),
        region: Some(region.to_owned()),
        ..S3::default()
    };
    let good = s3("http://[::1]:9000/s3", "eu-west-1");
    assert!(Bucket::new("s3://b/a", &good, credentials("A")).is_ok());
    for (s3, key, named) in [
        (&good, "A\n", "AWS_ACCESS_KEY_ID"),
        (&good, "A\u{e9}", "AWS_ACCESS_KEY_ID"),
        (&s3("http://h o", "r"), "A", "s3.endpoint"),
        (&s3("h:9000", "r"), "A", "s3.endpoint"),
        (&s3("http://", "r"), "A", "s3.endpoint"),
        (&s3("http://h", "r\n"), "A", "s3.region"),
    ] {
        let said = Bucket::new("s3://b/a", s3, credentials(key))
            .err()
            .unwrap()
            .to_string();
        assert!(said.contains(named), "{said}");
    }
}

#[test]
fn what_a_storage_refuses_says_what_to_change() {
    for (code, expected) in [
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ("RequestTimeTooSkewed", "clock"),
        ("NoSuchBucket", "make it"),
    ] {
        let error = object_store::Error::Generic {
            store: "S3",
            source: format!("403 Forbidden: <Error><Code>{code}</Code></Error>").into(),
        };
        let said = told("write", "s3://b/a", &error).to_string();
        assert!(
            said.starts_with("cannot write s3://b/a: ") && said.contains(expected),
            "{said}"
        );
    }
}
