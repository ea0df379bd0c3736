//! Importing logs.
