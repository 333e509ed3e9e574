//! A ledger belongs to one provider account for ever: sandbox and live never mix.

use crate::files::batch;
use crate::process::Process;
use crate::simulator::Simulator;
use crate::world::World;

#[test]
fn a_ledger_refuses_the_key_or_the_host_of_another_account() {
    let world = World::new();
    world.submit(&batch("mine", 1));
    let serve = world.serve();
    world.wait_until("mine", "pending_approval");
    serve.terminate();
    let ours = account(&world);

    let elsewhere = Simulator::start(&[], &world.path("elsewhere"));
    for role in ["serve", "worker", "reconciler"] {
        let mut command = world.command(&[role]);
        let other_key = command.env("ONAY_IYZICO_API_KEY", "sandbox-another-key");
        refused(world.start_command(other_key), &ours);
        let mut command = world.command(&[role]);
        let other_host = command.env("ONAY_IYZICO_URL", &elsewhere.url);
        let message = refused(world.start_command(other_host), &ours);
        let host = elsewhere.url.trim_start_matches("http://");
        assert!(message.contains(host), "{message}");
    }
    assert!(elsewhere.books().batches.is_empty());
    assert_eq!(world.show("mine")["state"], "pending_approval");
}

/// The account as `doctor` shows it.
fn account(world: &World) -> String {
    let checks = world.run(&["doctor", "--json"]).expect(0).json();
    let checks = checks["checks"].as_array().unwrap();
    let account = checks.iter().find(|check| check["name"] == "account");
    account.unwrap()["detail"].as_str().unwrap().to_owned()
}

/// It ends with code 3 and names both accounts.
#[track_caller]
fn refused(mut process: Process, ours: &str) -> String {
    let code = process.ended().code();
    let message = process.stderr();
    assert_eq!(code, Some(3), "{message}");
    let accounts: std::collections::BTreeSet<&str> = message
        .split([' ', ';', ',', '"'])
        .filter(|word| word.starts_with("127.0.0.1:") && word.contains('/'))
        .collect();
    assert!(
        accounts.contains(ours) && accounts.len() == 2,
        "{accounts:?} in {message}"
    );
    message
}
