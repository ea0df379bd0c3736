mod feed;
mod sentences;
mod stream;
