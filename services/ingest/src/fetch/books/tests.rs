//! The books against a platform that does as it is told, by a clock that is moved by hand.

use super::*;

/// What comes of the questions for an id; the last for ever. Who has none is answered.
type Script = Vec<Result<Told, Failed>>;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    /// Seconds since the start.
    at_s: u64,
    shop: String,
    ids: Vec<String>,
    is_last: bool,
}

/// Shops have an API, or not.
struct Api(bool);

impl Asking for Api {
    fn ids_max(&self, _: &At) -> Result<usize, Unaskable> {
        if self.0 { Ok(3) } else { Err(Unaskable::Because("no API")) }
    }

    fn ask(&self, _: At, _: Vec<Question>) -> futures::future::BoxFuture<'static, Result<Vec<Told>, Failed>> {
        unreachable!("the books ask nobody by themselves")
    }
}

/// A request that will be back.
struct Flight {
    back: Instant,
    at: At,
    questions: Vec<Question>,
    came: Result<Vec<Told>, Failed>,
}

struct House {
    books: Books,
    start: Instant,
    now: Instant,
    api: Api,
    scripts: BTreeMap<String, Script>,
    /// How long a request takes.
    takes: Duration,
    flights: Vec<Flight>,
    asked: Vec<Asked>,
}

impl House {
    fn with(scripts: &[(&str, Script)]) -> House {
        House::slow(scripts, Duration::from_millis(10))
    }

