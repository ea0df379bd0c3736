mod bad_input;
mod run;
mod steps;
