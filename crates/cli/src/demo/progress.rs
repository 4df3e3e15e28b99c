//! Live progress: one line on a terminal, nothing where there is none.

use super::follow::ledger::Ledger;
use super::load::Tally;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;

/// The line.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(orders: u64) -> Progress {
        let bar = ProgressBar::new(orders);
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{elapsed_precise} {bar:24} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress(bar)
    }

    /// What is being done, on a line of its own where progress is not drawn.
    pub fn say(&self, text: &str) {
        if self.0.is_hidden() {
            eprintln!("{text}");
        } else {
            self.0.println(text);
        }
    }

    pub fn show(&self, tally: &Tally, ledger: &Ledger) {
        self.0.set_position(ledger.count(|track| track.placed > 0));
        self.0.set_message(format!(
            "placed | {} sent {} refused | {} allocated {} waiting for stock | {} shipped {} cancelled | {} messages",
            tally.sent,
            tally.refused.values().sum::<u64>(),
            ledger.count(|track| track.allocated),
            ledger.count(|track| track.waits_for_stock),
            ledger.count(|track| track.shipped),
            ledger.count(|track| track.cancelled),
            ledger.notices_ended(true),
        ));
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
