mod behaviours;
mod feed;
mod sentences;
mod stream;
