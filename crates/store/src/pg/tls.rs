//! TLS to PostgreSQL: what a URL says of it, and the configuration of rustls that keeps it.
//!
//! The driver knows of TLS or none; whom to believe is said here, in the words of libpq. The files are read at each opening:
//! what was renewed counts from the next connection on.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::{Error, ErrorKind};

/// What the driver's parser does not know, or knows in part.
const TAKEN: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

/// How far a server must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// No TLS.
    Disable,
    /// TLS where the server offers it, with whoever it is.
    Prefer,
    /// TLS, with whoever it is.
    Require,
    /// With whom the authorities have signed for, whatever the name.
    VerifyCa,
    /// With whom they have signed for under the host's name.
    VerifyFull,
}

/// What a URL says of TLS.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    pub mode: Mode,
    /// The authorities' file; the system's without one.
    authorities: Option<PathBuf>,
    /// Our own certificate, and its key.
    own: Option<(PathBuf, PathBuf)>,
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Other, message)
}

/// Takes out of a URL what the driver does not know.
pub(super) fn take(url: &str) -> Result<(String, HashMap<&'static str, String>), Error> {
    let mut taken = HashMap::new();
    // As the driver has it: what stands before the first @ is user and password.
    let user = url.find('@').map_or(0, |at| at + 1);
    let Some(mark) = url[user..].find('?').map(|at| user + at) else {
        return Ok((url.to_owned(), taken));
    };
    let mut rest = Vec::new();
    for parameter in url[mark + 1..].split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match TAKEN.into_iter().find(|known| *known == name) {
            Some(name) => {
                let value = percent_decode_str(value).decode_utf8();
                let value = value.map_err(|_| wrong(format!("the database URL's {name} is not UTF-8")))?;
                taken.insert(name, value.into_owned());
            }
            None => rest.push(parameter),
        }
    }
    Ok((format!("{}?{}", &url[..mark], rest.join("&")), taken))
}

impl Tls {
    /// What was taken, for a server that is on this machine or not.
    pub fn of(mut taken: HashMap<&'static str, String>, is_here: bool) -> Result<Tls, Error> {
        let roots = taken.remove("sslrootcert");
        let mode = match taken.get("sslmode").map(String::as_str) {
            None if is_here && roots.is_none() => Mode::Prefer,
            None | Some("verify-full") => Mode::VerifyFull,
            Some("disable") => Mode::Disable,
            Some("prefer") => Mode::Prefer,
            // With authorities of its own, as libpq has it.
            Some("require") if roots.is_none() => Mode::Require,
            Some("require" | "verify-ca") => Mode::VerifyCa,
            Some(other) => {
                return Err(wrong(format!(
                    "sslmode={other} is unknown: use verify-full, verify-ca, require, prefer or disable"
                )));
            }
        };
        let given = roots.is_some();
        let authorities = roots.filter(|file| file != "system").map(PathBuf::from);
        match mode {
            Mode::VerifyCa if authorities.is_none() => {
                return Err(wrong(
                    "sslmode=verify-ca would take a certificate of any name that an authority of the system has signed: \
                     name your own with sslrootcert=FILE, or use sslmode=verify-full",
                ));
            }
            Mode::Disable | Mode::Prefer if given => {
                return Err(wrong(
                    "sslrootcert has no use where the server proves nothing: use sslmode=verify-full or verify-ca with it",
                ));
            }
            _ => {}
        }
        let own = match (taken.remove("sslcert"), taken.remove("sslkey")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            _ => return Err(wrong("sslcert and sslkey must be given together")),
        };
        Ok(Tls {
            mode,
            authorities,
            own,
        })
    }

    /// What rustls needs to know.
    pub fn config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |error: rustls::Error| wrong(format!("TLS to PostgreSQL: {error}"));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let builder = if self.mode >= Mode::VerifyCa {
            let roots = Arc::new(self.roots()?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
            let verifier = verifier
                .build()
                .map_err(|error| wrong(format!("TLS to PostgreSQL: {error}")))?;
            match self.mode {
                Mode::VerifyFull => builder.with_webpki_verifier(verifier),
                _ => builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(AnyName(verifier))),
            }
        } else {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        };
        let mut config = match &self.own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate, "sslcert")?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unread("sslkey", key, error))?;
                builder.with_client_auth_cert(chain, key).map_err(failed)?
            }
        };
        // Where TLS begins without asking (sslnegotiation=direct) the server wants to know what for.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        if let Some(file) = &self.authorities {
            for certificate in certificates(file, "sslrootcert")? {
                roots
                    .add(certificate)
                    .map_err(|error| unread("sslrootcert", file, error))?;
            }
        } else {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                return Err(wrong(
                    "this machine has no list of certificate authorities: install ca-certificates, or name yours with \
                     sslrootcert=FILE in the database URL",
                ));
            }
            roots.add_parsable_certificates(found.certs);
        }
        Ok(roots)
    }
}

fn certificates(file: &Path, name: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| unread(name, file, error))?;
    if found.is_empty() {
        return Err(unread(name, file, "it holds no certificate in PEM"));
    }
    Ok(found)
}

