//! The house keeps its own rules, and what is written about it is true.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong should stop there"
)]

mod deploy;
mod imports;
mod markdown;
mod readme;
mod settings;
mod source;

use std::path::{Path, PathBuf};

use onay_tests::root;
use walkdir::WalkDir;

/// The text of a file, named from the workspace's folder.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under a folder whose name ends so, named from the workspace's folder. What is built
/// or hidden is left out.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let is_ours = |name: &str| name != "target" && (name == ".ci" || !name.starts_with('.'));
    let found: Vec<PathBuf> = WalkDir::new(root().join(folder))
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_ours(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending))
        .map(|path| path.strip_prefix(root()).unwrap().to_owned())
        .collect();
    assert!(!found.is_empty(), "no {ending} files in {folder}");
    found
}

/// The words of a text: runs of letters, digits and underscores.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}
