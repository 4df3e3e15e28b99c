//! How many orders are placed when: the rate over a run, in pieces that are joined without a gap.

/// What a run's load is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Orders, without those of the lead-in and of the peak.
    pub orders: u32,
    /// Orders a second where nothing else is said.
    pub rate_per_second: u64,
    /// How long before the first of `orders` the rate begins to rise.
    pub lead_in_us: u64,
    pub course: Course,
}

/// How the rate goes on behind the lead-in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    Steady,
    /// In the middle of the run the rate is so many times as high for so long. It takes a second to get there, and one back.
    Peak {
        times: u32,
        lasts_us: u64,
    },
    /// The orders come as a shop's day goes, from midnight to midnight, in this time. The rate above does not count.
    Day {
        lasts_us: u64,
    },
}

/// A part of a run whose latencies are told by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Everything comes up to speed. All that is promised of an order holds for it too.
    LeadIn,
    #[default]
    Measured,
    Peak,
}

/// One value for each phase.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByPhase<T> {
    pub lead_in: T,
    pub measured: T,
    pub peak: T,
}

impl<T> ByPhase<T> {
    pub fn of(&mut self, phase: Phase) -> &mut T {
        match phase {
            Phase::LeadIn => &mut self.lead_in,
            Phase::Measured => &mut self.measured,
            Phase::Peak => &mut self.peak,
        }
    }
}

/// A time in which the rate goes evenly from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    phase: Phase,
    from_us: u64,
    lasts_us: u64,
    /// Orders a second at its beginning and at its end.
    rates: (f64, f64),
    /// Orders placed before it.
    before: f64,
}

impl Piece {
    fn until_us(&self) -> u64 {
        self.from_us + self.lasts_us
    }

    fn orders(&self) -> f64 {
        (self.rates.0 + self.rates.1) / 2.0 * self.lasts_us as f64 / S as f64
    }

    /// When the n-th of its orders is placed: the area below the rate is n.
    fn placed_us(&self, n: f64) -> u64 {
        let (begin, end) = self.rates;
        let slope = (end - begin) * S as f64 / self.lasts_us as f64;
        let seconds = match slope == 0.0 {
            true => n / begin,
            false => ((begin * begin + 2.0 * slope * n).max(0.0).sqrt() - begin) / slope,
        };
        self.from_us + ((seconds * S as f64).round() as u64).min(self.lasts_us)
    }
}

const S: u64 = 1_000_000;
/// How long a peak takes to come and to go.
const FLANK_US: u64 = S;
/// A shop's day: orders in each hour beside each other, with a morning, an evening and a night.
const HOURS: [f64; 24] = [
    5.0, 3.0, 2.0, 1.5, 1.5, 2.0, 4.0, 8.0, 12.0, 14.0, 15.0, 14.0, 13.0, 13.0, 12.0, 12.0, 13.0, 15.0, 18.0, 22.0,
    24.0, 21.0, 14.0, 8.0,
];

/// When each order of a run is placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pieces: Vec<Piece>,
}

impl Schedule {
    pub fn new(shape: &Shape) -> Schedule {
        let mut schedule = Schedule { pieces: Vec::new() };
        let rate = shape.rate_per_second.max(1) as f64;
        let orders = f64::from(shape.orders);
        let half_us = shape.lead_in_us / 2;
        schedule.then(Phase::LeadIn, half_us, (0.0, rate));
        schedule.then(Phase::LeadIn, half_us, (rate, rate));
        let steady_us = (orders / rate * S as f64).round() as u64;
        match shape.course {
            Course::Steady => schedule.then(Phase::Measured, steady_us, (rate, rate)),
            Course::Peak { times, lasts_us } => {
                let high = rate * f64::from(times);
                schedule.then(Phase::Measured, steady_us / 2, (rate, rate));
                schedule.then(Phase::Peak, FLANK_US, (rate, high));
                schedule.then(Phase::Peak, lasts_us, (high, high));
                schedule.then(Phase::Peak, FLANK_US, (high, rate));
                schedule.then(Phase::Measured, steady_us - steady_us / 2, (rate, rate));
            }
            Course::Day { lasts_us } => schedule.day(orders, lasts_us),
        }
        schedule
    }

    /// From the middle of each hour to the middle of the next: the rates at the joints are the hours' own.
    fn day(&mut self, orders: f64, lasts_us: u64) {
        let hour_us = (lasts_us / 24).max(1);
        let rate = HOURS.map(|share| orders * share / HOURS.iter().sum::<f64>() * S as f64 / hour_us as f64);
        for hour in 0..24 {
            self.then(Phase::Measured, hour_us, (rate[hour], rate[(hour + 1) % 24]));
        }
    }

    fn then(&mut self, phase: Phase, lasts_us: u64, rates: (f64, f64)) {
        if lasts_us > 0 {
            let (from_us, before) =
                self.pieces.last().map_or((0, 0.0), |last| (last.until_us(), last.before + last.orders()));
            self.pieces.push(Piece { phase, from_us, lasts_us, rates, before });
        }
    }

    /// Orders of the whole run.
    pub fn orders(&self) -> u32 {
        self.pieces.last().map_or(0, |last| (last.before + last.orders()).round() as u32)
    }

