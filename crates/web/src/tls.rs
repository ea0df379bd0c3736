//! The server's own TLS: a certificate and its key from two files, which may be renewed while it serves.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use evidence::time::Timestamp;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use views::CertificateView;

use crate::certificate::validity;
use crate::wire::Wire;

/// What a client begins a handshake with (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// The longest certificate or key that is read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What whoever speaks plain HTTP is told.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 35\r\n\
                     Connection: close\r\n\r\nThis port speaks TLS: use https://\n";

/// TLS of a server, with the certificate that its files held when they were last good.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    pair: Arc<Pair>,
}

/// Certificate and key.
#[derive(Debug)]
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    good: RwLock<Good>,
    /// What the files held last is not good.
    refused: AtomicBool,
    /// It was said that clients do not take the certificate at this time.
    untimely: AtomicBool,
}

/// What serves.
#[derive(Clone, Debug)]
struct Good {
    pair: Arc<CertifiedKey>,
    from: Timestamp,
    until: Timestamp,
}

impl Tls {
    /// Reads certificate (with those between it and its authority) and key, in PEM. TLS 1.2 and 1.3, HTTP/1.1.
    pub fn new(certificate: PathBuf, key: PathBuf) -> Result<Tls, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let good = read(&certificate, &key, &provider)?;
        let pair = Arc::new(Pair {
            certificate,
            key,
            provider: Arc::clone(&provider),
            good: RwLock::new(good),
            refused: AtomicBool::new(false),
            untimely: AtomicBool::new(false),
        });
        pair.tell();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&pair) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            config: Arc::new(config),
            pair,
        })
    }

    /// Looks at the files again. What they hold serves from the next connection on, if it is good; else what was there stays.
    pub fn look_again(&self) {
        let Pair {
            certificate,
            key,
            provider,
            good,
            refused,
            ..
        } = &*self.pair;
        match read(certificate, key, provider) {
            Ok(found) => {
                let mut good = good.write().unwrap_or_else(PoisonError::into_inner);
                if good.pair.cert != found.pair.cert {
                    *good = found;
                    tracing::info!(file = %certificate.display(), "the certificate was renewed");
                }
                refused.store(false, Ordering::Relaxed);
            }
            Err(error) => {
                if !refused.swap(true, Ordering::Relaxed) {
                    tracing::error!("the certificate is not renewed, the one before serves on: {error}");
                }
            }
        }
        self.pair.tell();
    }

    /// What is wrong with what serves, if anything is.
    pub fn trouble(&self) -> Option<String> {
        let refused = self
            .is_refused()
            .then(|| "the files hold no good certificate and key".to_owned());
        refused.or_else(|| self.pair.untimely(engine::now()))
    }

    /// How it stands, for whoever asks.
    pub fn shown(&self) -> CertificateView {
        CertificateView {
            good_until: Some(self.valid_until()),
            problem: self.trouble(),
        }
    }

    /// Whether the files hold nothing good, so that what was there before serves.
    pub(crate) fn is_refused(&self) -> bool {
        self.pair.refused.load(Ordering::Relaxed)
    }

    /// Until when clients take the certificate that serves.
    pub fn valid_until(&self) -> Timestamp {
        self.pair.good().until
    }

    /// The handshake with a client, or nothing where it fails, which concerns nobody else.
    pub(crate) async fn accept(&self, mut wire: Wire, limit: Duration) -> Option<TlsStream<Wire>> {
        let accepted = tokio::time::timeout(limit, async {
            if wire.first_byte().await? != HANDSHAKE {
                wire.write_all(PLAIN.as_bytes()).await?;
                wire.end(true).await;
                return Ok(None);
            }
            TlsAcceptor::from(Arc::clone(&self.config))
                .accept(wire)
                .await
                .map(Some)
        });
        match accepted.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!("a handshake failed: {error}");
                None
            }
            Err(_) => None,
        }
    }
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.good().pair)
    }
}

impl Pair {
    fn good(&self) -> Good {
        self.good.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why clients do not take the certificate at this time, if they do not.
    fn untimely(&self, now: Timestamp) -> Option<String> {
        let Good { from, until, .. } = self.good();
        let file = self.certificate.display();
        if now > until {
            return Some(format!(
                "the certificate in {file} has expired: it was valid until {until}"
            ));
        }
        (now < from).then(|| format!("the certificate in {file} is not valid before {from}"))
    }

    /// Says so once, and again after it was well.
    fn tell(&self) {
        let untimely = self.untimely(engine::now());
        let told = self.untimely.swap(untimely.is_some(), Ordering::Relaxed);
        if let Some(untimely) = untimely.filter(|_| !told) {
            tracing::error!("{untimely}; clients refuse it: put another one in its place");
        }
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<Good, String> {
    let of = |file: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    for file in [certificate, key] {
        // A pipe or a device would be waited for.
        let about = std::fs::metadata(file).map_err(|error| of(file, &error))?;
        if !about.is_file() || about.len() > FILE_BYTES_MAX {
            return Err(of(
                file,
                &format!("it is no file of at most {FILE_BYTES_MAX} bytes"),
            ));
        }
    }
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| of(certificate, &error))?;
    if chain.is_empty() {
        return Err(of(certificate, &"it holds no certificate in PEM"));
    }
    let [from, until] = validity(&chain[0]).map_err(|error| of(certificate, &error))?;
    let signing = PrivateKeyDer::from_pem_file(key).map_err(|error| of(key, &error))?;
    // The two are compared here.
    let pair = CertifiedKey::from_der(chain, signing, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("{} is not the key of {}", key.display(), certificate.display())
        }
        error => format!("{} and {}: {error}", certificate.display(), key.display()),
    })?;
    let pair = Arc::new(pair);
    Ok(Good { pair, from, until })
}
