//! A bucket as a place, on a server that speaks S3 (moto), and on one that only listens.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use backup::Error;
use backup::place::{Bucket, Credentials, Place, S3, Upload};
use evidence::json::hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use testkit::Moto;

/// The key of Amazon's examples.
const KEY: &str = concat!("AKIA", "IOSFODNN7EXAMPLE");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn credentials() -> Credentials {
    Credentials {
        key: Some(KEY.to_owned()),
        secret: Some(SECRET.to_owned()),
        token: None,
    }
}

fn s3(moto: &Moto) -> S3 {
    S3 {
        endpoint: Some(moto.endpoint()),
        ..S3::default()
    }
}

fn read(place: &dyn Place, name: &str) -> Vec<u8> {
    let mut contents = Vec::new();
    place.read(name).unwrap().read_to_end(&mut contents).unwrap();
    contents
}

fn upload(place: &dyn Place, name: &str, contents: &[u8]) -> Box<dyn Upload> {
    let mut upload = place.create(name).unwrap();
    for piece in contents.chunks(1 << 20) {
        upload.write_all(piece).unwrap();
    }
    upload
}

#[test]
fn a_bucket_keeps_files_by_name() {
    let moto = Moto::start().unwrap();
    let usual = s3(&moto);
    let with_checksum = S3 {
        checksum: true,
        ..usual.clone()
    };
    let unconditional = S3 {
        conditional_put: false,
        ..usual.clone()
    };
    for (prefix, s3) in [("", usual), ("a/b", with_checksum), ("c", unconditional)] {
        let place = Bucket::new(&format!("s3://kept/{prefix}"), &s3, credentials()).unwrap();
        // Two whole parts and a rest.
        let large: Vec<u8> = (0..(33_u32 << 20))
            .map(|number| number.to_le_bytes()[2])
            .collect();
        upload(&place, "large", &large).finish().unwrap();
        assert!(read(&place, "large") == large);
        let again = place.create("large").err().unwrap();
        assert!(matches!(again, Error::Exists(_)), "{again}");
        let first = upload(&place, "empty", b"");
        // Not even while it is on its way.
        let second = place.create("empty").err().unwrap();
        assert!(matches!(second, Error::Exists(_)), "{second}");
        first.finish().unwrap();
        assert!(read(&place, "empty").is_empty());

        assert!(place.add("small", b"one").unwrap());
        assert!(!place.add("small", b"two").unwrap());
        assert_eq!(read(&place, "small"), b"one");
        place.replace("small", b"three").unwrap();
        assert_eq!(read(&place, "small"), b"three");

        drop(upload(&place, "broken-off", &large));
        let mut names = place.names().unwrap();
        names.sort();
        assert_eq!(names, ["empty", "large", "small"]);
        for name in &names {
            place.remove(name).unwrap();
            place.remove(name).unwrap();
        }
        assert!(place.names().unwrap().is_empty());
    }
    let left = moto.ask("GET", "/kept?uploads").unwrap();
    assert!(!left.contains("<UploadId>"), "{left}");
}

#[test]
fn a_storage_that_fails_says_what_to_change() {
    let moto = Moto::start().unwrap();
    let place = Bucket::new("s3://missing", &s3(&moto), credentials()).unwrap();
    let said = |error: Error| error.to_string();
    for error in [
        said(place.names().unwrap_err()),
        said(place.add("a", b"").unwrap_err()),
        said(place.create("a").err().unwrap()),
    ] {
        assert!(error.contains("there is no such bucket: make it"), "{error}");
    }
    // The bucket goes while a file is on its way.
    let place = Bucket::new("s3://kept", &s3(&moto), credentials()).unwrap();
    let half_way = upload(&place, "a", &[0; 100]);
    drop(moto);
    let error = said(half_way.finish().unwrap_err());
    assert!(error.contains("cannot write s3://kept/a: "), "{error}");
}

/// Reads the head of a request.
fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A place at this address.
fn at(listener: &TcpListener) -> S3 {
    S3 {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        region: Some("eu-west-1".to_owned()),
        ..S3::default()
    }
}

