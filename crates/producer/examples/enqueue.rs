//! Hands one batch to Onay: `cargo run --example enqueue -- STORE POLICY_FILE TOKEN_FILE`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use onay_payout::{Currency, Purpose};
use onay_producer::{Batch, Enqueued, Item, Producer};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, policy, token] = arguments.as_slice() else {
        return Err("usage: enqueue STORE POLICY_FILE TOKEN_FILE".into());
    };
    let policy = std::fs::read_to_string(policy)?;
    let token = SecretString::from(std::fs::read_to_string(token)?.trim());

    let producer = Producer::connect(store, &policy, &token).await?;
    let (iban, amount) = ("TR920086402100005482986178", "41250.00".parse()?);
    let batch = Batch::new("payday-2026-11").purpose(Purpose::Salary).item(
        Item::to_iban("salary-001", iban, "Ayşe Yılmaz", amount, Currency::Try)
            .description("November"),
    );
    match producer.enqueue(batch).await? {
        Enqueued::New { head, .. } => println!("{} is durable; it waits for approval", head.id),
        Enqueued::Replayed { head, .. } => {
            println!("{} was here before: {}", head.id, head.state.name());
        }
    }
    Ok(())
}
