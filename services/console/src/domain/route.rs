//! The view of `routes`: the plan, what holds it, and whether it is released.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// The newest plan's version; 0: none.
    pub plan: u32,
    /// The newest plan that was released; 0: none.
    pub released: u32,
    pub released_at_ms: i64,
    /// Open ones, in the order in which they came.
    pub holds: Vec<Hold>,
    /// Why it waits for something that is no person's decision.
    pub parked: Option<String>,
    pub cancelled: Option<String>,
    /// The platform says that somebody else has shipped it, and it is not shipped from here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shipped_outside: bool,
    /// 0: no deadline.
    pub pay_by_ms: i64,
    /// Requests that fulfillment has not answered for too long, until it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unanswered: Vec<Unanswered>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    pub request_id: String,
    /// "fulfillment".
    pub waits_for: String,
    pub since_ms: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: String,
    pub reason: String,
    pub owner_group: String,
}

impl Route {
    pub fn planned(&mut self, plan: u32, pay_by_ms: Option<i64>) {
        self.plan = self.plan.max(plan);
        self.parked = None;
        if let Some(pay_by_ms) = pay_by_ms {
            self.pay_by_ms = pay_by_ms;
        }
    }

    pub fn held(&mut self, hold: Hold) {
        if self.holds.iter().all(|known| known.id != hold.id) {
            self.holds.push(hold);
        }
    }

    pub fn resolved(&mut self, hold_id: &str) {
        self.holds.retain(|hold| hold.id != hold_id);
    }

    pub fn stuck(&mut self, request: Unanswered) {
        self.answered(&request.request_id);
        self.unanswered.push(request);
    }

    pub fn answered(&mut self, request_id: &str) {
        self.unanswered.retain(|request| request.request_id != request_id);
    }

    pub fn released(&mut self, plan: u32, at_ms: i64) {
        self.released = self.released.max(plan);
        self.released_at_ms = at_ms;
    }

    pub fn is_released(&self) -> bool {
        self.plan > 0 && self.released >= self.plan
    }
}
