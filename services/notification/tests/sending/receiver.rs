//! A receiver of webhooks that answers as it was told, and keeps every request, refused ones too.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer to give.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: String,
    body: usize,
}

#[derive(Default)]
struct Kept {
    requests: Vec<Request>,
    answers: Vec<Answer>,
    connections: usize,
}

/// Listens as long as the test's runtime lives.
pub struct Receiver {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

impl Request {
    /// The header of this name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer { status, headers: String::new(), body: 0 }
    }

    /// Ends the connection without an answer.
    pub fn hang_up() -> Answer {
        Answer::status(0)
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers = format!("{}{name}: {value}\r\n", self.headers);
        self
    }

    pub fn long(mut self, bytes: usize) -> Answer {
        self.body = bytes;
        self
    }
}

impl Receiver {
    /// Gives these answers, the first one first, and 204 after them.
    pub async fn listen(mut answers: Vec<Answer>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
        let port = listener.local_addr().expect("it is bound").port();
        answers.reverse();
        let kept = Arc::new(Mutex::new(Kept { answers, ..Kept::default() }));
        let accepting = kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = accepting.clone();
                kept.lock().expect("nobody panics with it").connections += 1;
                tokio::spawn(converse(stream, kept));
            }
        });
        Receiver { port, kept }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.kept.lock().expect("nobody panics with it").requests.clone()
    }

    pub fn connections(&self) -> usize {
        self.kept.lock().expect("nobody panics with it").connections
    }
}

async fn converse(stream: TcpStream, kept: Arc<Mutex<Kept>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let answer = {
            let mut kept = kept.lock().expect("nobody panics with it");
            kept.requests.push(request);
            kept.answers.pop().unwrap_or_else(|| Answer::status(204))
        };
        if answer.status == 0 {
            return;
        }
        let Answer { status, headers, body } = answer;
        let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {body}\r\n\r\n");
        // A client that has heard enough may go.
        if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(&vec![b'x'; body]).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut request = Request::default();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = request.header("content-length").parse().unwrap_or(0);
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
