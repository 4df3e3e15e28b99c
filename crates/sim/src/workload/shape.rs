//! How a workload is made up: counts and shares, drawn by seed within bounds.

use super::draw::{Draw, Share};
use std::time::Duration;

/// Where orders come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Generic,
    Shopify,
    WooCommerce,
    /// Our own counter, over gRPC.
    Counter,
}

impl Channel {
    pub const ALL: [Channel; 4] = [Channel::Generic, Channel::Shopify, Channel::WooCommerce, Channel::Counter];

    pub fn name(self) -> &'static str {
        match self {
            Channel::Generic => "generic",
            Channel::Shopify => "shopify",
            Channel::WooCommerce => "woocommerce",
            Channel::Counter => "counter",
        }
    }
}

/// The whole of it. Shares are parts of ten thousand.
#[derive(Clone, Debug)]
pub struct Shape {
    pub orders: u32,
    /// Wall time at which the world begins.
    pub begins_ms: i64,
    /// When the first order comes, so that goods are in before.
    pub opens: Duration,
    pub orders_per_second: u64,
    /// In a burst as many times the usual rate.
    pub burst_factor: u64,
    /// Share of the orders that come in bursts.
    pub bursts: Share,
    pub channels: Vec<Channel>,
    pub shops_per_channel: usize,
    pub pools: usize,
    /// In each pool.
    pub warehouses: usize,
    pub skus: usize,
    pub hot_skus: usize,
    /// Share of the lines that ask for a hot SKU.
    pub hot: Share,
    /// What is received of the others and of the hot ones, in percent of what will be asked for.
    pub stock_percent: u64,
    pub hot_stock_percent: u64,
    /// Goods that come in later, and counts, for each thousand orders.
    pub receipts_per_thousand: u64,
    pub counts_per_thousand: u64,

    /// Of the deliveries: told twice, told late, told far too late, told with another body under the same id.
    pub duplicates: Share,
    pub reorder: Share,
    pub late_copies: Share,
    pub other_bodies: Share,
    /// How late a far too late one is: a span scaled to the run, which must come to rest. Three whole days are a
    /// scenario of their own.
    pub late: Duration,
    /// Of the orders: known ones that come once more from a file.
    pub backfill: Share,

    pub pay_later: Share,
    /// Of those that pay later.
    pub never_pay: Share,
    pub in_parts: Share,
    pub on_delivery: Share,
    pub refunds: Share,
    pub pay_within_ms: i64,

    pub edits: Share,
    /// A new price for the same quantity.
    pub prices: Share,
    pub notes: Share,
    pub addresses: Share,
    pub platform_holds: Share,
    pub unmapped: Share,
    pub cancel_asked: Share,
    pub cancelled: Share,
    /// Of the cancelled: the cancel is told before the order.
    pub cancelled_first: Share,
    /// Asked by our own side, of routing or of fulfillment.
    pub desk_cancels: Share,
    /// Of the plans that follow another: the older one's demand comes to inventory once more, behind them.
    pub old_demands: Share,
    pub completed: Share,
    /// Somebody else ships them, all or a part, as their platform says.
    pub left: Share,

    /// Of the orders: deliveries and commands that can't be read.
    pub poison: Share,
    /// One delivery that makes a fact which no topic takes.
    pub oversize: bool,
    /// Orders that a rule holds, and what becomes of a hold.
    pub reviewed: Share,
    pub approved: Share,
    pub rejected: Share,
    /// A region that no warehouse serves.
    pub unserved: bool,

