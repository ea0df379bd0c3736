//! Where pages are, and what they are called.

/// Where all of the audit log that filters leave can be had as a file; over the API it is there too.
pub(crate) const EXPORT: &str = "/audit/export";

/// Where the pages of a path of the API are.
pub(crate) fn place(api: &str) -> String {
    match api.strip_prefix("/v1").unwrap_or(api) {
        // Prometheus reads `/metrics`.
        path if path.starts_with("/metrics") => format!("/governance{path}"),
        "/auth/invitation" => "/invitation".to_owned(),
        path => path.to_owned(),
    }
}

/// A text as a title.
pub(crate) fn title(text: &str) -> String {
    let mut title = text.replace("api ", "API ").replace("kyc ", "KYC ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}
