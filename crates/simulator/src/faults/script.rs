//! Which call meets which fault.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Fault, FaultPlan};
use crate::{Endpoint, chance::Chance};

/// The plans still open. The first one that meets a call has it; a plan that leaves a call alone, by
/// `skip` or by chance, leaves it to the next plan.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    open: Vec<Open>,
    met: BTreeMap<Fault, u64>,
}

#[derive(Debug)]
struct Open {
    plan: FaultPlan,
    /// Calls looked at after those skipped.
    seen: u64,
}

/// What `GET /_sim/faults` shows.
#[derive(Clone, Debug, Serialize)]
pub struct OpenFaults {
    /// The plans still open; `skip` and `times` are what is left of them.
    pub open: Vec<FaultPlan>,
    /// How many calls met each kind since the start.
    pub met: BTreeMap<Fault, u64>,
}

impl Faults {
    pub(crate) fn add(&mut self, plan: FaultPlan) {
        self.open.push(Open { plan, seen: 0 });
    }

    /// Forgets the plans, but not what they did.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }

    /// What meets the next call of the endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<FaultPlan> {
        self.open.retain(|open| open.plan.times > 0);
        let mut plans = self.open.iter_mut();
        let met = plans.find_map(|open| open.meets(endpoint).then(|| open.plan.clone()))?;
        let count = self.met.entry(met.kind).or_default();
        *count = count.saturating_add(1);
        Some(met)
    }

    pub(crate) fn shown(&self) -> OpenFaults {
        let open = self.open.iter().filter(|open| open.plan.times > 0);
        OpenFaults {
            open: open.map(|open| open.plan.clone()).collect(),
            met: self.met.clone(),
        }
    }
}

impl Open {
    fn meets(&mut self, endpoint: Endpoint) -> bool {
        if self.plan.endpoint.is_some_and(|only| only != endpoint) {
            return false;
        }
        if self.plan.skip > 0 {
            self.plan.skip = self.plan.skip.saturating_sub(1);
            return false;
        }
        self.seen = self.seen.saturating_add(1);
        let chance = Chance {
            seed: self.plan.seed,
            key: &self.seen.to_string(),
        };
        let is_met = chance.hits("fault", self.plan.probability);
        if is_met {
            self.plan.times = self.plan.times.saturating_sub(1);
        }
        is_met
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};
    use crate::Endpoint;

    /// What the first calls of `auth` meet.
    fn met(plans: &[&str], calls: usize) -> Vec<Option<Fault>> {
        let mut faults = Faults::default();
        for plan in plans {
            faults.add(serde_json::from_str(plan).unwrap());
        }
        let met = (0..calls).map(|_| faults.take(Endpoint::Auth).map(|plan| plan.kind));
        met.collect()
    }

    #[test]
    fn plans_of_an_endpoint_follow_each_other_and_run_out() {
        use Fault::{CloseBeforeWork, HoldAnswer};
        let plans = [
            r#"{"endpoint":"auth","kind":"close_before_work","times":2}"#,
            r#"{"endpoint":"auth","kind":"hold_answer","millis":7}"#,
            r#"{"endpoint":"auth","kind":"reset_after_work","times":0}"#,
            r#"{"endpoint":"init","kind":"lose_answer_after_work"}"#,
        ];
        let expected = [
            Some(CloseBeforeWork),
            Some(CloseBeforeWork),
            Some(HoldAnswer),
            None,
        ];
        assert_eq!(met(&plans, 4), expected);
    }

    #[test]
    fn a_plan_that_skips_leaves_the_call_to_the_next() {
        use Fault::{CutAnswer, NeverAnswer};
        let plans = [
            r#"{"kind":"cut_answer","skip":2}"#,
            r#"{"endpoint":"auth","kind":"never_answer","skip":1,"times":2}"#,
        ];
        let expected = [
            None,
            Some(NeverAnswer),
            Some(CutAnswer),
            Some(NeverAnswer),
            None,
        ];
        assert_eq!(met(&plans, 5), expected);
    }

    #[test]
    fn a_script_is_the_same_for_the_same_seed_only() {
        let run = |seed: u64| {
            let plan = format!(
                r#"{{"kind":"error_before_work","times":1000,"probability":200,"seed":{seed}}}"#
            );
            met(&[&plan], 1000)
        };
        let hits = run(1).iter().flatten().count();
        assert!((150..250).contains(&hits), "{hits}");
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn what_is_left_and_what_was_met_is_shown() {
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(r#"{"kind":"cut_answer","times":2}"#).unwrap());
        faults.take(Endpoint::Init).unwrap();
        let shown = faults.shown();
        assert_eq!(shown.open[0].times, 1);
        assert_eq!(shown.met[&Fault::CutAnswer], 1);
        faults.take(Endpoint::Init).unwrap();
        assert!(faults.shown().open.is_empty());
    }
}
