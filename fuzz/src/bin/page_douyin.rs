//! Pages of orders of douyin.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::page("douyin", data));
