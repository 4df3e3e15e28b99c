//! A new migration is a new build: the macro that takes them in only watches the files that it has seen.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
