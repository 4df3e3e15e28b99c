//! A number for everything that lies in a log: what two runs of a seed are compared by.

use super::{Broker, Entry};

/// Mixes eight bytes at a time; written out so that no library's release changes a recorded number. Not for adversaries.
pub struct Digest(u64);

impl Digest {
    /// On top of what has been mixed before.
    pub fn new(before: u64) -> Digest {
        Digest(before)
    }

    pub fn sum(&self) -> u64 {
        self.0
    }

    pub fn number(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed.rotate_left(29) ^ (mixed >> 32);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.number(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.number(u64::from_le_bytes(word));
        }
    }
}

impl Broker {
    /// Of every entry of every partition, of the clock and of chance, and of what the caller adds.
    pub fn digest(&self, more: &[u64]) -> u64 {
        let mut digest = Digest(0x57e1_2026);
        for (_, partition) in self.all() {
            digest.number(partition.start().cast_unsigned());
            for offset in partition.start()..partition.end() {
                match partition.entry(offset) {
                    Some(Entry::Record { time, record, aborted, producer }) => {
                        digest.number(time.0.cast_unsigned());
                        digest.number(producer.unwrap_or(0) << 1 | u64::from(*aborted));
                        digest.bytes(record.key.as_bytes());
                        digest.bytes(&record.value);
                        let headers = [record.headers.traceparent.as_deref(), record.headers.event_type.as_deref()];
                        for header in headers.into_iter().flatten() {
                            digest.bytes(header.as_bytes());
                        }
                    }
                    Some(Entry::Control { time, producer, commit }) => {
                        digest.number(time.0.cast_unsigned());
                        digest.number(producer << 1 | u64::from(*commit));
                    }
                    None => {}
                }
            }
        }
        for number in more.iter().chain(&[self.now(), self.random.clone().next()]) {
            digest.number(*number);
        }
        digest.0
    }
}
