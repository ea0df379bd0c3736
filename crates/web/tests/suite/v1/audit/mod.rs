mod bad_input;
mod checkpoint;
mod entries;
mod export;
mod holds;
mod list;
mod permissions;
