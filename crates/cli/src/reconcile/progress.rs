//! How far it is: a line on a terminal, and one of each day that is done.

use super::told::Sums;
use super::window::Window;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;

pub struct Progress {
    bar: ProgressBar,
    days: usize,
}

impl Progress {
    pub fn new(days: usize) -> Progress {
        let bar = ProgressBar::new(days as u64);
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{elapsed_precise} day {pos} of {len}: {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, days }
    }

    /// A day begins.
    pub fn begin(&self) {
        self.bar.inc(1);
    }

    pub fn show(&self, doing: String) {
        self.bar.set_message(doing);
    }

    /// A day is done. Where there is only one, the end says it all.
    pub fn done(&self, window: Window, sums: &Sums) {
        let line = format!("{window}: {sums}");
        match (self.days, self.bar.is_hidden()) {
            (..2, _) => {}
            (_, true) => eprintln!("{line}"),
            (_, false) => self.bar.println(line),
        }
    }
}

/// Whatever is said next has its line to itself.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
