//! Part of Probity.
fn main() {}
