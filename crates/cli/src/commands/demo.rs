//! `demo`: the whole walk in one process, on an embedded store that is gone afterwards.

mod stage;

use std::path::Path;

use futures_util::future::try_join_all;
use indicatif::MultiProgress;
use onay_console::desk::{self, Person};
use onay_ledger::Stored;
use onay_payout::{BatchRef, Checksums, Head, Motion, State, Verdict};
use onay_producer::{Enqueued, Format, Intake, Producer};

use self::stage::Stage;
use super::{report, submit, watch};
use crate::args::{self, Demo};
use crate::exit::{Exit, Failure};
use crate::{output, roles};

/// iyzico's own sample, as its guide prints it: the IBAN and the identity number fail their check
/// digits.
const GUIDE_SAMPLE: &[u8] = include_bytes!("../../samples/iyzico-guide.json");

/// A batch without a fault.
const PAYDAY: &[u8] = include_bytes!("../../samples/payday.json");

/// Plays the demo.
pub(crate) async fn run(args: Demo) -> anyhow::Result<Exit> {
    let stop = roles::stop_signal()?;
    let (stage, running) = Stage::set(&stop).await?;
    let batches = submit_all(&stage, args.file.as_deref()).await?;
    if args.auto_approve {
        output::say("\nThe demo's approver decides by itself.\n");
    } else {
        tell_how_to_approve(&stage, &batches)?;
    }
    let settled = tokio::select! {
        settled = follow_all(&stage, &batches, &args) => Some(settled?),
        () = stop.cancelled() => None,
    };
    for stored in settled.iter().flatten() {
        let resends = onay_producer::Resends::of(stage.ledger().as_ref(), &stored.batch).await?;
        output::line("")?;
        report::print(stored, &resends)?;
    }
    stop.cancel();
    running.await??;
    if settled.is_some() {
        output::say("\nNothing of this was real, and nothing of it is kept. Next: onay init");
    }
    Ok(Exit::Done)
}

/// Submits the samples, or the one file that was given.
async fn submit_all(stage: &Stage, file: Option<&Path>) -> anyhow::Result<Vec<Head>> {
    let producer = Producer::new(stage.ledger(), stage.policy(), stage.maker.clone(), "cli")?;
    let intakes = match file {
        Some(path) => vec![submit::read(path, &args::Intake::default())?],
        None => vec![
            Intake::read(GUIDE_SAMPLE, Format::Json),
            Intake::read(PAYDAY, Format::Json),
        ],
    };
    if file.is_none() {
        output::say(
            "The first batch is the sample of iyzico's guide, as printed there: its IBAN and its \
             identity\nnumber fail their own check digits, and the simulated provider refuses them.\n",
        );
    }
    let mut batches = Vec::new();
    for intake in intakes {
        if let Some(finding) = intake.findings.first().filter(|_| !intake.is_readable()) {
            return Err(Failure::refused(finding.to_string()).into());
        }
        let enqueued = producer
            .submit(&intake.draft, Checksums::Warn)
            .await
            .map_err(|error| Failure::refused(error.to_string()))?;
        tell_of(&enqueued);
        batches.push(enqueued.head().clone());
    }
    Ok(batches)
}

fn tell_of(enqueued: &Enqueued) {
    let head = enqueued.head();
    let (items, total) = (head.count, head.tie_out.requested);
    output::say(format!(
        "{} submitted {}: {items} items, {total}",
        head.maker, head.external_id
    ));
    let (Enqueued::New { findings, .. } | Enqueued::Replayed { findings, .. }) = enqueued;
    for found in findings {
        output::say(format!("  {}: {found}", found.severity.word()));
    }
}

fn tell_how_to_approve(stage: &Stage, batches: &[Head]) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let dir = stage.dir().display();
    output::say(format!(
        "\nThe provider prepares this; then it waits for you. Approve as mehmet, in another terminal:\n\n  \
         export ONAY_CONFIG={dir}/onay.toml ONAY_TOKEN_FILE={dir}/mehmet.token"
    ));
    for head in batches {
        let id = &head.external_id;
        output::say(format!("  {} approve {id} --as mehmet", program.display()));
    }
    output::say(format!(
        "\nor in the browser: {}\n  sign in with the token in {dir}/mehmet.token\n",
        stage.console_url()
    ));
    Ok(())
}

/// Follows every batch to its end, deciding on the way if asked to.
async fn follow_all(stage: &Stage, batches: &[Head], args: &Demo) -> anyhow::Result<Vec<Stored>> {
    let bars = MultiProgress::new();
    let follow = batches.iter().map(|head| {
        let (batch, bar) = (BatchRef::Id(head.id), bars.add(watch::bar()));
        async move {
            let ledger = stage.ledger();
            let end = watch::follow(ledger.as_ref(), &batch, &bar);
            if args.auto_approve {
                let (end, ()) = tokio::try_join!(end, approve_when_held(stage, &batch))?;
                Ok(end)
            } else {
                end.await
            }
        }
    });
    try_join_all(follow).await
}

/// What a person would do: wait for the hold, look, approve what was seen.
async fn approve_when_held(stage: &Stage, batch: &BatchRef) -> anyhow::Result<()> {
    let mut pause = tokio::time::interval(watch::PAUSE);
    loop {
        pause.tick().await;
        let stored = super::load(stage.ledger().as_ref(), batch).await?;
        let now = stored.batch.state();
        if let State::PendingApproval(hold) = now {
            let comment = Some("the demo decides".to_owned());
            let digest = hold.digest.to_string();
            let motion = Motion {
                verdict: Verdict::Approve { comment },
                digest: &digest,
            };
            let by = Person {
                identity: &stage.approver,
                via: "cli",
            };
            desk::decide(
                stage.ledger().as_ref(),
                &stage.policy(),
                &by,
                batch,
                &motion,
            )
            .await?;
            return Ok(());
        }
        if !matches!(
            now,
            State::Received | State::Preparing(_) | State::Prepared(_)
        ) {
            return Ok(());
        }
    }
}
