//! Servers of one test's own, to be stopped, killed and frozen without hurting anybody else's.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::Servers;
use crate::scripts::{self, Environment};

/// One of the three servers, by the name that `scripts/servers` knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Kafka,
    Postgres,
    Redis,
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Server::Kafka => "kafka",
            Server::Postgres => "postgres",
            Server::Redis => "redis",
        }
    }
}

/// Servers on ports and data of their own. A stopped or killed server comes back on the same port
/// with the same data. All end, and their data goes, when this is dropped.
pub struct PrivateServers {
    state: TempDir,
    environment: Environment,
    servers: Servers,
}

impl PrivateServers {
    /// Starts only the named ones. Kafka takes a few seconds and 350 MB.
    ///
    /// # Panics
    /// When one cannot be started; the message holds what the script said.
    pub fn start(servers: &[Server]) -> Self {
        Self::start_with(servers, Environment::new())
    }

    /// The same with further settings for the scripts.
    pub(crate) fn start_with(servers: &[Server], environment: Environment) -> Self {
        let folder = scripts::checkout().join(".state").join("private");
        std::fs::create_dir_all(&folder).expect("the checkout can be written to");
        // Open to the user that Postgres runs as, when we are root.
        let state = tempfile::Builder::new()
            .prefix("servers-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(&folder)
            .expect("a folder can be made in the checkout");
        let mut arguments = vec!["up", "--free-ports"];
        arguments.extend(servers.iter().map(|server| server.name()));
        scripts::run(state.path(), &environment, "servers", &arguments);
        let servers = Servers::from_addresses(&scripts::addresses(state.path()));
        Self { state, environment, servers }
    }

    /// Where they listen; an address of a server that was not asked for leads nowhere.
    pub fn addresses(&self) -> &Servers {
        &self.servers
    }

    /// Ends it properly and returns when it is gone.
    pub fn stop(&self, server: Server) {
        self.act("down", server);
    }

    /// `kill -9`, and returns when it is gone.
    pub fn kill(&self, server: Server) {
        self.act("kill", server);
    }

    /// Brings a stopped or killed one back, and returns when it answers.
    pub fn restart(&self, server: Server) {
        self.act("up", server);
    }

    /// Freezes it: connections stay, answers do not come.
    pub fn pause(&self, server: Server) {
        self.act("pause", server);
    }

    /// Lets a frozen one go on.
    pub fn resume(&self, server: Server) {
        self.act("resume", server);
    }

    fn act(&self, action: &str, server: Server) {
        scripts::run(self.path(), &self.environment, "servers", &[action, server.name()]);
    }

    fn path(&self) -> &Path {
        self.state.path()
    }
}

impl Drop for PrivateServers {
    fn drop(&mut self) {
        let run = |action| scripts::try_run(self.path(), &self.environment, "servers", &[action]);
        let failed: Vec<String> = ["kill", "wipe"].into_iter().filter_map(|action| run(action).err()).collect();
        // A second panic would take the whole run along, and with it what the first one said.
        if std::thread::panicking() {
            eprintln!("{}", failed.join("\n"));
        } else {
            assert!(failed.is_empty(), "{}", failed.join("\n"));
        }
    }
}
