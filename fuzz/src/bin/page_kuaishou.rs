//! Pages of orders of kuaishou.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::page("kuaishou", data));
