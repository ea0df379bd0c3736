mod activity;
mod audit;
mod me;
