mod access;
mod activity;
mod api_keys;
mod audit;
mod auth;
mod me;
mod sessions;
mod users;
