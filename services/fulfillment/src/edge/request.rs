//! Requests judged before anything goes into the log: every fault of a request at once, each with its field.

use crate::domain::ShortReason;
use uuid::Uuid;
use weir_host::{Problem, kind};
use weir_proto::fulfillment::v1::ListPickListsRequest;
use weir_proto::limits;
use weir_proto::log::v1::CommandHead;
use weir_proto::shipment::v1::shipment_command::Command;

use crate::projection::PageAt;

/// Words for what a scan saw.
const SCANS: [&str; 5] = ["handed-over", "first-scan", "out-for-delivery", "delivered", "returned"];
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1000;

/// The order's id as every record spells it.
pub(super) fn order_id(text: &str) -> Result<String, Problem> {
    match (text, Uuid::parse_str(text)) {
        ("", _) => Err(missing("order_id")),
        (_, Ok(id)) => Ok(id.hyphenated().to_string()),
        (_, Err(_)) => Err(invalid("order_id", "is no UUID")),
    }
}

/// Judges a command's head, but for its id.
pub(super) fn head(head: &CommandHead) -> Result<(), Problem> {
    limits::head(head).map_err(|(field, why)| invalid(field, why))
}

/// Judges whose rows are asked for.
pub(super) fn tenant(tenant: &str) -> Result<(), Problem> {
    limits::id(tenant).map_err(|why| invalid("tenant", why))
}

/// Judges a command's own fields.
pub(super) fn check(command: &Command) -> Result<(), Problem> {
    let mut faults = Faults(Vec::new());
    match command {
        Command::Pick(pick) => faults.list("pick.pick_list_id", &pick.pick_list_id),
        Command::Pack(pack) => {
            faults.list("pack.pick_list_id", &pack.pick_list_id);
            faults.unless(pack.weight_grams >= 0, "pack.weight_grams", "is negative");
        }
        Command::Ship(ship) => {
            faults.list("ship.pick_list_id", &ship.pick_list_id);
            faults.required("ship.carrier", &ship.carrier);
            faults.required("ship.tracking_number", &ship.tracking_number);
        }
        Command::ShortPick(short) => {
            faults.list("short_pick.pick_list_id", &short.pick_list_id);
            let few = short.missing.len() <= limits::ORDER_LINES_MAX;
            faults.unless(few, "short_pick.missing", format!("has more than {} lines", limits::ORDER_LINES_MAX));
            for (index, line) in short.missing.iter().enumerate().take_while(|_| few) {
                faults.judge(&format!("short_pick.missing[{index}].line_id"), limits::id(&line.line_id));
            }
            let words = ShortReason::ALL.map(ShortReason::slug);
            faults.word("short_pick.reason", &short.reason, &words);
        }
        Command::Cancel(cancel) => {
            faults.judge("cancel.request_id", limits::id(&cancel.request_id));
            faults.judge("cancel.reason", limits::free(&cancel.reason));
        }
        Command::RecordScan(scan) => {
            faults.required("scan.tracking_number", &scan.tracking_number);
            faults.word("scan.kind", &scan.kind, &SCANS);
        }
    }
    faults.finish()
}

/// Which page is asked for.
pub(super) fn page(request: ListPickListsRequest) -> Result<PageAt, Problem> {
    let ListPickListsRequest { tenant, warehouse, page_size, page_token } = request;
    if tenant.is_empty() {
        return Err(missing("tenant"));
    }
    self::tenant(&tenant)?;
    limits::id(&warehouse).map_err(|why| invalid("warehouse", why))?;
    if page_size > PAGE_MAX {
        return Err(invalid("page_size", format!("is {page_size}; it should be at most {PAGE_MAX}")));
    }
    let after = match page_token.as_str() {
        "" => Some(0),
        token => token.parse().ok().filter(|place| *place >= 0),
    };
    let after = after.ok_or_else(|| invalid("page_token", "was not made by this service"))?;
    let size = if page_size == 0 { PAGE_DEFAULT } else { page_size };
    Ok(PageAt { tenant, warehouse, after, size: size.into() })
}

pub(super) fn missing(field: &str) -> Problem {
    Problem::new(kind::FIELD_MISSING, "The request can not be used.").field(field, "is missing")
}

fn invalid(field: &str, why: impl Into<String>) -> Problem {
    Problem::new(kind::FIELD_INVALID, "The request can not be used.").field(field, why)
}

struct Faults(Vec<(String, String)>);

impl Faults {
    fn required(&mut self, field: &str, value: &str) {
        self.unless(!value.is_empty(), field, "is empty");
        self.judge(field, limits::id(value));
    }

    /// A pick list's id, which is made of the order's, the plan's and the warehouse's.
    fn list(&mut self, field: &str, id: &str) {
        self.unless(!id.is_empty(), field, "is empty");
        self.judge(field, limits::composed_id(id));
    }

    fn judge(&mut self, field: &str, judged: Result<(), String>) {
        if let Err(why) = judged {
            self.unless(false, field, why);
        }
    }

