//! Exit codes, and the errors that carry one.

use std::process::ExitCode;

use onay_ledger::LedgerError;

/// How a command ends. Scripts branch on these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: something broke.
    Internal,
    /// 2: the command was not understood, or a setting is missing.
    Usage,
    /// 3: a rule or validation says no.
    Refused,
    /// 4: a person must look.
    NeedsPerson,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Internal => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::NeedsPerson => 4,
        })
    }
}

/// An error that a person can do something about.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A setting or argument is missing or wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// A rule says no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            message: message.into(),
            hint: None,
        }
    }

    /// Something is wrong that a person must look at.
    pub(crate) fn needs_person(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::NeedsPerson,
            message: message.into(),
            hint: None,
        }
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, if that is known.
    pub(crate) fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// The exit code of an error: its own if it has one, 1 otherwise.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    if let Some(LedgerError::Moved { .. } | LedgerError::OtherPolicy { .. }) = error.downcast_ref()
    {
        return Exit::Refused;
    }
    error
        .downcast_ref::<Failure>()
        .map_or(Exit::Internal, |failure| failure.exit)
}