/// What comes of a list that is answered so.
fn listed(answer: &str) -> Result<Vec<String>, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let s3 = at(&listener);
    let asking = std::thread::spawn(move || Bucket::new("s3://kept/a", &s3, credentials()).unwrap().names());
    let (mut stream, _) = listener.accept().unwrap();
    head_of(&mut stream);
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
    asking.join().unwrap()
}

#[test]
fn an_answer_that_is_no_list_of_ours_is_told() {
    let list = |key: &str| {
        format!(
            "<ListBucketResult><Contents><Key>{key}</Key><Size>1</Size>\
             <LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
        )
    };
    assert_eq!(listed(&list("a/small")).unwrap(), ["small"]);
    for (answer, said) in [
        (
            "<!DOCTYPE html><html><body><p>It works!<br></body></html>",
            "look at s3.endpoint",
        ),
        (&list("a/line&#10;break"), "give backups a prefix of their own"),
        (&list("a//small"), "give backups a prefix of their own"),
        (&list("a/.."), "give backups a prefix of their own"),
    ] {
        let error = listed(answer).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot list s3://kept/a: ") && error.contains(said),
            "{error}"
        );
    }
}

/// A request as it was sent, to a server that then hangs up.
fn recorded() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let s3 = at(&listener);
    let asked = std::thread::spawn(move || {
        let place = Bucket::new("s3://kept/a b", &s3, credentials()).unwrap();
        place.add("a+1.json", b"contents").is_ok()
    });
    let (mut stream, _) = listener.accept().unwrap();
    let head = head_of(&mut stream);
    let mut body = [0; 8];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"contents");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    assert!(asked.join().unwrap());
    head
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The signature of a request without parameters (Amazon S3 API reference, "Signature Version 4"): method, path, the signed
/// headers in order, SHA-256 of the body, time and region.
fn signature(request: &str, headers: &[(&str, &str)], payload: &str, time: &str, region: &str) -> String {
    let lines: String = headers
        .iter()
        .flat_map(|(name, value)| {
            [
                *name, ":", *value, "
",
            ]
        })
        .collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let (method, path) = request.split_once(' ').unwrap();
    let canonical = format!("{method}\n{path}\n\n{lines}\n{}\n{payload}", names.join(";"));
    let day = &time[..8];
    let scope = format!("{day}/{region}/s3/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = [day, region, "s3", "aws4_request"]
        .into_iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac(&key, part));
    hex(&hmac(&key, &text))
}

#[test]
fn a_request_is_signed_as_amazon_has_it() {
    // "Example: GET Object" of the same document.
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let headers = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("range", "bytes=0-9"),
        ("x-amz-content-sha256", nothing),
        ("x-amz-date", "20130524T000000Z"),
    ];
    let get = signature(
        "GET /test.txt",
        &headers,
        nothing,
        "20130524T000000Z",
        "us-east-1",
    );
    assert_eq!(
        get,
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );

    let head = recorded();
    let request = head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
    assert_eq!(request, "PUT /kept/a%20b/a%2B1.json");
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    assert_eq!(header("if-none-match"), Some("*"));
    assert!(
        header("x-amz-tagging").is_none() && header("x-amz-checksum-sha256").is_none(),
        "{head}"
    );
    let authorization = header("authorization").unwrap();
    let part = |name: &str| {
        authorization
            .split_once(name)
            .unwrap()
            .1
            .split(',')
            .next()
            .unwrap()
    };
    let signed: Vec<(&str, &str)> = part("SignedHeaders=")
        .split(';')
        .map(|name| (name, header(name).unwrap()))
        .collect();
    let (time, payload) = (
        header("x-amz-date").unwrap(),
        header("x-amz-content-sha256").unwrap(),
    );
    assert_eq!(payload, hex(&Sha256::digest("contents")));
    assert_eq!(
        part("Credential="),
        format!("{KEY}/{}/eu-west-1/s3/aws4_request", &time[..8])
    );
    assert_eq!(
        part("Signature="),
        signature(request, &signed, payload, time, "eu-west-1")
    );
}
