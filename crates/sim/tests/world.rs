//! Worlds: actors on one thread, the production stage among them, and harm done to them between any two steps.

#[path = "world/actors.rs"]
mod actors;
#[path = "world/clocks.rs"]
mod clocks;
#[path = "world/cost.rs"]
mod cost;
#[path = "world/counters.rs"]
mod counters;
#[path = "production/echo.rs"]
mod echo;
#[path = "world/fence.rs"]
mod fence;
#[path = "world/harm.rs"]
mod harm;
#[path = "world/house.rs"]
mod house;
#[path = "world/keeper.rs"]
mod keeper;
#[path = "world/late.rs"]
mod late;
#[path = "world/lost_tail.rs"]
mod lost_tail;
#[path = "world/overtaken.rs"]
mod overtaken;
#[path = "world/reference.rs"]
mod reference;
#[path = "world/retention.rs"]
mod retention;
#[path = "world/stages.rs"]
mod stages;