    /// When the order of this number is placed, from 0.
    pub fn placed_us(&self, number: u32) -> u64 {
        let n = f64::from(number);
        let following = self.pieces.partition_point(|piece| piece.before <= n);
        let piece = self.pieces.get(following.saturating_sub(1));
        piece.map_or(0, |piece| piece.placed_us(n - piece.before))
    }

    /// What was due at this moment belongs to it; behind the end, to what came last.
    pub fn phase(&self, moment_us: u64) -> Phase {
        let ended = self.pieces.partition_point(|piece| piece.until_us() <= moment_us);
        let piece = self.pieces.get(ended).or_else(|| self.pieces.last());
        piece.map_or(Phase::Measured, |piece| piece.phase)
    }

    /// When a phase begins and ends, and how many orders it has; `None` where the run has none of it. What is measured lies on
    /// both sides of a peak.
    pub fn span(&self, phase: Phase) -> Option<Span> {
        let of = || self.pieces.iter().filter(|piece| piece.phase == phase);
        let orders = of().map(Piece::orders).sum::<f64>().round() as u32;
        Some(Span { from_us: of().next()?.from_us, until_us: of().next_back()?.until_us(), orders })
    }

    /// The rate where it is highest, and where it is lowest behind the lead-in.
    pub fn rates(&self) -> (f64, f64) {
        let behind = || self.pieces.iter().filter(|piece| piece.phase != Phase::LeadIn);
        let all = || behind().flat_map(|piece| [piece.rates.0, piece.rates.1]);
        (all().fold(0.0, f64::max), all().fold(f64::INFINITY, f64::min))
    }
}

/// Where a phase lies in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from_us: u64,
    pub until_us: u64,
    pub orders: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(shape: &Shape) -> (Schedule, Vec<u64>) {
        let schedule = Schedule::new(shape);
        let placed = (0..schedule.orders()).map(|number| schedule.placed_us(number)).collect();
        (schedule, placed)
    }

    fn shape(orders: u32, course: Course) -> Shape {
        Shape { orders, rate_per_second: 500, lead_in_us: 0, course }
    }

    fn between(placed: &[u64], from_us: u64, until_us: u64) -> usize {
        placed.iter().filter(|at| (from_us..until_us).contains(*at)).count()
    }

    #[test]
    fn a_steady_rate_is_the_same_from_the_first_order_to_the_last() {
        let (_, placed) = placed(&shape(20_000, Course::Steady));
        assert_eq!((placed.len(), placed[0]), (20_000, 0));
        assert!(placed.windows(2).all(|pair| pair[1] - pair[0] == 2_000));
    }

    #[test]
    fn the_rate_rises_through_half_of_the_lead_in_and_is_constant_from_there_on() {
        let (schedule, placed) = placed(&Shape { lead_in_us: 20 * S, ..shape(1_000, Course::Steady) });
        let lead_in = schedule.span(Phase::LeadIn).expect("there is one");
        assert_eq!((placed.len(), lead_in.orders, lead_in.until_us), (8_500, 7_500, 20 * S));
        assert!(placed.windows(2).all(|pair| pair[0] < pair[1]));
        let until = |moment_us| between(&placed, 0, moment_us);
        assert_eq!(
            (until(5 * S), until(10 * S)),
            (625, 2_500),
            "a quarter of what rises comes in the first half of it"
        );
        assert_eq!((placed[2_500], placed[7_500]), (10 * S, 20 * S));
        assert!(placed[2_500..].windows(2).all(|pair| pair[1] - pair[0] == 2_000));
        assert_eq!((schedule.phase(20 * S - 1), schedule.phase(20 * S)), (Phase::LeadIn, Phase::Measured));
    }

    #[test]
    fn a_peak_is_there_within_a_second_and_comes_on_top_of_the_other_orders() {
        let (schedule, placed) = placed(&shape(10_000, Course::Peak { times: 10, lasts_us: 4 * S }));
        let peak = schedule.span(Phase::Peak).expect("there is one");
        assert_eq!((peak.from_us, peak.until_us), (10 * S, 16 * S));
        // 4 s of ten times the rate, and twice a second on the way.
        assert_eq!((peak.orders, placed.len()), (20_000 + 5_500, 10_000 + 25_500));
        assert_eq!(between(&placed, 0, 10 * S), 5_000);
        assert_eq!(between(&placed, 11 * S, 15 * S), 20_000);
        assert_eq!(between(&placed, 16 * S, 27 * S), 5_000);
        assert!(placed.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((schedule.phase(10 * S), schedule.phase(16 * S)), (Phase::Peak, Phase::Measured));
        assert_eq!(schedule.rates(), (5_000.0, 500.0));
    }

    #[test]
    fn a_days_orders_come_in_its_evening_and_not_in_its_night() {
        let (schedule, placed) = placed(&shape(30_000, Course::Day { lasts_us: 240 * S }));
        assert_eq!(placed.len(), 30_000);
        assert!(placed.windows(2).all(|pair| pair[0] <= pair[1]) && placed.last() < Some(&(240 * S)));
        let (night, evening) = (between(&placed, 20 * S, 50 * S), between(&placed, 180 * S, 210 * S));
        assert!(evening > 9 * night, "{night} orders in three hours of the night, {evening} in the evening");
        let (highest, lowest) = schedule.rates();
        assert!((highest / lowest - 16.0).abs() < 0.1, "{highest} and {lowest}");
    }
}
