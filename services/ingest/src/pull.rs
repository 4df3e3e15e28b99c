//! Orders that are asked for, beside those that are pushed: platforms lose webhooks, send them late, and stop sending.
//!
//! Each shop with an API is read from its cursor on, oldest change first, and what is found goes into `deliveries` as a webhook
//! would. The clerk knows what it has seen, so nothing is entered twice, and a pull may begin earlier than the last one ended: a
//! platform's own index is late at times. The cursor moves only over what the log has. It lies in Postgres, with who pulls which
//! shop; without Postgres nothing is pulled, and the door stays open.

mod board;
mod client;
mod cursors;
mod feeder;
mod pace;
mod platform;

pub use client::{Client, PullFault};
pub use cursors::{Address, Claim, Cursors, Standing};
pub use feeder::Feeder;
pub use pace::FAILURES_TO_ALERT;
pub(crate) use pace::pause_after;
pub use platform::Platform;
