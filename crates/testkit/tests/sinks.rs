//! The sinks understand a client, keep what matters, and tell a repeat from a new one.

use axum::http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_testkit::sinks::{SmtpSink, WebhookSink};

#[tokio::test]
async fn a_mail_is_kept_once_per_id() {
    let sink = SmtpSink::listen("127.0.0.1:0").await.expect("a port");
    let mail = "EHLO me\r\nMAIL FROM:<shop@example.com>\r\nRCPT TO:<buyer@example.com>\r\nDATA\r\n\
                Message-ID: <1@weir>\r\nSubject: Shipped\r\n\r\nSubject: not this\r\n.\r\nQUIT\r\n";
    let address = sink.url().replace("smtp://", "");

    for _ in 0..2 {
        let answer = exchange(&address, mail).await;
        assert!(answer.ends_with("250 kept\r\n221 bye\r\n"), "{answer}");
    }

    let mails = sink.mails();
    assert_eq!(sink.count(), 1);
    assert_eq!(mails[0].message_id, "<1@weir>");
    assert_eq!(mails[0].to, ["buyer@example.com"]);
    assert_eq!(mails[0].subject, "Shipped");
    assert_eq!(mails[0].times, 2);
}

#[tokio::test]
async fn mails_without_an_id_are_all_kept() {
    let sink = SmtpSink::listen("127.0.0.1:0").await.expect("a port");
    let mail = "HELO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n\r\n.\r\nQUIT\r\n";
    for _ in 0..2 {
        exchange(&sink.url().replace("smtp://", ""), mail).await;
    }
    assert_eq!(sink.count(), 2);
}

#[tokio::test]
async fn a_webhook_is_kept_once_per_id_and_a_refused_one_not_at_all() {
    let sink = WebhookSink::listen("127.0.0.1:0").await.expect("a port");
    let address = sink.url().replace("http://", "");
    let request = "POST /hooks/1 HTTP/1.1\r\nhost: sink\r\nconnection: close\r\n\
                   webhook-id: msg_1\r\ncontent-length: 2\r\n\r\n{}";

    sink.refuse_next(&[StatusCode::SERVICE_UNAVAILABLE]);
    assert!(exchange(&address, request).await.starts_with("HTTP/1.1 503"));
    assert_eq!(sink.count(), 0);
    for _ in 0..2 {
        assert!(exchange(&address, request).await.starts_with("HTTP/1.1 204"));
    }

    let webhooks = sink.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!((webhooks[0].id(), webhooks[0].times), ("msg_1", 2));
    assert_eq!((webhooks[0].path.as_str(), &webhooks[0].body[..]), ("/hooks/1", &b"{}"[..]));
}

/// Sends all at once and reads to the end.
async fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the sink listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}
