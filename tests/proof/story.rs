//! A schedule, told step by step to whoever must understand it.

use onay_payout::State;

use crate::calm;
use crate::hand::Waits;
use crate::laws::{self, Broken, Law};
use crate::people::PEOPLE;
use crate::ports::Request;
use crate::steps::{Action, Deed, Setup};
use crate::world::{World, broken};

/// Steps within which a batch must have come to its end once nothing more goes wrong.
pub(crate) const CALM_STEPS_MAX: usize = 3000;

/// What happened so far, or nothing when nobody listens.
pub(crate) enum Story {
    Untold,
    Told(Vec<String>),
}

impl Story {
    /// Says what is different in this world.
    pub(crate) fn begins(&mut self, setup: &Setup) {
        if let Self::Told(lines) = self {
            lines.push(format!("{:?}\n{:?}", setup.switches, setup.terms));
        }
    }

    /// Takes a step, and tells of it.
    pub(crate) fn acts(&mut self, world: &mut World, action: Action) -> Result<(), Broken> {
        let Self::Told(lines) = self else {
            return world.act(action);
        };
        let since = world.now - crate::people::begin();
        let line = format!("{:>7} s  {}", since.num_seconds(), told(world, action));
        lines.push(line);
        let before = (world.state().clone(), world.books.parcels.clone());
        let end = world.act(action);
        if *world.state() != before.0 {
            lines.push(format!("             → {}", shown(world.state())));
        }
        if world.books.parcels != before.1 {
            let parcels: Vec<String> = (0..world.books.parcels.len())
                .map(|place| {
                    let parcel = &world.books.parcels[place];
                    format!(
                        "r-{place} as {} {:?}, takes {}",
                        parcel.as_id, parcel.stage, parcel.takes
                    )
                })
                .collect();
            lines.push(format!("             provider: {}", parcels.join("; ")));
        }
        end
    }

    /// Nothing more goes wrong.
    pub(crate) fn calms(&mut self, world: &mut World) -> Result<(), Broken> {
        if let Self::Told(lines) = self {
            lines.push("           calm".to_owned());
        }
        for _ in 0..CALM_STEPS_MAX {
            match calm::next(world) {
                Some(action) => self.acts(world, action)?,
                None => return laws::parked(world),
            }
        }
        broken(Law::Ends, format!("still `{}`", world.state().name()))
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Untold => String::new(),
            Self::Told(lines) => lines.join("\n"),
        }
    }
}

fn told(world: &World, action: Action) -> String {
    match action {
        Action::Go(hand, _) | Action::Crash(hand, _) | Action::Wake(hand) | Action::Sleep(hand) => {
            let waits = world.running(hand).map(|running| match &running.waits {
                Waits::For(request) => asked(request),
                Waits::With(answer) => format!("hear {answer:?}"),
            });
            format!("{action:?}: {}", waits.unwrap_or_default())
        }
        Action::Late(index) => format!("Late: {:?}", world.books.late[index]),
        Action::Person(person, Deed::Resolve(resolution)) => {
            format!("{} wants {resolution:?}", PEOPLE[person])
        }
        Action::Person(person, deed) => format!("{}: {deed:?}", PEOPLE[person]),
        other => format!("{other:?}"),
    }
}

fn asked(request: &Request) -> String {
    match request {
        Request::Commit(change) => format!(
            "commit {} on version {} → {}",
            change.event,
            change.based_on,
            change.after.stored.batch.state().name()
        ),
        Request::Retrieve(query) => format!("retrieve {:?} {:?}", query.by, query.items),
        other => format!("{other:?}"),
    }
}

fn shown(state: &State) -> String {
    match state {
        State::Frozen(frozen) => format!(
            "frozen from {}: {:?}, {}",
            frozen.from.name(),
            frozen.why,
            frozen.details.join("; ")
        ),
        State::Releasing(releasing) => format!(
            "releasing, looks {}, owner {}",
            releasing.looks, releasing.intent.owner
        ),
        other => other.name().to_owned(),
    }
}
