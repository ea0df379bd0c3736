//! A bucket of an object storage as a place, in the protocol of Amazon S3.
//!
//! A file goes there in parts, and is there once all are put together; one that is broken off is given up. Nothing is asked
//! of a storage that some do not have: no tags, no checksum unless wanted.

use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder, Checksum, S3ConditionalPut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::credentials::{Credentials, variable};
use super::{Place, Upload};
use crate::error::{Error, Tried};

/// How much is sent at once. All parts but the last are alike, as some storages want it.
const PART_BYTES: usize = 16 << 20;

/// How a storage is reached, and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3 {
    /// Its URL, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// Its region; `AWS_REGION` or us-east-1 without.
    pub region: Option<String>,
    /// Whether what is sent goes with its SHA-256.
    pub checksum: bool,
    /// Whether it can refuse to write over what is there (`If-None-Match`).
    pub conditional_put: bool,
    /// Whether the bucket is part of the host's name, instead of the path.
    pub virtual_hosted: bool,
}

impl Default for S3 {
    fn default() -> S3 {
        S3 {
            endpoint: None,
            region: None,
            checksum: false,
            conditional_put: true,
            virtual_hosted: false,
        }
    }
}

/// A bucket, or what of it has a prefix.
pub struct Bucket {
    inner: Arc<Inner>,
}

struct Inner {
    shown: String,
    prefix: Path,
    conditional_put: bool,
    store: AmazonS3,
    runtime: &'static Runtime,
}

