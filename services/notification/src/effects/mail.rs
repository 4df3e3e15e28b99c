//! One attempt at the mail relay. The notice's id is the Message-ID, so that a second copy is known as one.

use super::job::Verdict;
use super::relay::{Fault, Relay};
use super::relay_url::{self, RelayUrl};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, Message};

/// The way to the relay.
#[derive(Clone)]
pub struct Mails {
    relay: Relay,
    from: Mailbox,
}

/// One mail.
pub struct Mail<'a> {
    pub id: &'a str,
    pub to: &'a str,
    pub subject: String,
    pub body: String,
}

impl Mails {
    /// `url` as in [`RelayUrl`].
    ///
    /// # Errors
    /// Where the URL is none of these.
    pub fn new(url: &str, from: Mailbox) -> Result<Mails, relay_url::Fault> {
        Ok(Mails { relay: Relay::new(RelayUrl::parse(url)?), from })
    }

    /// Makes one attempt.
    pub async fn deliver(&self, mail: Mail<'_>) -> Verdict {
        let Ok(to) = mail.to.trim().parse::<Address>() else {
            // The address itself is personal and stays out of the reason.
            return Verdict::unsendable("bad-address: it is no e-mail address");
        };
        let message = Message::builder()
            .message_id(Some(format!("<{}@weir>", mail.id)))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body);
        let message = match message {
            Ok(message) => message,
            Err(error) => return Verdict::unsendable(format!("bad-mail: {error}")),
        };
        match self.relay.hand_over(message.envelope(), &message.formatted()).await {
            Ok(response) => Verdict::Sent { answer: format!("SMTP {}", response.code()) },
            Err(Fault::TimedOut) => Verdict::retry("timed-out"),
            Err(Fault::NotReached(_)) => Verdict::retry("not-reached"),
            // Whatever its code: it would be the same for each mail, and a person can put it right.
            Err(Fault::NotLetIn(error)) => Verdict::retry(reason(&error)),
            Err(Fault::Mail(error)) => judge(&error),
        }
    }
}

fn judge(error: &SmtpError) -> Verdict {
    // 530 to 538 speak of us and our login, not of this mail: a person can put that right.
    let about_us = error.status().is_some_and(|code| code.to_string().starts_with("53"));
    match error.is_permanent() && !about_us {
        true => Verdict::give_up(reason(error)),
        false => Verdict::retry(reason(error)),
    }
}

/// A relay's text may repeat the address; only its code is kept.
fn reason(error: &SmtpError) -> String {
    match error.status() {
        Some(code) => format!("refused: SMTP {code}"),
        None if error.is_timeout() => "timed-out".to_owned(),
        None => "not-reached".to_owned(),
    }
}
