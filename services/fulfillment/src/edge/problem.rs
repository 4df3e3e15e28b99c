//! Why there is no answer, as the one error set says it.

use std::time::Duration;
use weir_host::{Problem, kind};
use weir_pipeline::gateway::AskError;
use weir_pipeline::projection::postgres::is_unusable_value;

/// A command that was not carried out, or of which that is not known.
pub(super) fn of_command(error: AskError) -> Problem {
    match error {
        AskError::Head { field, why } => {
            let detail = "The head of the command can not be used.";
            Problem::new(kind::FIELD_INVALID, detail).field(format!("head.{field}"), why)
        }
        AskError::Refused { code, detail } => refused(&code, detail),
        AskError::Conflict => {
            let detail = "The command id came before, with another body.";
            Problem::new(kind::COMMAND_CONFLICT, detail)
        }
        AskError::TimedOut { command_id } => {
            let detail = "Ask again with the same command id: the first answer is the answer.";
            Problem::new(kind::COMMAND_TIMEOUT, detail).with("command_id", command_id)
        }
        AskError::Unavailable(error) => {
            tracing::warn!(%error, "command not written");
            Problem::new(kind::LOG_UNAVAILABLE, "The command was not taken.")
        }
    }
}

/// The process is up, and its log is not reached.
pub(super) fn no_log_yet() -> Problem {
    Problem::new(kind::LOG_UNAVAILABLE, "The log has not been reached yet.").retry_after(Duration::from_secs(1))
}

/// The decider's slug is the caller's slug, with its own page.
fn refused(code: &str, detail: String) -> Problem {
    match kind::ALL.iter().find(|kind| kind.slug == code) {
        Some(kind) => Problem::new(*kind, detail),
        None => Problem::new(kind::FAILED_PRECONDITION, detail).with("refusal", code),
    }
}

/// A projection that does not answer: the rows are away, the log is not. A value that Postgres can't use is the caller's.
pub(super) fn of_query(error: &sqlx::Error) -> Problem {
    if is_unusable_value(error) {
        tracing::warn!(%error, "postgres can not use a value that was asked for");
        return Problem::new(kind::FIELD_INVALID, "A field holds a text that can not be looked for.");
    }
    tracing::warn!(%error, "projection can not be read");
    Problem::new(kind::UNAVAILABLE, "The projection can not be read now.")
}

#[cfg(test)]
mod tests {
    //! Each slug that a decision refuses with has its own kind.
    use super::*;

    #[test]
    fn every_refusal_of_this_service_has_its_kind() {
        for code in ["unknown-pick-list", "not-open", "wrong-state", "too-late", "field-invalid", "command-too-old"] {
            assert_eq!(refused(code, "why".to_owned()).kind().slug, code);
        }
    }

    #[test]
    fn a_refusal_without_a_kind_is_named_all_the_same() {
        let problem = refused("brand-new", "why".to_owned());
        assert_eq!(problem.kind(), kind::FAILED_PRECONDITION);
        assert_eq!(problem.extra()["refusal"], "brand-new");
    }

    #[tokio::test]
    async fn a_value_that_postgres_cannot_use_is_the_callers() {
        let schema = weir_testkit::Servers::shared().schema("fulfillment").await;
        let asked = sqlx::query("select $1::text").bind("\0").fetch_one(&schema.pool).await;
        assert_eq!(of_query(&asked.expect_err("a NUL")).kind(), kind::FIELD_INVALID);
        let asked = sqlx::query("select * from nothing").fetch_one(&schema.pool).await;
        assert_eq!(of_query(&asked.expect_err("no such table")).kind(), kind::UNAVAILABLE);
    }

    #[test]
    fn a_head_names_its_field() {
        let error = AskError::Head { field: "command_id", why: "is empty".to_owned() };
        assert_eq!(of_command(error).fields()[0].field, "head.command_id");
    }
}
