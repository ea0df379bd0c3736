mod bad_input;
mod record;
