//! The example service as a child process, with its log read line by line.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How long a test waits before it gives up; never reached when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Hello {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
    address: String,
}

impl Hello {
    /// Starts it and waits until it is ready.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let greeting = [("HELLO_GREETING", "hi")];
        let mut hello = Self::spawn(&[&greeting, variables].concat());
        let line = hello.wait_for_line("listening");
        hello.address = address_in(&line);
        hello.wait_for_line("readiness ready=true");
        hello
    }

    /// Only starts it. Nothing of this process's own environment gets through.
    pub fn spawn(variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program())
            .env_clear()
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example was built with the tests");
        let stderr = child.stderr.take().expect("stderr is piped");
        Self { lines: follow(stderr), child, log: Vec::new(), address: String::new() }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Where it serves TLS, which it must have been told to.
    pub fn tls_address(&self) -> String {
        let line = self.log.iter().find(|line| line.contains("listening for TLS"));
        address_in(line.expect("it serves TLS"))
    }

    pub fn wait_for_line(&mut self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no line with {part} in {:#?}", self.log));
            self.log.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid fits");
        kill(Pid::from_raw(pid), signal).expect("the child is there");
    }

    /// Signals it and waits for its end: the exit code and the whole log.
    pub fn stop(self, signal: Signal) -> (Option<i32>, Vec<String>) {
        self.signal(signal);
        self.wait()
    }

    pub fn wait(mut self) -> (Option<i32>, Vec<String>) {
        // The pipe closes with the process, so the log is whole when the channel ends.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.log.push(line);
        }
        let status = self.child.wait().expect("the child can be waited for");
        (status.code(), std::mem::take(&mut self.log))
    }

    // === requests ===

    pub async fn get(&self, path: &str) -> reqwest::Response {
        let request = client().get(self.url(path));
        request.send().await.expect("the process answers")
    }

    pub async fn send(&self, method: reqwest::Method, path: &str) -> reqwest::Response {
        let request = client().request(method, self.url(path));
        request.send().await.expect("the process answers")
    }

    pub async fn get_traced(&self, path: &str, traceparent: &str) -> reqwest::Response {
        let request = client().get(self.url(path)).header("traceparent", traceparent);
        request.send().await.expect("the process answers")
    }

    pub async fn post(&self, path: &str, bytes: usize) -> reqwest::Response {
        let request = client().post(self.url(path)).body(vec![b'x'; bytes]);
        request.send().await.expect("the process answers")
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.url("")).expect("the address is good");
        endpoint.connect().await.expect("the process accepts")
    }

    /// A raw connection, for what a well-behaved client would not send.
    pub async fn connect(&self) -> tokio::net::TcpStream {
        let stream = tokio::net::TcpStream::connect(&self.address).await;
        stream.expect("the process accepts")
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        // A test that failed must not leave its process behind; one that has ended already can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn builder() -> reqwest::ClientBuilder {
    // The client wants a provider even for plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE)
}

fn client() -> reqwest::Client {
    builder().build().expect("a client can be made")
}

fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("tests lie in target/<profile>/deps");
    profile.join("examples").join("hello")
}

fn follow(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn address_in(line: &str) -> String {
    let start = line.find("127.0.0.1:").expect("the line carries the address");
    let rest = &line[start..];
    let end =
        rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].to_owned()
}
