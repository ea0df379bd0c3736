mod create;
mod rotate;
mod show;
