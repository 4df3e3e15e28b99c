//! gRPC commands as a careful caller makes them: one id over every try, until there is an answer.

use std::time::{Duration, Instant};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;
use weir_proto::log::v1::{Actor, ActorKind, CommandHead};

/// How long one try may take.
const TRY: Duration = Duration::from_secs(8);
/// How long a command is tried again: longer than a service takes to come back.
const PATIENCE: Duration = Duration::from_secs(120);

/// The head of a new command.
pub fn head(tenant: &str, actor: &str, role: &str) -> CommandHead {
    CommandHead {
        command_id: Uuid::now_v7().to_string(),
        tenant: tenant.to_owned(),
        actor: Some(Actor {
            kind: ActorKind::Person.into(),
            id: actor.to_owned(),
            role: role.to_owned(),
            reason: "demo".to_owned(),
        }),
        seen_version: 0,
    }
}

/// Calls until the answer is known: a refusal is an answer, a service that is away is not.
pub async fn ask<M: Clone, R, F: Future<Output = Result<Response<R>, Status>>>(
    message: M,
    call: impl Fn(Request<M>) -> F,
) -> Result<R, Status> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let mut request = Request::new(message.clone());
        request.set_timeout(TRY);
        match call(request).await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) if is_passing(&status) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            Err(status) => return Err(status),
        }
    }
}

fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled | Code::Unknown
    )
}

/// Whether the service has decided against it.
pub fn is_refusal(status: &Status) -> bool {
    matches!(status.code(), Code::FailedPrecondition | Code::NotFound | Code::Aborted | Code::InvalidArgument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn what_passes_is_tried_again_and_a_refusal_is_not() {
        let tries = AtomicU32::new(0);
        let answer = ask(7, |request: Request<i32>| {
            let number = tries.fetch_add(1, Ordering::SeqCst);
            let message = request.into_inner();
            async move { if number < 2 { Err(Status::unavailable("away")) } else { Ok(Response::new(message)) } }
        })
        .await;
        assert_eq!((answer.ok(), tries.load(Ordering::SeqCst)), (Some(7), 3));
        let refused =
            ask((), |_: Request<()>| async { Err::<Response<()>, _>(Status::failed_precondition("too late")) });
        assert!(refused.await.is_err_and(|status| is_refusal(&status)));
    }
}
