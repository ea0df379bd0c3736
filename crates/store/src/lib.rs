//! Part of Probity.
