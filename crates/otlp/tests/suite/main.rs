//! Bodies as clients send them, and what becomes of them.

mod bodies;
mod cells;
mod docs;
mod made;
mod spans;
