//! Deliveries of douyin.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::delivery("douyin", data));
