//! Personal data, keys and tokens stay where they belong.

use std::process::Command;

use serde_json::json;

use crate::world::{Ran, World};

const IBAN: &str = "TR920086402100005482986178";

/// What must appear in no log, and in no output either: masked, it is enough to recognise.
const SECRETS: [&str; 8] = [
    IBAN,
    "Gizli Şahıs",
    "22222222220",
    "+905555856935",
    "2228853",
    "gizli açıklama",
    "sandbox-onay-simulator",
    // The API key as it stands in the header of every call.
    "YXBpS2V5OnNhbmRib3gtb25heS1zaW11bGF0b3",
];

#[test]
fn no_log_and_no_command_tells_personal_data_keys_or_tokens() {
    let world = World::new();
    let mut serve = world.start_command(world.command(&["serve"]).env("ONAY_LOG", "trace"));
    let url = serve.told("console on ");
    let mut said = walk(&world);
    said.push(("items over HTTP".to_owned(), items_over_http(&world, &url)));
    serve.terminate();
    said.extend(
        world
            .logs()
            .into_iter()
            // It prints its keys so that they can be used.
            .filter(|(path, _)| !path.ends_with("simulator.out"))
            .map(|(path, text)| (path.display().to_string(), text)),
    );

    let secrets: Vec<&str> = SECRETS.into_iter().chain(world.tokens()).collect();
    for (place, text) in &said {
        for secret in &secrets {
            let mut telling = text.lines().filter(|line| line.contains(secret));
            assert_eq!(telling.next(), None, "{place} tells `{secret}`");
        }
    }
    let size: usize = said.iter().map(|(_, text)| text.len()).sum();
    assert!(size > 10_000, "hardly anything was logged");
}

/// A batch from a first wrong file to its audit; what each command said.
fn walk(world: &World) -> Vec<(String, String)> {
    let good = world.file("secret.json", file("secret", IBAN));
    let wrong = world.file("wrong.json", file("wrong", "TR920086402100005482986179"));
    let mut said = Vec::new();
    let mut run = |code: i32, name: Option<&str>, args: &[&str]| {
        let mut command = world.command(args);
        command.env("ONAY_LOG", "trace");
        if let Some(name) = name {
            as_person(&mut command, name, world);
        }
        let ran = Ran::of(&mut command).expect(code);
        said.push((ran.command, ran.stdout + &ran.stderr));
    };
    run(3, None, &["validate", &wrong]);
    run(3, Some("ayse"), &["submit", &wrong]);
    run(3, Some("ayse"), &["submit", &wrong, "--json"]);
    run(0, Some("ayse"), &["submit", &good]);
    let held = world.wait_until("secret", "pending_approval");
    let digest = held["digest"].as_str().unwrap();
    run(3, Some("ayse"), &["approve", "secret", "--digest", digest]);
    run(0, Some("mehmet"), &["why", "secret"]);
    run(
        0,
        Some("mehmet"),
        &["approve", "secret", "--digest", digest],
    );
    run(0, None, &["watch", "secret"]);
    for args in [
        &["batches"][..],
        &["batches", "--json"],
        &["show", "secret", "--items", "--journal"],
        &["show", "secret", "--items", "--journal", "--json"],
        &["report", "secret"],
        &["report", "secret", "--json"],
        &["report", "secret", "--csv"],
        &["audit", "verify"],
        &["audit", "head", "--json"],
        &["audit", "export"],
        &["doctor"],
    ] {
        run(0, None, args);
    }
    said
}

fn as_person(command: &mut Command, name: &str, world: &World) {
    command
        .args(["--as", name])
        .env("ONAY_TOKEN", world.token(name));
}

fn items_over_http(world: &World, url: &str) -> String {
    let request = ureq::get(format!("{url}/v1/batches/secret/items"));
    let token = format!("Bearer {}", world.token("mehmet"));
    let answer = request.header("Authorization", token).call().unwrap();
    answer.into_body().read_to_string().unwrap()
}

fn file(id: &str, iban: &str) -> String {
    let item = |id: &str, kind: &str, info: &str| {
        json!({
            "itemExternalId": id, "recipientType": kind, "recipientInfo": info,
            "recipientName": "Gizli Şahıs", "description": "gizli açıklama",
            "amount": { "value": "12.50", "currency": "TRY" },
        })
    };
    json!({
        "externalId": id,
        "items": [
            item("i-1", "IBAN", iban),
            item("i-2", "IDENTITY_NUMBER", "22222222220"),
            item("i-3", "PHONE", "+905555856935"),
            item("i-4", "MEMBER_ID", "2228853"),
        ],
    })
    .to_string()
}
