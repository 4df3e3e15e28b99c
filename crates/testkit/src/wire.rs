//! A Kafka of one test's own with a wire before it that breaks at a moment of the test's choice.
//!
//! The broker names the wire's port as its own, so that every connection leads through here, whatever a client learns from the
//! broker. Requests are told apart by the frame that all of Kafka's requests have: <https://kafka.apache.org/protocol#protocol_messages>.

use crate::private::{PrivateServers, Server};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long the broker may take to answer what is late.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Produce,
    EndTxn,
}

impl Request {
    /// Its key in the protocol, and the first version that has a header with tagged fields.
    fn numbers(self) -> (i16, i16) {
        match self {
            Request::Produce => (0, 9),
            Request::EndTxn => (26, 3),
        }
    }
}

/// What becomes of a request. The connection breaks in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The broker never gets it.
    Request,
    /// The broker has done it, and nobody hears.
    Answer,
    /// The broker gets it when [`Wire::deliver_late`] is called.
    Late,
}

/// A Kafka behind a wire. It ends when this is dropped.
pub struct Wire {
    servers: PrivateServers,
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Where the broker really listens, once it does.
    broker: OnceLock<String>,
    wanted: Mutex<Vec<(Request, String, Cut)>>,
    late: Mutex<Vec<(String, Vec<u8>)>>,
    ended: AtomicBool,
}

impl Wire {
    /// Starts both.
    ///
    /// # Panics
    /// When one can't be started.
    pub fn start() -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let accepting = state.clone();
        std::thread::spawn(move || accept(&listener, &accepting));
        let port = ("WEIR_KAFKA_ADVERTISED_PORT", address.port().to_string());
        let servers = PrivateServers::start_with(&[Server::Kafka], vec![port]);
        state.broker.set(servers.addresses().brokers.clone()).expect("set once");
        Wire { servers, address, state }
    }

    /// `host:port` of the wire: what clients are given as their broker.
    pub fn brokers(&self) -> String {
        self.address.to_string()
    }

    /// Cuts the next such request of this transactional id.
    pub fn cut(&self, request: Request, transactional_id: &str, cut: Cut) {
        locked(&self.state.wanted).push((request, transactional_id.to_owned(), cut));
    }

    /// Hands the broker the late requests of this transactional id; returns the error code of each answer, 0 for none.
    ///
    /// # Panics
    /// When the broker does not answer. Only [`Request::EndTxn`] below version 3 can be late.
    pub fn deliver_late(&self, transactional_id: &str) -> Vec<i16> {
        let late = std::mem::take(&mut *locked(&self.state.late));
        let (ours, others) = late.into_iter().partition(|(id, _)| id == transactional_id);
        locked(&self.state.late).extend::<Vec<_>>(others);
        let deliver = |(_, frame): (String, Vec<u8>)| {
            let mut broker = TcpStream::connect(&self.servers.addresses().brokers).expect("the broker listens");
            broker.set_read_timeout(Some(PATIENCE)).expect("a setting of every socket");
            let version = i16::from_be_bytes([frame[2], frame[3]]);
            assert!(version < Request::EndTxn.numbers().1, "EndTxn {version} has another answer than is read here");
            write_frame(&mut broker, &frame).expect("sent");
            let answer = read_frame(&mut broker).expect("an answer in time");
            // Correlation id, throttle time, error code.
            i16::from_be_bytes([answer[8], answer[9]])
        };
        ours.into_iter().map(deliver).collect::<Vec<_>>()
    }

    /// How many cuts of this transactional id have not been made yet.
    pub fn unspent(&self, transactional_id: &str) -> usize {
        locked(&self.state.wanted).iter().filter(|(_, id, _)| id == transactional_id).count()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes whoever accepts.
        drop(TcpStream::connect(self.address));
    }
}

impl State {
    fn fate(&self, header: &Header) -> Option<Cut> {
        let mut wanted = locked(&self.wanted);
        let place = wanted.iter().position(|(request, id, _)| header.is(*request, id))?;
        Some(wanted.remove(place).2)
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.ended.load(Ordering::SeqCst) {
            return;
        }
        // Before the broker listens nobody has its address; a connection that comes all the same is closed.
        if let (Ok(client), Some(broker)) = (client, state.broker.get())
            && let Ok(broker) = TcpStream::connect(broker)
        {
            let state = state.clone();
            // Requests that follow one another must not wait for the receiver's acknowledgement of the first.
            for side in [&client, &broker] {
                side.set_nodelay(true).expect("a setting of every socket");
            }
            std::thread::spawn(move || carry(&client, &broker, &state));
        }
    }
}

