//! Where the demo's messages go: a mail server and a webhook endpoint on loopback that count what comes, by id.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How many came: each id once, and how often one came again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub distinct: usize,
    pub repeated: usize,
}

#[derive(Default)]
struct Ids {
    seen: HashSet<String>,
    repeated: usize,
}

/// Counts until it is dropped.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Ids>>);

impl Sink {
    pub fn count(&self) -> Count {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Count { distinct: ids.seen.len(), repeated: ids.repeated }
    }

    fn take(&self, id: String) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ids.seen.insert(id) {
            ids.repeated += 1;
        }
    }
}

/// An endpoint that answers 204 to everything.
pub async fn webhooks(listener: TcpListener) -> Sink {
    let sink = Sink::default();
    let router = Router::new().fallback(receive).with_state(sink.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    sink
}

async fn receive(State(sink): State<Sink>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    // Without an id it is told by its bytes.
    sink.take(id.map_or_else(|| String::from_utf8_lossy(&body).into_owned(), str::to_owned));
    StatusCode::NO_CONTENT
}

/// A mail server that accepts everything.
pub fn mails(listener: TcpListener) -> Sink {
    let sink = Sink::default();
    let counting = sink.clone();
    tokio::spawn(async move {
        loop {
            // A failed accept is the peer's going away; the next one is waited for.
            if let Ok((stream, _)) = listener.accept().await {
                let sink = counting.clone();
                tokio::spawn(async move { converse(stream, &sink).await.ok() });
            }
        }
    });
    sink
}

async fn converse(stream: TcpStream, sink: &Sink) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 demo ready\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                sink.take(message_id(&mut stream).await?);
                "250 kept\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            "EHLO" => "250-demo\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            "HELO" | "NOOP" | "MAIL" | "RCPT" | "RSET" => "250 ok\r\n",
            _ => "500 not understood\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Reads a mail to the line with a lone dot; its Message-ID tells a repeat.
async fn message_id(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut id = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text == "." {
            return Ok(id);
        }
        let name = text.get(..11).unwrap_or_default();
        if id.is_empty() && name.eq_ignore_ascii_case("message-id:") {
            id = text[11..].trim().to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        (listener, address)
    }

    #[tokio::test]
    async fn mails_are_counted_by_their_id() {
        let (listener, address) = listener().await;
        let sink = mails(listener);
        let mut stream = BufReader::new(TcpStream::connect(address).await.expect("connected"));
        let mut line = String::new();
        for id in ["<a@demo>", "<b@demo>", "<a@demo>"] {
            let mail =
                format!("MAIL FROM:<w@demo>\r\nRCPT TO:<b@demo>\r\nDATA\r\nMessage-ID: {id}\r\n\r\nhello\r\n.\r\n");
            stream.write_all(mail.as_bytes()).await.expect("written");
            loop {
                line.clear();
                stream.read_line(&mut line).await.expect("an answer");
                if line.starts_with("250 kept") {
                    break;
                }
            }
        }
        assert_eq!(sink.count(), Count { distinct: 2, repeated: 1 });
    }

    #[tokio::test]
    async fn webhooks_are_counted_by_their_id() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (listener, address) = listener().await;
        let sink = webhooks(listener).await;
        for id in ["1", "2", "2"] {
            let request = reqwest::Client::new().post(format!("http://{address}/any")).header("webhook-id", id);
            assert_eq!(request.send().await.expect("an answer").status().as_u16(), 204);
        }
        assert_eq!(sink.count(), Count { distinct: 2, repeated: 1 });
    }
}
