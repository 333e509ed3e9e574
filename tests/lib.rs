//! What tests of the whole house share: where the project is, and the program as users run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The program `onay`, built on first use: Cargo tells a test only of programs of its own package.
///
/// # Panics
/// When it does not build.
pub fn onay() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

#[expect(clippy::expect_used, reason = "without the program no test can go on")]
fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--package", "onay", "--message-format"])
        .arg("json-render-diagnostics")
        .current_dir(root())
        .stderr(Stdio::inherit());
    // Whoever measures is built to be quick, and so is what is measured.
    if !cfg!(debug_assertions) {
        cargo.args(["--profile", "bench"]);
    }
    // Cargo tells tests about their own package; `ring` would take that for its own and build anew.
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| is_about_a_package(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    let output = cargo.output().expect("cargo runs");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .expect("onay builds; the compiler's messages are above")
}

fn is_about_a_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}
