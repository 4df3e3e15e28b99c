//! What goes wrong behind the edge, in the words of the error catalogue.

use std::time::Duration;
use weir_host::{Problem, kind};
use weir_pipeline::gateway::AskError;
use weir_pipeline::projection::postgres::is_unusable_value;

pub(super) fn of_ask(error: AskError) -> Problem {
    match error {
        AskError::Head { field, why } => {
            let detail = format!("The command's head can't be used: {field} {why}.");
            Problem::new(kind::FIELD_INVALID, detail).field(format!("head.{field}"), why)
        }
        AskError::Refused { code, detail } => match kind::ALL.iter().find(|kind| kind.slug == code) {
            Some(kind) => Problem::new(*kind, detail),
            None => Problem::new(kind::FAILED_PRECONDITION, detail).with("refusal", code),
        },
        AskError::Conflict => {
            Problem::new(kind::COMMAND_CONFLICT, "The command id was used for another command before.")
        }
        AskError::TimedOut { command_id } => {
            let detail = "The command is in the log; ask again with the same id.";
            Problem::new(kind::COMMAND_TIMEOUT, detail).with("command_id", command_id)
        }
        AskError::Unavailable(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the log took no command");
            Problem::new(kind::LOG_UNAVAILABLE, "The log took no command.").retry_after(Duration::from_secs(1))
        }
    }
}

/// A field with a value that can't be used.
pub(super) fn invalid(field: &str, why: String) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("{field}: {why}.")).field(field, why)
}

/// The projection can't be read: the decisions go on all the same. A value that Postgres can't use is the caller's.
pub(super) fn of_query(error: sqlx::Error) -> Problem {
    if is_unusable_value(&error) {
        tracing::warn!(error = &error as &dyn std::error::Error, "postgres can't use a value that was asked for");
        return Problem::new(kind::FIELD_INVALID, "A field holds a text that can't be looked for.");
    }
    tracing::warn!(error = &error as &dyn std::error::Error, "the projection can't be read");
    Problem::new(kind::UNAVAILABLE, "The projection can't be read.").retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal;
    use tonic::{Code, Status};

    fn refuse(code: &str) -> Problem {
        of_ask(AskError::Refused { code: code.to_owned(), detail: "d".to_owned() })
    }

    #[test]
    fn every_refusal_keeps_its_slug() {
        let slugs = [
            refusal::UNKNOWN_HOLD,
            refusal::HOLD_ALREADY_RESOLVED,
            refusal::ORDER_CANCELLED,
            refusal::NO_WAREHOUSE,
            refusal::UNKNOWN_ORDER,
        ];
        for slug in slugs {
            let problem = refuse(slug);
            assert_eq!(problem.kind().slug, slug);
            assert_eq!(Status::from(problem).code(), Code::FailedPrecondition);
        }
        let other = refuse("brand-new");
        assert_eq!((other.kind(), other.extra()["refusal"].as_str()), (kind::FAILED_PRECONDITION, "brand-new"));
    }

    #[tokio::test]
    async fn a_value_that_postgres_cannot_use_is_the_callers() {
        let schema = weir_testkit::Servers::shared().schema("routing").await;
        let asked = sqlx::query("select $1::text").bind("\0").fetch_one(&schema.pool).await;
        assert_eq!(of_query(asked.expect_err("a NUL")).kind(), kind::FIELD_INVALID);
        let asked = sqlx::query("select * from nothing").fetch_one(&schema.pool).await;
        assert_eq!(of_query(asked.expect_err("no such table")).kind(), kind::UNAVAILABLE);
    }

    #[test]
    fn a_time_out_names_the_command() {
        let problem = of_ask(AskError::TimedOut { command_id: "c-1".to_owned() });
        assert_eq!((problem.kind(), problem.extra()["command_id"].as_str()), (kind::COMMAND_TIMEOUT, "c-1"));
    }
}
