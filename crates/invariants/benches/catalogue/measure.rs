//! A thread's own time on a processor, and the memory that a process has; both from Linux.

use std::fs;

/// Time of this thread on a processor, so that others on the machine don't count.
pub struct Clock(u64);

impl Clock {
    pub fn start() -> Clock {
        Clock(on_processor())
    }

    pub fn seconds(&self) -> f64 {
        (on_processor() - self.0) as f64 / 1e9
    }
}

fn on_processor() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says how long a thread ran");
    text.split_whitespace().next().and_then(|nanoseconds| nanoseconds.parse().ok()).expect("nanoseconds come first")
}

/// Resident memory of the process, in bytes.
pub fn resident() -> u64 {
    status("VmRSS:")
}

/// The most that it ever was.
pub fn highest() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux says what a process has");
    let line = text.lines().find(|line| line.starts_with(field)).expect("the field is in every version");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("in kB") * 1024
}
