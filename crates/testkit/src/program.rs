//! A service's own process under test: what it logs, what it answers over HTTP, and with which code it leaves.

use crate::wait_for;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Longer than a process takes to log, answer or end when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long a probe may take. A process that does not serve yet lets it wait until then.
const PROMPT: Duration = Duration::from_secs(10);

/// A process that was started for one test; killed if the test forgets it.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
    address: Option<String>,
}

impl Program {
    /// Starts it on a port of its own, with these variables and no others.
    ///
    /// # Panics
    /// When there is no such program.
    pub fn spawn(path: &str, variables: &[(&str, &str)]) -> Program {
        let mut child = Command::new(path)
            .env_clear()
            .env("WEIR_LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built with the tests");
        let (sender, lines) = channel();
        follow(child.stdout.take().expect("it is piped"), sender.clone());
        follow(child.stderr.take().expect("it is piped"), sender);
        Program { child, lines, log: Vec::new(), address: None }
    }

    /// The status and the body that it answers a GET with.
    ///
    /// # Panics
    /// When it does not listen, or does not answer soon.
    pub fn get(&mut self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).expect("it listens");
        stream.set_read_timeout(Some(PROMPT)).expect("a timeout can be set");
        let request = format!("GET {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it takes the request");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        read.unwrap_or_else(|error| panic!("no answer to {path} within {PROMPT:?} ({error}): {:#?}", self.log));
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or_else(|| panic!("no status in {answer:?}")), body.to_owned())
    }

    /// Asks it to end, and waits for that: its code and its log.
    pub fn terminate(self) -> (Option<i32>, String) {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.expect("kill is there").success());
        self.ended()
    }

    /// Waits until it has ended: its code and its log.
    ///
    /// # Panics
    /// When it goes on.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let child = &mut self.child;
        let status = wait_for("the end of the process", PATIENCE, || child.try_wait().expect("it is ours"));
        // The pipes close with the process, so the log is whole when the channel ends.
        self.log.extend(self.lines.iter());
        (status.code(), self.log.join("\n"))
    }

    fn address(&mut self) -> &str {
        while self.address.is_none() {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it does not say where it listens: {:#?}", self.log));
            self.address = line.contains("listening").then(|| address_in(&line)).flatten();
            self.log.push(line);
        }
        self.address.as_deref().expect("it was just found")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(output: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Shown by the harness if the test fails.
            println!("{line}");
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

fn address_in(line: &str) -> Option<String> {
    let rest = &line[line.find("127.0.0.1:")?..];
    let end = rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit());
    Some(rest[..end.unwrap_or(rest.len())].to_owned())
}