    pub short_picks: Share,
    /// Scripted: the first list of this order can't be worked on, for this reason.
    pub given_up: Option<(u32, &'static str)>,
    pub late_scans: Share,
    pub returns: Share,
    /// Of the commands: sent twice, sent with another body under the same id, sent with a version that has passed.
    pub repeats: Share,
    pub conflicts: Share,
    pub stale: Share,
    /// How long people take for a step, in milliseconds.
    pub hands_ms: (u64, u64),
    /// Nobody answers to anything.
    pub idle_hands: bool,
}

/// 12.7 % of the orders that were pulled in one published house were duplicates (REQUIREMENTS IN-3).
pub const USUAL_DUPLICATES: Share = 1_270;

impl Shape {
    /// A shape with this many orders.
    pub fn drawn(seed: u64, orders: u32) -> Shape {
        let mut draw = Draw::new(seed ^ 0x5ba9_e000);
        let duplicates = match draw.within(0, 9) {
            0..=4 => USUAL_DUPLICATES,
            5 => 0,
            6 => 5_000,
            _ => draw.within(100, 5_000),
        };
        let mut share = |low: u64, high: u64| draw.within(low, high);
        let mut shape = Shape {
            duplicates,
            reorder: share(0, 2_500),
            late_copies: share(0, 300),
            other_bodies: share(0, 300),
            backfill: share(0, 800),
            pay_later: share(500, 5_000),
            never_pay: share(200, 4_000),
            in_parts: share(0, 4_000),
            on_delivery: share(0, 1_500),
            refunds: share(0, 300),
            edits: share(0, 1_200),
            notes: share(0, 800),
            addresses: share(0, 500),
            platform_holds: share(0, 600),
            unmapped: share(0, 100),
            cancel_asked: share(0, 800),
            cancelled: share(0, 1_000),
            cancelled_first: share(0, 3_000),
            desk_cancels: share(0, 400),
            completed: share(0, 800),
            poison: share(0, 300),
            reviewed: share(0, 800),
            short_picks: share(0, 900),
            late_scans: share(1_000, 8_000),
            returns: share(0, 500),
            repeats: share(0, 1_500),
            conflicts: share(0, 300),
            stale: share(0, 500),
            bursts: share(0, 6_000),
            hot: share(1_000, 8_000),
            ..Shape::plain(orders)
        };
        shape.draw_places(&mut draw);
        shape.prices = draw.within(0, 500);
        shape.old_demands = draw.within(0, 3_000);
        shape.left = draw.within(0, 800);
        shape
    }

    fn draw_places(&mut self, draw: &mut Draw) {
        self.orders_per_second = draw.within(100, 500);
        self.burst_factor = draw.within(2, 10);
        let channels = draw.within(1, 15);
        self.channels =
            Channel::ALL.into_iter().enumerate().filter(|(bit, _)| channels >> bit & 1 == 1).map(|(_, c)| c).collect();
        self.shops_per_channel = draw.index(2) + 1;
        self.pools = draw.index(3) + 1;
        self.warehouses = draw.index(4) + 1;
        self.skus = draw.index(28) + 5;
        self.hot_skus = draw.index(3) + 1;
        self.stock_percent = draw.within(80, 200);
        self.hot_stock_percent = draw.within(20, 130);
        self.receipts_per_thousand = draw.within(0, 20);
        self.counts_per_thousand = draw.within(0, 20);
        self.late = Duration::from_secs(draw.within(20, 60));
        self.pay_within_ms = draw.within(3, 20) as i64 * 1_000;
        self.oversize = draw.chance(300);
        self.approved = draw.within(6_000, 9_500);
        self.rejected = draw.within(0, 10_000 - self.approved);
        self.unserved = draw.chance(3_000);
        let quickest = draw.within(5, 100);
        self.hands_ms = (quickest, quickest + draw.within(50, 2_000));
    }

    /// Nothing but paid orders of one channel that all can be shipped: what scenarios start from.
    pub fn plain(orders: u32) -> Shape {
        Shape {
            orders,
            begins_ms: 1_795_300_000_000,
            opens: Duration::from_millis(500),
            orders_per_second: 200,
            burst_factor: 1,
            bursts: 0,
            channels: vec![Channel::Generic],
            shops_per_channel: 1,
            pools: 1,
            warehouses: 2,
            skus: 5,
            hot_skus: 1,
            hot: 2_000,
            stock_percent: 200,
            hot_stock_percent: 200,
            receipts_per_thousand: 0,
            counts_per_thousand: 0,
            duplicates: 0,
            reorder: 0,
            late_copies: 0,
            other_bodies: 0,
            late: Duration::from_secs(30),
            backfill: 0,
            pay_later: 0,
            never_pay: 0,
            in_parts: 0,
            on_delivery: 0,
            refunds: 0,
            pay_within_ms: 10_000,
            edits: 0,
            prices: 0,
            notes: 0,
            addresses: 0,
            platform_holds: 0,
            unmapped: 0,
            cancel_asked: 0,
            cancelled: 0,
            cancelled_first: 0,
            desk_cancels: 0,
            old_demands: 0,
            completed: 0,
            left: 0,
            poison: 0,
            oversize: false,
            reviewed: 0,
            approved: 10_000,
            rejected: 0,
            unserved: false,
            short_picks: 0,
            given_up: None,
            late_scans: 0,
            returns: 0,
            repeats: 0,
            conflicts: 0,
            stale: 0,
            hands_ms: (20, 200),
            idle_hands: false,
        }
    }
}
