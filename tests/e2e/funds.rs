//! Not enough money: before the release, and after it.

use serde_json::{Value, json};

use crate::files::batch;
use crate::process::until;
use crate::world::{Setup, World};

#[test]
fn a_batch_the_balance_does_not_cover_waits_says_by_how_much_and_goes_on_by_itself() {
    let world = Setup::default().simulator(&["--balance", "205.02"]).build();
    let _serve = world.serve();
    world.hold(&batch("large", 2));
    world.approve("mehmet", "large");
    let waiting = until("the missing kuruş", || {
        let shown = world.show("large");
        shown["waits"].is_object().then_some(shown)
    });
    assert_eq!(waiting["state"], "approved", "{waiting:#}");
    // 200.03 and two times 2.50.
    for (what, amount) in [
        ("balance", "205.02"),
        ("needed", "205.03"),
        ("missing", "0.01"),
    ] {
        assert_eq!(waiting["waits"][what], amount, "{waiting:#}");
        assert!(
            waiting["explain"].as_str().unwrap().contains(amount),
            "{waiting:#}"
        );
    }

    world.hold(&batch("small", 1));
    world.approve("mehmet", "small");
    world.wait_until("small", "settled");
    assert_eq!(world.show("large")["state"], "approved");
    world.books().batch("large").assert_never_released("INIT");
    // The small one took 102.51: now it is covered to the kuruş.
    world.simulator.add_funds("102.52");
    world.wait_until("large", "settled");
    world.books().batch("large").assert_paid_once();
}

/// Onay's own look at the balance is left out, so that the provider's word counts.
fn without_own_look() -> Setup {
    Setup::default()
        .short_doubt()
        .person("oya", &["operator"])
        .policy("look_before_init = true", "funds = \"off\"")
        .simulator(&["--balance", "10.00"])
}

/// A batch that the provider took without having the money.
fn short(world: &World, switches: &Value) -> Value {
    world.simulator.behave(switches);
    world.hold(&batch("short", 2));
    world.approve("mehmet", "short");
    world.wait_until("short", "frozen")
}

#[test]
fn what_a_short_balance_stopped_is_released_once_more_by_two_people_only() {
    for word in ["INSUFFICIENT_BALANCE", "IYZICO_INSUFFICIENT_BALANCE"] {
        let world = without_own_look().build();
        let _serve = world.serve();
        let switches = json!({
            "shortage": word.to_lowercase(),
            "short_batch": "revives_on_auth",
            "repeated_auth": "pays_twice",
        });
        let frozen = short(&world, &switches);
        assert_eq!(
            frozen["frozen"]["why"], "insufficient_balance",
            "{frozen:#}"
        );
        let explain = frozen["explain"].as_str().unwrap();
        for told in [
            word,
            "retry-release",
            "confirm-released",
            "re-prepare",
            "close",
        ] {
            assert!(explain.contains(told), "no `{told}` in: {explain}");
        }

        world.simulator.add_funds("1000.00");
        world.resolve("ayse", "short", "retry-release").expect(3);
        world.resolve("mehmet", "short", "retry-release").expect(0);
        world.resolve("mehmet", "short", "retry-release").expect(0);
        let frozen = world.show("short");
        assert_eq!(frozen["state"], "frozen", "{frozen:#}");
        assert_eq!(frozen["frozen"]["proposal"]["by"], "mehmet", "{frozen:#}");
        assert_eq!(world.books().batch("short").auth_calls, 1);

        world.resolve("oya", "short", "retry-release").expect(0);
        world.wait_until_again("short", "settled");
        let books = world.books();
        let book = books.batch("short");
        assert_eq!((book.auth_calls, book.authorized_times), (2, 1), "{book:?}");
        assert!(book.items.iter().all(|item| item.payments == 1), "{book:?}");
    }
}

#[test]
fn what_the_provider_revives_after_a_top_up_goes_on_by_itself() {
    let world = without_own_look().build();
    let _serve = world.serve();
    let switches = json!({ "short_batch": "revives_on_funds", "repeated_auth": "pays_twice" });
    short(&world, &switches);
    world.resolve("mehmet", "short", "retry-release").expect(0);
    world.simulator.add_funds("1000.00");
    world.wait_until_again("short", "settled");
    // The second person comes too late.
    world.resolve("oya", "short", "retry-release").expect(3);
    world.books().batch("short").assert_paid_once();
}

#[test]
fn an_authorize_refused_for_lack_of_funds_is_released_once_more_by_two_people() {
    let world = without_own_look().build();
    let _serve = world.serve();
    let switches = json!({ "funds": "auth_refuses", "repeated_auth": "pays_twice" });
    let frozen = short(&world, &switches);
    assert_eq!(frozen["frozen"]["why"], "release_refused", "{frozen:#}");
    world.books().batch("short").assert_unpaid("INIT");
    world.simulator.add_funds("1000.00");
    world.resolve_by_two("short", "retry-release");
    world.wait_until_again("short", "settled");
    let books = world.books();
    assert_eq!(books.batch("short").authorized_times, 1);
    assert_eq!(books.payments_max_per_item, 1);
}
