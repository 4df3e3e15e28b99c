//! `weir pulls`: how far each shop's platform was read, and what keeps it from going on.

use crate::installation::Installation;
use crate::moment::{self, clock};
use crate::refused::refused;
use crate::table::table;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;
use weir_proto::ingest::v1::ingest_service_client::IngestServiceClient;
use weir_proto::ingest::v1::{ListPullsRequest, Pull};

/// Failures in a row from which on somebody should look; ingest alerts as late.
const ALARMING: u32 = 3;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    json: bool,
}

/// # Errors
/// Where ingest does not answer.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let pulls = of(installation).await?;
    if args.json {
        println!("{}", json!({ "pulls": pulls.iter().map(object).collect::<Vec<_>>() }));
    } else if pulls.is_empty() {
        println!("no shop is pulled; `weir shop add CHANNEL SHOP --api URL --api-credential TEXT` sets that up");
    } else {
        let now_ms = moment::now();
        let head = ["shop", "seen until (UTC)", "last success", "failures", "next try", "entered", "last error"];
        println!("{}", table(head, pulls.iter().map(|pull| row(pull, now_ms))));
    }
    Ok(if pulls.iter().any(is_failing) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// How the pulls of all the tenant's shops with an API stand.
///
/// # Errors
/// Where ingest does not answer.
pub async fn of(installation: &Installation) -> anyhow::Result<Vec<Pull>> {
    let mut client = IngestServiceClient::new(installation.channel("ingest")?);
    let mut request = tonic::Request::new(ListPullsRequest { tenant: installation.tenant.clone() });
    request.set_timeout(Duration::from_secs(10));
    let answer = client.list_pulls(request).await.map_err(|status| refused(&status, "ingest", installation))?;
    Ok(answer.into_inner().pulls)
}

fn is_failing(pull: &Pull) -> bool {
    pull.failures >= ALARMING
}

fn row(pull: &Pull, now_ms: i64) -> [String; 7] {
    let Pull { channel, shop, cursor_ms, last_success_ms, failures, last_error, due_ms, entered } = pull;
    let unless_none = |at_ms: &i64, told: String| if *at_ms == 0 { "never".to_owned() } else { told };
    [
        format!("{channel}/{shop}"),
        unless_none(cursor_ms, clock(*cursor_ms)),
        unless_none(last_success_ms, format!("{} ago", span(now_ms - last_success_ms))),
        failures.to_string(),
        if *due_ms <= now_ms { "now".to_owned() } else { format!("in {}", span(due_ms - now_ms)) },
        entered.to_string(),
        last_error.clone(),
    ]
}

/// As roughly as a person says it.
fn span(ms: i64) -> String {
    match ms.max(0) / 1000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

fn object(pull: &Pull) -> serde_json::Value {
    let Pull { channel, shop, cursor_ms, last_success_ms, failures, last_error, due_ms, entered } = pull;
    json!({
        "channel": channel, "shop": shop, "cursor_ms": cursor_ms, "last_success_ms": last_success_ms,
        "failures": failures, "last_error": last_error, "due_ms": due_ms, "entered": entered,
        "failing": is_failing(pull),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_is_told_with_ages_rather_than_times() {
        let now_ms = 1_795_219_200_000;
        let pull = Pull {
            channel: "shopify".to_owned(),
            shop: "acme".to_owned(),
            cursor_ms: now_ms - 90_000,
            last_success_ms: now_ms - 119_999,
            failures: 3,
            last_error: "the platform answered 503".to_owned(),
            due_ms: now_ms + 300_000,
            entered: 12,
        };
        let wanted = [
            "shopify/acme",
            "2026-11-20 23:58:30.000",
            "119 s ago",
            "3",
            "in 5 min",
            "12",
            "the platform answered 503",
        ];
        assert_eq!(row(&pull, now_ms), wanted);
        let new = row(&Pull::default(), now_ms);
        assert_eq!((new[1].as_str(), new[2].as_str(), new[4].as_str()), ("never", "never", "now"));
    }

    #[test]
    fn the_third_failure_in_a_row_alarms() {
        let failing = |failures| is_failing(&Pull { failures, ..Pull::default() });
        assert_eq!((failing(0), failing(2), failing(3), failing(40)), (false, false, true, true));
        assert_eq!(ALARMING, weir_ingest::pull::FAILURES_TO_ALERT);
    }

    #[test]
    fn a_span_is_told_in_its_largest_sensible_unit() {
        let told = [(-5, "0 s"), (119_000, "119 s"), (120_000, "2 min"), (7_200_000, "2 h"), (259_200_000, "3 d")];
        assert!(told.iter().all(|(ms, text)| span(*ms) == *text));
    }
}