    fn slow(scripts: &[(&str, Script)], takes: Duration) -> House {
        let now = Instant::now();
        House {
            books: Books::default(),
            start: now,
            now,
            api: Api(true),
            scripts: scripts.iter().map(|(id, script)| ((*id).to_owned(), script.clone())).collect(),
            takes,
            flights: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn notice(&mut self, id: &str, version: i64) {
        self.notice_at("acme", id, version);
    }

    fn notice_at(&mut self, shop: &str, id: &str, version: i64) {
        self.books.offer(order(shop, id, version), self.now);
    }

    fn settled(&mut self, id: &str) {
        self.books.settled(&format!("o-{id}"));
    }

    /// The next word for a question.
    fn next(&mut self, question: &Question) -> Result<Told, Failed> {
        let told = match self.scripts.get_mut(&question.id) {
            Some(script) if script.len() > 1 => script.remove(0),
            Some(script) => script[0].clone(),
            None => Ok(Told::Answered),
        };
        told.map(|told| if question.is_last { Told::Answered } else { told })
    }

    fn begin(&mut self) {
        while let Some((at, questions)) = self.books.begin(&self.api, self.now) {
            assert!(self.flights.iter().all(|flight| flight.at != at), "one request at a time for a shop");
            self.asked.push(Asked {
                at_s: (self.now - self.start).as_secs(),
                shop: at.shop.clone(),
                ids: questions.iter().map(|question| question.id.clone()).collect(),
                is_last: questions.iter().any(|question| question.is_last),
            });
            let came = questions.iter().map(|question| self.next(question)).collect();
            self.flights.push(Flight { back: self.now + self.takes, at, questions, came });
        }
    }

    /// Lets this much time go by.
    fn seconds(&mut self, count: u64) {
        let until = self.now + Duration::from_secs(count);
        loop {
            self.begin();
            let landing = self.flights.iter().map(|flight| flight.back).min();
            let Some(next) = self.books.next_wake().into_iter().chain(landing).min().filter(|next| *next <= until)
            else {
                self.now = until;
                return;
            };
            self.now = self.now.max(next);
            let now = self.now;
            for flight in self.flights.extract_if(.., |flight| flight.back <= now).collect::<Vec<_>>() {
                self.books.back(&flight.at, &flight.questions, flight.came, now);
            }
        }
    }

    fn minutes(&mut self, count: u64) {
        self.seconds(60 * count);
    }

    /// When each request went out that this id was in.
    fn times(&self, id: &str) -> Vec<u64> {
        self.asked.iter().filter(|asked| asked.ids.iter().any(|known| known == id)).map(|asked| asked.at_s).collect()
    }

    /// Nothing is kept of what is done.
    fn is_empty(&self) -> bool {
        self.books.len() == 0 && self.books.lanes.is_empty() && self.books.asked == 0
    }
}

fn order(shop: &str, id: &str, version: i64) -> Order {
    Order {
        order_id: format!("o-{id}"),
        worker: 0,
        partition: 0,
        at: At { channel: "tiktok".to_owned(), shop: shop.to_owned() },
        id: id.to_owned(),
        version,
        since_ms: 0,
        is_news: true,
        is_blind: version == 0,
    }
}

fn refused() -> Result<Told, Failed> {
    Err(Failed::Request { why: "HTTP 500".to_owned() })
}

#[test]
fn notices_are_gathered_into_requests_one_at_a_time_for_a_shop() {
    let mut house = House::slow(&[], Duration::from_secs(5));
    for id in ["1", "2", "3", "4", "1"] {
        house.notice(id, 1);
    }
    house.notice_at("other", "9", 1);
    house.minutes(10);
    let asked: Vec<(u64, String, usize)> =
        house.asked.iter().map(|asked| (asked.at_s, asked.shop.clone(), asked.ids.len())).collect();
    let expected = [(1, "acme", 3), (1, "other", 1), (6, "acme", 1)];
    assert_eq!(asked, expected.map(|(at_s, shop, count)| (at_s, shop.to_owned(), count)));
}

#[test]
fn what_the_platform_does_not_know_yet_is_asked_for_nine_minutes_and_then_told() {
    let mut house = House::with(&[("1", vec![Ok(Told::Unknown)])]);
    house.notice("1", 1);
    house.minutes(60);
    assert_eq!(house.times("1"), [1, 2, 4, 9, 24, 54, 114, 234, 534]);
    let last: Vec<bool> = house.asked.iter().map(|asked| asked.is_last).collect();
    assert_eq!(last.iter().position(|is_last| *is_last), Some(8), "{last:?}");
    assert!(house.is_empty());
}

#[test]
fn an_older_copy_is_asked_for_again_until_it_is_as_announced() {
    let mut house = House::with(&[("1", vec![Ok(Told::Older(7)), Ok(Told::Older(7)), Ok(Told::Answered)])]);
    house.notice("1", 2);
    house.minutes(60);
    assert_eq!(house.times("1"), [1, 2, 4]);
    assert!(house.is_empty());
}

#[test]
fn news_of_what_is_being_asked_is_asked_for_again_and_has_its_time() {
    let mut house = House::slow(&[], Duration::from_secs(5));
    house.notice("1", 1);
    house.seconds(3);
    house.notice("1", 2);
    house.minutes(10);
    assert_eq!(house.times("1"), [1, 7]);
    // One that tells no version, and is of nothing that the first question could know.
    let mut house = House::slow(&[], Duration::from_secs(5));
    house.notice("1", 7);
    house.seconds(3);
    house.books.offer(Order { is_blind: true, ..order("acme", "1", 7) }, house.now);
    house.seconds(2);
    house.settled("1");
    house.minutes(10);
    assert_eq!(house.times("1"), [1, 7]);
    let mut house = House::with(&[("1", vec![Ok(Told::Unknown)])]);
    house.notice("1", 1);
    house.minutes(5);
    house.notice("1", 2);
    house.minutes(60);
    assert_eq!(house.times("1").len(), 8 + 9, "the ladder begins anew");
}

/// The clerk knows an order of some version; without one nothing tells whether it is what the notice meant.
#[test]
fn what_is_settled_is_not_asked_for_unless_it_has_no_version() {
    let mut house = House::with(&[]);
    for (id, version) in [("1", 1), ("2", 0)] {
        house.notice(id, version);
        house.settled(id);
    }
    house.minutes(10);
    assert_eq!((house.times("1").len(), house.times("2").len()), (0, 1));
    assert!(house.is_empty());
}

#[test]
fn a_shop_that_fails_is_left_alone_longer_and_longer_and_never_given_up() {
    let mut house = House::with(&[("1", vec![refused()])]);
    house.notice("1", 1);
    house.minutes(60);
    let times = house.times("1");
    assert_eq!(times[..6], [1, 31, 91, 211, 511, 1111]);
    assert!(house.asked.iter().all(|asked| !asked.is_last), "no platform has said no");
    house.scripts.clear();
    house.minutes(11);
    let count = house.times("1").len();
    house.minutes(60);
    assert_eq!(house.times("1").len(), count, "it was told");
}

#[test]
fn an_order_that_its_platform_cannot_bear_holds_up_no_other() {
    let mut house = House::with(&[("bad", vec![refused()])]);
    for id in ["1", "bad", "2"] {
        house.notice(id, 1);
    }
    house.minutes(10);
    let others = [house.times("1"), house.times("2")];
    assert!(others.iter().all(|times| times.len() == 2 && times[1] <= 60), "{others:?}");
    // Now that others got through, it alone waits.
    for (id, at_s) in [("3", 1), ("4", 1)] {
        let before = (house.now - house.start).as_secs();
        house.notice(id, 1);
        house.minutes(20);
        assert!(house.times(id)[0] <= before + at_s + 1, "{:?}", house.asked);
    }
    assert!(house.times("bad").len() > 3, "and is asked for all the same");
}

#[test]
fn a_shop_without_an_api_waits_until_it_has_one() {
    let mut house = House::with(&[]);
    house.api = Api(false);
    house.notice("1", 1);
    house.minutes(100);
    assert_eq!(house.asked, []);
    house.api = Api(true);
    house.minutes(1);
    assert_eq!(house.times("1").len(), 1);
}

#[test]
fn the_log_that_is_away_is_no_fault_of_the_platform() {
    let away = Err(Failed::House { why: "away".to_owned() });
    let mut house = House::with(&[("1", vec![away.clone(), away.clone(), away, Ok(Told::Answered)])]);
    house.notice("1", 1);
    house.minutes(10);
    assert_eq!(house.times("1"), [1, 6, 11, 16]);
}

#[test]
fn a_partition_that_is_lost_is_nobodys_business_here() {
    let mut house = House::slow(&[("1", vec![Ok(Told::Unknown)])], Duration::from_secs(5));
    house.notice("1", 1);
    house.books.offer(Order { partition: 1, ..order("acme", "2", 1) }, house.now);
    house.seconds(3);
    // The first is being asked for; another would have to wait.
    house.books.offer(order("acme", "3", 1), house.now);
    house.books.lost(0, 0);
    house.books.lost(9, 1);
    house.minutes(20);
    assert_eq!((house.times("1").len(), house.times("2").len(), house.times("3").len()), (1, 1, 0));
    // It comes back.
    house.notice("1", 1);
    house.minutes(20);
    assert!(house.times("1").len() > 5);
}
