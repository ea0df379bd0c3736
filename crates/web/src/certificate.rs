//! From when until when a certificate is good.

use std::path::Path;

use evidence::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

/// Until when the first certificate of a file in PEM is good, which is the server's own.
pub fn good_until(file: &Path) -> Result<Timestamp, String> {
    let of = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let own = CertificateDer::from_pem_file(file).map_err(|error| of(&error))?;
    let [_, until] = validity(&own).map_err(|error| of(&error))?;
    Ok(until)
}

/// From when until when a certificate is good.
pub(crate) fn validity(certificate: &CertificateDer<'_>) -> x509_cert::der::Result<[Timestamp; 2]> {
    let found = Certificate::from_der(certificate)?.tbs_certificate.validity;
    let at = |time: Time| {
        let seconds = time.to_unix_duration().as_secs();
        Timestamp::EPOCH.plus_seconds(seconds.try_into().unwrap_or(i64::MAX))
    };
    Ok([at(found.not_before), at(found.not_after)])
}