fn unread(name: &str, file: &Path, error: impl Display) -> Error {
    wrong(format!("{name}={}: {error}", file.display()))
}

/// Takes whoever the authorities have signed for, under any name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

/// Takes whoever has the key to what it shows.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        match self.0.verify_server_cert(certificate, between, name, ocsp, now) {
            // The name is looked at last: all else was good.
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            found => found,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What would be right, where a connection failed for TLS.
pub(super) fn advice(error: &tokio_postgres::Error) -> Option<&'static str> {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    let source = error.source()?;
    let Some(io) = source.downcast_ref::<std::io::Error>() else {
        return (source.to_string() == "server does not support TLS").then_some(
            "set ssl = on in its postgresql.conf; sslmode in the database URL says how much it must prove",
        );
    };
    let rustls::Error::InvalidCertificate(error) = io.get_ref()?.downcast_ref()? else {
        return None;
    };
    Some(match error {
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            "renew the server's certificate, or set this machine's clock"
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "connect by a name that the certificate is for, or make one for this name; sslmode=verify-ca takes any name"
        }
        // Also of an authority that was made anew under its old name.
        UnknownIssuer | BadSignature => {
            "name the authority that signed the server's certificate with sslrootcert=FILE in the database URL"
        }
        // A certificate that is its own authority.
        _ => "the server's certificate must be signed by an authority of sslrootcert, and be none itself",
    })
}

#[cfg(test)]
mod tests {
    use super::{Mode, Tls, take};

    fn of(url: &str, is_here: bool) -> Result<Tls, String> {
        let (_, taken) = take(url).unwrap();
        Tls::of(taken, is_here).map_err(|error| error.message)
    }

    #[test]
    fn the_driver_gets_what_it_knows() {
        for (url, rest) in [
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://h/d?sslmode=verify-full", "postgres://h/d?"),
            (
                "postgres://u:a?sslmode=b@h/d?a=1&sslmode=verify-ca&sslcert=a%20b&sslkey=k&sslrootcert=r&options=-c%20b",
                "postgres://u:a?sslmode=b@h/d?a=1&options=-c%20b",
            ),
        ] {
            assert_eq!(take(url).unwrap().0, rest, "{url}");
        }
        assert_eq!(take("postgres://h/d?sslcert=a%20b").unwrap().1["sslcert"], "a b");
        assert!(
            take("postgres://h/d?sslkey=%ff")
                .unwrap_err()
                .message
                .contains("sslkey")
        );
    }

    #[test]
    fn what_a_server_must_prove() {
        for (parameters, here, elsewhere) in [
            ("", Mode::Prefer, Mode::VerifyFull),
            ("sslrootcert=system", Mode::VerifyFull, Mode::VerifyFull),
            ("sslrootcert=a.pem", Mode::VerifyFull, Mode::VerifyFull),
            ("sslmode=disable", Mode::Disable, Mode::Disable),
            ("sslmode=prefer", Mode::Prefer, Mode::Prefer),
            ("sslmode=require", Mode::Require, Mode::Require),
            (
                "sslmode=require&sslrootcert=a.pem",
                Mode::VerifyCa,
                Mode::VerifyCa,
            ),
            (
                "sslmode=verify-ca&sslrootcert=a.pem",
                Mode::VerifyCa,
                Mode::VerifyCa,
            ),
            ("sslmode=verify-full", Mode::VerifyFull, Mode::VerifyFull),
        ] {
            let url = format!("postgres://h/d?{parameters}");
            assert_eq!(of(&url, true).unwrap().mode, here, "{parameters}");
            assert_eq!(of(&url, false).unwrap().mode, elsewhere, "{parameters}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (parameters, expected) in [
            ("sslmode=allow", "sslmode=allow is unknown"),
            ("sslmode=", "sslmode= is unknown"),
            ("sslmode=verify-ca", "any name"),
            ("sslmode=verify-ca&sslrootcert=system", "any name"),
            ("sslmode=require&sslrootcert=system", "any name"),
            ("sslmode=prefer&sslrootcert=a.pem", "has no use"),
            ("sslmode=disable&sslrootcert=system", "has no use"),
            ("sslcert=a.pem", "together"),
            ("sslkey=a.pem", "together"),
        ] {
            let error = of(&format!("postgres://h/d?{parameters}"), false).unwrap_err();
            assert!(error.contains(expected), "{parameters}: {error}");
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = testkit::temp_dir("tls");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        for (parameters, expected) in [
            (
                "sslrootcert=/nonexistent/a.pem".to_owned(),
                "sslrootcert=/nonexistent/a.pem: ",
            ),
            (
                format!("sslrootcert={}", empty.display()),
                "it holds no certificate",
            ),
            (
                format!("sslmode=require&sslcert={0}&sslkey={0}", empty.display()),
                "sslcert=",
            ),
        ] {
            let url = format!("postgres://h/d?{parameters}");
            let error = of(&url, false).unwrap().config().unwrap_err().message;
            assert!(error.contains(expected), "{error}");
        }
    }
}
