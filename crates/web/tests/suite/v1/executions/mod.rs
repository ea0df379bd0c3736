mod bad_input;
mod run;
