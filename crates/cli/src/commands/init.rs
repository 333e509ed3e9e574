//! `init` and `token new`: starter files and tokens.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use chrono::NaiveDate;
use onay_payout::{PersonName, Policy, Role, TokenHash, issue_token};
use secrecy::{ExposeSecret as _, SecretString};

use crate::args::Init;
use crate::exit::{Exit, Failure};
use crate::output;

/// The settings file as `init` writes it.
pub(crate) const STARTER_CONFIG: &str = include_str!("../../../../deploy/onay.example.toml");

/// The people a starter policy has: enough for whatever takes two, a change of the policy too.
const PEOPLE: [(&str, &[Role]); 3] = [
    ("ayse", &[Role::Maker]),
    ("mehmet", &[Role::Approver]),
    ("selin", &[Role::Operator, Role::Admin]),
];

/// Writes starter files; never overwrites one.
pub(crate) fn run(args: &Init) -> anyhow::Result<Exit> {
    let config = args.dir.join("onay.toml");
    let policy = args.dir.join("policy.toml");
    for path in [&config, &policy] {
        if path.exists() {
            let message = format!("{} is there already; nothing was written", path.display());
            return Err(Failure::refused(message)
                .hint("choose another place with --dir")
                .into());
        }
    }
    std::fs::create_dir_all(&args.dir)?;
    let starter = Starter::new(&PEOPLE)?;
    write_new(&config, STARTER_CONFIG)?;
    write_new(&policy, &starter.policy)?;
    output::say(format!(
        "wrote {} and {}",
        config.display(),
        policy.display()
    ));
    output::say("tokens are shown once; hand each to its owner:");
    for (name, token) in &starter.tokens {
        output::line(format!("{name} {}", token.expose_secret()))?;
    }
    output::say(
        "next: put your iyzico keys into ONAY_IYZICO_API_KEY and ONAY_IYZICO_SECRET_KEY, then\n  \
         onay doctor\n  onay serve",
    );
    Ok(Exit::Done)
}

/// Prints a token once, and what the policy file keeps of it.
pub(crate) fn token(
    name: &PersonName,
    roles: &[Role],
    until: Option<NaiveDate>,
) -> anyhow::Result<Exit> {
    let (token, hash) = issue_token(name, &random()?)?;
    output::say("for the policy file:");
    let until = until.map_or_else(String::new, |until| format!("token_until = \"{until}\"\n"));
    output::line(person_table(name, roles, &hash) + &until)?;
    output::say(format!("the token, shown once; for {name} only:"));
    output::line(token.expose_secret())?;
    Ok(Exit::Done)
}

/// A policy for a few people, and their tokens.
pub(crate) struct Starter {
    /// The policy file.
    pub(crate) policy: String,
    /// Whose token is which.
    pub(crate) tokens: Vec<(PersonName, SecretString)>,
}

impl Starter {
    pub(crate) fn new(people: &[(&str, &[Role])]) -> anyhow::Result<Self> {
        let mut policy = include_str!("../../starter/policy.toml").to_owned();
        let mut tokens = Vec::new();
        for (name, roles) in people {
            let name: PersonName = name.parse()?;
            let (token, hash) = issue_token(&name, &random()?)?;
            policy.push('\n');
            policy.push_str(&person_table(&name, roles, &hash));
            tokens.push((name, token));
        }
        Policy::parse(&policy)?;
        Ok(Self { policy, tokens })
    }
}

fn person_table(name: &PersonName, roles: &[Role], hash: &TokenHash) -> String {
    let roles: Vec<String> = roles.iter().map(|role| format!("\"{role}\"")).collect();
    let hash = hash.as_str();
    format!(
        "[[person]]\nname = \"{name}\"\nroles = [{}]\ntoken = \"{hash}\"\n",
        roles.join(", ")
    )
}

/// Writes a file only its owner can read.
pub(crate) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())?;
    Ok(())
}

/// Forty random bytes from the operating system.
fn random() -> anyhow::Result<[u8; 40]> {
    let mut bytes = [0; 40];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
