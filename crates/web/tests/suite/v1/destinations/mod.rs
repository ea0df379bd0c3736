mod bad_input;
mod keep;

/// An address of Bitcoin.
pub const ADDRESS: &str = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
