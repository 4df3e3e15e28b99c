//! A whole installation: a Postgres and a Redis of its own, its own topics, and all six services as processes.
//!
//! A service's process is this test's own program, told by a variable which service it is to be: its library is linked
//! here, its binary need not have been built.

use crate::corner::{Corner, Ended, Environment, PATIENCE, run};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use weir_testkit::{PrivateServers, Server, wait_for};

/// 32 bytes of 7.
pub const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// Which service the process is to be.
const ROLE: &str = "WEIR_TEST_SERVICE";
/// Each service, and the variable that says where it is.
pub const SERVICES: [(&str, &str); 6] = [
    ("ingest", "WEIR_INGEST_URL"),
    ("routing", "WEIR_ROUTING_URL"),
    ("inventory", "WEIR_INVENTORY_URL"),
    ("fulfillment", "WEIR_FULFILLMENT_URL"),
    ("notification", "WEIR_NOTIFICATION_URL"),
    ("console", "WEIR_CONSOLE_URL"),
];

pub struct House {
    // Before the servers, as they end in this order.
    services: Vec<Service>,
    pub corner: Corner,
    pub servers: PrivateServers,
    environment: Environment,
}

/// A running service; ends with this.
struct Service {
    name: &'static str,
    child: Child,
    url: String,
}

impl House {
    /// Postgres, Redis and topics; no service.
    pub fn empty() -> House {
        let servers = PrivateServers::start(&[Server::Postgres, Server::Redis]);
        let corner = Corner::new();
        let mut environment = corner.environment();
        environment.extend([
            // Six services start beside it.
            ("WEIR_DOOR_WRITE_MS", "10000".to_owned()),
            ("WEIR_DATABASE_URL", servers.addresses().database_url.clone()),
            ("WEIR_REDIS_URL", servers.addresses().redis_url.clone()),
            ("WEIR_SMTP_URL", "smtp://127.0.0.1:1".to_owned()),
            ("WEIR_TENANT_KEY", KEY.to_owned()),
        ]);
        House { corner, servers, services: Vec::new(), environment }
    }

    /// Everything, once every service is ready.
    pub fn open() -> House {
        let mut house = House::empty();
        house.services = SERVICES.iter().map(|(name, _)| Service::start(name, &house.environment)).collect();
        for (service, (_, variable)) in house.services.iter().zip(SERVICES) {
            service.await_ready();
            house.environment.push((variable, service.url.clone()));
        }
        house
    }

    pub fn url(&self, name: &str) -> &str {
        &self.services.iter().find(|service| service.name == name).expect("it was started").url
    }

    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Runs `weir` here.
    pub fn weir(&self, arguments: &[&str]) -> Ended {
        run(&self.environment, arguments)
    }

    /// SIGKILL.
    pub fn kill(&mut self, name: &str) {
        self.services.retain(|service| service.name != name);
    }
}

impl Service {
    fn start(name: &'static str, environment: &Environment) -> Service {
        let mut child = Command::new(std::env::current_exe().expect("a test has a path"))
            .args(["--exact", "house::this_process_is_a_service_where_it_is_told_so", "--nocapture"])
            .env_clear()
            .envs(environment.iter().cloned())
            .env(ROLE, name)
            .env("WEIR_INSTANCE", format!("{name}-0"))
            .env("WEIR_LISTEN", "127.0.0.1:0")
            .env("WEIR_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let (sender, lines) = channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    println!("{name}: {line}");
                    let _ = sender.send(line);
                }
            });
        }
        let mark = "127.0.0.1:";
        let address = wait_for("the address in the log", PATIENCE, || {
            let line = lines.try_recv().ok().filter(|line| line.contains("listening"))?;
            let rest = &line[line.find(mark)?..];
            let digits = rest[mark.len()..].find(|letter: char| !letter.is_ascii_digit())?;
            Some(rest[..mark.len() + digits].to_owned())
        });
        Service { name, child, url: format!("http://{address}") }
    }

    fn await_ready(&self) {
        let client = client();
        wait_for(&format!("readiness of {}", self.name), PATIENCE, || {
            (answered(client.get(format!("{}/ready", self.url))) == Some(200)).then_some(())
        });
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn client() -> reqwest::Client {
    // The client wants a provider even for plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client can be made")
}

/// How a service answers; `None` where it does not.
pub fn answered(request: reqwest::RequestBuilder) -> Option<u16> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // The client wants the runtime around it when it begins.
    runtime.block_on(async { request.send().await }).ok().map(|answer| answer.status().as_u16())
}

/// No test by itself: where the variable is set, this process is that service until it is killed.
#[test]
fn this_process_is_a_service_where_it_is_told_so() {
    let code = match std::env::var(ROLE).as_deref() {
        Err(_) => return,
        Ok("ingest") => weir_ingest::run(),
        Ok("routing") => weir_routing::run(),
        Ok("inventory") => weir_inventory::run(),
        Ok("fulfillment") => weir_fulfillment::run(),
        Ok("notification") => weir_notification::run(),
        Ok("console") => weir_console::run(),
        Ok(other) => panic!("{other} is no service"),
    };
    panic!("the service ended: {code:?}");
}
