//! Keys of people: made once, kept encrypted, and nobody else's.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::world::{Ran, World};

/// What opens the keys of these stories.
pub(crate) const PASSPHRASE: &str = "correct horse battery";

impl World {
    /// Runs a command with a passphrase at hand.
    pub(crate) fn run_with_key(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).env("ONAY_KEY_PASSPHRASE", PASSPHRASE))
    }

    /// Makes a person's key where it usually is; the line for the policy file.
    #[track_caller]
    pub(crate) fn new_key(&self, name: &str) -> String {
        let line = self.run_with_key(&["key", "new", name]).expect(0).stdout;
        line.trim_end().to_owned()
    }

    /// A person's public key.
    #[track_caller]
    pub(crate) fn public_key(&self, name: &str) -> String {
        let key = self.run(&["key", "show", name]).expect(0).stdout;
        key.trim_end().to_owned()
    }
}

#[test]
fn a_key_is_for_its_owner_alone_and_never_written_over() {
    let world = World::new();
    let line = world.new_key("mehmet");
    let key = world.public_key("mehmet");
    assert_eq!(line, format!("public_key = \"{key}\""));
    let path = world.path(".config/onay/keys/mehmet.pem");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY"), "{text}");

    let again = world.run_with_key(&["key", "new", "mehmet"]);
    again.expect(3).says(&["is there already"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let file = path.to_str().unwrap();
    let out = world.run_with_key(&["key", "new", "ali", "--out", file]);
    out.expect(3).says(&["is there already"]);

    let policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    let name = "name = \"mehmet\"";
    world.file(
        "policy.toml",
        policy.replace(name, &format!("{name}\n{line}")),
    );
    world.submit(&crate::files::batch("with-a-key", 1));
}

#[test]
fn a_key_needs_a_passphrase_that_is_long_enough() {
    let world = World::new();
    let args = ["key", "new", "mehmet"];
    let nobody = world.run(&args);
    nobody.expect(2).says(&["ONAY_KEY_PASSPHRASE_FILE"]);
    let short = Ran::of(world.command(&args).env("ONAY_KEY_PASSPHRASE", "1234567"));
    short.expect(3).says(&["8 characters are the least"]);
    assert!(!world.path(".config/onay/keys").exists());
    let none = world.run(&["key", "show", "mehmet"]);
    none.expect(3).says(&["onay key new mehmet"]);

    let file = world.file("passphrase", format!("{PASSPHRASE}\n"));
    let mut command = world.command(&args);
    let made = Ran::of(command.env("ONAY_KEY_PASSPHRASE_FILE", file));
    made.expect(0);
    // Without the line that says it, the public key is behind the passphrase.
    let path = world.path(".config/onay/keys/mehmet.pem");
    let text = std::fs::read_to_string(path).unwrap();
    let block = world.file("block.pem", text.split_once('\n').unwrap().1);
    let shown = world
        .run_with_key(&["key", "show", "--key", &block])
        .expect(0);
    assert_eq!(shown.stdout.trim_end(), world.public_key("mehmet"));
    let mut command = world.command(&["key", "show", "--key", &block]);
    let wrong = Ran::of(command.env("ONAY_KEY_PASSPHRASE", "correct horse"));
    wrong.expect(3).says(&["the passphrase is wrong"]);
}
