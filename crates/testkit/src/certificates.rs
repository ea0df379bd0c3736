//! Certificates for tests, good ones and bad ones.

use rcgen::{BasicConstraints, CertificateParams, DnType, Error, IsCa, Issuer, KeyPair};

/// Somebody who signs certificates.
#[derive(Debug)]
pub struct Authority {
    /// Its own certificate, in PEM.
    pub certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one: nobody knows it yet.
    ///
    /// # Panics
    /// When there is no randomness: a test has nothing better to do either.
    pub fn new() -> Authority {
        wanted(Authority::make())
    }

    fn make() -> Result<Authority, Error> {
        let key = KeyPair::generate()?;
        let mut params = params("An authority", &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        Ok(Authority { certificate, issuer })
    }

    /// A certificate for these names and addresses; the first is the owner's.
    ///
    /// # Panics
    /// When one is not a name.
    pub fn signs(&self, names: &[&str]) -> Signed {
        wanted(params(names[0], names).and_then(|params| self.sign(&params)))
    }

    /// One that was good until some years ago.
    ///
    /// # Panics
    /// When one is not a name.
    pub fn signed_once(&self, names: &[&str]) -> Signed {
        self.signs_between(names, (1975, 2020))
    }

    /// One that is good from the beginning of a year to that of another one.
    ///
    /// # Panics
    /// When one is not a name.
    pub fn signs_between(&self, names: &[&str], years: (i32, i32)) -> Signed {
        wanted(params(names[0], names).and_then(|mut params| {
            params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
            params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
            self.sign(&params)
        }))
    }

    fn sign(&self, params: &CertificateParams) -> Result<Signed, Error> {
        let key = KeyPair::generate()?;
        Ok(Signed {
            certificate: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}

fn params(owner: &str, names: &[&str]) -> Result<CertificateParams, Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, owner);
    Ok(params)
}

#[expect(clippy::panic, reason = "for tests, which would only unwrap")]
fn wanted<T>(made: Result<T, Error>) -> T {
    made.unwrap_or_else(|error| panic!("cannot make a certificate: {error}"))
}
