//! The services: whether each is ready, and what it waits for if not.

use super::Line;
use crate::installation::{Installation, SERVICES};
use serde::Deserialize;
use std::time::Duration;

/// What `/ready` shows.
#[derive(Deserialize)]
struct Ready {
    ready: bool,
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    name: String,
    holds: bool,
    #[serde(default)]
    reason: String,
}

pub(super) async fn look(installation: &Installation) -> Vec<Line> {
    let client = match reqwest::Client::builder().timeout(Duration::from_secs(3)).build() {
        Ok(client) => client,
        Err(error) => {
            return vec![Line::fault("services", error.to_string(), "no HTTP client could be made")];
        }
    };
    futures::future::join_all(SERVICES.iter().map(|name| line(&client, installation, name))).await
}

async fn line(client: &reqwest::Client, installation: &Installation, name: &str) -> Line {
    let Ok(url) = installation.service_url(name) else {
        let variable = format!("WEIR_{}_URL", name.to_uppercase());
        return Line::fault(name, "no address", format!("set {variable}; `eval \"$(scripts/env)\"` does"));
    };
    let part = format!("{name} {url}");
    let start = format!("scripts/service start {name}");
    let answer = match client.get(format!("{url}/ready")).send().await {
        Ok(answer) => answer,
        Err(error) => return Line::fault(part, format!("does not answer: {error}"), start),
    };
    let status = answer.status();
    match answer.json::<Ready>().await {
        Ok(found) if !found.ready => {
            Line::fault(part, format!("not ready: {}", missing(&found.conditions)), "its log says more: .state/log")
        }
        // Readiness does not depend on these: a door with a journal takes deliveries without them.
        Ok(found) if found.conditions.iter().any(|condition| !condition.holds) => {
            Line::fault(part, format!("ready, and without {}", missing(&found.conditions)), "docs/runbooks/journal.md")
        }
        Ok(found) => match still(&found.conditions) {
            None => Line::ok(part, "ready"),
            Some(why) => Line::fault(part, format!("ready, and {why}"), "docs/runbooks/partition-stopped.md"),
        },
        Err(_) => Line::fault(part, format!("answered {status} to /ready"), "is another program on this port?"),
    }
}

fn missing(conditions: &[Condition]) -> String {
    let missing = conditions.iter().filter(|condition| !condition.holds);
    missing.map(|c| format!("{} ({})", c.name, c.reason)).collect::<Vec<_>>().join(", ")
}

/// What a stage says that is at work: it has a reason only where part of it stands still.
fn still(conditions: &[Condition]) -> Option<&str> {
    let at_work = conditions.iter().filter(|condition| condition.name.starts_with("stage "));
    at_work.map(|condition| &*condition.reason).find(|reason| !reason.is_empty())
}