/// Carries frames both ways until one side ends the connection, or a request is cut.
fn carry(client: &TcpStream, broker: &TcpStream, state: &State) {
    // The correlation id of the answer that is not to be heard.
    let unheard = AtomicI64::new(-1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            drop(carry_answers(broker, client, &unheard));
            part(client, broker);
        });
        drop(carry_requests(client, broker, state, &unheard));
        part(client, broker);
    });
}

fn part(client: &TcpStream, broker: &TcpStream) {
    // Whoever was the first to go has closed his side.
    drop(client.shutdown(Shutdown::Both));
    drop(broker.shutdown(Shutdown::Both));
}

fn carry_requests(
    mut client: &TcpStream,
    mut broker: &TcpStream,
    state: &State,
    unheard: &AtomicI64,
) -> io::Result<()> {
    loop {
        let frame = read_frame(&mut client)?;
        let header = Header::read(&frame);
        match header.as_ref().and_then(|header| state.fate(header)) {
            None => {}
            Some(Cut::Request) => return Ok(()),
            Some(Cut::Late) => {
                let id = header.map(|header| header.transactional_id).unwrap_or_default();
                locked(&state.late).push((id, frame));
                return Ok(());
            }
            Some(Cut::Answer) => {
                unheard.store(header.map_or(-1, |header| i64::from(header.correlation)), Ordering::SeqCst);
            }
        }
        write_frame(&mut broker, &frame)?;
    }
}

fn carry_answers(mut broker: &TcpStream, mut client: &TcpStream, unheard: &AtomicI64) -> io::Result<()> {
    loop {
        let frame = read_frame(&mut broker)?;
        let correlation = frame.first_chunk().map(|first: &[u8; 4]| i64::from(i32::from_be_bytes(*first)));
        if correlation == Some(unheard.load(Ordering::SeqCst)) {
            return Ok(());
        }
        write_frame(&mut client, &frame)?;
    }
}

fn read_frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut size = [0; 4];
    from.read_exact(&mut size)?;
    let size = usize::try_from(i32::from_be_bytes(size)).map_err(io::Error::other)?;
    let mut frame = vec![0; size];
    from.read_exact(&mut frame)?;
    Ok(frame)
}

fn write_frame(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let size = i32::try_from(frame.len()).map_err(io::Error::other)?;
    // In one piece, and so in one packet where it is small.
    let mut whole = size.to_be_bytes().to_vec();
    whole.extend_from_slice(frame);
    to.write_all(&whole)
}

/// The beginning of a request that names its transactional id first.
struct Header {
    key: i16,
    correlation: i32,
    transactional_id: String,
}

impl Header {
    fn read(frame: &[u8]) -> Option<Header> {
        let mut rest = frame;
        let key = i16::from_be_bytes(take(&mut rest)?);
        let version = i16::from_be_bytes(take(&mut rest)?);
        let correlation = i32::from_be_bytes(take(&mut rest)?);
        let client = i16::from_be_bytes(take(&mut rest)?);
        rest = rest.get(usize::try_from(client.max(0)).ok()?..)?;
        let (_, flexible_from) =
            [Request::Produce, Request::EndTxn].map(Request::numbers).into_iter().find(|n| n.0 == key)?;
        let length = if version < flexible_from {
            usize::try_from(i16::from_be_bytes(take(&mut rest)?)).ok()?
        } else {
            // No tagged fields, and a length that is one more and below 128: ids in tests are short.
            let [tags, length] = take(&mut rest)?;
            (tags == 0 && (1..128).contains(&length)).then(|| usize::from(length) - 1)?
        };
        let transactional_id = String::from_utf8(rest.get(..length)?.to_vec()).ok()?;
        Some(Header { key, correlation, transactional_id })
    }

    fn is(&self, request: Request, transactional_id: &str) -> bool {
        self.key == request.numbers().0 && self.transactional_id == transactional_id
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*first)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
