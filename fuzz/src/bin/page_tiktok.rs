//! Pages of orders of tiktok.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::page("tiktok", data));
