//! What the process has taken of the machine, as Linux says it; elsewhere nothing is told.

use std::fs;
use weir_invariants::Summary;

/// Ticks of a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// Time on processors before the work began.
pub struct Cost(Option<f64>);

impl Cost {
    pub fn begin() -> Cost {
        Cost(cpu_seconds())
    }

    /// Notes what was taken since: time of all threads together, and the most memory that the process ever had.
    pub fn note(&self, summary: &mut Summary) {
        if let (Some(before), Some(after)) = (self.0, cpu_seconds()) {
            summary.cpu_seconds = after - before;
            // A small log takes less than a tick.
            summary.records_per_cpu_second = summary.read as f64 / summary.cpu_seconds.max(1.0 / TICKS);
        }
        summary.peak_memory_bytes = peak_memory().unwrap_or_default();
    }
}

/// Of this process and all its threads, ended ones too.
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may hold spaces; what is wanted are the 14th and 15th field of all.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

fn peak_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_are_seen() {
        let cost = Cost::begin();
        let began = std::time::Instant::now();
        let mut sum = 0u64;
        while began.elapsed().as_millis() < 60 {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let mut summary = Summary { read: 1000, ..Summary::default() };
        cost.note(&mut summary);
        assert!((0.01..10.0).contains(&summary.cpu_seconds), "{summary:?}");
        assert!(summary.records_per_cpu_second > 0.0 && summary.peak_memory_bytes > 1 << 20, "{summary:?}");
    }
}
