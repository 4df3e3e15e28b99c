//! A mail server that accepts everything and keeps who it was for, its id and its subject.
//!
//! It speaks as much of RFC 5321 as a client that sends needs: EHLO, HELO, MAIL, RCPT, DATA, RSET,
//! NOOP and QUIT.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is kept of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// With its angle brackets, as it stood in the header; empty when there was none.
    pub message_id: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    pub subject: String,
    /// How often this id came.
    pub times: u32,
}

#[derive(Default)]
struct Mails {
    in_order: Vec<ReceivedMail>,
    connections: usize,
    by_id: HashMap<String, usize>,
}

/// Listens until it is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    mails: Arc<Mutex<Mails>>,
    accepting: JoinHandle<()>,
}

impl SmtpSink {
    /// `127.0.0.1:0` for a port of its own.
    pub async fn listen(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mails = Arc::new(Mutex::new(Mails::default()));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&mails)));
        Ok(Self { address, mails, accepting })
    }

    /// For a client's configuration: `smtp://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Each id once, in the order of the first arrival.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        lock(&self.mails).in_order.clone()
    }

    /// How many different ids have come.
    pub fn count(&self) -> usize {
        lock(&self.mails).in_order.len()
    }

    /// How many connections have been made.
    pub fn connections(&self) -> usize {
        lock(&self.mails).connections
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A panic in a holder leaves whole values behind, so the lock is taken all the same.
fn lock(mails: &Mutex<Mails>) -> MutexGuard<'_, Mails> {
    mails.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mails {
    /// A mail without an id is never taken for another.
    fn keep(&mut self, mail: ReceivedMail) {
        if let Some(&index) = self.by_id.get(&mail.message_id) {
            self.in_order[index].times += 1;
            return;
        }
        if !mail.message_id.is_empty() {
            self.by_id.insert(mail.message_id.clone(), self.in_order.len());
        }
        self.in_order.push(mail);
    }
}

async fn accept(listener: TcpListener, mails: Arc<Mutex<Mails>>) {
    // A failed accept is the peer's going away; the next one is waited for.
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let mails = Arc::clone(&mails);
            lock(&mails).connections += 1;
            // A connection that breaks off loses the mail it was about to give: so it does for real.
            tokio::spawn(async move { converse(stream, &mails).await.ok() });
        }
    }
}

async fn converse(stream: TcpStream, mails: &Mutex<Mails>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink ready\r\n").await?;
    let mut recipients = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "RCPT" => {
                recipients.push(between_angles(&line));
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                let mail = read_mail(&mut stream, std::mem::take(&mut recipients)).await?;
                lock(mails).keep(mail);
                "250 kept\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "MAIL" | "RSET" => {
                recipients.clear();
                "250 ok\r\n"
            }
            "HELO" | "NOOP" => "250 ok\r\n",
            _ => "500 not understood\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Reads to the line with a lone dot. The headers end at the first empty line; the body is dropped.
async fn read_mail(stream: &mut BufReader<TcpStream>, to: Vec<String>) -> io::Result<ReceivedMail> {
    let mut mail = ReceivedMail { message_id: String::new(), to, subject: String::new(), times: 1 };
    let mut in_headers = true;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        match text {
            "." => return Ok(mail),
            "" => in_headers = false,
            _ if in_headers => keep_header(&mut mail, text),
            _ => {}
        }
    }
}

fn keep_header(mail: &mut ReceivedMail, line: &str) {
    let Some((name, value)) = line.split_once(':') else {
        return;
    };
    match name.to_ascii_lowercase().as_str() {
        "message-id" => mail.message_id = value.trim().to_owned(),
        "subject" => mail.subject = value.trim().to_owned(),
        _ => {}
    }
}

fn between_angles(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}
