mod bad_input;
mod keep;
