//! Reported failures that the present services can't meet, because what would meet them belongs to a later issue.
//! Named, so that nobody takes their absence for a proof.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    pub sources: &'static [&'static str],
    /// What it is about.
    pub words: &'static str,
    /// What has to be there first.
    pub needs: &'static str,
}

pub const MISSING: &[Missing] = &[
    Missing {
        sources: &["ST-2"],
        words: "sold short: platforms sell from their own copy of the stock",
        needs: "stock levels pushed to channels, and channel quotas on hot SKUs",
    },
    Missing {
        sources: &["magento/inventory#2269"],
        words: "stock reserved per warehouse from the quote on",
        needs: "quotes: a reservation has no warehouse before its order is released, by design",
    },
    Missing {
        sources: &["medusajs/medusa#16502"],
        words: "bundles: two lines that share a component",
        needs: "kits; two lines of one SKU are covered",
    },
    Missing {
        sources: &["magento/inventory#2522"],
        words: "a consistency checker that needs more than 20 GB at 1.1 M orders",
        needs: "nothing of the house: `weir verify` has its own bound and its own measurement",
    },
    Missing {
        sources: &["woocommerce/woocommerce#64475"],
        words: "the stock of one SKU is the hot path of a sale",
        needs: "a measurement: all orders of a SKU are decided by one worker, which is right and has a bound that no \
                test states",
    },
    Missing {
        sources: &["magento/inventory#404", "magento/inventory#1887", "saleor/saleor#473"],
        words: "edits and partial work on orders under way",
        needs: "partial shipments, and edits after release: today an edit then opens a hold for a person",
    },
];
