//! What is missing or different goes in by the same door as every delivery; then the house is looked at until it has it.

use super::compare::{Off, Platform, compare};
use super::sides::Sides;
use super::told::Row;
use super::window::Window;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Orders that are fetched at once.
const PORTION: usize = 50;
/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of it.
pub struct Entered {
    pub count: u64,
    pub rows: Vec<Row>,
}

/// Enters what can be entered of this, and waits until nothing of it is off any more, or so long.
///
/// # Errors
/// Where a side does not answer. What was entered until then stays so.
pub async fn enter(
    sides: &mut Sides<'_>,
    window: Window,
    platform: &Platform,
    off: Vec<Off>,
    within: Duration,
) -> anyhow::Result<Entered> {
    let wanted: Vec<String> =
        off.iter().filter(|off| off.kind.can_be_entered()).map(|off| off.platform_order_id.clone()).collect();
    let (mut entered, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for portion in wanted.chunks(PORTION) {
        let answer = sides.fetch(portion.to_vec()).await?;
        entered.extend(answer.entered);
        unknown.extend(answer.unknown);
    }
    let mut left = await_house(sides, window, platform, &entered, within).await?;
    if entered.iter().any(|id| left.contains_key(id)) {
        // The house may be ahead of what was listed: an order may have changed on the platform before it was fetched.
        let platform = sides.platform(window, |_| ()).await?;
        left = by_id(compare(&platform, &sides.house(window).await?));
    }
    let rows = off.into_iter().map(|before| {
        if !before.kind.can_be_entered() {
            return Row { off: before, still_off: true };
        }
        let Some(mut now) = left.remove(&before.platform_order_id) else {
            return Row { off: before, still_off: false };
        };
        if unknown.contains(&now.platform_order_id) {
            now.how.push("the platform does not find it by its id".to_owned());
        }
        Row { off: now, still_off: true }
    });
    Ok(Entered { count: entered.len() as u64, rows: rows.collect() })
}

/// What is off once everything that was entered is seen, or the time is over; by id.
async fn await_house(
    sides: &mut Sides<'_>,
    window: Window,
    platform: &Platform,
    entered: &BTreeSet<String>,
    within: Duration,
) -> anyhow::Result<BTreeMap<String, Off>> {
    let end = Instant::now() + within;
    loop {
        let off = compare(platform, &sides.house(window).await?);
        let is_done = !off.iter().any(|off| entered.contains(&off.platform_order_id));
        if is_done || Instant::now() >= end {
            return Ok(by_id(off));
        }
        tokio::time::sleep_until(end.min(Instant::now() + PAUSE)).await;
    }
}

fn by_id(off: Vec<Off>) -> BTreeMap<String, Off> {
    off.into_iter().map(|off| (off.platform_order_id.clone(), off)).collect()
}
