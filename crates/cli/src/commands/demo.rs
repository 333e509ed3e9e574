//! `demo`: the whole walk in one process, on an embedded store that is gone afterwards.

mod stage;
mod story;

use futures_util::future::try_join_all;
use indicatif::MultiProgress;
use onay_console::desk::{self, Person};
use onay_ledger::Stored;
use onay_payout::{BatchRef, Checksums, Head, Hold, Motion, State, Verdict};
use onay_producer::{Enqueued, Format, Intake, Producer, Resends};

use self::stage::Stage;
use self::story::Hands;
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
    let scenario = args.scenario.as_deref();
    let (stage, running) = Stage::set(scenario, &stop).await?;
    if let Some(scenario) = scenario {
        story::introduce(scenario);
        story::prepare(scenario, &stage.simulator);
    }
    let batches = submit_all(&stage, &args).await?;
    if args.auto_approve {
        output::say("\nThe demo's people decide by themselves.\n");
    } else {
        tell_how_to_approve(&stage, &batches)?;
    }
    let ended = tokio::select! {
        ended = follow_all(&stage, &batches, &args) => Some(ended?),
        () = stop.cancelled() => None,
    };
    for stored in ended.iter().flatten() {
        let resends = Resends::of(stage.ledger().as_ref(), &stored.batch).await?;
        output::line("")?;
        report::print(stored, &resends)?;
    }
    stop.cancel();
    running.await??;
    if ended.is_some() {
        output::say("\nNothing of this was real, and nothing of it is kept. Next: onay init");
    }
    let ends = ended.iter().flatten();
    let worst = ends.map(|stored| watch::exit(stored.batch.state())).max();
    // The samples of the plain demo are meant to end partly settled.
    Ok(worst.filter(|_| scenario.is_some()).unwrap_or(Exit::Done))
}

/// Submits the samples, or the one file that was given.
async fn submit_all(stage: &Stage, args: &Demo) -> anyhow::Result<Vec<Head>> {
    let producer = Producer::new(stage.ledger(), stage.policy(), stage.maker.clone(), "cli")?;
    let intakes = match (&args.file, args.scenario.as_deref()) {
        (Some(path), _) => vec![submit::read(path, &args::Intake::default())?],
        (None, Some(scenario)) => {
            let mut intakes = vec![Intake::read(PAYDAY, Format::Json)];
            if story::needs_two(scenario) {
                let mut bonus = Intake::read(PAYDAY, Format::Json);
                bonus.draft.external_id = Some("bonus-2026-11".to_owned());
                intakes.push(bonus);
            }
            intakes
        }
        (None, None) => {
            output::say(
                "The first batch is the sample of iyzico's guide, as printed there: its IBAN and \
                 its identity\nnumber fail their own check digits, and the simulated provider \
                 refuses them.\n",
            );
            vec![
                Intake::read(GUIDE_SAMPLE, Format::Json),
                Intake::read(PAYDAY, Format::Json),
            ]
        }
    };
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
    if args.scenario.is_some() {
        let hands = if args.auto_approve {
            Hands::Demo
        } else {
            Hands::Yours
        };
        let ids: Vec<BatchRef> = batches.iter().map(|head| BatchRef::Id(head.id)).collect();
        return try_join_all(ids.iter().map(|id| story::follow(stage, id, hands))).await;
    }
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
            return approve(stage, stored.batch.head(), hold).await;
        }
        if !matches!(
            now,
            State::Received | State::Preparing(_) | State::Prepared(_)
        ) {
            return Ok(());
        }
    }
}

/// The approver approves what is held.
async fn approve(stage: &Stage, head: &Head, hold: &Hold) -> anyhow::Result<()> {
    let (comment, digest) = (Some("the demo decides".to_owned()), hold.digest.to_string());
    let motion = Motion::new(Verdict::Approve { comment }, &digest);
    let by = Person {
        identity: &stage.approver,
        via: "cli",
    };
    let (ledger, policy, batch) = (stage.ledger(), stage.policy(), BatchRef::Id(head.id));
    desk::decide(ledger.as_ref(), &policy, &by, &batch, &motion).await?;
    Ok(())
}
