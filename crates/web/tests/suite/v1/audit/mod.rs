mod bad_input;
mod checkpoint;
mod entries;
mod export;
mod list;
mod permissions;
