//! Reading our own pages; and that their links lead somewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::{files, read};
use onay_tests::root;

pub(crate) fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// The blocks of code marked with this language.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut is_inside = false;
    for event in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(word))) if &*word == language => {
                is_inside = true;
                blocks.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => is_inside = false,
            Event::Text(text) if is_inside => blocks.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    blocks
}

/// What stands in code in the cells of a row.
pub(crate) type Row<'a> = Vec<Vec<CowStr<'a>>>;

/// The rows of all tables, headers left out.
pub(crate) fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut row: Option<Row<'_>> = None;
    for event in events(text) {
        match (event, &mut row) {
            (Event::Start(Tag::TableRow), _) => row = Some(Vec::new()),
            (Event::Start(Tag::TableCell), Some(cells)) => cells.push(Vec::new()),
            (Event::Code(code), Some(cells)) => cells.last_mut().unwrap().push(code),
            (Event::End(TagEnd::TableRow), _) => rows.extend(row.take()),
            _ => {}
        }
    }
    rows
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for page in files(".", ".md") {
        let text = read(&page);
        for event in events(&text) {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            else {
                continue;
            };
            let path = dest_url.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let target = root().join(&page).parent().unwrap().join(path);
            assert!(target.exists(), "{}: {dest_url}", page.display());
        }
    }
}

#[test]
fn operators_are_told_what_to_do_about_every_reason_to_freeze() {
    let code = read("crates/payout/src/state/frozen.rs");
    let (_, words) = code.split_once("impl Why {").unwrap();
    let (_, words) = words.split_once("fn word(").unwrap();
    let (words, _) = words.split_once("fn sentence(").unwrap();
    let reasons: BTreeSet<&str> = words.split('"').skip(1).step_by(2).collect();
    let text = read("docs/operating.md");
    let (_, section) = text.split_once("\n## Frozen batches\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let told = rows(section);
    let told: BTreeSet<&str> = told
        .iter()
        .flat_map(|row| &row[0])
        .map(|word| &**word)
        .collect();
    assert_eq!(told, reasons);
}

/// Tests by their names, and the laws of the proof.
#[test]
fn every_guarantee_names_what_keeps_it() {
    let is_test = |path: &&PathBuf| {
        path.iter()
            .any(|part| part == "tests" || part == "tests.rs")
    };
    let sources: Vec<String> = files("crates", ".rs")
        .iter()
        .chain(&files("tests", ".rs"))
        .filter(|path| {
            is_test(path) || read(path).contains("#[cfg(test)]") || path.ends_with("conformance.rs")
        })
        .chain(&files("crates/ledger/src/conformance", ".rs"))
        .map(read)
        .collect();
    let laws = read("tests/proof/laws.rs");
    let (_, laws) = laws.split_once("enum Law {").unwrap();
    let (laws, _) = laws.split_once('}').unwrap();
    let laws: BTreeSet<&str> = laws.split(',').map(str::trim).collect();
    let text = read("docs/guarantees.md");
    let promises = rows(&text);
    assert!(!promises.is_empty());
    for promise in promises {
        let kept_by = promise.last().unwrap();
        assert!(!kept_by.is_empty(), "{promise:?}");
        for name in kept_by {
            let definition = format!("fn {name}(");
            let is_there =
                laws.contains(&**name) || sources.iter().any(|source| source.contains(&definition));
            assert!(
                is_there,
                "docs/guarantees.md names {name}, which is nowhere"
            );
        }
    }
}
