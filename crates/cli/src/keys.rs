//! Key files: where they are, and what opens them.

mod sealed;

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};

use dialoguer::Password;
use onay_payout::{PersonName, PublicKey, SigningKey};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::commands::write_new;
use crate::config::{optional_secret, project_dirs, variable};
use crate::exit::Failure;
use crate::output;
use sealed::{NotOpened, Sealed, seal};

/// The shortest passphrase of a new key.
const PASSPHRASE_CHARS_MIN: usize = 8;

/// Makes a key and writes its file: this one, or the one at the person's usual place. No file is
/// ever written over.
pub(crate) fn create(
    name: &PersonName,
    out: Option<&Path>,
) -> anyhow::Result<(PathBuf, PublicKey)> {
    let path = match out {
        Some(path) => path.to_owned(),
        None => usual_place(name).ok_or_else(|| {
            Failure::usage("no home directory to keep keys in").hint("name a file with --out")
        })?,
    };
    if path.exists() {
        return Err(is_there(&path).into());
    }
    let passphrase = new_passphrase(name)?;
    let mut seed = Zeroizing::new([0; 32]);
    let mut random = [[0; 16]; 2];
    getrandom::fill(seed.as_mut())?;
    getrandom::fill(random.as_flattened_mut())?;
    let text = seal(name, &seed, &passphrase, random)?;
    if let (None, Some(folder)) = (out, path.parent()) {
        create_folder(folder)?;
    }
    write_new(&path, &text).map_err(|error| match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == io::ErrorKind::AlreadyExists => is_there(&path),
        Some(_) | None => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    })?;
    Ok((path, SigningKey::from_seed(&seed).public_key()))
}

fn is_there(path: &Path) -> Failure {
    let message = format!("{} is there already; nothing was written", path.display());
    Failure::refused(message)
        .hint("a key is never written over: name another file with --out, or move the old one away")
}

/// Creates a folder that only its owner can look into.
fn create_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    Ok(builder.create(path)?)
}

/// The public key of a key file: this one, or the one at the person's usual place. The passphrase
/// is only asked for where the file does not say it.
pub(crate) fn public_key(place: Place<'_>) -> Result<PublicKey, Failure> {
    let path = match place {
        Place::File(path) => path.to_owned(),
        Place::Of(name) => usual_place(name)
            .filter(|path| path.exists())
            .ok_or_else(|| {
                Failure::refused(format!("{name} has no key file here")).hint(format!(
                    "`onay key new {name}` makes one; --key names one elsewhere"
                ))
            })?,
    };
    let sealed = read(&path)?;
    sealed
        .told()
        .map_or_else(|| Ok(open(&path)?.public_key()), Ok)
}

/// Which key file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// This one.
    File(&'a Path),
    /// The one at this person's usual place.
    Of(&'a PersonName),
}

/// The key a person signs with: from the file that a flag names, else from the one that `ONAY_KEY`
/// names, else from the person's usual place; none when nothing is there either.
pub(crate) fn signing_key(
    person: &PersonName,
    flag: Option<&Path>,
) -> Result<Option<SigningKey>, Failure> {
    let given = flag.map(Path::to_owned);
    let given = given.or_else(|| variable("ONAY_KEY").map(PathBuf::from));
    let path = given.or_else(|| usual_place(person).filter(|path| path.exists()));
    path.as_deref().map(open).transpose()
}

/// Where a person's key file is unless told otherwise.
fn usual_place(name: &PersonName) -> Option<PathBuf> {
    let folder = project_dirs()?.config_dir().join("keys");
    Some(folder.join(format!("{name}.pem")))
}

fn read(path: &Path) -> Result<Sealed, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    Sealed::read(&text).map_err(|error| not_opened(path, error))
}

fn open(path: &Path) -> Result<SigningKey, Failure> {
    let sealed = read(path)?;
    let passphrase = match passphrase()? {
        Some(passphrase) => passphrase,
        None => ask(Password::new().with_prompt(format!("Passphrase of {}", path.display())))?,
    };
    sealed
        .open(&passphrase)
        .map_err(|error| not_opened(path, error))
}

fn not_opened(path: &Path, error: NotOpened) -> Failure {
    let message = format!("{}: {error}", path.display());
    if error == NotOpened::Passphrase {
        Failure::refused(message)
    } else {
        Failure::usage(message)
    }
}

/// The passphrase, where nobody need be asked.
fn passphrase() -> Result<Option<SecretString>, Failure> {
    optional_secret("ONAY_KEY_PASSPHRASE", None)
}

fn new_passphrase(name: &PersonName) -> Result<SecretString, Failure> {
    let passphrase = match passphrase()? {
        Some(passphrase) => passphrase,
        None => ask(Password::new()
            .with_prompt(format!("New passphrase for the key of {name}"))
            .with_confirmation("Once more", "they differ"))?,
    };
    if passphrase.expose_secret().chars().count() < PASSPHRASE_CHARS_MIN {
        let message =
            format!("the passphrase is too short; {PASSPHRASE_CHARS_MIN} characters are the least");
        return Err(Failure::refused(message).hint("take several words that nobody would guess"));
    }
    Ok(passphrase)
}

fn ask(prompt: Password<'_>) -> Result<SecretString, Failure> {
    let missing = || {
        Failure::usage("no passphrase for the key")
            .hint("set ONAY_KEY_PASSPHRASE, or ONAY_KEY_PASSPHRASE_FILE to a file that holds it")
    };
    if !output::is_interactive() {
        return Err(missing());
    }
    let given = prompt.interact().map_err(|_| missing())?;
    // As it is read from a file or a variable.
    Ok(SecretString::from(given.trim().to_owned()))
}
