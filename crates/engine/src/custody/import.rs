//! Importing deposits from a file.