    fn word(&mut self, field: &str, value: &str, words: &[&str]) {
        let why = format!("is {value:?}; it should be one of {}", words.join(", "));
        self.unless(words.contains(&value), field, why);
    }

    fn unless(&mut self, holds: bool, field: &str, why: impl Into<String>) {
        if !holds {
            self.0.push((field.to_owned(), why.into()));
        }
    }

    fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(kind::FIELD_INVALID, "The request can not be used.");
        Err(self.0.into_iter().fold(problem, |problem, (field, why)| problem.field(field, why)))
    }
}

#[cfg(test)]
mod tests {
    //! Each field is judged, and all faults come at once.
    use super::*;
    use weir_proto::shipment::v1::{RecordScan, Ship, ShortPick};

    fn fields(problem: &Problem) -> Vec<&str> {
        problem.fields().iter().map(|fault| fault.field.as_str()).collect()
    }

    #[test]
    fn every_fault_of_a_command_comes_at_once() {
        let problem = check(&Command::Ship(Ship::default())).expect_err("all is empty");
        let expected = ["ship.pick_list_id", "ship.carrier", "ship.tracking_number"];
        assert_eq!(fields(&problem), expected);
    }

    #[test]
    fn words_are_of_a_closed_set() {
        let short = ShortPick { pick_list_id: "o:1:w".to_owned(), reason: "tired".to_owned(), ..Default::default() };
        let problem = check(&Command::ShortPick(short)).expect_err("no such reason");
        assert_eq!(fields(&problem), ["short_pick.reason"]);
        let scan = RecordScan { tracking_number: "T1".to_owned(), kind: "seen".to_owned(), scanned_at_ms: 1 };
        let problem = check(&Command::RecordScan(scan)).expect_err("no such kind");
        assert_eq!(fields(&problem), ["scan.kind"]);
    }

    #[test]
    fn texts_that_no_table_can_hold_are_refused() {
        use weir_proto::shipment::v1::{Cancel, MissingLine};
        let ship = |carrier: &str, number: &str| {
            let (carrier, tracking_number) = (carrier.to_owned(), number.to_owned());
            Command::Ship(Ship { pick_list_id: "o:1:w".to_owned(), carrier, tracking_number })
        };
        let long = "x".repeat(256);
        for number in ["T\0", "T\n1", &long] {
            assert_eq!(fields(&check(&ship("sf", number)).expect_err("no number")), ["ship.tracking_number"]);
        }
        assert_eq!(fields(&check(&ship("s\0f", "T1")).expect_err("no carrier")), ["ship.carrier"]);
        let cancel = |reason: &str| Command::Cancel(Cancel { reason: reason.to_owned(), ..Cancel::default() });
        assert!(check(&cancel("first\nsecond")).is_ok(), "a reason may have lines");
        assert_eq!(fields(&check(&cancel("\0")).expect_err("a NUL")), ["cancel.reason"]);
        let line = |id: &str| MissingLine { line_id: id.to_owned(), quantity: 1 };
        let short = |missing: Vec<MissingLine>| {
            let reason = "damaged".to_owned();
            Command::ShortPick(ShortPick { pick_list_id: "o:1:w".to_owned(), reason, missing })
        };
        let problem = check(&short(vec![line("1"), line("\0")])).expect_err("a NUL");
        assert_eq!(fields(&problem), ["short_pick.missing[1].line_id"]);
        let problem = check(&short(vec![line("1"); 501])).expect_err("too many");
        assert_eq!(fields(&problem), ["short_pick.missing"]);
        let request = |tenant: &str, warehouse: &str| {
            let (tenant, warehouse) = (tenant.to_owned(), warehouse.to_owned());
            page(ListPickListsRequest { tenant, warehouse, ..Default::default() })
        };
        assert_eq!(fields(&request("de\0mo", "").expect_err("a NUL")), ["tenant"]);
        assert_eq!(fields(&request("demo", "W\0").expect_err("a NUL")), ["warehouse"]);
    }

    #[test]
    fn an_order_id_is_spelled_one_way() {
        let id = "BFDC8376-97E6-58C1-9934-FA54717D5FB3";
        assert_eq!(order_id(id).ok(), Some(id.to_lowercase()));
        assert!(order_id("").is_err() && order_id("order-1").is_err());
    }

    #[test]
    fn pages_have_bounds() {
        let request = |page_size, page_token: &str| ListPickListsRequest {
            tenant: "demo".to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..Default::default()
        };
        let first = page(request(0, "")).expect("the first page");
        assert_eq!((first.after, first.size), (0, 100));
        assert_eq!(page(request(7, "41")).map(|page| (page.after, page.size)).ok(), Some((41, 7)));
        for (bad, field) in
            [(request(1001, ""), "page_size"), (request(1, "x"), "page_token"), (request(1, "-1"), "page_token")]
        {
            assert_eq!(fields(&page(bad).expect_err("out of bounds")), [field]);
        }
        let nobody = ListPickListsRequest::default();
        assert_eq!(fields(&page(nobody).expect_err("no tenant")), ["tenant"]);
    }
}
