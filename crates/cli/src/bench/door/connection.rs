//! HTTP/1.1 with one request under way, and as much reading of an answer as it takes to know its status and its end.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The door's answers have a few hundred bytes.
const ANSWER_MAX: usize = 8 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

pub(super) struct Connection {
    door: SocketAddr,
    stream: TcpStream,
    buffer: Box<[u8; ANSWER_MAX]>,
}

impl Connection {
    pub(super) async fn open(door: SocketAddr) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(door).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { door, stream, buffer: Box::new([0; ANSWER_MAX]) })
    }

    pub(super) async fn reopen(&mut self) -> std::io::Result<()> {
        *self = Connection::open(self.door).await?;
        Ok(())
    }

    /// Sends a request and returns its answer's status.
    ///
    /// # Errors
    /// Where no whole answer came; the connection is of no use then.
    pub(super) async fn ask(&mut self, request: &[u8]) -> std::io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut held = 0;
        while held < ANSWER_MAX {
            let read = self.stream.read(&mut self.buffer[held..]).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            held += read;
            if let Some(status) = status(&self.buffer[..held])? {
                return Ok(status);
            }
        }
        Err(Error::other(format!("an answer has more than {ANSWER_MAX} bytes")))
    }
}

/// The status of an answer that is there to its end; nothing while more is to come.
fn status(answer: &[u8]) -> std::io::Result<Option<u16>> {
    let Some(head_end) = answer.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) else { return Ok(None) };
    let unreadable = || Error::new(ErrorKind::InvalidData, "no answer of HTTP/1.1 with a status and a length");
    let head = str::from_utf8(&answer[..head_end]).map_err(|_| unreadable())?;
    let mut lines = head.split("\r\n");
    let first = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).ok_or_else(unreadable)?;
    let status: u16 = first.get(..3).and_then(|code| code.parse().ok()).ok_or_else(unreadable)?;
    let length = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| is_length(name));
    let length = match length {
        Some((_, value)) => value.trim().parse::<usize>().map_err(|_| unreadable())?,
        None if status == 204 => 0,
        None => return Err(unreadable()),
    };
    Ok((answer.len() >= head_end + HEAD_END.len() + length).then_some(status))
}

fn is_length(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let whole = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\ndate: today\r\n\r\nbody";
        for cut in 0..whole.len() {
            assert_eq!(status(&whole[..cut]).expect("so far good"), None, "{cut}");
        }
        assert_eq!(status(whole).expect("good"), Some(202));
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\n\r\n").expect("good"), Some(204));
        for bad in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 ok\r\n\r\n", "SSH-2.0\r\n\r\n"] {
            assert!(status(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_connection_is_kept_and_one_that_the_door_closes_is_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let door = listener.local_addr().expect("an address");
            let serving = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut word = [0; 4];
                for code in ["200", "429"] {
                    stream.read_exact(&mut word).await.expect("a request");
                    let answer = format!("HTTP/1.1 {code} x\r\ncontent-length: 2\r\n\r\nok");
                    for part in answer.as_bytes().chunks(7) {
                        stream.write_all(part).await.expect("sent");
                        stream.flush().await.expect("sent");
                    }
                }
            });
            let mut connection = Connection::open(door).await.expect("open");
            assert_eq!(connection.ask(b"POST").await.expect("an answer"), 200);
            assert_eq!(connection.ask(b"POST").await.expect("an answer"), 429);
            serving.await.expect("served");
            assert!(connection.ask(b"POST").await.is_err());
        });
    }
}
