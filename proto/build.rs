//! Compiles the protobuf files without a protoc binary: protox parses, prost and tonic generate, pbjson adds protobuf's JSON.
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    collect(&PathBuf::from("weir"), &mut files)?;
    files.sort();
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=weir");
    let descriptors = protox::compile(&files, ["."])?;
    let encoded = prost::Message::encode_to_vec(&descriptors);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), &encoded)?;
    tonic_prost_build::configure()
        .bytes(".weir.delivery.v1.Received.body")
        .bytes(".weir.quarantine.v1.Quarantined")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".weir"])?;
    Ok(())
}

fn collect(folder: &PathBuf, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
