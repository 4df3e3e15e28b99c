//! A mail relay of few words: it ends each connection after one mail, or turns everybody away at the door.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Where it listens, until the test's end.
pub async fn listen(greeting: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who hangs up first is not told.
            tokio::spawn(async move { converse(stream, greeting).await.ok() });
        }
    });
    format!("smtp://{address}")
}

async fn converse(stream: TcpStream, greeting: &str) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
    let (mut line, mut in_mail) = (String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        match (in_mail, line.trim_end()) {
            (true, ".") => return stream.write_all(b"250 kept\r\n").await,
            (true, _) => {}
            (false, "DATA") => {
                in_mail = true;
                stream.write_all(b"354 go ahead\r\n").await?;
            }
            (false, _) => stream.write_all(b"250 ok\r\n").await?,
        }
    }
}
