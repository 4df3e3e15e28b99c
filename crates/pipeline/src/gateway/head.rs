//! Whether a command's head can be used.

use super::AskError;
use uuid::Uuid;
use weir_proto::log::v1::CommandHead;

/// Stages remember an answer for so long; an older id could be decided twice.
const OLDEST_MS: i64 = 7 * 24 * 3_600_000;
/// How far a caller's clock may be ahead of ours.
const AHEAD_MS: i64 = 5 * 60_000;

/// The command's id, if the head is good.
pub(super) fn check(head: &CommandHead, now_ms: i64) -> Result<Uuid, AskError> {
    if head.tenant.is_empty() {
        return Err(fault("tenant", "is empty; it should name the tenant"));
    }
    let id = Uuid::parse_str(&head.command_id).map_err(|_| fault("command_id", "is no UUID; it should be a UUIDv7"))?;
    let issued_ms = match (id.get_version_num(), id.get_timestamp()) {
        (7, Some(timestamp)) => {
            let (seconds, nanos) = timestamp.to_unix();
            i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000).saturating_add(i64::from(nanos / 1_000_000))
        }
        _ => return Err(fault("command_id", "is not of version 7; it should be a UUIDv7")),
    };
    if now_ms.saturating_sub(issued_ms) > OLDEST_MS {
        return Err(fault("command_id", "is older than 7 days; it should be made when the command is"));
    }
    if issued_ms.saturating_sub(now_ms) > AHEAD_MS {
        return Err(fault("command_id", "lies more than 5 minutes in the future; check the caller's clock"));
    }
    Ok(id)
}

fn fault(field: &'static str, why: &str) -> AskError {
    AskError::Head { field, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::{NoContext, Timestamp};

    const NOW_S: u64 = 1_795_300_487;

    fn fault_of(command_id: String, tenant: &str) -> Option<(&'static str, String)> {
        let head = CommandHead { command_id, tenant: tenant.to_owned(), ..CommandHead::default() };
        match check(&head, NOW_S as i64 * 1000) {
            Ok(_) => None,
            Err(AskError::Head { field, why }) => Some((field, why)),
            Err(other) => panic!("{other}"),
        }
    }

    fn v7(seconds: u64) -> String {
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)).to_string()
    }

    #[test]
    fn a_fresh_uuid_v7_is_good() {
        assert_eq!(fault_of(v7(NOW_S), "demo"), None);
        assert_eq!(fault_of(v7(NOW_S - 7 * 86_400), "demo"), None);
        assert_eq!(fault_of(v7(NOW_S + 299), "demo"), None);
    }

    #[test]
    fn what_can_not_be_used_names_its_field() {
        let why = |id: String| fault_of(id, "demo").map(|(field, why)| format!("{field} {why}")).unwrap_or_default();
        assert!(why(v7(NOW_S - 7 * 86_400 - 1)).contains("older than 7 days"));
        assert!(why(v7(NOW_S + 301)).contains("in the future"));
        assert!(why(Uuid::new_v4().to_string()).contains("version 7"));
        assert!(why("abc".to_owned()).contains("no UUID"));
        assert_eq!(fault_of(v7(NOW_S), "").map(|(field, _)| field), Some("tenant"));
    }
}
