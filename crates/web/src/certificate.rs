//! Until when a certificate is good.

use std::path::Path;

use evidence::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Until when the first certificate of a file in PEM is good, which is the server's own.
pub fn good_until(file: &Path) -> Result<Timestamp, String> {
    let of = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let own = CertificateDer::from_pem_file(file).map_err(|error| of(&error))?;
    let read = Certificate::from_der(&own).map_err(|error| of(&error))?;
    let end = read.tbs_certificate.validity.not_after.to_unix_duration();
    let micros = i64::try_from(end.as_micros()).ok();
    micros
        .and_then(Timestamp::from_micros)
        .ok_or_else(|| of(&"it ends in no year that can be told"))
}
