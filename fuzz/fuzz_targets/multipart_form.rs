#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| basehttp::fuzzing::multipart_form(bytes));
