//! `key new` and `key show`: keys that people sign with.

use crate::args::{Key, KeyNew, KeyShow};
use crate::exit::Exit;
use crate::keys::{self, Place};
use crate::output;

/// Runs one of the commands.
pub(crate) fn run(key: &Key) -> anyhow::Result<Exit> {
    match key {
        Key::New(args) => new(args),
        Key::Show(args) => show(args),
    }
}

/// Makes a key, and prints what the policy file keeps of it.
fn new(KeyNew { name, out }: &KeyNew) -> anyhow::Result<Exit> {
    let (path, key) = keys::create(name, out.as_deref())?;
    output::say(format!(
        "wrote {}; file and passphrase are for {name} only",
        path.display()
    ));
    output::say(format!("for the policy file, where it names {name}:"));
    output::line(format!("public_key = \"{key}\""))?;
    output::say(format!(
        "next: {name} gives that line to whoever keeps the policy, and compares its code by voice: {}\n  \
         a key that is lost, or whose passphrase is, is replaced: a new key, and its line instead",
        key.fingerprint()
    ));
    Ok(Exit::Done)
}

/// Prints a public key.
fn show(KeyShow { name, key }: &KeyShow) -> anyhow::Result<Exit> {
    let place = match (key, name) {
        (Some(path), _) => Place::File(path),
        (None, Some(name)) => Place::Of(name),
        (None, None) => anyhow::bail!("neither a name nor a file"),
    };
    let key = keys::public_key(place)?;
    output::line(key.to_string())?;
    output::say(format!("code {}", key.fingerprint()));
    Ok(Exit::Done)
}
