//! What is built in is good; what replaces it is judged, all at once; values stay values.

use super::*;

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_is_built_in_fills_every_name() {
    let templates = Templates::load(None).expect("the built-in templates are good");
    for subject in Subject::ALL {
        let all = names(subject.kind).into_iter().map(|name| (name, "value")).collect::<Vec<_>>();
        let text = match subject.medium {
            Medium::Email => templates.mail(subject, &values(&all)).map(|(title, body)| title + &body),
            Medium::Webhook => {
                templates.webhook(subject, &values(&all)).map(|body| String::from_utf8_lossy(&body).into_owned())
            }
        };
        let text = text.expect("every notice has a template");
        assert!(text.contains("value") && !text.contains("{order") && !text.contains("{shown"), "{text}");
    }
}

#[test]
fn every_fault_is_told_with_its_file() {
    let faults = Templates::read(|file| {
        Ok(match file {
            "shipped.email.txt" => Some("Subject: {carier}\n\nbody".to_owned()),
            "placed.email.txt" => Some("Dear buyer".to_owned()),
            "placed.webhook.json" => Some(r#"{"type":"a","data":{}}"#.to_owned()),
            "cancelled.webhook.json" => Some("{".to_owned()),
            "shipped.webhook.json" => Some(r#"{"type":"a","timestamp":"{timestamp}","data":["{hold_id}"]}"#.to_owned()),
            _ => None,
        })
    });
    let faults = faults.expect_err("five are wrong");
    let files: Vec<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    let expected = [
        "placed.email.txt",
        "placed.webhook.json",
        "shipped.email.txt",
        "shipped.webhook.json",
        "cancelled.webhook.json",
    ];
    assert_eq!(files, expected);
    assert!(faults[2].to_string().contains("names `{carier}`"), "{}", faults[2]);
    assert!(faults[1].to_string().contains("no member `timestamp`"), "{}", faults[1]);
}

#[test]
fn a_value_can_not_break_out() {
    let templates = Templates::load(None).expect("the built-in templates are good");
    let hostile = values(&[("reason", "a\",\"x\":\"{shop}\r\nBcc: all@example.com"), ("shop", "acme")]);
    let body = templates.webhook(Subject::webhook(Kind::Cancelled), &hostile).expect("there is one");
    let payload: Value = serde_json::from_slice(&body).expect("it is JSON still");
    assert_eq!(payload["data"]["reason"], hostile["reason"]);
    let (title, _) = templates.mail(Subject::REVIEW, &hostile).expect("there is one");
    assert!(!title.contains(['\r', '\n']), "{title}");
}

#[test]
fn a_brace_that_opens_no_name_is_a_brace() {
    let text = Text::split("a { b {} {Name} {{reason}} {reason");
    assert_eq!(text.fill(&values(&[("reason", "r")])), "a { b {} {Name} {r} {reason");
}

#[test]
fn a_file_in_the_directory_replaces_the_one_that_is_built_in() {
    let directory = std::env::temp_dir().join(format!("weir-templates-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    std::fs::write(directory.join("held.email.txt"), "Subject: Look at {order_id}\n\nnow").expect("it can be written");
    let templates = Templates::load(Some(&directory)).expect("it is good");
    std::fs::remove_dir_all(&directory).expect("it can be removed");
    let mail = templates.mail(Subject::REVIEW, &values(&[("order_id", "o1")]));
    assert_eq!(mail, Some(("Look at o1".to_owned(), "now".to_owned())));
}
