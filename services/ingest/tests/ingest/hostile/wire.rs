//! Requests byte by byte over real connections, which are kept as long as the server keeps them.

use super::case::Case;
use crate::house::PATIENCE;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// What came back; status 0: nothing.
#[derive(Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub body: Vec<u8>,
    pub took: Duration,
    closes: bool,
}

struct Connection {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

/// Sends every case, so many at a time, and hands back their answers in the same order.
pub async fn send_all(address: SocketAddr, cases: &[Case], senders: usize) -> Vec<Answer> {
    let next = AtomicUsize::new(0);
    let sender = || async {
        let mut answers = Vec::new();
        let mut connection = None;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(number) else { return answers };
            let begun = Instant::now();
            let sent = timeout(PATIENCE, send(address, &mut connection, case)).await;
            let sent = sent.unwrap_or_else(|_| panic!("no answer and no end: {}", case.name));
            answers.push((number, Answer { took: begun.elapsed(), ..sent }));
        }
    };
    let mut answers: Vec<(usize, Answer)> =
        futures::future::join_all((0..senders).map(|_| sender())).await.into_iter().flatten().collect();
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn send(address: SocketAddr, kept: &mut Option<Connection>, case: &Case) -> Answer {
    let mut connection = match kept.take() {
        Some(connection) if !case.alone => connection,
        _ => Connection::open(address).await,
    };
    let is_head = case.request.starts_with(b"HEAD ");
    let Connection { reader, writer } = &mut connection;
    let write = async {
        // The server may answer and close before it has all.
        let _ = writer.write_all(&case.request).await;
        if case.ends {
            let _ = writer.shutdown().await;
        }
    };
    let (answer, ()) = tokio::join!(read(reader, is_head), write);
    let answer = answer.unwrap_or_default();
    if !(case.alone || answer.closes || answer.status == 0) {
        *kept = Some(connection);
    }
    answer
}

impl Connection {
    async fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a setting of every socket");
        let (reader, writer) = stream.into_split();
        Connection { reader: BufReader::new(reader), writer }
    }
}

/// Nothing, where the connection ended before the answer was whole.
async fn read(reader: &mut BufReader<OwnedReadHalf>, is_head: bool) -> Option<Answer> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(reader.read_u8().await.ok()?);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_default().trim().to_owned()
        };
        let status = head.split(' ').nth(1)?.parse().ok()?;
        if status == 100 {
            continue;
        }
        let length: usize = header("content-length").parse().unwrap_or(0);
        let mut body = vec![0; if is_head { 0 } else { length }];
        reader.read_exact(&mut body).await.ok()?;
        let closes = header("connection") == "close";
        return Some(Answer { status, kind: header("content-type"), body, closes, ..Answer::default() });
    }
}
