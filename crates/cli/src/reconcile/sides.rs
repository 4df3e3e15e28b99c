//! Both sides as they can be asked: the platform by way of ingest, the house by way of the console.

use super::ShopName;
use super::compare::{House, Ours, Platform, take};
use super::window::Window;
use crate::installation::Installation;
use crate::refused::refused;
use anyhow::{Context as _, anyhow};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use weir_proto::console::v1::console_service_client::ConsoleServiceClient;
use weir_proto::console::v1::{OrderSummary, SearchOrdersRequest};
use weir_proto::ingest::v1::ingest_service_client::IngestServiceClient;
use weir_proto::ingest::v1::{FetchOrdersRequest, FetchOrdersResponse, ListPlatformOrdersRequest};

/// Orders on a page of the console's, the most that it gives; and the bytes of one where each has hundreds of lines.
const PAGE: u32 = 500;
const PAGE_BYTES: usize = 64 << 20;
/// A page of the platform's may take ingest some tries, and each of them the platform's patience.
const NEXT_PAGE: Duration = Duration::from_secs(360);
const ANSWER: Duration = Duration::from_secs(30);

/// The two services, and the shop that they are asked of.
pub struct Sides<'a> {
    installation: &'a Installation,
    shop: &'a ShopName,
    ingest: IngestServiceClient<Channel>,
    console: ConsoleServiceClient<Channel>,
}

impl<'a> Sides<'a> {
    /// # Errors
    /// Where an address is not set.
    pub fn new(installation: &'a Installation, shop: &'a ShopName) -> anyhow::Result<Sides<'a>> {
        let ingest = IngestServiceClient::new(installation.channel("ingest")?).max_decoding_message_size(PAGE_BYTES);
        let console = ConsoleServiceClient::new(installation.channel("console")?).max_decoding_message_size(PAGE_BYTES);
        Ok(Sides { installation, shop, ingest, console })
    }

    /// What the platform lists; `tell` hears how many there are so far.
    ///
    /// # Errors
    /// Where the platform can't be asked.
    pub async fn platform(&mut self, window: Window, tell: impl Fn(usize)) -> anyhow::Result<Platform> {
        let asked = ListPlatformOrdersRequest {
            tenant: self.installation.tenant.clone(),
            channel: self.shop.channel.clone(),
            shop: self.shop.shop.clone(),
            placed_from_ms: window.from_ms,
            placed_until_ms: window.until_ms,
        };
        let silent = || {
            format!("ingest said nothing for {} s; `weir pulls` shows how the platform answers", NEXT_PAGE.as_secs())
        };
        let pages = tokio::time::timeout(NEXT_PAGE, self.ingest.list_platform_orders(asked)).await;
        let mut pages = pages.with_context(silent)?.map_err(|status| self.of_ingest(&status))?.into_inner();
        let mut platform = Platform::new();
        loop {
            let page = tokio::time::timeout(NEXT_PAGE, pages.message()).await.with_context(silent)?;
            let Some(page) = page.map_err(|status| self.of_ingest(&status))? else {
                return Ok(platform);
            };
            take(&mut platform, window, page.orders);
            tell(platform.len());
        }
    }

    /// What the house has.
    ///
    /// # Errors
    /// Where the console does not answer.
    pub async fn house(&mut self, window: Window) -> anyhow::Result<House> {
        let mut house = House::new();
        let mut page_token = String::new();
        loop {
            let mut asked = Request::new(SearchOrdersRequest {
                tenant: self.installation.tenant.clone(),
                channel: self.shop.channel.clone(),
                shop: self.shop.shop.clone(),
                placed_from_ms: window.from_ms,
                placed_until_ms: window.until_ms,
                page_size: PAGE,
                page_token,
                ..SearchOrdersRequest::default()
            });
            asked.set_timeout(ANSWER);
            let page = self.console.search_orders(asked).await;
            let page = page.map_err(|status| refused(&status, "console", self.installation))?.into_inner();
            house.extend(page.orders.into_iter().map(ours));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(house);
            }
        }
    }

    /// Has these orders fetched from the platform and taken in.
    ///
    /// # Errors
    /// Where the platform can't be asked, or the log does not take them.
    pub async fn fetch(&mut self, platform_order_ids: Vec<String>) -> anyhow::Result<FetchOrdersResponse> {
        let mut asked = Request::new(FetchOrdersRequest {
            tenant: self.installation.tenant.clone(),
            channel: self.shop.channel.clone(),
            shop: self.shop.shop.clone(),
            platform_order_ids,
        });
        asked.set_timeout(NEXT_PAGE);
        let answer = self.ingest.fetch_orders(asked).await;
        Ok(answer.map_err(|status| self.of_ingest(&status))?.into_inner())
    }

    /// What ingest said, and what to do where it does not say so itself.
    fn of_ingest(&self, status: &Status) -> anyhow::Error {
        let ShopName { channel, shop } = self.shop;
        let said = refused(status, "ingest", self.installation);
        match status.code() {
            Code::NotFound => anyhow!("{said:#} `weir shop add {channel} {shop} --secret TEXT` registers it"),
            _ => said,
        }
    }
}

/// By the platform's id, what is compared.
fn ours(order: OrderSummary) -> (String, Ours) {
    let lines = order.lines.into_iter().map(|line| (line.line_id, line.quantity)).collect();
    let OrderSummary { platform_order_id, placed_at_ms, payment_state: payment, cancel_asked, .. } = order;
    (platform_order_id, Ours { placed_at_ms, payment, cancel_asked, lines })
}