impl Bucket {
    /// The bucket of `s3://BUCKET/PREFIX`.
    pub fn new(url: &str, s3: &S3, credentials: Credentials) -> Result<Bucket, Error> {
        let (bucket, prefix) = parse(url)?;
        let region = s3.region.clone().or_else(|| variable("AWS_REGION"));
        let endpoint = s3.endpoint.as_deref();
        if let Some(region) = region.as_deref().filter(|region| !region.chars().all(in_names)) {
            return wrong(
                format!("s3.region (or AWS_REGION) is {region:?}"),
                "a region is letters, digits and -",
            );
        }
        if let Some(endpoint) = endpoint.filter(|endpoint| !is_url(endpoint)) {
            let hint = "it begins with http:// or https://, and has a host and no spaces";
            return wrong(format!("s3.endpoint is {endpoint:?}"), hint);
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(region.as_deref().unwrap_or("us-east-1"))
            .with_virtual_hosted_style_request(s3.virtual_hosted)
            .with_disable_tagging(true)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if let Some(endpoint) = endpoint {
            builder = builder
                .with_allow_http(endpoint.starts_with("http://"))
                .with_endpoint(endpoint.trim_end_matches('/'));
        }
        if s3.checksum {
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        let store = credentials.add(builder)?.build();
        let inner = Inner {
            shown: url.trim_end_matches('/').to_owned(),
            prefix,
            conditional_put: s3.conditional_put,
            store: store.map_err(|error| told("open", url, &error))?,
            runtime: runtime().tried("open", url)?,
        };
        Ok(Bucket {
            inner: Arc::new(inner),
        })
    }
}

/// What waits for storages. It lives as long as the process: the last user of a place may be anywhere.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// What could not be asked for: the library would panic, or ask for something else.
fn wrong<T>(what: impl Into<String>, hint: &str) -> Result<T, Error> {
    Err(engine::Error::problem(what, hint).into())
}

fn in_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

fn is_url(endpoint: &str) -> bool {
    let rest = endpoint
        .strip_prefix("https://")
        .or_else(|| endpoint.strip_prefix("http://"));
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`');
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.chars().all(is_plain))
}

/// Bucket and prefix of a URL. One `/` may end it.
fn parse(url: &str) -> Result<(&str, Path), Error> {
    const FORM: &str = "a place in a bucket is s3://BUCKET or s3://BUCKET/PREFIX";
    let rest = url.strip_prefix("s3://").unwrap_or_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() || !bucket.chars().all(in_names) {
        return wrong(
            format!("{url:?} names the bucket {bucket:?}: a bucket is letters, digits, - and ."),
            FORM,
        );
    }
    match Path::parse(prefix) {
        // The library would pass over a first `/`.
        Ok(path) if !prefix.starts_with('/') => Ok((bucket, path)),
        _ => wrong(
            format!(
                "{url:?} has the prefix {prefix:?}: no part of it may be empty, . or .., or have a control character"
            ),
            FORM,
        ),
    }
}

impl Inner {
    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn told(&self, verb: &str, name: &str, error: &object_store::Error) -> Error {
        told(verb, &format!("{}/{name}", self.shown), error)
    }

    fn exists(&self, name: &str) -> Result<bool, Error> {
        match self.wait(self.store.head(&self.path(name))) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.told("look for", name, &error)),
        }
    }
}

impl Place for Bucket {
    fn shown(&self) -> String {
        self.inner.shown.clone()
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let inner = &self.inner;
        let listed = inner.wait(inner.store.list_with_delimiter(Some(&inner.prefix)));
        let listed = listed.map_err(|error| told("list", &inner.shown, &error))?;
        let names = listed
            .objects
            .iter()
            .filter_map(|object| object.location.filename());
        Ok(names.map(str::to_owned).collect())
    }

    fn length(&self, name: &str) -> Result<Option<u64>, Error> {
        let inner = &self.inner;
        match inner.wait(inner.store.head(&inner.path(name))) {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            found => found
                .map(|found| Some(found.size))
                .map_err(|error| inner.told("read", name, &error)),
        }
    }

    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error> {
        let inner = &self.inner;
        let found = inner.wait(inner.store.get(&inner.path(name)));
        let found = found.map_err(|error| inner.told("read", name, &error))?;
        Ok(Box::new(Reading {
            inner: Arc::clone(inner),
            name: name.to_owned(),
            stream: found.into_stream(),
            piece: Bytes::new(),
        }))
    }

    fn create(&self, name: &str) -> Result<Box<dyn Upload>, Error> {
        let inner = &self.inner;
        // Storages do not refuse to put parts together where there is a file of this name, and looking first leaves a moment.
        if !self.add(name, uuid::Uuid::now_v7().as_bytes())? {
            return Err(Error::Exists(format!("{}/{name}", inner.shown)));
        }
        let mut parts = Parts {
            inner: Arc::clone(inner),
            name: name.to_owned(),
            is_whole: false,
            upload: None,
            part: Vec::with_capacity(PART_BYTES),
            flying: None,
        };
        let begun = inner.wait(inner.store.put_multipart(&inner.path(name)));
        parts.upload = Some(begun.map_err(|error| inner.told("write", name, &error))?);
        Ok(Box::new(parts))
    }

    fn add(&self, name: &str, contents: &[u8]) -> Result<bool, Error> {
        let inner = &self.inner;
        if !inner.conditional_put {
            let is_free = !inner.exists(name)?;
            if is_free {
                self.replace(name, contents)?;
            }
            return Ok(is_free);
        }
        let payload = PutPayload::from(contents.to_vec());
        let path = inner.path(name);
        let put = inner.store.put_opts(&path, payload, PutMode::Create.into());
        match inner.wait(put) {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                // Where an answer was lost and it was asked again, what is there is ours.
                let mut there = Vec::new();
                self.read(name)?.read_to_end(&mut there).tried("read", name)?;
                Ok(there == contents)
            }
            Err(error) => Err(inner.told("write", name, &error)),
        }
    }

    fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        let inner = &self.inner;
        let path = inner.path(name);
        let put = inner.store.put(&path, contents.to_vec().into());
        let put = inner.wait(put).map(drop);
        put.map_err(|error| inner.told("write", name, &error))
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        let inner = &self.inner;
        match inner.wait(inner.store.delete(&inner.path(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(inner.told("remove", name, &error)),
        }
    }

    fn tidy(&self, _: &str) -> Result<(), Error> {
        // What was broken off has no name. A rule of the bucket removes it: AbortIncompleteMultipartUpload.
        Ok(())
    }
}

/// A file that is read as it comes.
struct Reading {
    inner: Arc<Inner>,
    name: String,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.inner.wait(self.stream.next()) {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => {
                    return Err(io::Error::other(self.inner.told("read", &self.name, &error)));
                }
            }
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// A file that goes in parts: while one is on its way the next is filled. What keeps its name stands there until then.
struct Parts {
    inner: Arc<Inner>,
    name: String,
    is_whole: bool,
    upload: Option<Box<dyn MultipartUpload>>,
    part: Vec<u8>,
    flying: Option<JoinHandle<object_store::Result<()>>>,
}

impl Parts {
    fn landed(&mut self) -> Result<(), Error> {
        let Some(flying) = self.flying.take() else {
            return Ok(());
        };
        let landed = self.inner.wait(flying).unwrap_or_else(|error| Err(error.into()));
        landed.map_err(|error| self.inner.told("write", &self.name, &error))
    }

    fn send(&mut self) -> Result<(), Error> {
        self.landed()?;
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES));
        if let Some(upload) = &mut self.upload {
            self.flying = Some(self.inner.runtime.spawn(upload.put_part(part.into())));
        }
        Ok(())
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.part.len() == PART_BYTES {
            self.send().map_err(io::Error::other)?;
        }
        let count = bytes.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for Parts {
    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.send()?;
        self.landed()?;
        if let Some(upload) = &mut self.upload {
            let done = self.inner.wait(upload.complete());
            done.map_err(|error| self.inner.told("write", &self.name, &error))?;
        }
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        if let Some(flying) = self.flying.take() {
            flying.abort();
        }
        if let Some(upload) = &mut self.upload
            && let Err(error) = self.inner.wait(upload.abort())
        {
            tracing::warn!("what was sent of {} stays in the bucket: {error}", self.name);
        }
        if let Err(error) = self
            .inner
            .wait(self.inner.store.delete(&self.inner.path(&self.name)))
        {
            tracing::warn!("what kept the name {} stays in the bucket: {error}", self.name);
        }
    }
}

/// What the storage said, and what would be right.
fn told(verb: &str, what: &str, error: &object_store::Error) -> Error {
    let said = error.to_string();
    let advice = ADVICE.iter().find(|(code, _)| said.contains(code));
    let advice = advice.map_or_else(String::new, |(_, advice)| format!("; {advice}"));
    Error::Io {
        what: format!("{verb} {what}"),
        error: io::Error::other(format!("{said}{advice}")),
    }
}

/// Of what lies there under a key that no file could have.
const ODD_KEY: &str = "something else is kept there too: give backups a prefix of their own, or remove it";

/// What storages answer (Amazon S3 API reference, "Error responses"), and what to change.
const ADVICE: [(&str, &str); 15] = [
    (
        "invalid list response",
        "what answers speaks no S3: look at s3.endpoint, and at what is between here and there",
    ),
    ("illegal character sequence", ODD_KEY),
    ("empty path segment", ODD_KEY),
    (
        "InvalidAccessKeyId",
        "the storage does not know this key: look at AWS_ACCESS_KEY_ID, and whose storage s3.endpoint is",
    ),
    (
        "SignatureDoesNotMatch",
        "the secret does not fit the key: look at AWS_SECRET_ACCESS_KEY",
    ),
    ("ExpiredToken", "the credentials have expired: get new ones"),
    ("RequestTimeTooSkewed", "this machine's clock is wrong: set it"),
    (
        "AccessDenied",
        "the key may not do this: it must list the bucket, get, put and delete objects, and abort uploads",
    ),
    (
        "NoSuchBucket",
        "there is no such bucket: make it, or look at its name and s3.endpoint",
    ),
    ("InvalidBucketName", "no bucket can have this name"),
    (
        "AuthorizationHeaderMalformed",
        "the bucket is in another region: set s3.region",
    ),
    (
        "PermanentRedirect",
        "the bucket is at another host: set s3.region and s3.endpoint",
    ),
    (
        "without LOCATION",
        "the bucket is in another region: set s3.region",
    ),
    (
        "NotImplemented",
        "the storage cannot refuse to write over what is there: set s3.conditional_put = false",
    ),
    (
        "169.254.169.254",
        "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ~/.aws/credentials",
    ),
];

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
