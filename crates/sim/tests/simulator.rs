//! What only a simulated broker can be made to do: late EndTxn, markers held back, a broker that is away at the right moment.

#[path = "simulator/ending.rs"]
mod ending;
#[path = "simulator/seats.rs"]
mod seats;
#[path = "simulator/stage.rs"]
mod stage;
#[path = "simulator/world.rs"]
mod world;
