mod cookie;
mod invitation;
mod login;
