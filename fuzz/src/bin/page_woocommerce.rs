//! Pages of orders of woocommerce.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::page("woocommerce", data));
