//! Harm that comes from outside: sinks that are away or unsure, and records that nobody can read.

use super::ms;
use crate::house::projectors::Sight;
use crate::house::{House, Task};
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::{NoticeCommand, RecordOutcome, notice_command::Command};
use weir_proto::topics::Topic;

impl House {
    /// Away for a while, unsure from time to time, or a projection is dropped and made anew.
    pub(super) fn trouble_postgres(&mut self) {
        let (drawn, sinks) = (self.random.below(3), self.sinks.clone());
        let mut postgres = sinks.postgres.lock();
        match drawn {
            0 => {
                postgres.service.away = true;
                let at = self.world.now() + ms(self.random.within((100, 3_000)));
                self.agenda.put(at, Task::PostgresBack);
            }
            1 => {
                postgres.service.refused = self.random.within((0, 20));
                postgres.service.unsaid = self.random.within((1, 20));
            }
            _ => {
                let sight = [Sight::Console, Sight::Levels][self.random.below(2)];
                if postgres.drop_tables(sight.name()) {
                    self.coverage.hit(&format!("a projection was dropped: {}", sight.name()));
                }
            }
        }
    }

    /// Away for a while, unsure from time to time, emptied, or fallen back to a replica.
    pub(super) fn trouble_redis(&mut self) {
        let (drawn, sinks) = (self.random.below(4), self.sinks.clone());
        let mut redis = sinks.redis.lock();
        match drawn {
            0 => {
                redis.service.away = true;
                let at = self.world.now() + ms(self.random.within((100, 3_000)));
                self.agenda.put(at, Task::RedisBack);
            }
            1 => {
                redis.service.refused = self.random.within((0, 20));
                redis.service.unsaid = self.random.within((1, 20));
            }
            2 => {
                if redis.flush() {
                    self.coverage.hit("redis emptied");
                }
            }
            _ => {
                if redis.fail_over() {
                    self.coverage.hit("redis fell back to a replica that was behind");
                }
            }
        }
    }

    /// An outcome that no notice of the order can have, or bytes that are no outcome: the workload does not write these.
    pub(super) fn poison(&mut self) {
        let Some(key) = self.known_order.clone() else { return };
        let meta = Some(Meta { tenant: "sim".to_owned(), key: key.clone(), ..Meta::default() });
        let outcome = RecordOutcome { notice_id: "nobody's".to_owned(), sent: true, ..RecordOutcome::default() };
        let value = match self.random.below(3) {
            0 => vec![0xff; 12],
            1 => NoticeCommand { meta, command: None }.encode_to_vec(),
            _ => NoticeCommand { meta, command: Some(Command::RecordOutcome(outcome)) }.encode_to_vec(),
        };
        if !self.sim.lock().faults.down {
            let event_type = "weir.notice.v1.RecordOutcome";
            let (partition, offset) = self.append(&Outgoing { topic: Topic::NoticeCommands, key, event_type, value });
            self.poisoned.push((partition, offset));
        }
    }
}
