//! Pages of orders of youzan.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::page("youzan", data));
