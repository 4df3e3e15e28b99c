//! Calls `scripts/servers` and `scripts/env` of this checkout, so that there is one way to start a
//! server, whoever needs it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout this crate was built in.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders below the checkout")
        .to_path_buf()
}

/// Settings for a script, by name.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// Runs a script on one state folder and returns what it printed.
pub(crate) fn run<A: AsRef<OsStr>>(state: &Path, environment: &Environment, script: &str, arguments: &[A]) -> String {
    try_run(state, environment, script, arguments).unwrap_or_else(|why| panic!("{why}"))
}

/// The same, or why not.
///
/// The addresses and ports of our own environment are not handed on: they belong to other servers.
pub(crate) fn try_run<A: AsRef<OsStr>>(
    state: &Path,
    environment: &Environment,
    script: &str,
    arguments: &[A],
) -> Result<String, String> {
    let mut command = Command::new(checkout().join("scripts").join(script));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("WEIR_") && !["WEIR_KAFKA_LIBS", "WEIR_KAFKA_JVM"].contains(&&*name_text) {
            command.env_remove(&name);
        }
    }
    let output = command
        .args(arguments)
        .env("WEIR_STATE", state)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .map_err(|error| format!("scripts/{script} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "scripts/{script} failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The variables that `scripts/env` prints, by name.
pub(crate) fn addresses(state: &Path) -> HashMap<String, String> {
    run::<&str>(state, &Environment::new(), "env", &[])
        .lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
