//! The platforms: a module and a line for each.

mod douyin;
mod kuaishou;
mod shopee;
mod shopify;
#[cfg(test)]
mod tests;
mod tiktok;
mod woocommerce;
mod youzan;

use crate::platform::Platform;

#[rustfmt::skip]
pub const PLATFORMS: &[&dyn Platform] = &[
    &shopify::Shopify,
    &woocommerce::WooCommerce,
    &youzan::Youzan,
    &shopee::Shopee,
    &douyin::Douyin,
    &tiktok::TikTok,
    &kuaishou::Kuaishou,
];

pub fn platform(name: &str) -> Option<&'static dyn Platform> {
    PLATFORMS.iter().copied().find(|platform| platform.name() == name)
}
