//! Ingest on a real Kafka: the door alone, and the door with its clerk.

#[path = "ingest/announced.rs"]
mod announced;
#[path = "ingest/catalogue.rs"]
mod catalogue;
#[path = "ingest/clerk.rs"]
mod clerk;
#[path = "ingest/door.rs"]
mod door;
#[path = "ingest/hostile.rs"]
mod hostile;
#[path = "ingest/house.rs"]
mod house;
#[path = "ingest/journal.rs"]
mod journal;
#[path = "ingest/process.rs"]
mod process;
#[path = "ingest/pulls.rs"]
mod pulls;
#[path = "ingest/starting.rs"]
mod starting;
