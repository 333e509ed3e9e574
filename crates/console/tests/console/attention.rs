//! What other batches told, where it is looked at first.

use onay_payout::{Currency, HeldHistory, Money, Signal, SignalKind, Signals};
use rust_decimal::Decimal;
use serde_json::json;

use crate::browser::browse;
use crate::given::{World, batch};

/// Seven new payees, two of them told in full, and a duplicate.
fn history() -> HeldHistory {
    let signal = |kind, item: &str, detail: &str| Signal {
        kind,
        item: item.parse().unwrap(),
        detail: detail.to_owned(),
    };
    let counts = [(SignalKind::NewPayee, 7), (SignalKind::Duplicate, 1)];
    let duplicate = "100.50 TRY for this payee was also held on 2026-11-20, in batch b_1";
    let listed = vec![
        signal(SignalKind::Duplicate, "item-0", duplicate),
        signal(
            SignalKind::NewPayee,
            "item-0",
            "nothing was ever paid to TR19…0000",
        ),
        signal(
            SignalKind::NewPayee,
            "item-1",
            "nothing was ever paid to TR19…0001",
        ),
    ];
    let lira = |units: i64| Money::reported(Decimal::from(units), Currency::Try);
    HeldHistory {
        maker_day: lira(900),
        payee_day: lira(300),
        signals: Signals::restore(counts.into_iter().collect(), listed),
    }
}

#[tokio::test]
async fn signals_and_sums_of_a_day_are_told_to_programs_and_people() {
    let mut world = World::new();
    world.history = Some(history());
    let id = world.held("ayse", &batch("payday", 2)).await;
    let shown = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    let sums = json!({ "maker_day": "900.00", "payee_day": "300.00" });
    assert_eq!(shown["history"], sums);
    let counts = json!({ "duplicate": 1, "new_payee": 7 });
    assert_eq!(shown["signals"]["counts"], counts);
    let first = &shown["signals"]["listed"][0];
    assert_eq!(
        (&first["kind"], &first["item"]),
        (&json!("duplicate"), &json!("item-0"))
    );
    let list = world.get("ela", "/v1/batches").await.json();
    assert_eq!(list["batches"][0]["signals"], json!({ "counts": counts }));

    let mehmet = browse(&world, "mehmet").await;
    assert!(
        mehmet
            .get("/")
            .await
            .text
            .contains("1 likely duplicate, 7 new payees")
    );
    let page = mehmet.get(&format!("/batches/{id}")).await.text;
    for shown in [
        "Look at these first",
        "1 likely duplicate",
        "in batch b_1",
        "7 new payees",
        "and 5 that are only counted",
        "ayse asked for",
        "900.00",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[tokio::test]
async fn without_a_history_nothing_is_told_of_it() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let shown = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    assert!(shown.get("signals").is_none() && shown.get("history").is_none());
}
