//! How far it is: one line on a terminal, nothing where there is none.

use super::send::Answer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal as _;
use std::time::Duration;

pub struct Progress {
    bar: ProgressBar,
    refused: Cell<u64>,
    unanswered: Cell<u64>,
}

impl Progress {
    pub fn new(orders: usize) -> Progress {
        let bar = ProgressBar::new(orders as u64);
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{elapsed_precise} {bar:24} {pos}/{len} sent {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, refused: Cell::new(0), unanswered: Cell::new(0) }
    }

    pub fn one(&self, answer: &Answer) {
        self.bar.inc(1);
        match answer {
            Answer::Taken => return,
            Answer::Refused(_) => self.refused.set(self.refused.get() + 1),
            Answer::None(_) => self.unanswered.set(self.unanswered.get() + 1),
        }
        self.bar.set_message(format!("{} refused {} unanswered", self.refused.get(), self.unanswered.get()));
    }
}

/// Whatever is said next has its line to itself.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
