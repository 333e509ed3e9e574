//! What people write: reasons and comments.

/// What stands where a reason may be given and was not.
pub(crate) const NO_REASON: &str = "no reason given";

/// Longest reason or comment, in characters.
const CHARS_MAX: usize = 500;

/// The text on one line, without characters that do not print; nothing, when nothing is left.
///
/// # Errors
/// A sentence, when it is too long.
pub(crate) fn words(text: &str) -> Result<Option<String>, String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() > CHARS_MAX {
        return Err(format!("longer than {CHARS_MAX} characters; shorten it"));
    }
    Ok((!line.is_empty()).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_one_printable_line() {
        assert_eq!(words(" \r\n "), Ok(None));
        let text = " tutar yanlış:\r\n 5\u{1b}[31m ";
        assert_eq!(words(text), Ok(Some("tutar yanlış: 5[31m".to_owned())));
        assert!(words(&"x".repeat(501)).is_err());
    }
}
