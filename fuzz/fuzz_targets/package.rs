//! A mapping package, as an operator writes it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use processor::mapping::Program;

fuzz_target!(|text: &str| {
    let _ = Program::compile("fuzz.toml", text);
});
